"""What repeated runs say together: medians, how sure they are, and what may still be behind no failure at all.

Nothing is assumed of how figures are distributed, only that runs are independent and alike. Every figure is an
interval, so every result is one too: lows with lows and highs with highs, which can only widen it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from statistics import median_high, median_low
from typing import TYPE_CHECKING

from reports.history.record import Bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

CONFIDENCE = 0.95
_MONTH_S = 30 * 86_400.0


@dataclass(frozen=True)
class MedianInterval:
    """Where the true median lies, with at least ``confidence``."""

    bounds: Bounds
    confidence: float
    """What is achieved, not what was asked for: between two ranks there is nothing."""


def median(values: Sequence[Bounds]) -> Bounds:
    """The middle of the values; between the two middle ones where they are even in number.

    Raises:
        StatisticsError: there is no value.
    """
    return Bounds(median_low(value.low_s for value in values), median_high(value.high_s for value in values))


def worst(values: Sequence[Bounds]) -> Bounds:
    """The highest low end and the highest high end: between them the longest of the values lies.

    Raises:
        ValueError: there is no value.
    """
    return Bounds(max(value.low_s for value in values), max(value.high_s for value in values))


def median_interval(values: Sequence[Bounds], confidence: float = CONFIDENCE) -> MedianInterval | None:
    """The distribution-free interval between two order statistics; None where the values are too few for it.

    A median lies below the k-th smallest of n values with the probability that fewer than k of n fair coins show
    heads, whatever the distribution (Conover, Practical Nonparametric Statistics, ch. 3.2).
    """
    from scipy.stats import binom  # noqa: PLC0415 - takes 1 s, and the reports of most runs need none

    achieved = 1 - 2 * binom.cdf(range(len(values) // 2), len(values), 0.5)
    rank = int((achieved >= confidence).sum())
    if not rank:
        return None
    lows, highs = sorted(value.low_s for value in values), sorted(value.high_s for value in values)
    return MedianInterval(Bounds(lows[rank - 1], highs[-rank]), float(achieved[rank - 1]))


def fewest(confidence: float = CONFIDENCE) -> int:
    """How many values an interval of this confidence takes at least: 6 for 95 %."""
    return next(values for values in count(2) if 1 - 2 * 0.5**values >= confidence)


def failure_rate_below(failures: int, runs: int, confidence: float = CONFIDENCE) -> float:
    """What the failure rate is below, one-sided and exact (Clopper and Pearson, 1934); 1.0 without a run.

    0 failures in 20 runs: 13.9 %.
    """
    if not runs:
        return 1.0
    from scipy.stats import binomtest  # noqa: PLC0415 - as above

    return float(binomtest(failures, runs, alternative="less").proportion_ci(confidence, "exact").high)


def budget_share(spent: Bounds, target: float, events: float) -> Bounds:
    """The share of 30 days' error budget that so many events a month use, each with so much bad time.

    ``target`` is in percent. The objective's own window does not matter: a longer one has as many events more as it
    has budget more.
    """
    budget_s = (1 - target / 100) * _MONTH_S
    return Bounds(*(events * end / budget_s if events else 0.0 for end in (spent.low_s, spent.high_s)))
