"""What an experiment with several faults concludes, and one whose fault nobody has to fail over from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from chaos import claims
from chaos.entrances import closed
from chaos.experiment import Experiment
from chaos.fault import Fault, Part, Stage
from chaos.faults import fault
from chaos.journal import read_journal
from chaos.model import LOAD_BALANCER, Lane, Outcome, SeriesKey, Verdict
from chaos.platform import Kind, Target
from chaos.result import Expectation
from chaos.samples import Sample
from chaos.slo import Objectives
from reports import verdicts
from tests.unit.simulation import LATENCY_NS, Onlooker, SimulatedMesh, VirtualClock, start_probe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chaos.model import Vantage, Zone
    from chaos.platform import Record
    from chaos.result import Figures, Result

FAILOVER_S = 3.0
SHARE = Fault("lose-some", Kind.DEPLOYMENT, Part.SHARE, "delete-deployment-reroutes")
QUIET = Fault("quiet", Kind.CONTROL_PLANE, Part.NOTHING, "control-planes-dispensable")
_NOTICED_S = 10
"""A control plane notices after so long that a proxy has vanished."""
TURN = Fault("roll", Kind.DEPLOYMENT, Part.ECHO_IN_TURN, "rollouts-benefit")


@dataclass
class Mesh(SimulatedMesh):
    """Loses each zone's echo by itself; the nearest zone by number takes over after ``FAILOVER_S``."""

    zones: tuple[Zone, ...] = ("zone1", "zone2", "zone3")
    lost_ns: dict[Zone, int] = field(default_factory=dict)
    back_ns: dict[Zone, int] = field(default_factory=dict)
    every_other: bool = False
    """Only every other request to a broken zone fails, and no other zone takes over."""
    sick_s: float = FAILOVER_S
    stays_lost: Zone = ""

    def delete(self, record: Record) -> None:
        self.calls.append(f"delete {record.target.zone}")
        self.lost_ns[record.target.zone] = self.clock.now_ns()

    def put(self, record: Record) -> None:
        zone = record.target.zone
        if zone not in self.back_ns:
            self.calls.append(f"put {zone}")
            self.back_ns[zone] = self.clock.now_ns()

    def gone(self, record: Record) -> str | None:
        return f"{record.target.zone} is gone"

    def difference(self, record: Record) -> str | None:
        return None

    def unsettled(self, zone: Zone) -> str | None:
        self.calls.append(f"settled {zone}?")
        return None

    def answer(self, index: int, vantage: Vantage, due_ns: int) -> Sample | tuple[str, str]:
        gateway = vantage.zone or self.zones[index % len(self.zones)]
        sick = [zone for zone in self.zones if self._is_lost(zone, due_ns)]
        if gateway not in sick:
            return gateway, gateway
        noticed = due_ns - max(self.lost_ns[zone] for zone in sick) >= self.sick_s * 1e9
        well = [zone for zone in self.zones if zone not in sick]
        if self.every_other:
            return (gateway, gateway) if noticed or index % 2 else _bad(due_ns)
        return (well[0], gateway) if noticed and well else _bad(due_ns)

    def _is_lost(self, zone: Zone, due_ns: int) -> bool:
        lost, back = self.lost_ns.get(zone), self.back_ns.get(zone)
        returned = back is not None and due_ns >= back and zone != self.stays_lost
        return lost is not None and due_ns >= lost and not returned


def _bad(due_ns: int) -> Sample:
    return Sample(0, due_ns, due_ns, due_ns + LATENCY_NS, Outcome.HTTP_ERROR, 503)


def run(folder: Path, mesh: Mesh, first: Fault, zone: str = "zone1", *then: Stage, failover_s: float = 5) -> Result:
    experiment = Experiment(
        scenario="simulated", fault=first, zone=zone, profile="page", engine="simulated", claims=(),
        objectives=Objectives(failover=failover_s), folder=folder, then=then, composition="both" if then else "",
    )  # fmt: skip
    return experiment.run(mesh, start_probe(mesh), Onlooker(), mesh.clock)


