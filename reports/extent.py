"""From when to when an experiment is drawn, the same in every picture of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.answers import spells
from reports.injections import in_effect

if TYPE_CHECKING:
    from chaos.result import Result


def extent(result: Result, least_ns: int) -> tuple[int, int]:
    """From the first sample that was judged to the end of the last, with all moments of the fault: at least so long.

    Monotonic nanoseconds; without any of these, from when the experiment began to when it ended.
    """
    told = [spell for figures in result.figures for spell in spells(figures.segments)]
    moments = [moment for _, moment in in_effect(result)] + [moment for moment in (result.restored,) if moment]
    starts = [spell.start_ns for spell in told] + [moment.low_ns for moment in moments]
    ends = [spell.end_ns for spell in told] + [moment.high_ns for moment in moments]
    start = min(starts, default=result.started_ns)
    return start, max(max(ends, default=result.ended_ns), start + least_ns)
