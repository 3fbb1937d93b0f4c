"""Ctrl-C at any line, once and once more: what was broken is put back, and the run ends all the same."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from chaos import breaking, undo
from chaos.attempt import Attempt
from chaos.experiment import Experiment
from chaos.faults import fault
from chaos.journal import read_journal
from chaos.slo import Objectives
from chaos.watch import Pace
from tests.unit.simulation import Behaviour, Onlooker, SimulatedMesh, VirtualClock, start_probe

if TYPE_CHECKING:
    from pathlib import Path
    from types import FrameType

    from chaos.platform import Record

Line = tuple[str, int]
_BREAKING_AND_MENDING = {breaking.__file__, undo.__file__}
_ITS_OWN = {Attempt._break_and_mend.__code__, Attempt._break.__code__}


_BRIEF = Pace(hold=0.5, steadily=0.5, lasting=1.0)
"""There is a whole experiment for each line."""


class PressedAt:
    """Presses Ctrl-C before the line ``when``, or as its function is entered, from an injection to its end."""

    def __init__(self, when: Line | None) -> None:
        self.seen: dict[Line, None] = {}
        self._when = when

    def watch(self) -> None:
        """From here on."""
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if _is_of_the_undo(frame):
                frame.f_trace = self.trace
            frame = frame.f_back
        sys.settrace(self.trace)

    def trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if not _is_of_the_undo(frame):
            return None
        line = (frame.f_code.co_filename, frame.f_lineno)
        if event in {"line", "call"} and line not in self.seen:
            self.seen[line] = None
            if line == self._when:
                signal.raise_signal(signal.SIGINT)
        return self.trace


def _is_of_the_undo(frame: FrameType) -> bool:
    code = frame.f_code
    return code.co_filename in _BREAKING_AND_MENDING or code in _ITS_OWN


class Pressed(SimulatedMesh):
    """A mesh; while it is broken Ctrl-C is pressed, or not, and from then on at a line."""

    def __init__(self, pressed: PressedAt, *, first: bool) -> None:
        super().__init__(VirtualClock(), Behaviour(failover_after=0.3, failback_after=0.2, settled_after=0.2))
        self.pressed = pressed
        self.first = first

    def delete(self, record: Record) -> None:
        super().delete(record)
        self.pressed.watch()
        if self.first:
            signal.raise_signal(signal.SIGINT)


def experiment(folder: Path) -> Experiment:
    return Experiment(
        scenario="interrupted", fault=fault("delete-service"), zone="zone1", profile="page", engine="simulated",
        claims=(), objectives=Objectives(), folder=folder, pace=_BRIEF,
    )  # fmt: skip


def interrupted(folder: Path, when: Line | None, *, first: bool) -> PressedAt:
    """An experiment that Ctrl-C ends; it must be undone. The lines that it passed after it began to inject."""
    folder.mkdir()
    pressed = PressedAt(when)
    mesh = Pressed(pressed, first=first)
    before = sys.gettrace()
    try:
        experiment(folder).run(mesh, start_probe(mesh), Onlooker(), mesh.clock)
        assert not first
        assert when is None
    except KeyboardInterrupt:
        assert first or when
    finally:
        sys.settrace(before)
    assert mesh.calls[-1] == "put", (when, mesh.calls)
    assert not read_journal(folder / "journal.jsonl").must_restore, when
    return pressed


class Stubborn(SimulatedMesh):
    """A mesh that cannot be repaired, and Ctrl-C is pressed while it is being broken."""

    def delete(self, record: Record) -> None:
        super().delete(record)
        signal.raise_signal(signal.SIGINT)

    def difference(self, record: Record) -> str | None:
        return "it stays broken"


def test_ctrl_c_ends_the_run_also_where_the_repair_fails(tmp_path: Path) -> None:
    mesh = Stubborn(VirtualClock(), Behaviour())
    with pytest.raises(KeyboardInterrupt):
        experiment(tmp_path).run(mesh, start_probe(mesh), Onlooker(), mesh.clock)
    assert read_journal(tmp_path / "journal.jsonl").must_restore


@pytest.mark.parametrize("first", [False, True], ids=["once", "twice"])
def test_wherever_ctrl_c_is_pressed_after_an_injection_it_is_undone(tmp_path: Path, first: bool) -> None:
    lines = list(interrupted(tmp_path / "undisturbed", None, first=first).seen)
    assert len(lines) > 20

    for number, line in enumerate(lines):
        interrupted(tmp_path / str(number), line, first=first)