def mesh(**given: object) -> Mesh:
    return Mesh(VirtualClock(), **given)  # type: ignore[arg-type]


def at(result: Result, vantage: str) -> Figures:
    return next(one for one in result.figures if one.key == SeriesKey(vantage, Lane.FRESH))


BOTH = (fault("delete-deployment"), "zone1", Stage(fault("delete-deployment"), "zone2"))


def test_faults_follow_each_other_and_are_put_back_the_last_one_first(tmp_path: Path) -> None:
    broken = mesh()
    result = run(tmp_path, broken, *BOTH)

    assert result.verdict is Verdict.PASS, result.findings
    changes = [call for call in broken.calls if call.startswith(("delete", "put"))]
    assert changes == ["delete zone1", "delete zone2", "put zone2", "put zone1"]
    assert {"settled zone1?", "settled zone2?"} <= set(broken.calls)
    records = read_journal(tmp_path / "journal.jsonl").records
    assert [record.target.zone for record in records] == ["zone2", "zone1"]


def test_the_result_tells_each_fault_with_its_moment_and_its_proof(tmp_path: Path) -> None:
    result = run(tmp_path, mesh(), *BOTH)

    assert (result.fault, result.zone) == ("both", "zone1")
    assert [(one.fault, one.zone, one.effect) for one in result.injections] == [
        ("delete-deployment", "zone1", "zone1 is gone"),
        ("delete-deployment", "zone2", "zone2 is gone"),
    ]
    first, second = (one.moment for one in result.injections)
    assert first is not None
    assert second is not None
    assert first == result.injected
    assert second.low_ns - first.high_ns > FAILOVER_S * 1e9, "the first was watched before the second came"


def test_each_gateway_is_judged_from_the_fault_that_concerns_it(tmp_path: Path) -> None:
    result = run(tmp_path, mesh(), *BOTH)

    for vantage in ("gateway-zone1", "gateway-zone2", LOAD_BALANCER):
        failover = at(result, vantage).failover
        assert failover is not None
        assert failover.low_s <= FAILOVER_S <= failover.high_s + 0.2, vantage
    assert at(result, "gateway-zone3").expectation is Expectation.UNTOUCHED


@pytest.mark.parametrize("first", [QUIET, fault("delete-deployment")])
def test_a_further_fault_that_changes_nothing_for_anybody_is_watched_like_a_first_one(
    tmp_path: Path, first: Fault
) -> None:
    class Later(Mesh):
        def answer(self, index: int, vantage: Vantage, due_ns: int) -> Sample | tuple[str, str]:
            zone, since_ns = "zone2", due_ns - self.lost_ns.get("zone2", due_ns)
            if vantage.zone == zone:
                hit = since_ns > _NOTICED_S * 1e9 and zone not in self.back_ns
                return _bad(due_ns) if hit else (zone, zone)
            return super().answer(index, vantage, due_ns)

        def _is_lost(self, zone: Zone, due_ns: int) -> bool:
            return zone == "zone1" and first is not QUIET and super()._is_lost(zone, due_ns)

    result = run(tmp_path, Later(VirtualClock()), first, "zone1", Stage(QUIET, "zone2"))

    assert result.verdict is Verdict.FAIL
    assert {str(finding.series) for finding in result.findings} == {f"gateway-zone2/{lane}" for lane in Lane}


def test_what_a_broken_zone_answers_is_no_failover_of_another_broken_one(tmp_path: Path) -> None:
    class Wrong(Mesh):
        def answer(self, index: int, vantage: Vantage, due_ns: int) -> Sample | tuple[str, str]:
            answer = super().answer(index, vantage, due_ns)
            return ("zone1", "zone2") if answer == ("zone3", "zone2") else answer

    result = run(tmp_path, Wrong(VirtualClock()), *BOTH)

    assert result.verdict is Verdict.FAIL
    assert {str(finding.series) for finding in result.findings} >= {"gateway-zone2/fresh"}


