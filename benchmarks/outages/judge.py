"""What a tool's samples say about outages, held against what there was: one rule for every tool.

A sample is bad if its tool calls it a failure, if the other zone answered, or if it took longer than ``SLOW_LIMIT_NS``.
An outage found is a maximal run of bad samples, by when they began: from when the first of them began to when the first
good one after them did. It is *of* the scripted outage during which one of its samples was under way. A scripted outage
of which there is none was missed; where there are several, it was seen in pieces, and lasts from the first to the last.
A run that is of no scripted outage was invented. A run that spans two of them is of the first: the tool could not tell
them apart, and has missed the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.outages.script import SLOW_S, Happened, Kind, middle
from chaos.model import NS_PER_S
from chaos.timeline import runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.outages.watched import Mask, Watched

SLOW_LIMIT_NS = round(SLOW_S / 2 * NS_PER_S)
_ALL_HANG_NS = NS_PER_S
"""Outages of at least this length tell how punctual a tool is while nothing is answered."""


@dataclass(frozen=True)
class Seen:
    """A scripted outage as a tool saw it: errors in ns, below 0 where it was seen too early."""

    outage: Happened
    start_ns: int
    end_ns: int
    pieces: int

    @property
    def start_error_ns(self) -> int:
        """Of its start."""
        return self.start_ns - middle(self.outage.start)

    @property
    def end_error_ns(self) -> int:
        """Of its end."""
        return self.end_ns - middle(self.outage.end)

    @property
    def length_error_ns(self) -> int:
        """Of its length."""
        return self.end_error_ns - self.start_error_ns


@dataclass(frozen=True)
class Judged:
    """What a tool made of the script."""

    name: str
    seen: tuple[Seen, ...]
    missed: tuple[Happened, ...]
    invented: int
    samples: int
    due: int
    """Samples that the tool's rate asks for in the time that was watched."""
    away: int
    """Answers that the tool tells to be the other zone's."""
    lag_p99_ms: float | None
    """How late requests were begun while nothing was answered; None where nothing was unanswered for long."""

    @property
    def skipped(self) -> int:
        """How many samples are not there."""
        return max(0, self.due - self.samples)


def judge(watched: Watched, outages: Sequence[Happened], start_ns: int, end_ns: int) -> Judged:
    """Hold what was watched from ``start_ns`` to ``end_ns`` against the truth."""
    taken = watched.between(start_ns, end_ns).in_order()
    runs_of: dict[int | None, list[tuple[int, int]]] = {}
    for low, high in runs(bad(taken)):
        runs_of.setdefault(_outage_of(taken, low, high, outages), []).append((low, high))
    invented = len(runs_of.pop(None, ()))
    found = {number: pieces for number, pieces in runs_of.items() if number is not None}
    return Judged(
        name=watched.name,
        seen=tuple(_seen(taken, outages[number], found[number]) for number in sorted(found)),
        missed=tuple(outage for number, outage in enumerate(outages) if number not in found),
        invented=invented,
        samples=len(taken),
        due=(end_ns - start_ns) // watched.period_ns,
        away=int(taken.away.sum()),
        lag_p99_ms=_lag_p99_ms(taken, outages),
    )


def bad(watched: Watched) -> Mask:
    """Which samples a user would complain about."""
    return ~watched.ok | watched.away | (watched.end_ns - watched.begun_ns > SLOW_LIMIT_NS)


def _outage_of(watched: Watched, low: int, high: int, outages: Sequence[Happened]) -> int | None:
    begun, end = watched.begun_ns[low:high], watched.end_ns[low:high]
    for number, outage in enumerate(outages):
        if ((begun <= outage.end.high_ns) & (end >= outage.start.low_ns)).any():
            return number
    return None


def _seen(watched: Watched, outage: Happened, pieces: Sequence[tuple[int, int]]) -> Seen:
    low, high = pieces[0][0], pieces[-1][1]
    after = watched.begun_ns[high] if high < len(watched) else watched.begun_ns[-1] + watched.period_ns
    return Seen(outage, int(watched.begun_ns[low]), int(after), len(pieces))


def _lag_p99_ms(watched: Watched, outages: Sequence[Happened]) -> float | None:
    hung = np.zeros(len(watched), np.bool_)
    for outage in outages:
        if outage.kind in (Kind.HOLE, Kind.DEAF) and outage.length_ns >= _ALL_HANG_NS:
            hung |= (watched.due_ns >= outage.start.high_ns) & (watched.due_ns < outage.end.low_ns)
    lag = (watched.begun_ns - watched.due_ns)[hung]
    return float(np.percentile(lag, 99)) / 1e6 if len(lag) else None
