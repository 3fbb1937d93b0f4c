"""What an experiment concludes, on a mesh whose truth is known."""

from __future__ import annotations

import itertools
import json
import re
import signal
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos.experiment import Experiment
from chaos.faults import fault
from chaos.journal import Step, read_journal
from chaos.model import NS_PER_S, Lane, SeriesKey, Verdict
from chaos.platform import Kind, Target
from chaos.result import Finding
from chaos.slo import Objectives
from tests.unit.simulation import (
    LEAST_S,
    NEVER,
    PERIOD_NS,
    Behaviour,
    Onlooker,
    SimulatedMesh,
    VirtualClock,
    bad,
    start_probe,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chaos.model import Attribution, Vantage
    from chaos.platform import Record
    from chaos.result import Figures, Result
    from chaos.samples import Sample

ZONE1 = SeriesKey("gateway-zone1", Lane.FRESH)


def run(folder: Path, behaviour: Behaviour, name: str | None = "delete-deployment") -> tuple[Result, SimulatedMesh]:
    mesh = SimulatedMesh(VirtualClock(), behaviour)
    return experiment(folder, name).run(mesh, start_probe(mesh), Onlooker(), mesh.clock), mesh


def experiment(
    folder: Path, name: str | None = "delete-deployment", stop: Callable[[], str | None] = lambda: None
) -> Experiment:
    return Experiment(
        scenario="simulated", fault=fault(name) if name else None, zone="zone1", profile="page", engine="simulated",
        claims=("comes-home",), objectives=Objectives(), folder=folder, stop=stop,
    )  # fmt: skip


def figures(result: Result, key: SeriesKey = ZONE1) -> Figures:
    return next(one for one in result.figures if one.key == key)


def test_a_mesh_that_fails_over_and_comes_home_passes(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour())

    assert result.verdict is Verdict.PASS, result.findings
    one = figures(result)
    assert one.failover is not None
    assert one.failover.low_s <= 5.0 <= one.failover.high_s
    assert one.failback is not None
    assert one.failback.low_s <= 0.5 <= one.failback.high_s, "home 1 s after the repair began, which took 0.5 s itself"
    assert one.outage_total.low_s <= 5.0 <= one.outage_total.high_s
    assert [segment.answer for segment in one.segments] == ["zone1", "503", "zone2", "zone1"]


def test_every_phase_is_timed_and_says_whether_its_end_was_certain(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour())

    named = {phase.name: phase.certain for phase in result.phases}
    assert named == {
        "steady state": None, "inject": None, "effective": None, "failover": True, "restore": None, "failback": True,
        "settle": True,
    }  # fmt: skip
    phases = list(result.phases)
    assert phases[0].begun_ns >= result.started_ns
    assert phases[-1].ended_ns <= result.ended_ns
    assert all(one.begun_ns <= one.ended_ns <= after.begun_ns for one, after in itertools.pairwise(phases))
    watched = {entry.phase: entry.text for entry in result.log}
    assert watched["failback"].startswith("certain after ")


def test_a_watch_that_is_ended_by_its_limit_says_so(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(failback_after=NEVER))

    assert next(phase.certain for phase in result.phases if phase.name == "failback") is False
    (said,) = (entry.text for entry in result.log if entry.phase == "failback")
    assert re.fullmatch(r"not certain: watched to the limit of \d+\.\d s", said)


@pytest.mark.parametrize(
    ("behaviour", "stalled_s", "verdict"),
    [
        (Behaviour(blip_after=7.5), 0.24, Verdict.FAIL),
        (Behaviour(blip_after=7.5), 0.25, Verdict.INVALID),
        (Behaviour(), 5.0, Verdict.PASS),
        (Behaviour(settled_after=NEVER), 0.25, Verdict.INVALID),
    ],
)
def test_what_fails_on_a_machine_that_holds_the_mesh_up_says_nothing_and_what_passes_does(
    tmp_path: Path, behaviour: Behaviour, stalled_s: float, verdict: Verdict
) -> None:
    result, _ = run(tmp_path, replace(behaviour, stalled_ns=int(stalled_s * NS_PER_S)))
    assert result.verdict is verdict
    said = [finding.text for finding in result.findings if finding.verdict is Verdict.INVALID]
    assert [f"woken {stalled_s:.2f} s late" in text for text in said] == [True] * (verdict is Verdict.INVALID)


def test_a_repair_that_takes_long_itself_is_not_held_against_the_mesh(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(restored_after=40, failback_after=42))

    assert result.verdict is Verdict.PASS, result.findings
    one = figures(result)
    assert one.failback is not None
    assert one.failback.low_s <= 2 <= one.failback.high_s < 2 + 2 * LEAST_S


def test_a_zone_that_answers_before_its_repair_is_confirmed_does_not_break_the_failover(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(restored_after=2.0, failback_after=0.1))

    assert result.verdict is Verdict.PASS, result.findings
    one = figures(result)
    assert one.faulty_after_failover == 0
    assert one.failback is not None
    assert one.failback.low_s == 0


def test_an_outage_while_the_repair_is_under_way_is_one_of_the_return(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(restored_after=40, failback_after=42, blip_after=20))

    one = figures(result)
    assert one.bad_after_failover == 0
    assert one.return_outage.high_s > 0


def test_the_figures_are_intervals_as_wide_as_what_is_not_known(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(effective_after=2.0))

    assert result.injected is not None
    assert result.injected.high_ns - result.injected.low_ns >= 2 * NS_PER_S
    one = figures(result)
    assert one.failover is not None
    assert one.failover.high_s - one.failover.low_s >= 2.0


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (Behaviour(failover_after=NEVER), "no other zone took over"),
        (Behaviour(failover_after=15.5), "no other zone took over within 15 s"),
        (Behaviour(failover_after=15.5, effective_after=2.0), "failover took"),
        (Behaviour(breaks=False), "no other zone took over"),
        (Behaviour(blip_after=7.5), "the failover does not hold"),
        (Behaviour(failover_after=1, blip_after=10), "the failover does not hold"),
        (Behaviour(heals_itself_after=7.2), "the faulty zone answered"),
        (Behaviour(dies_again_after=3.0), "did not come home"),
        (Behaviour(failback_after=NEVER), "did not come home"),
        (Behaviour(failback_after=15.5), "failback took"),
        (Behaviour(touches_others=True), "where none may be"),
    ],
)
def test_a_broken_promise_is_a_fail_and_says_which(tmp_path: Path, behaviour: Behaviour, reason: str) -> None:
    result, mesh = run(tmp_path, behaviour)

    assert result.verdict is Verdict.FAIL
    assert any(reason in finding.text for finding in result.findings), result.findings
    assert mesh.repaired_ns is not None


