"""Whether the suite's own intervals hold the truth: the start, end and length of every outage, for each of them.

The samples go the way that those of an experiment go (``chaos.timeline``). What counts as bad here and not there (a
slow answer, another zone's) is made so before.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.outages.judge import SLOW_LIMIT_NS
from chaos import timeline
from chaos.model import Interval, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.outages.script import Happened
    from chaos.samples import Series


@dataclass(frozen=True)
class Violation:
    """A figure of the suite that excludes what was so."""

    outage: Happened | None
    """None for an outage that there was not."""
    what: str
    said: Interval | None
    """None where it says nothing: the outage was not found."""
    off_ns: int = 0
    """By how much it misses the truth."""

    def __str__(self) -> str:
        of = f" of {self.outage.length_ns / 1e6:.1f} ms of {self.outage.kind}" if self.outage else ""
        return f"{self.what}{of}{f', by {self.off_ns / 1e6:.2f} ms' if self.off_ns else ''}"


def violations(series: Series, outages: Sequence[Happened]) -> tuple[Violation, ...]:
    """Every figure that excludes the truth; none, if the suite keeps its word.

    Only of outages of at least two periods: a shorter one may fall between two samples.
    """
    strict = strictly(series)
    found = tuple(_found(strict))
    told = [_of(outage, found) for outage in outages]
    wrong = [
        violation
        for outage, pieces in zip(outages, told, strict=True)
        if outage.length_ns >= 2 * series.period_ns
        for violation in _wrong(outage, pieces, strict)
    ]
    known = {piece for pieces in told for piece in pieces}
    return (*wrong, *(Violation(None, "an outage that was none", one.length) for one in found if one not in known))


def strictly(series: Series) -> Series:
    """The same samples with slow and away answers as bad ones."""
    slow = series.done_ns - series.sent_ns > SLOW_LIMIT_NS
    outcome = np.where(slow & series.good, np.uint8(Outcome.TIMEOUT), series.outcome)
    return replace(series, outcome=np.where(series.away, np.uint8(Outcome.BAD_ANSWER), outcome))


@dataclass(frozen=True)
class _Told:
    """An outage as the suite tells it: its edges are moments of the timeline."""

    start: Interval
    end: Interval
    length: Interval


def _found(series: Series) -> Iterator[_Told]:
    spans = timeline.runs(~series.good)
    for (low, high), outage in zip(spans, timeline.outages(series), strict=True):
        end = min(high, len(series) - 1)
        length = Interval(outage.length.low_ns - _took(series, low), outage.length.high_ns + _took(series, end))
        yield _Told(timeline.moment(series, low), timeline.moment(series, end), length)


def _took(series: Series, index: int) -> int:
    """A request's own time: an outage may have begun, or ended, while it was under way."""
    return int(series.done_ns[index] - series.sent_ns[index])


def _of(outage: Happened, found: Sequence[_Told]) -> tuple[_Told, ...]:
    return tuple(
        one for one in found if one.start.low_ns <= outage.end.high_ns and one.end.high_ns >= outage.start.low_ns
    )


def _wrong(outage: Happened, pieces: Sequence[_Told], series: Series) -> Iterator[Violation]:
    """Several pieces are right where a request between them was under way as the outage began or ended.

    The kernel of a busy machine does not deliver all requests in the order in which they were sent.
    """
    inside = (series.sent_ns > outage.start.high_ns) & (series.done_ns < outage.end.low_ns)
    if not pieces:
        yield Violation(outage, "not found", None)
        return
    if len(pieces) > 1 and (inside & series.good).any():
        yield Violation(outage, "answered in the midst", None)
    low_ns, high_ns = outage.end.low_ns - outage.start.high_ns, outage.end.high_ns - outage.start.low_ns
    figures = [("start", pieces[0].start, outage.start), ("end", pieces[-1].end, outage.end)]
    if len(pieces) == 1:
        figures.append(("length", pieces[0].length, Interval(low_ns, high_ns)))
    for what, said, truth in figures:
        off_ns = max(said.low_ns - truth.high_ns, truth.low_ns - said.high_ns)
        if off_ns > 0:
            yield Violation(outage, what, said, off_ns)
