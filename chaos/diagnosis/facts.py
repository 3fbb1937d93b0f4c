"""What rules need to know of samples: who answered how often in each part of an experiment, and in how long runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chaos import timeline
from chaos.model import NS_PER_S, Outcome

if TYPE_CHECKING:
    from chaos.model import Zone
    from chaos.samples import Series

_NEWEST_NS = 2 * NS_PER_S
"""How much of the end of a span tells what was the state then."""


@dataclass(frozen=True)
class Answered:
    """How often the same answer came: a zone's name, or what came instead (``503``, ``REFUSED``, ...)."""

    answer: str
    count: int
    good: bool


@dataclass(frozen=True)
class Tally:
    """A span of one series."""

    samples: int = 0
    home: int = 0
    """Good answers from home."""
    away: int = 0
    """Good answers from elsewhere."""
    answers: tuple[Answered, ...] = ()
    """The most frequent first."""
    absences: int = 0
    """Runs that are not at home, bad or away, between runs at home."""
    absence: float = 0.0
    """How many samples such a run has, on average."""
    presence: float = 0.0
    """How many a run at home has, on average."""

    @property
    def bad(self) -> int:
        """Samples that a user would have noticed."""
        return self.samples - self.home - self.away

    def from_zones(self, *zones: Zone) -> int:
        """Good answers from these zones."""
        return sum(one.count for one in self.answers if one.good and one.answer in zones)

    def mostly(self, count: int) -> bool:
        """Whether ``count`` is nine in ten of its samples, and there are some."""
        return self.samples > 0 and count >= _MOST * self.samples

    def __str__(self) -> str:
        return ", ".join(f"{one.answer} x{one.count}" for one in self.answers) or "no sample"


_MOST = 0.9


@dataclass(frozen=True)
class Spans:
    """One series in the parts of an experiment; those that there were none of are empty."""

    before: Tally = Tally()
    """Until the injection; all of it where there was none."""
    broken: Tally = Tally()
    """From the proof of the fault until the repair began."""
    last: Tally = Tally()
    """The newest two seconds of ``broken``."""
    after: Tally = Tally()
    """From the repair to the end."""
    ending: Tally = Tally()
    """The newest two seconds of all."""


def tally(series: Series) -> Tally:
    """Count a span."""
    home = series.at_home
    gone = [high - low for low, high in timeline.runs(~home) if low > 0 and high < len(home)]
    there = [high - low for low, high in timeline.runs(home)]
    return Tally(
        samples=len(series),
        home=int(home.sum()),
        away=int(series.away.sum()),
        answers=_answers(series),
        absences=len(gone),
        absence=float(np.mean(gone)) if gone else 0.0,
        presence=float(np.mean(there)) if there else 0.0,
    )


def _answers(series: Series) -> tuple[Answered, ...]:
    kinds = np.stack((series.outcome.astype(np.int64), series.status, series.zone), axis=1)
    _, firsts, counts = np.unique(kinds, axis=0, return_index=True, return_counts=True)
    found: Counter[tuple[str, bool]] = Counter()
    for first, count in zip(firsts.tolist(), counts.tolist(), strict=True):
        found[timeline.answer(series, first), bool(series.outcome[first] == Outcome.OK)] += count
    return tuple(Answered(answer, count, good) for (answer, good), count in found.most_common())


def spans(series: Series, injected_ns: int | None, effective_ns: int | None, repair_ns: int | None) -> Spans:
    """A series by the moments of its experiment; None for those that there were not."""
    end = int(series.due_ns[-1]) + 1 if len(series) else 0
    whole = tally(series.between(0, end if injected_ns is None else injected_ns))
    ending = tally(series.between(end - _NEWEST_NS, end))
    if effective_ns is None:
        return Spans(before=whole, ending=ending)
    until = end if repair_ns is None else repair_ns
    return Spans(
        before=whole,
        broken=tally(series.between(effective_ns, until)),
        last=tally(series.between(max(effective_ns, until - _NEWEST_NS), until)),
        after=tally(series.between(until, end)),
        ending=ending,
    )