def test_every_zone_that_was_broken_has_to_come_home(tmp_path: Path) -> None:
    result = run(tmp_path, mesh(stays_lost="zone2"), *BOTH)

    assert result.verdict is Verdict.FAIL
    lost = {str(finding.series) for finding in result.findings if "did not come home" in finding.text}
    assert lost == {f"{name}/{lane}" for name in ("gateway-zone2", LOAD_BALANCER) for lane in Lane}


def test_where_no_zone_is_left_nobody_has_to_answer_but_all_has_to_come_home(tmp_path: Path) -> None:
    result = run(tmp_path, mesh(zones=("zone1", "zone2")), *BOTH)

    assert result.verdict is Verdict.PASS, result.findings
    assert at(result, "gateway-zone2").expectation is Expectation.MAY_DIE
    assert at(result, "gateway-zone2").bad > 0
    assert at(result, "gateway-zone2").failback is not None


def test_a_share_of_bad_answers_has_to_end_within_the_objective(tmp_path: Path) -> None:
    result = run(tmp_path, mesh(every_other=True), SHARE)

    assert result.verdict is Verdict.PASS, result.findings
    recovered = at(result, "gateway-zone1").recovered
    assert recovered is not None
    assert recovered.low_s <= FAILOVER_S <= recovered.high_s + 0.2


@pytest.mark.parametrize(
    ("sick_s", "said"), [(5.5, "recovery took 5.4"), (60, "not recovered to the end of the watch")]
)
def test_a_share_of_bad_answers_that_lasts_is_a_fail(tmp_path: Path, sick_s: float, said: str) -> None:
    result = run(tmp_path, mesh(every_other=True, sick_s=sick_s), SHARE)

    assert result.verdict is Verdict.FAIL
    assert any(said in finding.text for finding in result.findings), result.findings


def test_a_rollout_may_not_cost_one_request(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "some").mkdir()

    assert run(tmp_path / "none", mesh(every_other=True, sick_s=0), TURN).verdict is Verdict.PASS
    result = run(tmp_path / "some", mesh(every_other=True, sick_s=0.2), TURN)
    assert result.verdict is Verdict.FAIL
    assert {finding.claim for finding in result.findings} == {"rollouts-benefit"}
    assert "where none may be" in result.findings[0].text


def test_a_rollout_that_is_known_to_fail_is_known_only_by_its_own_symptom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {s: claims.KnownFailure("measured so", frozenset({s})) for s in ("503", "504")}
    result = replace(run(tmp_path, mesh(every_other=True, sick_s=0.2), TURN), claims=("rollouts-benefit",))

    for symptom, is_known in (("503", True), ("504", False)):
        false_in = {"page": known[symptom]}
        claim = replace(claims.CLAIMS["rollouts-benefit"], false_in=false_in)
        monkeypatch.setattr(verdicts, "CLAIMS", {**claims.CLAIMS, claim.id: claim})
        assert verdicts.expected(result) is is_known


def test_a_rule_of_diagnosis_that_fails_does_not_cost_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise ValueError("a rule with a mistake")

    monkeypatch.setattr("chaos.diagnosis.looking.diagnose", fails)
    result = run(tmp_path, mesh(sick_s=60), fault("delete-deployment"))

    assert result.verdict is Verdict.FAIL
    assert result.diagnosis is not None
    assert result.diagnosis.sentence == "the diagnosis itself failed: ValueError: a rule with a mistake"


def test_what_a_later_fault_excuses_is_judged_before_it(tmp_path: Path) -> None:
    class Touched(Mesh):
        def answer(self, index: int, vantage: Vantage, due_ns: int) -> Sample | tuple[str, str]:
            only_first = "zone1" in self.lost_ns and "zone2" not in self.lost_ns
            since_s = (due_ns - self.lost_ns.get("zone1", due_ns)) / 1e9
            if only_first and vantage.zone == "zone2" and 1 <= since_s < 1.2:
                return _bad(due_ns)
            return super().answer(index, vantage, due_ns)

    result = run(tmp_path, Touched(VirtualClock()), *BOTH)

    assert result.verdict is Verdict.FAIL
    assert {str(finding.series) for finding in result.findings} == {f"gateway-zone2/{lane}" for lane in Lane}
    assert {finding.claim for finding in result.findings} == {"nearest-first"}


