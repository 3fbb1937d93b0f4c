"""The script, played once, with every tool watching its own door of the same server.

Side by side, all tools watch at once: the same outages, to within the microseconds that the server takes from door to
door, in the same seconds of the same machine. That is fair as long as the machine has CPU to spare (at 100/s all of
them together take less than one of two cores); where it has not, ``one by one`` plays the script anew for each tool.
"""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.outages import costs, script
from benchmarks.outages.judge import judge
from benchmarks.outages.server import Server
from benchmarks.outages.truth import violations
from benchmarks.outages.watchers import MissingTool, Task
from benchmarks.outages.watchers.chaostoolkit import ChaosToolkit
from benchmarks.outages.watchers.k6 import K6
from benchmarks.outages.watchers.ours import Ours, OurWatch
from benchmarks.outages.watchers.vegeta import Vegeta
from chaos.clock import MonotonicClock, poll
from chaos.model import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.outages.judge import Judged
    from benchmarks.outages.script import Planned
    from benchmarks.outages.server import Told
    from benchmarks.outages.truth import Violation
    from benchmarks.outages.watched import Watched
    from benchmarks.outages.watchers import Watch, Watcher

WATCHERS: tuple[Watcher, ...] = (Ours(), ChaosToolkit(), *(Vegeta(lane) for lane in Lane), K6())
TIMEOUT_S = 0.8
"""Below the second after which the kernel sends a dropped SYN again, so that no request outlives its outage."""
_WARM = 20
_WARM_LIMIT_S = 60.0
_SPARE_S = 120.0


@dataclass(frozen=True)
class Row:
    """What one tool saw in one lane, what it cost and what there was to see."""

    judged: Judged
    cpu_ms: float
    """A sample, over all lanes of the tool, while the script was played."""
    away: int
    """How many answers the other zone gave to it."""
    told: Told
    violations: tuple[Violation, ...] | None
    """None but for our probe: only the suite gives intervals."""
    lost: int = 0
    """Samples that our probe says are due and that its file has not."""


@dataclass(frozen=True)
class Accuracy:
    """One run."""

    rows: tuple[Row, ...]
    missing: dict[str, str]
    """Tool -> why it took no part."""
    outages: int
    rate_hz: int
    edge_us: float
    """The longest that the server took for an edge."""


def measure(
    outages: Sequence[Planned],
    rate_hz: int,
    *,
    one_by_one: bool,
    progress: Callable[[str], None],
    watchers: Sequence[Watcher] = WATCHERS,
) -> Accuracy:
    """Play the script for all of them at once, or for one after the other."""
    groups = [[watcher] for watcher in watchers] if one_by_one else [list(watchers)]
    rows, missing = list[Row](), dict[str, str]()
    for group in groups:
        progress(f"{', '.join(one.name for one in group)}: {len(outages)} outages, {script.length_s(outages):.0f} s")
        rows += _played(group, outages, rate_hz, missing)
    edges = [edge for row in rows for one in row.told.outages for edge in (one.start, one.end)]
    edge_us = max((edge.high_ns - edge.low_ns for edge in edges), default=0) / 1000
    return Accuracy(tuple(rows), missing, len(outages), rate_hz, edge_us)


def _played(
    watchers: Sequence[Watcher], outages: Sequence[Planned], rate_hz: int, missing: dict[str, str]
) -> list[Row]:
    with ExitStack() as held:
        server = held.enter_context(Server(len(watchers)))
        watches: dict[int, Watch] = {}
        for door, watcher in enumerate(watchers):
            folder = Path(held.enter_context(tempfile.TemporaryDirectory()))
            task = Task(server.urls[door], rate_hz, TIMEOUT_S, script.length_s(outages) + _SPARE_S, folder)
            try:
                watches[door] = watcher.start(task)
            except MissingTool as error:
                missing[watcher.name] = str(error)
        if not watches:
            return []
        _warmed(server, watches)
        before = {door: costs.cpu_s(watch.pid) for door, watch in watches.items()}
        start_ns = time.monotonic_ns()
        told = server.play(outages)
        end_ns = time.monotonic_ns()
        spent = {door: costs.cpu_s(watch.pid) - before[door] for door, watch in watches.items()}
        return [
            row for door, watch in watches.items() for row in _rows(watch, told[door], spent[door], start_ns, end_ns)
        ]


def _warmed(server: Server, watches: dict[int, Watch]) -> None:
    def all_ask() -> bool:
        seen = server.seen()
        return all(seen[door] >= _WARM for door in watches)

    if not poll(MonotonicClock(), all_ask, _WARM_LIMIT_S, 0.1):
        raise RuntimeError(f"a tool does not ask: {server.seen()} requests at the doors of {watches}")


def _rows(watch: Watch, told: Told, spent_s: float, start_ns: int, end_ns: int) -> list[Row]:
    seen = watch.stop()
    judged = [judge(one, told.outages, start_ns, end_ns) for one in seen]
    cpu_ms = 1000 * spent_s / max(1, sum(one.samples for one in judged))
    rows = zip(judged, seen, strict=True)
    return [Row(one, cpu_ms, _away(told, of), told, *_checked(watch, of, told)) for one, of in rows]


def _away(told: Told, watched: Watched) -> int:
    """Answers of the other zone to what was asked in that lane."""
    return sum(told.away.values()) if watched.lane is None else told.away.get(watched.lane, 0)


def _checked(watch: Watch, watched: Watched, told: Told) -> tuple[tuple[Violation, ...] | None, int]:
    if not isinstance(watch, OurWatch):
        return None, 0
    series = next(series for key, series in watch.series.items() if key.lane is watched.lane)
    return violations(series, told.outages), series.lost
