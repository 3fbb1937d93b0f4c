"""Whether the probe's memory stays flat: it watches outages for as long as is said, and is measured meanwhile."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil

from benchmarks.outages import costs, script
from benchmarks.outages.server import Server
from benchmarks.outages.watchers import Task
from benchmarks.outages.watchers.ours import Ours

if TYPE_CHECKING:
    from collections.abc import Callable

RATE_HZ = 100
TIMEOUT_S = 0.8
_EVERY_S = 1.0
_LENGTHS_S = (0.02, 0.1, 0.3, 1.0, 3.0)


@dataclass(frozen=True)
class Memory:
    """The probe's process, looked at every second."""

    seconds: float
    samples: int
    most_mb: float
    """Resident."""
    grown_mb: float
    """From the median of the second quarter to that of the last; in the first a process fills its buffers."""
    descriptors: tuple[int, int]
    """The greatest number of open files in the second and in the last quarter."""
    threads: tuple[int, int]


def measure(hours: float, seed: int, progress: Callable[[str], None]) -> Memory:
    """Watch outages for that long, at 100/s in both lanes."""
    outages = _lasting(hours * 3600, seed)
    progress(f"memory: {len(outages)} outages, {script.length_s(outages):.0f} s")
    with tempfile.TemporaryDirectory() as folder, Server(1) as server:
        watch = Ours().start(Task(server.urls[0], RATE_HZ, TIMEOUT_S, 0, Path(folder)))
        server.say(f"play {script.dumps(outages)}")
        looks = _looks(watch.pid, script.length_s(outages))
        server.answer()
        samples = sum(map(len, watch.stop()))
    at_s, resident, descriptors, threads = np.array(looks).T
    quarter = at_s * 4 // (at_s[-1] + _EVERY_S)
    second, last = quarter == 1, quarter == 3  # noqa: PLR2004
    return Memory(
        seconds=float(at_s[-1]),
        samples=samples,
        most_mb=float(resident.max()),
        grown_mb=float(np.median(resident[last]) - np.median(resident[second])),
        descriptors=(int(descriptors[second].max()), int(descriptors[last].max())),
        threads=(int(threads[second].max()), int(threads[last].max())),
    )


def _lasting(seconds: float, seed: int) -> tuple[script.Planned, ...]:
    """A script of at least that length: one drawn script after the other."""
    once = script.length_s(script.drawn(seed, _LENGTHS_S))
    return script.drawn(seed, _LENGTHS_S * max(1, round(seconds / once)))


def _looks(pid: int, seconds: float) -> list[tuple[float, float, int, int]]:
    """Seconds since the beginning, megabytes, open files and threads, once a second."""
    process, began, looks = psutil.Process(pid), time.monotonic(), list[tuple[float, float, int, int]]()
    while (at_s := time.monotonic() - began) < seconds:
        looks.append((at_s, costs.resident_mb(pid), process.num_fds(), process.num_threads()))
        time.sleep(_EVERY_S)
    return looks
