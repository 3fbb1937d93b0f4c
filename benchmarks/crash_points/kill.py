"""One kill: a breaker dies, a repairer has the journal alone, and the mesh is compared with what it was."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.crash_points.breaker import Breakage, carry_out
from benchmarks.crash_points.state import Subject, differences
from chaos.clock import MonotonicClock, poll
from chaos.journal import FILE_NAME

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerContext, ForkServerProcess

ROOT = Path(__file__).parents[2]
_KILLED = -signal.SIGKILL
_LIMIT_S = 180.0
"""A breaker that has not ended then hangs."""
_SETTLE_LIMIT_S = 60.0
"""What control planes show of a mesh that is repaired lags by up to 25 s."""
_RESTORE = (sys.executable, "-c", "from chaos.cli import main; main()", "restore")


@dataclass(frozen=True)
class Plan:
    """What is to be killed when: at the point ``die_at``, or ``after_s`` seconds."""

    fault: str
    die_at: str | None = None
    after_s: float | None = None
    repair_after_s: float | None = None
    """When the first repairer is killed too, None where it is not."""

    @property
    def is_kill(self) -> bool:
        """Whether anything is killed."""
        return self.die_at is not None or self.after_s is not None

    def __str__(self) -> str:
        repair = f", its repair after {self.repair_after_s:.2f} s" if self.repair_after_s is not None else ""
        if not self.is_kill:
            return f"{self.fault} without a kill"
        when = f"at {self.die_at}" if self.die_at else f"after {self.after_s or 0:.2f} s"
        return f"{self.fault} {when}{repair}"


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    plan: Plan
    killed: bool
    """Whether it was: it may have ended before."""
    told: bool
    """Whether there was a journal to restore from; else nothing may have been touched."""
    restore_s: float
    """How long ``mesh-chaos restore`` took, its start included; 0 where there was no journal."""
    same_s: float
    """How long until all that the mesh shows was as before, from the end of the repair."""
    problems: tuple[str, ...]
    """What differed, could not be restored, or was left."""


class Killer:
    """Kills breakers of one mesh, one after the other."""

    def __init__(self, platform: str, subject: Subject, folder: Path, context: ForkServerContext) -> None:
        self._platform = platform
        self._subject = subject
        self._folder = folder
        self._context = context
        self._number = 0
        poll(MonotonicClock(), lambda: subject.unsettled() is None, _SETTLE_LIMIT_S, 0.2)
        self._before = subject.state()
        """What it was before the first kill: after each it must be that again, so that nothing adds up."""

    def rehearse(self, fault: str) -> tuple[tuple[str, ...], float, Outcome]:
        """Let one live: the points that it passes, how long it takes, and what came of it."""
        began = time.monotonic()
        wanted = self._breakage(Plan(fault))
        code = self._ended(self._started(wanted))
        took_s = time.monotonic() - began
        problems = [] if code == 0 else [f"it ended with {code}: see {wanted.folder}"]
        same_s, differing = self._compared()
        problems += differing
        passed = json.loads(wanted.passed.read_text()) if wanted.passed.exists() else []
        outcome = Outcome(Plan(fault), killed=False, told=True, restore_s=0, same_s=same_s, problems=tuple(problems))
        return tuple(dict.fromkeys(passed)), took_s, outcome

    def kill(self, plan: Plan) -> Outcome:
        """Carry one kill out."""
        wanted = self._breakage(plan)
        process = self._started(wanted)
        if plan.after_s is not None:
            process.join(plan.after_s)
            process.kill()
        killed = self._ended(process) == _KILLED
        journal = wanted.folder / FILE_NAME
        told, problems, took_s = journal.exists(), list[str](), 0.0
        if told:
            if plan.repair_after_s is not None:
                self._kill_repair(journal, plan.repair_after_s)
            took_s, problems = self._repaired(journal)
        same_s, differing = self._compared()
        problems += [*differing, *_left(wanted.folder)]
        return Outcome(plan, killed, told, took_s, same_s, tuple(problems))

    def _breakage(self, plan: Plan) -> Breakage:
        self._number += 1
        folder = self._folder / f"{self._number:04}-{plan.fault}"
        folder.mkdir(parents=True)
        passed = folder.with_suffix(".passed")
        locator = dict(self._subject.locator)
        return Breakage(self._platform, locator, plan.fault, self._subject.zone, folder, passed, plan.die_at)

    def _started(self, wanted: Breakage) -> ForkServerProcess:
        process = self._context.Process(target=carry_out, args=(wanted,))
        process.start()
        return process

    def _ended(self, process: ForkServerProcess) -> int | None:
        process.join(_LIMIT_S)
        if process.exitcode is None:
            process.kill()
            process.join()
            return None
        return process.exitcode

    def _kill_repair(self, journal: Path, after_s: float) -> None:
        repair = subprocess.Popen((*_RESTORE, journal), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            repair.wait(after_s)
        except subprocess.TimeoutExpired:
            repair.kill()
        repair.wait()

    def _repaired(self, journal: Path) -> tuple[float, list[str]]:
        began = time.monotonic()
        done = subprocess.run((*_RESTORE, journal), cwd=ROOT, capture_output=True, text=True, check=False)
        took_s = time.monotonic() - began
        journal.with_name("restore.log").write_text(done.stdout + done.stderr)
        if done.returncode:
            return took_s, [f"restore ended with {done.returncode}: {done.stderr.strip()}"]
        return took_s, []

    def _compared(self) -> tuple[float, list[str]]:
        """How long it took until nothing differs, and what still does."""
        found: list[str] = []

        def same() -> bool:
            found[:] = differences(self._before, self._subject.state())
            return not found and self._subject.unsettled() is None

        began = time.monotonic()
        if not poll(MonotonicClock(), same, _SETTLE_LIMIT_S, 0.2) and not found:
            found.append(f"unsettled: {self._subject.unsettled()}")
        return time.monotonic() - began, found


def _left(folder: Path) -> list[str]:
    """What a kill leaves beside its journal."""
    known = {FILE_NAME, "restore.log"}
    unborn = f"{FILE_NAME}.*.part"  # of a process that was killed before it touched anything
    files = (file for file in folder.iterdir() if file.name not in known and not file.match(unborn))
    return [f"left behind: {file.name}" for file in files]
