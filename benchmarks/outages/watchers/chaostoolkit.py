"""Chaos Toolkit: an experiment whose hypothesis is checked continuously by its http probe (``chaos run``).

The steady state is one HTTP probe with a tolerance of 200 and a time limit; the method waits until it is let go. The
toolkit waits ``--hypothesis-frequency`` *between* two checks, so that its period is that and what a request takes.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.outages.door import AWAY
from benchmarks.outages.watched import WallClock, Watched, answered, wall_ns
from benchmarks.outages.watchers import MissingTool
from benchmarks.outages.watchers.program import Program

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.outages.watchers import Task

NAME = "Chaos Toolkit"
_GO = "go"
_JOURNAL = "journal.json"


class ToolkitWatch:
    """A running ``chaos run``."""

    def __init__(self, chaos: str, task: Task) -> None:
        self._task = task
        self._go = task.folder / _GO
        os.mkfifo(self._go)
        file = task.folder / "experiment.json"
        file.write_text(json.dumps(experiment(task)))
        argv = [chaos, "--no-version-check", "--log-file", os.devnull, "run", f"--journal-path={_JOURNAL}"]
        often = f"--hypothesis-frequency={1 / task.rate_hz}"
        argv += ["--hypothesis-strategy=during-method-only", often, str(file)]
        self._program = Program(argv, task.folder, task.folder / "said")

    @property
    def pid(self) -> int:
        """Its process."""
        return self._program.pid

    def stop(self) -> Sequence[Watched]:
        """Let the method end; what the journal tells."""
        os.close(os.open(self._go, os.O_WRONLY))  # the method reads it to its end
        self._program.wait()
        journal = json.loads((self._task.folder / _JOURNAL).read_text())
        return [watched(journal, self._task.period_ns, WallClock.now())]


class ChaosToolkit:
    """The Chaos Toolkit that is installed beside this program, else the one on PATH."""

    name = NAME

    def start(self, task: Task) -> ToolkitWatch:
        """Let it watch.

        Raises:
            MissingTool: it is not installed.
        """
        beside = Path(sys.executable).with_name("chaos")
        chaos = str(beside) if beside.exists() else shutil.which("chaos")
        if chaos is None:
            raise MissingTool("not installed: pip install chaostoolkit (it is in the extra dev)")
        return ToolkitWatch(chaos, task)


def experiment(task: Task) -> dict[str, Any]:
    """The experiment's document."""
    asked = {"type": "http", "url": task.url, "timeout": task.timeout_s}
    waits = {"type": "process", "path": "cat", "arguments": str(task.folder / _GO)}
    return {
        "title": "a service is watched",
        "description": "the hypothesis is checked for as long as the method waits",
        "steady-state-hypothesis": {
            "title": "it answers",
            "probes": [{"type": "probe", "name": "answers", "tolerance": 200, "provider": asked}],
        },
        "method": [{"type": "action", "name": "wait", "provider": waits}],
    }


def watched(journal: dict[str, Any], period_ns: int, clock: WallClock) -> Watched:
    """The probe's activities in the journal: their time of day, whether they succeeded, and the body.

    Each was due a period after the one before had begun: the rate that was asked for. The toolkit promises less, since
    it waits for every answer first.
    """
    runs = [run for state in journal["steady_states"]["during"] for run in state["probes"]]
    begun_ns = clock.monotonic(np.array([wall_ns(run["start"]) for run in runs], np.int64))
    end_ns = clock.monotonic(np.array([wall_ns(run["end"]) for run in runs], np.int64))
    return Watched(
        name=NAME,
        period_ns=period_ns,
        due_ns=np.concatenate([begun_ns[:1], begun_ns[:-1] + period_ns]),
        begun_ns=begun_ns,
        end_ns=end_ns,
        ok=np.array([run["status"] == "succeeded" and run["tolerance_met"] for run in runs], np.bool_),
        away=np.array([_zone(run) == AWAY for run in runs], np.bool_),
    )


def _zone(run: dict[str, Any]) -> str | None:
    output = run.get("output")
    return answered(output["body"].encode()) if isinstance(output, dict) and output["status"] == 200 else None  # noqa: PLR2004
