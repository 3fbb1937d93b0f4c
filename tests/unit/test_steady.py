"""Nothing is touched, and nothing concluded, where the steady state was lost before the first injection."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from chaos import steady
from chaos.detection import Detected, standing
from chaos.diagnosis.cause import Cause
from chaos.errors import InfraError
from chaos.model import LOAD_BALANCER, NS_PER_S, Lane, Outcome, Verdict
from chaos.result import Finding
from tests.unit.made import START_NS, series
from tests.unit.simulation import Behaviour, Onlooker, SimulatedMesh, VirtualClock, bad, start_probe
from tests.unit.test_experiment import experiment

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chaos.model import Vantage
    from chaos.platform import Record, Target
    from chaos.result import Result
    from chaos.samples import Sample


@dataclass
class Losing(SimulatedMesh):
    """``loses`` is lost at its gateway 0.3 s after its target was asked about, or when that is written down."""

    loses: str = "zone1"
    how: Outcome = Outcome.HTTP_ERROR
    lasts_s: float = 0.7
    then: str = "zone2"
    """Who answers there after that."""
    late: bool = False
    """Only between the last look at the samples and the injection."""
    lost_ns: int | None = None

    def record(self, target: Target) -> Record:
        self._lose(now=not self.late)
        return super().record(target)

    def locator(self) -> Mapping[str, str]:
        self._lose(now=self.late)
        return super().locator()

    def _lose(self, *, now: bool) -> None:
        if now:
            self.lost_ns = self.clock.now_ns() + NS_PER_S * 3 // 10
            self.clock.sleep(2)

    def answer(self, index: int, vantage: Vantage, due_ns: int) -> Sample | tuple[str, str]:
        gateway = vantage.zone or self.zones[index % 2]
        touched = self.injected_ns is not None and due_ns >= self.injected_ns
        if self.lost_ns is None or due_ns < self.lost_ns or gateway != self.loses or touched:
            return super().answer(index, vantage, due_ns)
        if due_ns >= self.lost_ns + self.lasts_s * NS_PER_S:
            return self.then, gateway
        return replace(bad(due_ns), outcome=self.how, status=503 if self.how is Outcome.HTTP_ERROR else 0)


def run(folder: Path, mesh: SimulatedMesh, name: str | None = "delete-deployment") -> Result:
    return experiment(folder, name).run(mesh, start_probe(mesh), Onlooker(), mesh.clock)


def losing(behaviour: Behaviour | None = None, **given: object) -> Losing:
    return Losing(VirtualClock(), behaviour or Behaviour(), **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "answer"),
    [
        ({}, "503"),
        ({"lasts_s": 0.1, "then": "zone1"}, "503"),
        ({"lasts_s": 0.0}, "zone2"),
        ({"how": Outcome.TIMEOUT, "lasts_s": 60.0}, "TIMEOUT"),
    ],
    ids=["another zone took over", "for a moment", "without an error", "hangs"],
)
def test_a_mesh_that_breaks_by_itself_before_the_injection_is_not_touched(
    tmp_path: Path, given: dict[str, object], answer: str
) -> None:
    mesh = losing(**given)  # type: ignore[arg-type]
    result = run(tmp_path, mesh)

    assert result.verdict is Verdict.INFRA
    (finding,) = result.findings
    assert finding.text.startswith("no steady state: ")
    assert f"gateway-zone1/fresh was answered by {answer} before anything was injected" in finding.text
    assert f"gateway-zone1/keepalive was answered by {answer}" in finding.text
    assert mesh.calls == ["record"]
    assert not (tmp_path / "journal.jsonl").exists(), "nothing has to be undone"


def test_what_is_lost_at_a_gateway_that_the_fault_does_not_concern_keeps_it_from_being_touched_too(
    tmp_path: Path,
) -> None:
    mesh = losing(loses="zone2", lasts_s=0.1, then="zone2")
    assert run(tmp_path, mesh).verdict is Verdict.INFRA
    assert mesh.calls == ["record"]


@pytest.mark.parametrize(
    ("name", "loses", "verdict"),
    [
        ("delete-deployment", "zone1", Verdict.INFRA),
        ("roll-echo", "zone1", Verdict.INFRA),
        ("delete-cluster", "zone1", Verdict.INFRA),
        ("kill-control-plane", "zone1", Verdict.FAIL),
    ],
    ids=["fails over", "is served", "may die", "untouched"],
)
def test_what_is_lost_at_the_last_moment_is_no_faults_doing(
    tmp_path: Path, name: str, loses: str, verdict: Verdict
) -> None:
    mesh = losing(loses=loses, late=True)
    result = run(tmp_path, mesh, name)

    assert result.verdict is verdict, result.findings
    assert "put" in mesh.calls
    unsteady = [finding.text for finding in result.findings if steady.is_unsteady(finding)]
    assert bool(unsteady) is (verdict is Verdict.INFRA), "one that must stay at home is judged by all of its samples"
    assert all("gateway-zone1/fresh was answered by 503 before anything was injected" in text for text in unsteady)


def test_a_sabotage_that_breaks_a_steady_mesh_before_the_injection_is_caught(tmp_path: Path) -> None:
    for number, late in enumerate((False, True)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert standing(run(folder, losing(late=late)), Cause.NO_MTLS) is Detected.UNDIAGNOSED


def test_a_mesh_whose_targets_take_long_to_be_asked_about_is_tried(tmp_path: Path) -> None:
    result = run(tmp_path, losing(lasts_s=0.0, then="zone1"))
    assert result.verdict is Verdict.PASS, result.findings
    first = result.phases[0]
    assert result.injected is not None
    assert first.name == "steady state"
    assert first.ended_ns - first.begun_ns >= 4 * NS_PER_S
    assert result.injected.low_ns == first.ended_ns


class Deaf(SimulatedMesh):
    """Who knows how late this machine wakes its processes does not answer."""

    def worst_stall_ns(self, since_ns: int) -> int:
        raise InfraError("the keeper does not answer")


NEVER_STEADY = Behaviour(answers_at_all=False)


@pytest.mark.parametrize(
    ("mesh", "said"),
    [
        (SimulatedMesh(VirtualClock(), replace(NEVER_STEADY, stalled_ns=5 * NS_PER_S)), "woken 5.00 s late"),
        (losing(Behaviour(stalled_ns=5 * NS_PER_S)), "woken 5.00 s late"),
        (losing(Behaviour(stalled_ns=5 * NS_PER_S), late=True), "woken 5.00 s late"),
        (Deaf(VirtualClock(), NEVER_STEADY), "cannot be told: the keeper does not answer"),
    ],
    ids=["never", "lost", "lost at the last moment", "nobody knows"],
)
def test_a_mesh_that_is_not_steady_on_a_machine_that_holds_it_up_says_nothing(
    tmp_path: Path, mesh: SimulatedMesh, said: str
) -> None:
    result = run(tmp_path, mesh)
    assert result.verdict is Verdict.INVALID
    assert [said in f.text for f in result.findings if f.verdict is Verdict.INVALID] == [True]
    assert standing(result, Cause.NO_MTLS) is Detected.NOT_TRIED


def test_a_mesh_that_is_not_steady_by_itself_is_still_one(tmp_path: Path) -> None:
    result = run(tmp_path, SimulatedMesh(VirtualClock(), NEVER_STEADY))
    assert result.verdict is Verdict.INFRA
    assert standing(result, Cause.NO_MTLS) is Detected.UNDIAGNOSED


def test_what_could_not_be_carried_out_for_another_reason_stays_so_on_a_machine_that_is_busy(tmp_path: Path) -> None:
    result = run(tmp_path, SimulatedMesh(VirtualClock(), Behaviour(effective_after=99, stalled_ns=5 * NS_PER_S)))
    assert result.verdict is Verdict.INFRA
    assert [finding.verdict for finding in result.findings] == [Verdict.INFRA]


HOME = ["zone1"] * 20


@pytest.mark.parametrize("lane", list(Lane))
def test_one_answer_in_one_lane_is_enough(lane: Lane) -> None:
    """A kept-alive connection that is closed as a request is on its way costs that request, for users too."""
    hit = series([*HOME, "bad", *HOME], lane=lane)
    well = series(["zone2"] * 40, "zone2")
    lost = steady.strayed({hit.key: hit, well.key: well}, START_NS)
    assert lost is not None
    assert lost.startswith(f"gateway-zone1/{lane} was answered by ")
    assert lost.endswith(" before anything was injected (1 of 41 samples not at home)")


def test_what_came_before_the_steady_state_or_ended_after_the_injection_does_not_count() -> None:
    period = NS_PER_S // 20
    hit = series(["bad", *HOME, "bad"])
    every = {hit.key: hit}
    assert steady.strayed(every, START_NS + period, int(hit.done_ns[-1])) is None
    assert steady.strayed(every, START_NS, int(hit.done_ns[-1])) is not None
    assert steady.strayed(every, START_NS + period, int(hit.done_ns[-1]) + 1) is not None


def test_either_zone_is_home_at_the_load_balancer() -> None:
    both = series(["zone1", "zone2"] * 10, None)
    assert both.key.vantage == LOAD_BALANCER
    assert steady.strayed({both.key: both}, START_NS) is None


def test_only_an_experiment_that_was_not_carried_out_is_unsteady() -> None:
    text = f"{steady.UNSTEADY}: so it is"
    assert steady.is_unsteady(Finding(Verdict.INFRA, text))
    assert not steady.is_unsteady(Finding(Verdict.FAIL, text))
    assert not steady.is_unsteady(Finding(Verdict.INFRA, "the keeper does not answer"))
