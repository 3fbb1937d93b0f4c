"""The schedule's arithmetic: which sample of which series is due when, and nothing else.

Open loop: when a sample is due depends on the schedule alone, never on how another one fared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.model import NS_PER_S
from chaos.samples import Schedule, SeriesPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chaos.model import Lane, Vantage


def plan(
    vantages: Sequence[Vantage], lanes: Sequence[Lane], *, rate_hz: float, timeout_s: float, start_ns: int
) -> Schedule:
    """A schedule of every vantage through every lane, from ``start_ns`` (monotonic) on.

    The series are spread evenly over the period, so that the requests do not come in bursts.
    """
    period_ns = round(NS_PER_S / rate_hz)
    pairs = [(vantage, lane) for vantage in vantages for lane in lanes]
    series = tuple(
        SeriesPlan(vantage, lane, start_ns + index * period_ns // len(pairs))
        for index, (vantage, lane) in enumerate(pairs)
    )
    return Schedule(period_ns, round(timeout_s * NS_PER_S), series)


class Pacer:
    """Hands out what is due, in order of due time, each sample exactly once.

    The series' starts must ascend and lie within one period of the first, as ``plan`` lays them out.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._period_ns = schedule.period_ns
        self._starts = [series.start_ns for series in schedule.series]
        self._round = 0
        self._series = 0
        self.due_ns = self._starts[0]
        """When the next sample is due (monotonic ns)."""

    def take(self, now_ns: int) -> Iterator[tuple[int, int]]:
        """Every sample due by ``now_ns`` that was not taken yet, as (series index, due_ns)."""
        while self.due_ns <= now_ns:
            taken = self._series, self.due_ns
            self._advance()
            yield taken

    def _advance(self) -> None:
        self._series += 1
        if self._series == len(self._starts):
            self._series = 0
            self._round += 1
        self.due_ns = self._starts[self._series] + self._round * self._period_ns
