"""What a tool saw, as columns: the same for every tool, so that one judge can judge them all."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.outages.door import AWAY, HOME
from chaos.model import NS_PER_S
from chaos.probe.answer import parse

if TYPE_CHECKING:
    import numpy.typing as npt

    from chaos.model import Lane

    Moments = npt.NDArray[np.int64]
    Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Watched:
    """The requests of one tool in one lane, by when they began (monotonic ns).

    Args:
        due_ns: when each should have begun, by the tool's own schedule.
        ok: whether the tool itself calls it a success.
        away: whether the other zone answered it, by what the tool's output says.
        lane: None where the tool is not told how to connect.
    """

    name: str
    period_ns: int
    due_ns: Moments
    begun_ns: Moments
    end_ns: Moments
    ok: Mask
    away: Mask
    lane: Lane | None = None

    def __len__(self) -> int:
        return len(self.begun_ns)

    def between(self, start_ns: int, end_ns: int) -> Watched:
        """Those due in [start_ns, end_ns)."""
        return self._taken((self.due_ns >= start_ns) & (self.due_ns < end_ns))

    def in_order(self) -> Watched:
        """By when they began."""
        return self._taken(np.argsort(self.begun_ns, kind="stable"))

    def _taken(self, which: npt.NDArray[np.bool_ | np.int64]) -> Watched:
        columns = ("due_ns", "begun_ns", "end_ns", "ok", "away")
        return replace(self, **{name: getattr(self, name)[which] for name in columns})


@dataclass(frozen=True)
class WallClock:
    """How far CLOCK_REALTIME is ahead of CLOCK_MONOTONIC, for tools that tell the time of day."""

    ahead_ns: int

    @classmethod
    def now(cls) -> WallClock:
        """By the quickest of a few looks."""
        return cls(min(_look() for _ in range(9))[1])

    def monotonic(self, wall_ns: Moments) -> Moments:
        """The same moments by the other clock."""
        return wall_ns - self.ahead_ns


def _look() -> tuple[int, int]:
    before_ns = time.monotonic_ns()
    wall_ns = time.time_ns()
    took_ns = time.monotonic_ns() - before_ns
    return took_ns, wall_ns - before_ns - took_ns // 2


def scheduled(begun_ns: Moments, period_ns: int) -> Moments:
    """When samples were due that are the i-th of an open loop each, of a tool that tells only when they began.

    The schedule is laid through the most punctual of them, which is in the tool's favour.
    """
    steps = np.arange(len(begun_ns), dtype=np.int64) * period_ns
    return steps + (begun_ns - steps).min(initial=np.iinfo(np.int64).max) if len(begun_ns) else begun_ns


def answered(body: bytes) -> str | None:
    """The zone that an answer names."""
    answer = parse(body)
    return {f"mesh-{zone}": zone for zone in (HOME, AWAY)}.get(answer.node) if answer else None


def wall_ns(text: str) -> int:
    """A moment of RFC 3339 by CLOCK_REALTIME; of its second Python reads six digits, and leaves out the rest."""
    moment = datetime.fromisoformat(text)
    return int(moment.replace(microsecond=0).timestamp()) * NS_PER_S + moment.microsecond * 1000
