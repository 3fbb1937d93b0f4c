"""Running the suite as its users do, and finding everything that a run started, however it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from fixtures.platforms.universal.bringup import bring_up
from fixtures.run import RUN_FOLDER_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fixtures.mesh import MeshSettings
    from fixtures.platforms.universal.platform import Universal

ROOT = Path(__file__).parents[2]
MARK = "SUITE_TEST_MARK"
"""Inherited by every process that a test starts, orphans too; no other process has its value."""
_OURS = ("MESH_CHAOS_", "PYTEST_")


def until(true: Callable[[], object], limit_s: float = 60.0, what: object = "") -> None:
    """Wait for a condition; fails the test when it does not come true in time."""
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, f"not within {limit_s:g} s: {what or true}"
        time.sleep(0.05)  # between two looks at the condition


@dataclass(frozen=True)
class Traces:
    """What a test's processes leave: themselves, what they listen at, and files in a temporary folder of their own."""

    folder: Path
    value: str = field(default_factory=lambda: uuid.uuid4().hex)

    def environment(self, **more: str) -> dict[str, str]:
        """For a process that a user starts: nothing of the test run that surrounds it."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(_OURS) and k != RUN_FOLDER_VARIABLE}
        return {**inherited, MARK: self.value, "TMPDIR": str(self.folder), **more}

    def processes(self) -> list[psutil.Process]:
        """Those that run and were started, directly or not, by this test."""
        return list(self._running())

    def _running(self) -> Iterator[psutil.Process]:
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                mine = process.pid != os.getpid() and process.environ().get(MARK) == self.value
                if mine and process.status() != psutil.STATUS_ZOMBIE:
                    yield process

    def listening(self) -> set[str]:
        """Where they listen."""
        found = set()
        for process in self._running():
            with contextlib.suppress(psutil.Error):
                connections = process.net_connections("inet")
                found |= {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN or not c.raddr}
        return found

    def left(self) -> list[str]:
        """What is still there."""
        processes = [f"{process.pid} {' '.join(command_of(process))[:150]}" for process in self.processes()]
        return processes + [str(entry) for entry in self.folder.iterdir() if not entry.name.startswith("pytest-of-")]

    def assert_nothing_left(self, limit_s: float = 30.0) -> None:
        end = time.monotonic() + limit_s
        while left := self.left():
            assert time.monotonic() < end, left
            time.sleep(0.05)  # between two looks at what is left

    def end(self) -> None:
        """End what should have ended by itself."""
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()


@contextlib.contextmanager
def brought_up(traces: Traces, wanted: MeshSettings) -> Iterator[Universal]:
    """A mesh that this very process brings up, found among the traces; nothing is left of it at the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, traces.value)
        patch.setenv("TMPDIR", str(traces.folder))  # what Kuma leaves outside the mesh's folder is found
        patch.setattr(tempfile, "tempdir", str(traces.folder))
        mesh = bring_up(wanted, lambda _: None)
    yield mesh
    mesh.end()
    traces.assert_nothing_left()


def command_of(process: psutil.Process) -> list[str]:
    """Its command line; empty for one that has just ended."""
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


@dataclass
class Run:
    """One run of pytest or mesh-chaos, in a process of its own."""

    process: subprocess.Popen[str]
    artifacts: Path

    @property
    def journal(self) -> Path | None:
        """The journal of the run's experiment, once there is one."""
        return next(self.artifacts.glob("*/*/journal.jsonl"), None)

    def journal_says(self, word: str) -> bool:
        """Whether the experiment has got so far; the run must not end before."""
        assert self.process.poll() is None, self.finish()
        return self.journal is not None and f'"{word}"' in self.journal.read_text()

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        self.process.send_signal(number)

    def finish(self, limit_s: float = 300.0) -> str:
        """Everything that it has said, once it has ended."""
        text, _ = self.process.communicate(timeout=limit_s)
        return text

    @property
    def code(self) -> int:
        assert self.process.returncode is not None
        return self.process.returncode


def start_pytest(traces: Traces, artifacts: Path, *arguments: str | Path, **environment: str) -> Run:
    """``python -m pytest ARGUMENTS`` in the project's folder, as a user types it."""
    options = ("-p", "no:cacheprovider", f"--artifacts={artifacts}")
    return _start(traces, artifacts, ("-m", "pytest", *options, *map(str, arguments)), environment)


def start_mesh_chaos(traces: Traces, *arguments: str | Path) -> Run:
    """``mesh-chaos ARGUMENTS``."""
    return _start(traces, Path("/nowhere"), ("-c", "from chaos.cli import main; main()", *map(str, arguments)), {})


def _start(traces: Traces, artifacts: Path, command: tuple[str, ...], environment: dict[str, str]) -> Run:
    process = subprocess.Popen(
        (sys.executable, *command),
        cwd=ROOT,
        env=traces.environment(**environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return Run(process, artifacts)