def test_the_first_of_two_failovers_has_its_objective_too(tmp_path: Path) -> None:
    class Slow(Mesh):
        def answer(self, index: int, vantage: Vantage, due_ns: int) -> Sample | tuple[str, str]:
            self.sick_s = 5.5 if "zone2" not in self.lost_ns else FAILOVER_S
            return super().answer(index, vantage, due_ns)

    result = run(tmp_path, Slow(VirtualClock()), *BOTH)

    assert result.verdict is Verdict.FAIL
    late = {str(finding.series) for finding in result.findings if "failover took 5.4" in finding.text}
    assert late >= {f"{LOAD_BALANCER}/{lane}" for lane in Lane}


def test_global_comes_back_before_what_learns_the_mesh_from_it(tmp_path: Path) -> None:
    kinds = [Kind.GLOBAL, Kind.CONTROL_PLANE]
    planes = [Fault(kind, kind, Part.NOTHING, "control-planes-dispensable") for kind in kinds]
    for number, (first, then) in enumerate((planes, planes[::-1])):
        folder = tmp_path / str(number)
        folder.mkdir()
        run(folder, mesh(), first, "zone1", Stage(then, "zone1"))
        assert [record.target.kind for record in read_journal(folder / "journal.jsonl").records] == kinds


@dataclass
class Told(Mesh):
    """A mesh that answers as its test says, by how long each zone has been broken."""

    says: Callable[[Told, int, Vantage, Zone, int], Sample | tuple[str, str]] = lambda *_: ("", "")
    effective_s: float = 0.0
    """A fault's request is in effect, and proved to be, so long afterwards."""

    def find(self, kind: Kind, zone: Zone) -> tuple[Target, ...]:
        return (Target(kind, zone, "it"),)

    def gone(self, record: Record) -> str | None:
        since_ns = self.clock.now_ns() - self.lost_ns[record.target.zone]
        return super().gone(record) if since_ns >= self.effective_s * 1e9 else None

    def for_s(self, zone: Zone, due_ns: int) -> float | None:
        """For how long a zone has been broken; None while it is not."""
        return (due_ns - self.lost_ns[zone]) / 1e9 - self.effective_s if self._is_lost(zone, due_ns) else None

    def answer(self, index: int, vantage: Vantage, due_ns: int) -> Sample | tuple[str, str]:
        return self.says(self, index, vantage, vantage.zone or self.zones[index % len(self.zones)], due_ns)


def told(says: Callable[..., Any], **given: object) -> Told:
    return Told(VirtualClock(), says=says, **given)  # type: ignore[arg-type]


def _broken_at(result: Result) -> set[str]:
    return {finding.series.vantage for finding in result.findings if finding.series}


@pytest.mark.parametrize("entrance", ["disable-zone", "kill-ingress", "cut-link"])
def test_a_zone_that_nobody_gets_into_has_not_taken_over(tmp_path: Path, entrance: str) -> None:
    def into_the_closed_one(mesh: Told, _: int, __: Vantage, gateway: Zone, due_ns: int) -> Sample | tuple[str, str]:
        since_s = mesh.for_s("zone1", due_ns)
        if gateway != "zone1" or since_s is None:
            return gateway, gateway
        return _bad(due_ns) if since_s < 1 else ("zone2", gateway)

    then = Stage(fault("delete-deployment"), "zone1")
    result = run(tmp_path, told(into_the_closed_one), fault(entrance), "zone2", then)

    assert result.verdict is Verdict.FAIL
    assert _broken_at(result) == {"gateway-zone1"}
    entered = "disabled-zone-stays-local" if entrance == "disable-zone" else "enters-by-ingress"
    assert {finding.claim for finding in result.findings} == {"delete-deployment-reroutes", entered}
    assert result.findings[0].claim == entered, "the cause comes first"


