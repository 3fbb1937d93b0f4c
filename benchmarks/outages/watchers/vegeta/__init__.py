"""vegeta (https://github.com/tsenart/vegeta): an open loop at a constant rate, connections kept or not.

The module in this folder pins it with its hashes; it is built by Go into the user's cache, once.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.outages.door import AWAY
from benchmarks.outages.watched import WallClock, Watched, answered, scheduled, wall_ns
from benchmarks.outages.watchers import MissingTool
from benchmarks.outages.watchers.program import Program
from chaos.errors import SettingsError
from chaos.model import Lane
from fixtures.platforms.kubernetes.testbed.toolchain import cache, find_go

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.outages.watchers import Task

NAME = "vegeta"
MODULE = Path(__file__).parent
_PACKAGE = "github.com/tsenart/vegeta/v12"
_RESULTS = "results"


class VegetaWatch:
    """A running ``vegeta attack``."""

    def __init__(self, program: Path, task: Task, lane: Lane) -> None:
        self._vegeta, self._task, self._lane = program, task, lane
        (task.folder / "targets").write_text(f"GET {task.url}\n")
        keep = "true" if lane is Lane.KEEPALIVE else "false"
        options = {
            "rate": f"{task.rate_hz}/1s",
            "timeout": f"{task.timeout_s}s",
            "duration": f"{task.limit_s}s",
            "keepalive": keep,
            "targets": "targets",
            "output": _RESULTS,
        }
        argv = [str(program), "attack", *(f"-{name}={value}" for name, value in options.items())]
        self._program = Program(argv, task.folder, task.folder / "said")

    @property
    def pid(self) -> int:
        """Its process."""
        return self._program.pid

    def stop(self) -> Sequence[Watched]:
        """End the attack; what its results tell."""
        self._program.interrupt()
        self._program.wait()
        clock = WallClock.now()
        encode = [str(self._vegeta), "encode", "-to=json", _RESULTS]
        said = subprocess.run(encode, cwd=self._task.folder, check=True, capture_output=True).stdout
        return [watched(map(json.loads, said.splitlines()), self._task.period_ns, clock, self._lane)]


class Vegeta:
    """vegeta, in one lane."""

    def __init__(self, lane: Lane) -> None:
        self._lane = lane
        self.name = f"{NAME}, {lane}"

    def start(self, task: Task) -> VegetaWatch:
        """Let it watch.

        Raises:
            MissingTool: it cannot be built.
        """
        return VegetaWatch(built(), task, self._lane)


def built() -> Path:
    """The program, built unless it is there.

    Raises:
        MissingTool: it cannot be built.
    """
    pinned = sha256((MODULE / "go.sum").read_bytes()).hexdigest()[:16]
    place = cache() / "vegeta" / pinned / "vegeta"
    if not place.exists():
        _build(place)
    return place


def _build(place: Path) -> None:
    try:
        go = find_go(MODULE)
    except SettingsError as error:
        raise MissingTool("no Go that can build it was found") from error
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_name(f"fresh-{os.getpid()}")
    done = subprocess.run(
        [go.path, "build", "-mod=readonly", "-trimpath", "-o", fresh, _PACKAGE],
        cwd=MODULE,
        env={**os.environ, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise MissingTool(f"Go cannot build it: {done.stderr.strip().splitlines()[-1:]}")
    fresh.replace(place)


def watched(results: Iterable[dict[str, Any]], period_ns: int, clock: WallClock, lane: Lane) -> Watched:
    """Its results: when each request began, its latency, its status (0 where there was no answer) and the body.

    The i-th request is due i periods after the first: vegeta numbers them as its schedule does.
    """
    rows = sorted(results, key=lambda row: int(row["seq"]))
    begun_ns = clock.monotonic(np.array([wall_ns(row["timestamp"]) for row in rows], np.int64))
    ok = np.array([row["code"] == 200 and not row["error"] for row in rows], np.bool_)  # noqa: PLR2004
    return Watched(
        name=f"{NAME}, {lane}",
        period_ns=period_ns,
        due_ns=scheduled(begun_ns, period_ns),
        begun_ns=begun_ns,
        end_ns=begun_ns + np.array([row["latency"] for row in rows], np.int64),
        ok=ok,
        away=np.array([answered(base64.b64decode(row["body"] or "")) == AWAY for row in rows], np.bool_) & ok,
        lane=lane,
    ).in_order()
