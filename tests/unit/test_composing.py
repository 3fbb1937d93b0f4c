"""Which experiments of several faults are run, in which mesh, and why one is not."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from chaos.composition import read_composition
from chaos.errors import KnownFalse, SettingsError
from fixtures import composing
from fixtures.composing import SHIPPED, check, require_run, shape_for
from fixtures.meshes import Shape
from fixtures.planning import plan_text
from fixtures.selection import is_selected, mesh_order
from tests.unit.made import settings

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.options import Settings


def cases(settings: Settings, *profiles: str) -> list[Any]:
    """What pytest is given to parametrize a test with."""
    given: list[Any] = []
    taker = SimpleNamespace(parametrize=lambda _, found: given.extend(found))
    composing.parametrize(cast("pytest.Metafunc", taker), settings, profiles or ("page",))
    return given


def reasons(settings: Settings, *profiles: str) -> dict[str, str]:
    """The experiments that are skipped, and why."""
    found = ((case.id, mark) for case in cases(settings, *profiles) for mark in case.marks)
    return {name: mark.kwargs["reason"] for name, mark in found if mark.name == "skip"}


def item(case: Any) -> pytest.Item:
    """A collected test, as far as it is looked at."""
    composition, profile, shape = case.values
    params = {"composition": composition, "profile": profile, "shape": shape}
    test = SimpleNamespace(nodeid=case.id, fixturenames=["mesh", "meshes"], callspec=SimpleNamespace(params=params))
    test.get_closest_marker = lambda name: next((mark for mark in case.marks if mark.name == name), None)
    return cast("pytest.Item", test)


def written(folder: Path, text: str) -> str:
    file = folder / "mine.yaml"
    file.write_text(text)
    return str(file)


def test_all_that_are_shipped_are_run_on_universal_under_each_profile_or_their_own() -> None:
    shipped = [read_composition(file) for file in sorted(SHIPPED.glob("*.yaml"))]
    run = {profile for one in shipped for profile in ([one.profile] if one.profile else ["page", "retry"])}
    wanted = [
        f"{one}-{profile}" for one in shipped for profile in ([one.profile] if one.profile else ["page", "retry"])
    ]
    assert [case.id for case in cases(settings(), "page", "retry")] == wanted
    assert run == {"page", "retry", "hardened", "workload-labels"}
    assert reasons(settings(), "page", "retry") == {}


def test_a_mesh_with_the_zones_that_are_needed_is_the_run_s() -> None:
    two, three = (read_composition(SHIPPED / f"{name}.yaml") for name in ("double-fault", "last-of-three"))
    assert shape_for(two, settings()) == Shape(("zone1", "zone2"), 2)
    assert shape_for(three, settings()) == Shape(("zone1", "zone2", "zone3"), 2)
    assert shape_for(two, settings(zones="3")) == Shape.of(settings(zones="3"))
    assert shape_for(three, settings(zones="east,west", replicas="1")) == Shape(("zone1", "zone2", "zone3"), 1)
    one = read_composition(SHIPPED / "one-gateway.yaml")
    assert shape_for(one, settings()) == Shape(("zone1", "zone2"), 2, ("zone1",))
    assert shape_for(one, settings(gateways="zone1")) == Shape.of(settings(gateways="zone1"))
    assert shape_for(two, settings(gateways="zone1")).entered == ("zone1",)


def test_a_mesh_of_clusters_is_what_it_is() -> None:
    clusters = {"context": "zone1=a,zone2=b,global=g", "allow_context": "a,b,g"}
    found = reasons(settings(platform="kubernetes", **clusters))
    needs = "needs zones zone1, zone2, zone3 with 2 replicas each; the mesh here has zones zone1, zone2 with 2 replicas"
    assert needs in found["last-of-three-page"]
    assert "double-fault-page" not in found


def test_one_that_is_for_a_profile_is_left_out_of_a_run_of_others(tmp_path: Path) -> None:
    file = written(tmp_path, "name: x\nprofile: retry\nfaults: [{fault: delete-cluster, zone: zone1}]\n")
    assert reasons(settings(experiment=file, profile="page")) == {
        "x-retry": "x is for profile retry; --profile says page"
    }
    assert reasons(settings(experiment=file)) == {}


def test_a_claim_that_is_known_to_be_false_is_a_strict_expected_failure(tmp_path: Path) -> None:
    file = written(tmp_path, "name: x\nfaults: [{fault: wrong-port, zone: zone1}]\n")
    marks = {case.id: [mark for mark in case.marks if mark.name == "xfail"] for case in
             cases(settings(experiment=file), "page", "hardened")}  # fmt: skip
    assert marks["x-hardened"] == []
    assert marks["x-page"][0].kwargs["raises"] is KnownFalse
    assert marks["x-page"][0].kwargs["strict"] is True


REFUSED = [
    (
        "name: x\nfaults: [{fault: wrong-selector, zone: zone1}]\n",
        "2:10: no wrong-selector on platform universal: a Data",
    ),
    (
        "name: x\nfaults: [{fault: wrong-port, zone: zone9}]\n",
        "2:10: no zone 'zone9' in the mesh; there are: zone1, zone2",
    ),
    (
        "name: x\nprofile: moon\nfaults: [{fault: wrong-port, zone: zone1}]\n",
        "2:10: no profile 'moon': neither one of ",
    ),
    (
        "name: x\nprofile: all\nfaults: [{fault: wrong-port, zone: zone1}]\n",
        "2:10: no profile 'all': neither one of ",
    ),
    (
        "name: x\nfaults: [{fault: wrong-port, zone: zone1}]\nclaims: [delete-cluster-moves]\n",
        "3:9: nothing in this experiment tests delete-cluster-moves",
    ),
    (
        "name: x\nfaults: [{fault: wrong-port, zone: zone1}]\nobjectives: {outage: 0.01}\n",
        "3:13: outage: 0.01 s cannot be measured",
    ),
]


@pytest.mark.parametrize(
    ("text", "complaint"), REFUSED, ids=["platform", "zone", "profile", "all", "claim", "objective"]
)
def test_one_that_is_asked_for_by_its_file_is_not_left_out_in_silence(
    tmp_path: Path, text: str, complaint: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(SettingsError) as refused:
        check(settings(experiment=file))
    assert str(refused.value).startswith(f"{file}:{complaint}")


def test_one_that_would_not_be_run_is_an_error(tmp_path: Path) -> None:
    given = settings(experiment=written(tmp_path, "name: x\nfaults: [{fault: delete-cluster, zone: zone1}]\n"))
    require_run([item(case) for case in cases(given)], given)
    with pytest.raises(SettingsError, match=r"^--experiment: x would not be run: add -m composition"):
        require_run([], given)


def test_fault_and_zone_leave_in_what_has_such_a_fault() -> None:
    found = {case.id: item(case) for case in cases(settings())}

    def left(**given: str) -> set[str]:
        return {name for name, one in found.items() if is_selected(one, settings(**given))}

    assert left(fault="kill-global") == {"control-planes-gone-page"}
    assert "last-of-three-page" not in left(zone="zone1")
    assert "double-fault-page" in left(fault="delete-deployment", zone="zone2")
    assert "double-fault-page" not in left(fault="delete-deployment", zone="zone1")


def test_those_with_the_same_mesh_follow_each_other() -> None:
    given = settings()
    ordered = sorted((item(case) for case in cases(given)), key=lambda one: mesh_order(one, given))
    shapes = [composing.shape_of(one, given) for one in ordered if "page" in one.nodeid]
    changes = sum(one != other for one, other in itertools.pairwise(shapes))
    assert shapes[0] == Shape.of(given)
    assert changes == len(set(shapes)) - 1


def test_the_plan_undoes_the_last_fault_first() -> None:
    (case,) = [case for case in cases(settings()) if case.id == "double-fault-of-three-hardened"]
    done = [line.split(":")[0].strip() for line in plan_text([item(case)], settings(engine="standin")).splitlines()]
    assert done[1:5] == [
        "inject  cluster zone1 in zone1",
        "inject  deployment echo in zone2",
        "undo    deployment echo in zone2",
        "undo    cluster zone1 in zone1",
    ]
    assert [line for line in done if line.startswith("probe   gateway")][-1].startswith("probe   gateway-zone3")


def test_the_plan_says_why_one_is_skipped() -> None:
    given = settings(profile="page")
    (case,) = [case for case in cases(given) if case.id.startswith("chosen-by-label")]
    assert "skipped chosen-by-label is for profile workload-labels; --profile says page" in plan_text(
        [item(case)], given
    )