def _answered_by_zone2(mesh: Told, _: int, __: Vantage, gateway: Zone, due_ns: int) -> Sample | tuple[str, str]:
    """Zone1's users are, while its echo is broken."""
    since_s = mesh.for_s("zone1", due_ns)
    if gateway != "zone1" or since_s is None:
        return gateway, gateway
    return _bad(due_ns) if since_s < 1 else ("zone2", gateway)


def _answered_by_nobody(mesh: Told, _: int, __: Vantage, gateway: Zone, due_ns: int) -> Sample | tuple[str, str]:
    return _bad(due_ns) if gateway == "zone1" and mesh.for_s("zone1", due_ns) is not None else (gateway, gateway)


def _answered_until_closed(mesh: Told, index: int, vantage: Vantage, gateway: Zone, due_ns: int) -> object:
    """By zone2 until a control plane has had its time to say that it is closed."""
    closed_s = mesh.for_s("zone2", due_ns)
    says = _answered_by_zone2 if closed_s is None or closed_s < _NOTICED_S + 3 else _answered_by_nobody
    return says(mesh, index, vantage, gateway, due_ns)


ECHO_OF_ZONE1 = Stage(fault("delete-deployment"), "zone1")
ENTRANCES = ("disable-zone", "kill-ingress", "cut-link")


@pytest.mark.parametrize("entrance", ENTRANCES)
@pytest.mark.parametrize("closed_first", [True, False])
def test_who_may_die_must_not_be_answered_by_a_zone_that_nobody_gets_into(
    tmp_path: Path, entrance: str, closed_first: bool
) -> None:
    closing = Stage(fault(entrance), "zone2")
    first, then = (closing, ECHO_OF_ZONE1) if closed_first else (ECHO_OF_ZONE1, closing)
    says = told(_answered_by_zone2, zones=("zone1", "zone2"))
    result = run(tmp_path, says, first.fault, first.zone, then)

    assert at(result, "gateway-zone1").expectation is Expectation.MAY_DIE
    assert result.verdict is Verdict.FAIL
    assert _broken_at(result) == {"gateway-zone1"}
    assert all(f"though nobody was to get into it ({entrance})" in finding.text for finding in result.findings)


@pytest.mark.parametrize("entrance", ENTRANCES)
def test_a_zone_is_closed_once_control_planes_have_had_their_time(tmp_path: Path, entrance: str) -> None:
    closing = Stage(fault(entrance), "zone2")
    for name, says, faults in (
        ("nobody", _answered_by_nobody, (closing, ECHO_OF_ZONE1)),
        ("until-closed", _answered_until_closed, (ECHO_OF_ZONE1, closing)),
    ):
        (folder := tmp_path / name).mkdir()
        first, then = faults
        result = run(folder, told(says, zones=("zone1", "zone2")), first.fault, first.zone, then)
        assert result.verdict is Verdict.PASS, result.findings


@pytest.mark.parametrize(
    ("plane", "entrance", "shut"),
    [
        ("kill-control-plane zone1", "disable-zone", []),
        ("kill-control-plane zone2", "disable-zone", [1]),
        ("kill-global zone2", "disable-zone", []),
        ("kill-global zone2", "kill-ingress", [1]),
        ("kill-control-plane zone1", "cut-link", [1]),
    ],
)
def test_who_cannot_be_told_that_a_zone_is_disabled_may_go_on_asking_it(
    plane: str, entrance: str, shut: list[int]
) -> None:
    name, zone = plane.split()
    stages = (Stage(fault(name), zone), Stage(fault(entrance), "zone2"), ECHO_OF_ZONE1)

    assert list(closed(stages, "zone1")) == shut
    assert list(closed(stages, "zone2")) == [], "who comes by its own gateway is inside"


def _moves_twice(takes_over: Zone) -> Callable[[Told, int, Vantage, Zone, int], Sample | tuple[str, str]]:
    def answer(mesh: Told, _: int, __: Vantage, gateway: Zone, due_ns: int) -> Sample | tuple[str, str]:
        first_s, then_s = mesh.for_s("zone1", due_ns), mesh.for_s("zone2", due_ns)
        if gateway != "zone1" or first_s is None:
            return gateway, gateway
        if first_s < 1 or (then_s is not None and (then_s < 1 or not takes_over)):
            return _bad(due_ns)
        return ("zone2" if then_s is None else takes_over), gateway

    return answer


