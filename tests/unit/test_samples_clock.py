"""Machines that sleep and clocks that jump, on the virtual clock: whatever the mesh did, nothing of it may pass."""

from __future__ import annotations

import itertools
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos.experiment import Experiment
from chaos.faults import fault
from chaos.model import NS_PER_S, Verdict
from chaos.slo import Objectives
from tests.unit.simulation import LATENCY_NS, Behaviour, Onlooker, SimulatedMesh, SimulatedProbe, VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from chaos.model import Vantage
    from chaos.result import Result
    from chaos.samples import Sample, SeriesPlan


class Dozing(VirtualClock):
    """A machine that is suspended once: so long after the injection, for so long."""

    def __init__(self, after_s: float, for_s: float) -> None:
        super().__init__()
        self.after_ns, self.for_s = int(after_s * NS_PER_S), for_s
        self.mesh = SimulatedMesh(self, Behaviour())
        self.asleep = range(0)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        injected, now_ns = self.mesh.injected_ns, self.now_ns()
        if injected is not None and now_ns >= injected + self.after_ns and not self.asleep:
            super().sleep(self.for_s)
            self.asleep = range(now_ns, self.now_ns())


class Late(SimulatedProbe):
    """As the probe does: what was due meanwhile is sent when the machine wakes up."""

    def _sample(self, number: int, plan: SeriesPlan, due: int) -> Sample:
        sample = super()._sample(number, plan, due)
        asleep = self._mesh.clock.asleep  # type: ignore[attr-defined]
        woken = max(sample.sent_ns, asleep.stop) if due in asleep else sample.sent_ns
        return replace(sample, sent_ns=woken, done_ns=woken + LATENCY_NS)


class Lossy(SimulatedProbe):
    """As the probe never should: what was due meanwhile is left out."""

    def _is_silent(self, plan: SeriesPlan, due: int) -> bool:
        return due in self._mesh.clock.asleep  # type: ignore[attr-defined]


def run(folder: Path, clock: Dozing, kind: Callable[..., SimulatedProbe]) -> Result:
    @contextmanager
    def start(vantages: Sequence[Vantage], path: Path) -> Iterator[SimulatedProbe]:
        yield kind(clock.mesh, vantages, path)

    experiment = Experiment(
        scenario="simulated", fault=fault("delete-deployment"), zone="zone1", profile="page", engine="simulated",
        claims=(), objectives=Objectives(), folder=folder, stop=lambda: None,
    )  # fmt: skip
    return experiment.run(clock.mesh, start, Onlooker(), clock)


@pytest.mark.parametrize(("kind", "complaint"), [(Late, "late"), (Lossy, "lost")])
@pytest.mark.parametrize("for_s", [2.0, 60.0])
@pytest.mark.parametrize("after_s", [0.1, 2.0, 6.0])
def test_a_machine_that_was_suspended_proves_nothing(
    tmp_path: Path, kind: Callable[..., SimulatedProbe], complaint: str, for_s: float, after_s: float
) -> None:
    result = run(tmp_path, Dozing(after_s, for_s), kind)
    assert result.verdict is Verdict.INVALID, result.findings
    assert any(complaint in finding.text for finding in result.findings if finding.verdict is Verdict.INVALID)


def test_a_machine_that_stays_awake_proves_something(tmp_path: Path) -> None:
    assert run(tmp_path, Dozing(3600, 1), Late).verdict is Verdict.PASS


@pytest.mark.parametrize("jump_s", [-86_400.0, 3_600.0])
def test_a_wall_clock_that_jumps_changes_no_figure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, jump_s: float
) -> None:
    (tmp_path / "calm").mkdir()
    calm = run(tmp_path / "calm", Dozing(3600, 1), Late)
    jumps = itertools.count()
    monkeypatch.setattr("time.time", lambda: 1_700_000_000 + next(jumps) * jump_s)
    (tmp_path / "wild").mkdir()
    wild = run(tmp_path / "wild", Dozing(3600, 1), Late)
    assert wild.verdict is Verdict.PASS
    assert wild.figures == calm.figures
