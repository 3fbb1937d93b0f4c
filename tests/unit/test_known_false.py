"""A documented failure excuses nothing else: every other breakage of the same experiment is a FAIL of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos.fault import Stage
from chaos.faults import fault
from chaos.model import LOAD_BALANCER, NS_PER_S, Outcome, Verdict
from chaos.platform import Target
from fixtures.profiles import profile_names
from reports.glance import judged
from reports.verdicts import Standing, claim_verdicts, expected
from tests.unit.simulation import NEVER, Behaviour, Onlooker, SimulatedMesh, VirtualClock, start_probe
from tests.unit.simulation import bad as broken
from tests.unit.test_experiment import ZONE1, experiment, run
from tests.unit.test_several_faults import Told, told
from tests.unit.test_several_faults import run as several

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chaos.model import Vantage, Zone
    from chaos.platform import Kind
    from chaos.result import Result, Segment
    from chaos.samples import Sample

CLAIMS = ("wrong-port-reroutes", "comes-home", "nearest-first")


def tried(folder: Path, behaviour: Behaviour, profile: str = "page") -> Result:
    result, _ = run(folder, behaviour, "wrong-port")
    return replace(result, claims=CLAIMS, profile=profile)


def with_segments(result: Result, vantage: str, change: Callable[[Segment], Segment]) -> Result:
    figures = (
        replace(one, segments=tuple(map(change, one.segments))) if one.key.vantage == vantage else one
        for one in result.figures
    )
    return replace(result, figures=tuple(figures))


def test_never_failing_over_with_503_is_as_documented(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER))

    assert result.verdict is Verdict.FAIL
    assert expected(result)


def test_coming_home_through_another_zone_is_no_late_failover(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER, comes_through_another=True))

    assert result.verdict is Verdict.FAIL
    assert any(one.away for one in result.figures)
    assert expected(result)


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(failover_after=15.5, effective_after=2.0),
        Behaviour(failover_after=NEVER, dies_again_after=3.0),
        Behaviour(failover_after=NEVER, failback_after=NEVER),
        Behaviour(failover_after=NEVER, touches_others=True),
    ],
    ids=["a late failover", "home, and dead again", "never home", "another zone touched"],
)
def test_any_other_breakage_beside_it_is_not(tmp_path: Path, behaviour: Behaviour) -> None:
    result = tried(tmp_path, behaviour)

    assert result.verdict is Verdict.FAIL
    assert not expected(result)


@pytest.mark.parametrize(
    "more",
    [{"failback_after": NEVER}, {"settled_after": NEVER}, {"touches_others": True}, {"dies_again_after": 3.0}],
    ids=["never home", "never settles", "another zone touched", "home, and dead again"],
)
def test_nor_is_it_where_the_experiment_is_to_prove_nothing_else(tmp_path: Path, more: dict[str, float]) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER, **more))  # type: ignore[arg-type]
    alone = replace(result, claims=CLAIMS[:1])

    assert result.verdict is Verdict.FAIL
    assert not expected(alone)
    assert judged(alone) is Verdict.FAIL


def test_what_breaks_only_another_claim_does_not_make_the_known_one_false_as_documented(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=2.0, failback_after=NEVER))
    (row,) = (row for row in claim_verdicts([replace(result, claims=CLAIMS[:1])]) if row.evidence)

    assert {finding.claim for finding in result.findings} == {"comes-home"}
    assert row.standing is Standing.FAIL


@pytest.mark.parametrize(("name", "profile"), [("wrong-port", "page"), ("delete-gateway", "hardened")])
def test_home_and_long_away_again_is_a_fail_also_where_nobody_failed_over(
    tmp_path: Path, name: str, profile: str
) -> None:
    class Relapses(SimulatedMesh):
        def find(self, kind: Kind, zone: Zone) -> tuple[Target, ...]:
            return (Target(kind, zone, "it"),)

        def answer(self, index: int, vantage: Vantage, due_ns: int) -> Sample | tuple[str, str]:
            gateway = vantage.zone or self.zones[index % 2]
            since_s = (due_ns - self.repaired_ns) / NS_PER_S if self.repaired_ns else 0.0
            away = gateway == "zone1" and 3.5 <= since_s < 14.5
            return broken(due_ns) if away else super().answer(index, vantage, due_ns)

    mesh = Relapses(VirtualClock(), Behaviour(failover_after=NEVER, settled_after=8.0))
    result = experiment(tmp_path, name).run(mesh, start_probe(mesh), Onlooker(), mesh.clock)
    result = replace(result, claims=CLAIMS, profile=profile)

    home = {f.series.vantage for f in result.findings if f.claim == "comes-home" and f.series}
    assert home >= {"gateway-zone1"}, result.findings
    assert any("outages after home had answered took 10.9" in finding.text for finding in result.findings)
    assert not expected(result)


def _several(folder: Path, mesh: Told, *stages: tuple[str, Zone]) -> Result:
    (first, zone), *then = stages
    later = [Stage(fault(name), where) for name, where in then]
    result = several(folder, mesh, fault(first), zone, *later, failover_s=15)
    return replace(result, claims=(*CLAIMS, "hanging-echo-reroutes", "delete-deployment-reroutes"))


def _fails_in_zone2(
    by_zone1: str = "zone3", *, symptom: Outcome = Outcome.HTTP_ERROR, transient: Outcome = Outcome.HTTP_ERROR
) -> Told:
    """Zone2 never fails over; ``by_zone1`` answers for zone1 after a second of ``transient``, once that is broken."""

    def answer(mesh: Told, _: int, __: Vantage, gateway: Zone, due_ns: int) -> Sample | tuple[str, str]:
        since_s = mesh.for_s(gateway, due_ns)
        if since_s is None:
            return gateway, gateway
        if gateway == "zone2":
            return _by(symptom, due_ns)
        return _by(transient, due_ns) if by_zone1 != gateway and (since_s < 1 or not by_zone1) else (by_zone1, gateway)

    return told(answer)


def _by(outcome: Outcome, due_ns: int) -> Sample:
    return replace(broken(due_ns), outcome=outcome, status=503 if outcome is Outcome.HTTP_ERROR else 0)


FAILS_WELL = (("delete-deployment", "zone1"), ("wrong-port", "zone2"))


@pytest.mark.parametrize("transient", [Outcome.HTTP_ERROR, Outcome.RESET])
def test_a_good_failover_of_another_zone_is_none_of_the_documented_failure(tmp_path: Path, transient: Outcome) -> None:
    result = _several(tmp_path, _fails_in_zone2(transient=transient), *FAILS_WELL)

    assert {finding.claim for finding in result.findings} == {"wrong-port-reroutes"}
    assert expected(result)


def test_a_zone_that_does_not_fail_over_from_another_fault_is_no_documented_failure(tmp_path: Path) -> None:
    result = _several(tmp_path, _fails_in_zone2(by_zone1=""), *FAILS_WELL)

    assert result.verdict is Verdict.FAIL
    assert not expected(result)


def test_a_gateway_at_which_one_lane_fails_over_is_not_as_documented(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER))
    over = replace(next(one for one in result.figures if one.key == ZONE1), away=9, away_while_faulty=9)
    found = tuple(finding for finding in result.findings if finding.series != ZONE1)
    figures = tuple(over if one.key == ZONE1 else one for one in result.figures)

    assert not expected(replace(result, findings=found, figures=figures))


@pytest.mark.parametrize("symptom", [Outcome.HTTP_ERROR, Outcome.REFUSED])
def test_the_documented_failure_in_a_zone_that_was_not_hit_first_is_one(tmp_path: Path, symptom: Outcome) -> None:
    mesh = _fails_in_zone2("zone1", symptom=symptom)
    mesh.zones = ("zone1", "zone2")
    result = _several(tmp_path, mesh, ("kill-control-plane", "zone1"), ("wrong-port", "zone2"))

    assert {finding.claim for finding in result.findings} == {"wrong-port-reroutes"}
    assert expected(result) is (symptom is Outcome.HTTP_ERROR)


@pytest.mark.parametrize("hanging", ["zone1", "zone2"])
def test_of_two_documented_failures_each_has_to_look_as_its_own(tmp_path: Path, hanging: Zone) -> None:
    """Both have a finding at the last stage only where zone1's gateway cannot be answered by zone2 anyway."""

    def answer(mesh: Told, _: int, __: Vantage, gateway: Zone, due_ns: int) -> Sample | tuple[str, str]:
        if mesh.for_s(gateway, due_ns) is None:
            return gateway, gateway
        return _by(Outcome.TIMEOUT if gateway == hanging else Outcome.HTTP_ERROR, due_ns)

    result = _several(tmp_path, told(answer), ("wrong-port", "zone1"), ("hang-echo", "zone2"))

    assert {finding.claim for finding in result.findings} == {"wrong-port-reroutes", "hanging-echo-reroutes"}
    assert expected(result) is (hanging == "zone2")