def test_an_outage_after_the_failover_is_a_blip_and_the_one_before_it_is_none(tmp_path: Path) -> None:
    result, mesh = run(tmp_path, Behaviour(blip_after=7.5))

    one = figures(result)
    assert one.blips is not None
    (blip,) = one.blips
    assert mesh.injected_ns is not None
    assert blip.samples == 1
    assert abs(blip.first_due_ns - mesh.injected_ns - round(7.5 * NS_PER_S)) <= PERIOD_NS
    assert len(one.outages) == 2
    assert one.relapses == ()


def test_an_outage_after_home_is_a_relapse(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(dies_again_after=4.0))

    one = figures(result)
    assert one.blips == ()
    assert one.relapses is not None
    assert [outage.first_due_ns for outage in one.relapses] == [one.outages[-1].first_due_ns]


def test_without_a_failover_or_a_way_home_there_is_nothing_to_blip(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    never, _ = run(tmp_path / "a", Behaviour(failover_after=NEVER))
    away, _ = run(tmp_path / "b", Behaviour(failback_after=NEVER))

    assert (figures(never).blips, figures(never).relapses) == (None, ())
    assert (figures(away).blips, figures(away).relapses) == ((), None)


def test_a_fault_that_never_takes_effect_is_infra_and_is_put_back(tmp_path: Path) -> None:
    result, mesh = run(tmp_path, Behaviour(effective_after=NEVER))

    assert result.verdict is Verdict.INFRA
    assert "had no effect" in result.findings[0].text
    assert mesh.calls[-1] == "put"


@pytest.mark.parametrize("lag_s", [0, 1], ids=["", "also where the probe lagged"])
def test_a_restoration_that_cannot_be_verified_is_infra(tmp_path: Path, lag_s: int) -> None:
    """INVALID is not told what is left broken, and would be made again."""
    result, _ = run(tmp_path, Behaviour(restored_after=NEVER, lag_ns=lag_s * NS_PER_S))

    assert result.verdict is Verdict.INFRA
    assert "not restored" in result.findings[0].text
    assert len(result.findings) == 1 + lag_s
    assert read_journal(tmp_path / "journal.jsonl").must_restore


@pytest.mark.parametrize("behaviour", [Behaviour(answers_at_all=False), Behaviour(gateways_fixed=True)])
def test_without_a_steady_state_nothing_is_injected(tmp_path: Path, behaviour: Behaviour) -> None:
    result, mesh = run(tmp_path, behaviour)

    assert result.verdict is Verdict.INFRA
    assert "no steady state" in result.findings[0].text
    assert not mesh.calls


def test_a_probe_that_lags_makes_the_run_invalid_whatever_it_saw(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(lag_ns=NS_PER_S // 2, failover_after=NEVER))

    assert result.verdict is Verdict.INVALID
    assert "late" in result.findings[-1].text


def test_a_series_that_is_no_longer_sampled_makes_the_run_invalid(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(silent_tail="gateway-zone2"))

    assert result.verdict is Verdict.INVALID
    assert "end before the experiment does" in result.findings[-1].text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_the_middle_of_the_repair_waits_for_it(tmp_path: Path, number: signal.Signals) -> None:
    class Pressed(SimulatedMesh):
        def put(self, record: Record) -> None:
            signal.raise_signal(number)
            super().put(record)

    mesh = Pressed(VirtualClock())
    experiment = Experiment(
        scenario="s", fault=fault("delete-deployment"), zone="zone1", profile="page", engine="e", claims=(),
        objectives=Objectives(), folder=tmp_path,
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        experiment.run(mesh, start_probe(mesh), Onlooker(), mesh.clock)

    assert mesh.repaired_ns is not None
    assert not read_journal(tmp_path / "journal.jsonl").must_restore


class LateElsewhere(SimulatedMesh):
    """The other zone's gateway is bad from 10 s after the injection, while the fault lasts."""

    def find(self, kind: Kind, zone: str) -> tuple[Target, ...]:
        return (Target(kind, zone, "edge"),)

    def answer(self, index: int, vantage: Vantage, due_ns: int) -> Sample | tuple[str, str]:
        mended = self.repaired_ns is not None and due_ns >= self.repaired_ns
        if vantage.zone == "zone2" and self.injected_ns and due_ns >= self.injected_ns + 10 * NS_PER_S and not mended:
            return bad(due_ns)
        return super().answer(index, vantage, due_ns)


def test_a_load_balancer_that_moves_at_once_does_not_end_the_watch_of_everybody_else(tmp_path: Path) -> None:
    mesh = LateElsewhere(VirtualClock(), Behaviour(failover_after=1))
    result = experiment(tmp_path, "delete-gateway").run(mesh, start_probe(mesh), Onlooker(), mesh.clock)

    assert result.verdict is Verdict.FAIL
    assert {str(finding.series) for finding in result.findings} == {f"gateway-zone2/{lane}" for lane in Lane}


def test_what_a_fast_failover_is_watched_for_is_the_time_of_its_phase(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(failover_after=1))

    (phase,) = (one for one in result.phases if one.name == "failover")
    assert phase.certain
    assert 15 <= (phase.ended_ns - phase.begun_ns) / NS_PER_S < 16


def test_a_gateway_that_comes_home_and_dies_again_did_not_come_home(tmp_path: Path) -> None:
    class Edge(SimulatedMesh):
        def find(self, kind: Kind, zone: str) -> tuple[Target, ...]:
            return (Target(kind, zone, "edge"),)

    mesh = Edge(VirtualClock(), Behaviour(dies_again_after=3.0))
    experiment = Experiment(
        scenario="s", fault=fault("delete-gateway"), zone="zone1", profile="page", engine="e", claims=(),
        objectives=Objectives(), folder=tmp_path,
    )  # fmt: skip
    result = experiment.run(mesh, start_probe(mesh), Onlooker(), mesh.clock)

    own = [finding.text for finding in result.findings if finding.series == ZONE1]
    assert result.verdict is Verdict.FAIL
    assert any("did not come home" in text for text in own)


def test_a_selection_that_matches_nothing_is_infra(tmp_path: Path) -> None:
    result, mesh = run(tmp_path, Behaviour(), "delete-gateway")

    assert result.verdict is Verdict.INFRA
    assert "selects nothing" in result.findings[0].text
    assert "delete" not in mesh.calls


def test_a_control_run_finds_nothing_and_touches_nothing(tmp_path: Path) -> None:
    result, mesh = run(tmp_path, Behaviour(), None)

    assert result.verdict is Verdict.PASS
    assert not mesh.calls
    assert all(one.bad == one.away == 0 and one.samples > 150 for one in result.figures)


def test_the_journal_is_on_disk_before_anything_is_touched(tmp_path: Path) -> None:
    seen = []

    class Curious(SimulatedMesh):
        def delete(self, record: object) -> None:
            seen.append(read_journal(tmp_path / "journal.jsonl"))
            raise KeyboardInterrupt

    mesh = Curious(VirtualClock())
    experiment = Experiment(
        scenario="s", fault=fault("delete-deployment"), zone="zone2", profile="page", engine="e", claims=(),
        objectives=Objectives(), folder=tmp_path,
    )  # fmt: skip
    with pytest.raises(KeyboardInterrupt):
        experiment.run(mesh, start_probe(mesh), Onlooker(), mesh.clock)

    (before,) = seen
    assert before.step is Step.INJECTING
    assert [record.state for record in before.records] == [{"is": "well"}]
    assert mesh.calls[-1] == "put"
    assert not read_journal(tmp_path / "journal.jsonl").must_restore


def test_an_onlooker_that_fails_does_not_keep_the_fault_in_place(tmp_path: Path) -> None:
    class Clumsy(Onlooker):
        @contextmanager
        def phase(self, name: str) -> Iterator[None]:
            if name == "restore":
                raise RuntimeError("clumsy")
            yield

    mesh = SimulatedMesh(VirtualClock())
    experiment = Experiment(
        scenario="s", fault=fault("delete-deployment"), zone="zone1", profile="page", engine="e", claims=(),
        objectives=Objectives(), folder=tmp_path,
    )  # fmt: skip
    result = experiment.run(mesh, start_probe(mesh), Clumsy(), mesh.clock)

    assert mesh.repaired_ns is not None
    assert result.verdict is Verdict.PASS, result.findings


def test_traffic_that_is_home_is_watched_until_the_mesh_shows_the_zone_as_before(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(settled_after=12))
    assert result.verdict is Verdict.PASS
    assert result.restored is not None
    assert result.ended_ns - result.restored.low_ns >= 11.5 * NS_PER_S
    assert "the mesh shows zone1 as before" in [entry.text for entry in result.log]


def test_a_zone_that_the_mesh_does_not_take_in_again_has_not_come_home(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(settled_after=NEVER))
    assert result.verdict is Verdict.FAIL
    assert [(f.claim, "zone1 is offline" in f.text) for f in result.findings] == [("comes-home", True)]


def test_a_mesh_that_does_not_settle_is_judged_all_the_same(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(settled_after=NEVER, failover_after=NEVER))

    assert result.verdict is Verdict.FAIL
    broken = {finding.claim for finding in result.findings}
    assert broken == {"comes-home", "delete-deployment-reroutes"}, "what is not named would be listed as a PASS"


def test_a_zone_that_dies_again_before_the_mesh_shows_it_as_before_is_not_home(tmp_path: Path) -> None:
    result, _ = run(tmp_path, Behaviour(settled_after=12, dies_again_after=8))
    assert result.verdict is Verdict.FAIL


def test_nothing_is_concluded_where_the_machine_slept_while_the_mesh_went_on(tmp_path: Path) -> None:
    class Sleepy(VirtualClock):
        def asleep_ns(self) -> int:
            return 7 * NS_PER_S if mesh.repaired_ns else 0

    mesh = SimulatedMesh(Sleepy())
    result = experiment(tmp_path).run(mesh, start_probe(mesh), Onlooker(), mesh.clock)
    assert result.verdict is Verdict.INVALID
    assert [finding.text for finding in result.findings] == [
        "this machine was suspended for 7.0 s meanwhile: repeat the run"
    ]


class Undone(SimulatedMesh):
    """Somebody else puts the target back, some seconds after it was broken."""

    def gone(self, record: Record) -> str | None:
        assert self.injected_ns is not None
        undone = self._since(self.injected_ns, self.clock.now_ns()) > 2
        return None if undone else super().gone(record)


def test_a_fault_that_somebody_else_undoes_says_nothing_of_the_mesh(tmp_path: Path) -> None:
    mesh = Undone(VirtualClock(), Behaviour())

    result = experiment(tmp_path).run(mesh, start_probe(mesh), Onlooker(), mesh.clock)

    assert result.verdict is Verdict.INFRA
    assert "delete-deployment did not last on deployment echo in zone1, something else changed it" in str(
        result.findings
    )
    assert mesh.calls[-1] == "put"


@pytest.mark.parametrize(("told_after_s", "calls"), [(1, []), (6, ["record", "delete", "put"])])
def test_a_run_that_is_told_to_stop_repairs_at_once_and_begins_nothing_more(
    tmp_path: Path, told_after_s: float, calls: list[str]
) -> None:
    mesh = SimulatedMesh(VirtualClock(), Behaviour())
    told_ns = mesh.clock.now_ns() + told_after_s * NS_PER_S

    def stop() -> str | None:
        return "the file STOP is there" if mesh.clock.now_ns() >= told_ns else None

    result = experiment(tmp_path, stop=stop).run(mesh, start_probe(mesh), Onlooker(), mesh.clock)

    assert Finding(Verdict.INFRA, "stopped: the file STOP is there") in result.findings
    assert mesh.calls == calls
    assert result.ended_ns < told_ns + 2 * NS_PER_S


class Renewed(SimulatedMesh):
    """The repaired zone answers with pods of new names."""

    def attribution(self) -> Attribution:
        known = super().attribution()
        return known if self.repaired_ns is None else replace(known, pods={**known.pods, "new-pod": "zone1"})


def test_pods_that_come_with_the_repair_are_kept_beside_the_samples(tmp_path: Path) -> None:
    mesh = Renewed(VirtualClock(), Behaviour())

    experiment(tmp_path).run(mesh, start_probe(mesh), Onlooker(), mesh.clock)

    assert json.loads((tmp_path / "attribution.json").read_text())["pods"]["new-pod"] == "zone1"
