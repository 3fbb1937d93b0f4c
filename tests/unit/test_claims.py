"""The walkthrough's promises: each with an id that scenarios, faults and reports agree on."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import scenarios
from chaos.claims import CLAIMS, COMES_HOME, NEAREST_FIRST, WALKTHROUGH_URL, Claim, claim
from chaos.errors import SettingsError
from chaos.faults import faults
from chaos.platform import Kind
from fixtures.profiles import profile_names

SCENARIOS = sorted(Path(scenarios.__file__).parent.glob("test_*.py"))


@pytest.mark.parametrize("one", CLAIMS.values(), ids=CLAIMS.keys())
def test_a_claim_is_one_sentence_and_says_where_it_is_made(one: Claim) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", one.id)
    assert re.fullmatch(r"[A-Z][^.]+\.", one.statement)
    heading = f"#{one.section.lower().replace(' ', '-')}" if one.section else ""
    assert one.url == one.source + heading
    assert re.fullmatch(r"https://[^ #]+(#[a-z-]+)?", one.url)


def test_the_walkthroughs_claims_come_first_each_under_a_heading() -> None:
    of_walkthrough = [one.source == WALKTHROUGH_URL for one in CLAIMS.values()]
    assert of_walkthrough == sorted(of_walkthrough, reverse=True)
    assert all(one.section for one in CLAIMS.values() if one.source == WALKTHROUGH_URL)


def test_a_claim_is_found_by_its_id() -> None:
    assert [claim(name).id for name in CLAIMS] == list(CLAIMS)
    assert {NEAREST_FIRST, COMES_HOME} <= CLAIMS.keys()


def test_an_unknown_claim_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match=r"no claim 'always-up'; the claims are: zone-local-route, .*rollouts"):
        claim("always-up")


def test_every_fault_tests_a_claim_and_those_that_test_the_same_one_are_ways_to_do_the_same() -> None:
    tested: dict[str, set[Kind]] = {}
    for fault in faults().values():
        tested.setdefault(fault.claim, set()).add(fault.kind)
    assert tested.keys() <= CLAIMS.keys()
    of_several = {
        "rollouts-benefit": {Kind.DEPLOYMENT, Kind.GATEWAY},
        "control-planes-dispensable": {Kind.CONTROL_PLANE, Kind.GLOBAL},
        "ingress-only-for-others": {Kind.INGRESS, Kind.LINK},
        NEAREST_FIRST: {Kind.WORKLOAD, Kind.LINK},
    }
    assert all(len(kinds) == 1 or kinds <= of_several.get(name, set()) for name, kinds in tested.items())


def test_what_is_known_to_be_false_says_why_and_under_a_profile_that_there_is() -> None:
    for one in CLAIMS.values():
        assert set(one.false_in) <= set(profile_names())
        assert all("(measured on Kuma 2." in str(failure) for failure in one.false_in.values())
        assert all(failure.symptoms for failure in one.false_in.values())


def test_a_service_probe_and_retries_into_the_other_zone_make_the_walkthroughs_promises_true() -> None:
    false = {name: set(one.false_in) for name, one in CLAIMS.items() if one.false_in}
    assert false == {
        "delete-deployment-reroutes": {"outlier-detection"},
        "wrong-port-reroutes": {"page", "health-check", "outlier-detection"},
        "failing-echo-recovers": {"page"},
        "hanging-echo-reroutes": {"page"},
    }


def test_another_zone_answers_under_outlier_detection_only_though_not_for_good() -> None:
    known = claim("wrong-port-reroutes").false_in
    assert [profile for profile, failure in known.items() if failure.fails_over] == ["outlier-detection"]


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
def test_scenarios_name_only_claims_that_there_are(file: Path) -> None:
    named = set(_named_claims(ast.parse(file.read_text())))
    assert named or file.stem in {"test_compositions", "test_sabotage", "test_soak"}  # whose experiments say which
    assert named <= CLAIMS.keys()


def _named_claims(tree: ast.Module) -> list[str]:
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    tuples = [word.value for call in calls for word in call.keywords if word.arg == "claims"]
    checked = [call.args[1] for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "check"]
    elements = [part for value in tuples if isinstance(value, ast.Tuple) for part in value.elts] + checked
    return [part.value for part in elements if isinstance(part, ast.Constant) and isinstance(part.value, str)]