def test_a_dead_gateway_is_not_a_wrong_port(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER))

    def refused(segment: Segment) -> Segment:
        return segment if segment.outcome is Outcome.OK else replace(segment, answer="REFUSED")

    assert not expected(with_segments(result, "gateway-zone1", refused))


def test_a_load_balancer_that_no_zone_answers_is_not_a_wrong_port(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER))
    assert result.injected is not None
    assert result.restored is not None
    injected, restored = result.injected.high_ns, result.restored.low_ns

    def dead(segment: Segment) -> Segment:
        during = segment.first_due_ns < restored and segment.last_due_ns > injected
        return replace(segment, answer="503", outcome=Outcome.HTTP_ERROR) if during else segment

    assert not expected(with_segments(result, LOAD_BALANCER, dead))


BLIP = Behaviour(failover_after=2.0, blip_after=4.0)


def test_a_failover_that_does_not_hold_is_as_documented_where_an_ejected_endpoint_is_tried_again(
    tmp_path: Path,
) -> None:
    result = tried(tmp_path, BLIP, "outlier-detection")

    assert result.verdict is Verdict.FAIL
    assert expected(result)
    assert not expected(replace(result, profile="page"))


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(failover_after=NEVER),
        replace(BLIP, failover_after=15.5, effective_after=2.0, blip_after=17.5),
        replace(BLIP, heals_itself_after=4.5),
        replace(BLIP, failback_after=NEVER),
        replace(BLIP, touches_others=True),
    ],
    ids=["no failover", "a late failover", "the broken zone answers", "never home", "another zone touched"],
)
def test_any_other_breakage_beside_the_blips_is_not(tmp_path: Path, behaviour: Behaviour) -> None:
    result = tried(tmp_path, behaviour, "outlier-detection")

    assert result.verdict is Verdict.FAIL
    assert not expected(result)


def test_a_blip_of_another_kind_is_not(tmp_path: Path) -> None:
    result = tried(tmp_path, BLIP, "outlier-detection")

    def refused(segment: Segment) -> Segment:
        return segment if segment.outcome is Outcome.OK else replace(segment, answer="REFUSED")

    assert not expected(with_segments(result, "gateway-zone1", refused))


def test_under_any_other_profile_a_wrong_port_must_be_routed_around(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER))

    as_documented = {profile for profile in profile_names() if expected(replace(result, profile=profile))}
    assert as_documented == {"page", "health-check"}