INGRESS_THEN = (fault("delete-deployment"), "zone1", Stage(fault("kill-ingress"), "zone2"))


def test_where_the_zone_that_took_over_loses_its_entrance_another_one_takes_over(tmp_path: Path) -> None:
    result = run(tmp_path, told(_moves_twice("zone3")), *INGRESS_THEN)

    assert result.verdict is Verdict.PASS, result.findings
    second = at(result, "gateway-zone1").failover
    assert second is not None
    assert second.low_s <= 1.0 <= second.high_s


def test_where_none_is_left_that_takes_over_echo_is_not_served_from_elsewhere(tmp_path: Path) -> None:
    result = run(tmp_path, told(_moves_twice("")), *INGRESS_THEN)

    assert result.verdict is Verdict.FAIL
    assert _broken_at(result) == {"gateway-zone1", LOAD_BALANCER}
    assert {finding.claim for finding in result.findings} == {"delete-deployment-reroutes"}


def _by_a_gateway_that_goes(
    after_s: float, until_s: float
) -> Callable[[Told, int, Vantage, Zone, int], Sample | tuple[str, str]]:
    """Zone3 answers for zone1; the load balancer's users of zone2's gateway fail from ``after_s`` to ``until_s``."""

    def answer(mesh: Told, _: int, vantage: Vantage, gateway: Zone, due_ns: int) -> Sample | tuple[str, str]:
        first_s, then_s = mesh.for_s("zone1", due_ns), mesh.for_s("zone2", due_ns)
        if gateway == "zone1" and first_s is not None and first_s >= 0:
            return _bad(due_ns) if first_s < 1 else ("zone3", gateway)
        if gateway != "zone2" or then_s is None or then_s < (after_s if vantage.zone is None else 0):
            return gateway, gateway
        return ("zone3", "zone3") if vantage.zone is None and then_s >= until_s else _bad(due_ns)

    return answer


GATEWAY_THEN = (fault("delete-deployment"), "zone1", Stage(fault("delete-gateway"), "zone2"))


@pytest.mark.parametrize("after_s", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("effective_s", [0.3, 2.5, 4.0])
def test_who_is_away_already_fails_over_to_what_has_an_effect_only_later(
    tmp_path: Path, effective_s: float, after_s: float
) -> None:
    says = _by_a_gateway_that_goes(after_s, after_s + 1)
    result = run(tmp_path, told(says, effective_s=effective_s), *GATEWAY_THEN, failover_s=15)

    assert result.verdict is Verdict.PASS, result.findings
    failover = at(result, LOAD_BALANCER).failover
    assert failover is not None
    assert failover.low_s <= after_s + 1 <= failover.high_s


@pytest.mark.parametrize("effective_s", [0.3, 2.5, 4.0])
def test_who_is_away_already_and_goes_on_using_what_is_gone_has_not_failed_over(
    tmp_path: Path, effective_s: float
) -> None:
    says = _by_a_gateway_that_goes(0.3, 1_000)
    result = run(tmp_path, told(says, effective_s=effective_s), *GATEWAY_THEN, failover_s=15)

    assert result.verdict is Verdict.FAIL
    assert _broken_at(result) == {LOAD_BALANCER}
    assert any("no other zone took over" in finding.text for finding in result.findings), result.findings


def test_who_is_away_already_and_feels_nothing_has_failed_over_at_once(tmp_path: Path) -> None:
    says = _by_a_gateway_that_goes(0, 0)
    result = run(tmp_path, told(says, effective_s=4.5), *GATEWAY_THEN, failover_s=15)

    assert result.verdict is Verdict.PASS, result.findings
    failover = at(result, LOAD_BALANCER).failover
    assert failover is not None
    assert failover.high_s < 0.1, "however long it took to prove the fault"
