"""What a sample costs and how punctual it is, at high rates: each tool alone, one after the other.

Each round asks the server at a rate, once while it is whole and once while every request hangs to its time limit, for
the same time. They cannot run side by side: at 1,000/s some of them need a core each. ``timer only`` is how late this
machine wakes an ordinary process that asks nothing: no tool without our probe's privilege
(``chaos.probe.priority``) can be better.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import uvloop

from benchmarks.outages import costs
from benchmarks.outages.script import Kind, Planned, length_s
from benchmarks.outages.server import Server
from benchmarks.outages.watchers import MissingTool, Task
from benchmarks.outages.watchers.httpx import Httpx
from benchmarks.outages.watchers.ours import Ours
from benchmarks.outages.watchers.vegeta import Vegeta
from chaos.clock import MonotonicClock, poll
from chaos.model import NS_PER_S, Lane
from chaos.probe.alarm import alarm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.outages.watched import Moments, Watched
    from benchmarks.outages.watchers import Watcher

TIMEOUT_S = 2.0
TOOLS: tuple[Watcher, ...] = (
    Ours([Lane.KEEPALIVE]),
    Ours([Lane.FRESH]),
    Vegeta(Lane.KEEPALIVE),
    Vegeta(Lane.FRESH),
    Httpx(),
)
HANGING = "all hang"
HEALTHY = "healthy"
_SPARE_S = 60.0
_WARM = 10


@dataclass(frozen=True)
class Round:
    """One tool at one rate while the server is in one state."""

    tool: str
    rate_hz: int
    state: str
    samples: int
    skipped: int
    cpu_ms: float | None
    """A sample; None for the timer, which asks nothing."""
    lag_ms: tuple[float, float, float]
    """Median, 99th percentile and greatest of how late requests were begun."""


def measure(rates: Sequence[int], seconds: float, progress: Callable[[str], None]) -> Iterator[Round]:
    """Every round, as soon as it is known; a tool that cannot be had is left out."""
    for rate in rates:
        for state in (HEALTHY, HANGING):
            progress(f"{rate}/s, {state}, {seconds:g} s each")
            yield _timer_only(rate, state, seconds)
            for tool in TOOLS:
                try:
                    yield _round(tool, rate, state, seconds)
                except MissingTool:
                    continue


def _round(tool: Watcher, rate: int, state: str, seconds: float) -> Round:
    with tempfile.TemporaryDirectory() as folder, Server(1) as server:
        watch = tool.start(Task(server.urls[0], rate, TIMEOUT_S, seconds + _SPARE_S, Path(folder)))
        poll(MonotonicClock(), lambda: server.seen()[0] >= _WARM, _SPARE_S, 0.05)
        start_ns, cpu_s = _played(server, state, seconds, watch.pid)
        (watched,) = watch.stop()
    taken = watched.between(start_ns, start_ns + round(seconds * NS_PER_S))
    due = round(seconds * rate)
    lag_ns = taken.begun_ns - taken.due_ns
    return Round(
        _name(watched),
        rate,
        state,
        len(taken),
        max(0, due - len(taken)),
        1000 * cpu_s / max(1, len(taken)),
        _ms(lag_ns),
    )


def _name(watched: Watched) -> str:
    lane = f", {watched.lane}" if watched.lane else ""
    return watched.name if lane in watched.name else watched.name + lane


def _played(server: Server, state: str, seconds: float, pid: int) -> tuple[int, float]:
    """When the round began (monotonic ns), and what the tool's processes took in it (CPU seconds)."""
    if state == HANGING:
        script = [Planned(Kind.HOLE, 0.0, seconds)]
        before, start_ns = costs.cpu_s(pid), time.monotonic_ns()
        server.play(script)
        share = seconds / length_s(script)  # the server is whole again for a moment, before it answers
        return start_ns, (costs.cpu_s(pid) - before) * share
    before, start_ns = costs.cpu_s(pid), time.monotonic_ns()
    time.sleep(seconds)
    return start_ns, costs.cpu_s(pid) - before


def _ms(lag_ns: Moments) -> tuple[float, float, float]:
    if not len(lag_ns):
        return 0.0, 0.0, 0.0
    median, p99, most = np.percentile(lag_ns, [50, 99, 100]) / 1e6
    return float(median), float(p99), float(most)


def _timer_only(rate: int, state: str, seconds: float) -> Round:
    loop = uvloop.new_event_loop()
    lag_ns: list[int] = []
    due_ns = time.monotonic_ns() + NS_PER_S // 50

    def ring() -> None:
        nonlocal due_ns
        lag_ns.append(time.monotonic_ns() - due_ns)
        due_ns += NS_PER_S // rate
        if len(lag_ns) < seconds * rate:
            bell.set(due_ns)
        else:
            loop.stop()

    bell = alarm(loop, ring)
    bell.set(due_ns)
    loop.run_forever()
    bell.close()
    loop.close()
    return Round("timer only", rate, state, len(lag_ns), 0, None, _ms(np.array(lag_ns, np.int64)))
