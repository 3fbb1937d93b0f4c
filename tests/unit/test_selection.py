"""Which experiments a scenario is run with: fault x zone x profile where it matters, and what the options leave in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from chaos.errors import SettingsError
from fixtures.selection import cases, is_selected, needs_mesh, parameters, profile_order, profiles, require_named
from tests.unit.made import settings

if TYPE_CHECKING:
    from fixtures.options import Settings

INSIDE = ("delete-deployment", "delete-service", "wrong-port")


def item(*, scenario: bool = True, **params: str) -> pytest.Item:
    """A collected test, as far as selecting looks at it."""
    test = SimpleNamespace(
        nodeid="scenarios/test_x.py::test_y[case]", fixturenames=["mesh", "meshes"] if scenario else ["tmp_path"]
    )
    if params:
        test.callspec = SimpleNamespace(params=params)
    return cast("pytest.Item", test)


def in_order(tests: list[pytest.Item], settings: Settings) -> list[str]:
    given = [parameters(one) for one in sorted(tests, key=lambda one: profile_order(one, settings))]
    return [f"{one['profile']} {one['zone']}" for one in given]


def chosen(settings: Settings, *faults: str) -> list[str]:
    return [" ".join(case) for case in cases(faults or INSIDE, settings)]


def test_each_fault_is_tried_in_every_zone_and_hardened_too_where_the_page_is_known_to_break() -> None:
    assert chosen(settings()) == [
        "delete-deployment zone1 page",
        "delete-deployment zone2 page",
        "delete-service zone1 page",
        "delete-service zone2 page",
        "wrong-port zone1 page",
        "wrong-port zone1 hardened",
        "wrong-port zone2 page",
        "wrong-port zone2 hardened",
    ]


def test_a_profile_that_is_named_is_the_only_one() -> None:
    assert chosen(settings(profile="retry"), "wrong-port") == ["wrong-port zone1 retry", "wrong-port zone2 retry"]


def test_every_fault_is_tried_with_each_profile_that_is_named() -> None:
    assert chosen(settings(profile="retry,page", zones="a,b"), "delete-service", "wrong-port") == [
        "delete-service a retry",
        "delete-service a page",
        "delete-service b retry",
        "delete-service b page",
        "wrong-port a retry",
        "wrong-port a page",
        "wrong-port b retry",
        "wrong-port b page",
    ]


def test_what_is_run_once_a_profile_is_run_under_the_plain_one_unless_others_are_named() -> None:
    assert profiles(settings()) == ("page",)
    assert profiles(settings(profile="retry,hardened")) == ("retry", "hardened")


def test_there_are_as_many_cases_as_zones() -> None:
    zones = ",".join(f"z{number}" for number in range(5))
    assert len(chosen(settings(zones=zones), "delete-gateway")) == 5


@pytest.mark.parametrize(
    ("fault", "zones"),
    [
        ("delete-deployment", ["zone1"]),
        ("delete-gateway", []),
        ("delete-cluster", []),
        ("kill-egress", ["zone1", "zone2"]),
    ],
)
def test_what_no_user_of_a_mesh_with_one_gateway_could_tell_is_no_case(fault: str, zones: list[str]) -> None:
    run = [zone for _, zone, _ in cases([fault], settings(gateways="zone1", profile="page"))]
    assert run == zones


def test_without_a_choice_everything_runs() -> None:
    everything = [item(), item(fault="wrong-port", zone="zone1"), item(scenario=False)]
    assert all(is_selected(one, settings()) for one in everything)


@pytest.mark.parametrize(
    ("faults", "zones", "selected"),
    [
        ("wrong-port", "", True),
        ("wrong-port", "zone1", True),
        ("", "zone1", True),
        ("wrong-port", "zone2", False),
        ("delete-service", "", False),
        ("", "zone2", False),
        ("delete-service,wrong-port", "zone2,zone1", True),
    ],
)
def test_an_experiment_stays_when_its_fault_and_its_zone_are_chosen(faults: str, zones: str, selected: bool) -> None:
    one = item(fault="wrong-port", zone="zone1", profile="page")
    assert is_selected(one, settings(fault=faults, zone=zones)) is selected


@pytest.mark.parametrize(
    ("given", "selected"), [({}, True), ({"zone": "zone1"}, True), ({"fault": "wrong-port"}, False)]
)
def test_a_scenario_that_chooses_its_own_fault_stays_unless_a_fault_is_named(
    given: dict[str, str], selected: bool
) -> None:
    assert is_selected(item(), settings(**given)) is selected


def test_the_suites_own_tests_are_never_left_out() -> None:
    chosen = settings(fault="wrong-port", zone="zone2")
    assert is_selected(item(scenario=False, fault="delete-service", zone="zone1"), chosen)


def test_a_test_is_a_scenario_when_it_asks_for_a_mesh() -> None:
    assert needs_mesh(item())
    assert not needs_mesh(item(scenario=False))
    assert not needs_mesh(cast("pytest.Item", SimpleNamespace()))


def test_parameters_are_those_of_the_test_and_nothing_without() -> None:
    assert parameters(item(zone="zone1")) == {"zone": "zone1"}
    assert parameters(item()) == {}


def test_scenarios_of_one_profile_follow_each_other_so_that_its_mesh_is_reused() -> None:
    order = ["mine", "hardened", "page", "hardened", "page"]
    tests = [item(zone=str(n), profile=profile) for n, profile in enumerate(order)]
    assert in_order(tests, settings()) == ["page 2", "page 4", "hardened 1", "hardened 3", "mine 0"]


def test_profiles_that_are_named_are_run_in_that_order() -> None:
    tests = [item(zone=str(n), profile=profile) for n, profile in enumerate(["page", "hardened", "retry", "page"])]
    chosen = settings(profile="retry,page,hardened")
    assert in_order(tests, chosen) == ["retry 2", "page 0", "page 3", "hardened 1"]


def test_what_brings_up_a_mesh_of_its_own_comes_last_and_what_needs_none_first() -> None:
    own = cast("pytest.Item", SimpleNamespace(fixturenames=["bare_mesh", "meshes", "profile"]))
    none, shared = item(scenario=False), item(profile="retry")
    assert sorted([own, shared, none], key=lambda one: profile_order(one, settings())) == [none, shared, own]


def test_the_suites_own_tests_keep_their_order() -> None:
    tests = [item(scenario=False, profile=profile) for profile in ("hardened", "page")]
    assert sorted(tests, key=lambda one: profile_order(one, settings())) == tests


def test_a_fault_or_a_sabotage_that_is_asked_for_and_would_not_be_run_is_an_error() -> None:
    left = [item(fault="delete-service", zone="zone1", profile="page"), item(sabotage="mtls-off")]
    require_named(left, [], settings())
    require_named(left, [], settings(fault="delete-service", sabotage="mtls-off"))
    with pytest.raises(SettingsError, match=r"^--fault: kill-global would not be run: no scenario .* has it$"):
        require_named(left, [], settings(fault="delete-service,kill-global"))
    with pytest.raises(SettingsError, match=r"^--sabotage: ingress-down would not be run"):
        require_named(left, [], settings(sabotage="mtls-off,ingress-down"))


def test_who_asks_for_what_is_left_out_is_told_which_test_has_it() -> None:
    out = [item(fault="kill-global", zone="zone1", profile="page")]
    with pytest.raises(SettingsError, match=r"has it; it is in scenarios/test_x.py::test_y$"):
        require_named([], out, settings(fault="kill-global"))
