"""How the preflight goes from question to question; the questions themselves are asked of real API servers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from chaos.errors import InfraError
from fixtures.platforms.kubernetes.checks import ATTACHED, EVERY_WAY, Check, Problem, Scope, checks
from fixtures.platforms.kubernetes.checks.rights import CHECK as RIGHTS
from fixtures.platforms.kubernetes.preflight import run
from fixtures.platforms.kubernetes.problems import Refused
from fixtures.platforms.kubernetes.settings import Install
from fixtures.platforms.kubernetes.survey import Surveyed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fixtures.platforms.kubernetes.cluster import Cluster

CLUSTER = cast("Cluster", object())
SITE = Surveyed({"zone1": CLUSTER, "zone2": CLUSTER}, CLUSTER)


def check(
    name: str,
    scope: Scope = Scope.ZONES,
    *,
    bad: Iterable[str] = (),
    needs: tuple[str, ...] = (),
    error: InfraError | None = None,
    installs: frozenset[Install] = ATTACHED,
) -> Check:
    """A question with a problem, or an error, in the places ``bad``."""

    def look(_: Surveyed, place: str) -> Problem | None:
        if place not in bad:
            return None
        if error is not None:
            raise error
        return Problem(f"{place or 'mesh'}: {name}", f"mend {name}")

    return Check(name, scope, look, needs, installs)


def found(*asked: Check, site: Surveyed = SITE) -> tuple[list[str], list[str]]:
    said: list[str] = []
    return [problem.what for problem in run(asked, site, said.append)], said


def test_every_problem_is_found_not_only_the_first() -> None:
    problems, said = found(check("a", bad=["zone1", "zone2"]), check("b"), check("c", Scope.GLOBAL, bad=["global"]))
    assert problems == ["zone1: a", "zone2: a", "global: c"]
    assert said == ["preflight: a: 2 problems", "preflight: b ok", "preflight: c: 1 problem"]


def test_what_a_problem_makes_meaningless_is_not_asked_there_but_elsewhere() -> None:
    problems, said = found(
        check("a", bad=["zone1"]),
        check("b", bad=["zone1", "zone2"], needs=("a",)),
        check("c", bad=["zone1", "zone2"], needs=("b",)),
    )
    assert problems == ["zone1: a", "zone2: b"]
    assert "preflight: b in zone1 not asked: a comes first" in said
    assert "preflight: c in zone2 not asked: b comes first" in said
    assert "preflight: c ok" not in said


def test_what_is_asked_of_all_together_needs_all() -> None:
    problems, _ = found(check("a", bad=["zone2"]), check("b", Scope.MESH, bad=[""], needs=("a",)))
    assert problems == ["zone2: a"]
    assert found(check("a"), check("b", Scope.MESH, bad=[""], needs=("a",)))[0] == ["mesh: b"]


def test_what_fails_for_all_together_fails_everywhere() -> None:
    assert found(check("a", Scope.MESH, bad=[""]), check("b", bad=["zone1"], needs=("a",)))[0] == ["mesh: a"]


def test_a_question_that_cannot_be_answered_is_a_problem() -> None:
    assert found(check("a", bad=["zone1"], error=InfraError("it hung")))[0] == ["it hung"]


@pytest.mark.parametrize(("status", "problems"), [(403, ["zone1: rights"]), (500, ["zone1: rights", "no"])])
def test_a_missing_verb_that_is_listed_is_not_said_again(status: int, problems: list[str]) -> None:
    refused = check("a", bad=["zone1"], error=Refused("no", status))
    assert found(refused, check(RIGHTS.name, bad=["zone1"]))[0] == problems


def test_a_missing_verb_that_is_not_listed_is_said() -> None:
    assert found(check("a", bad=["zone1"], error=Refused("no", 403)), check(RIGHTS.name))[0] == ["no"]


@pytest.mark.parametrize("install", Install)
def test_what_the_suite_brings_itself_is_not_asked_for(install: Install) -> None:
    site = Surveyed(SITE.clusters, CLUSTER, install=install)
    problems, _ = found(check("a", bad=["zone1"]), check("b", bad=["zone1"], installs=EVERY_WAY), site=site)
    assert problems == (["zone1: a"] if install is Install.NOTHING else []) + ["zone1: b"]


def test_a_zone_without_a_gateway_is_not_asked_for_one() -> None:
    site = replace(SITE, gateways=("zone1",))
    assert Check("a", Scope.ENTERED, lambda *_: None).places(site) == ("zone1",)
    assert Check("a", Scope.ENTERED, lambda *_: None).places(SITE) == ("zone1", "zone2")
    asked = {one.name for one in checks() if one.scope is Scope.ENTERED}
    assert asked == {"ExternalName", "Gateway", "Gateway API", "GatewayClass", "HTTPRoute", "gateway operator"}
    others = {need for one in checks() if one.scope is not Scope.ENTERED for need in one.needs}
    assert not others & asked, "what is asked of every zone must not wait for what is not"


def test_every_module_is_a_check_that_comes_after_what_it_needs() -> None:
    ordered = checks()
    names = [one.name for one in ordered]
    assert len(set(names)) == len(names) > 15
    for position, one in enumerate(ordered):
        assert set(one.needs) <= set(names[:position])


def test_what_a_check_needs_is_asked_wherever_it_is() -> None:
    known = {one.name: one for one in checks()}
    for one in known.values():
        for needed in (known[name] for name in one.needs):
            assert one.installs <= needed.installs, (one.name, needed.name)
            places = set(one.places(SITE)) - {""}
            assert places <= set(needed.places(SITE)) or needed.scope is Scope.MESH, (one.name, needed.name)
