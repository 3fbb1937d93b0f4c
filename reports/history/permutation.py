"""Many comparisons of the last values with those before, at one false-alarm rate for all of them together.

Each is a rank test: its p-value is exact, over every way to choose which values were the last. What the smallest of
many p-values is worth is found by choosing the last *runs* anew, the same for all comparisons, so that what moves
together (lanes, outage and failover) is counted as together: Westfall and Young, Resampling-Based Multiple Testing
(1993), step-down minP.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import rankdata

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy.typing as npt

    from reports.history.record import Bounds

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

_SEED = 1
"""The same history must always get the same answer."""
_ALIKE = 1 + 1e-9
"""p-values that differ by less are equal but for rounding."""


@dataclass(frozen=True)
class Comparison:
    """The last values of one figure against those before."""

    present: tuple[int, ...]
    """In which runs it was measured, oldest first: positions in the history."""
    scores: Integers
    """Each value's score, by ``scores``; the last values are at the end."""
    last: int
    """How many are the last ones."""


@dataclass(frozen=True)
class Judged:
    """What comparisons amount to together."""

    adjusted: Floats
    """For each: the false-alarm rate of all together at which it would just alarm."""
    level: float
    """Below this a comparison's own p-value alarms, were it the smallest."""


def scores(values: Sequence[Bounds]) -> Integers:
    """The values' ranks by low end and by high end together, as whole numbers from 0 on.

    So one is worse than another where both ends are; where its ends disagree, it is neither better nor worse.
    """
    lows, highs = (rankdata(ends) for ends in ([v.low_s for v in values], [v.high_s for v in values]))
    doubled = np.rint(2 * (lows + highs)).astype(np.int64)  # ties have half ranks
    return np.asarray(doubled - doubled.min())


def tail(all_scores: Integers, chosen: int) -> Floats:
    """For each sum: the share of all choices of so many scores that reach it."""
    most = int(np.sort(all_scores)[-chosen:].sum())
    ways = np.zeros((chosen + 1, most + 1))
    ways[0, 0] = 1
    for score in all_scores.tolist():
        # the right side is computed before anything is assigned, so each score is chosen at most once
        ways[1:, score:] = ways[1:, score:] + ways[:-1, : most + 1 - score]
    reached = np.cumsum(ways[chosen, ::-1])[::-1]
    return np.asarray(reached / math.comb(len(all_scores), chosen))


def least_p(comparison: Comparison) -> float:
    """The smallest p-value that these values can give at all, were the worst of them the last."""
    worst = np.sort(comparison.scores)[-comparison.last :]
    alike = int((comparison.scores == worst[0]).sum())
    ways = math.comb(alike, int((worst == worst[0]).sum()))
    return ways / math.comb(len(comparison.scores), comparison.last)


def judge(comparisons: Sequence[Comparison], rate: float, permutations: int) -> Judged:
    """Judge all comparisons at once.

    Args:
        comparisons: at least one.
        rate: the probability of any false alarm at all.
        permutations: how many times the last runs are chosen anew.
    """
    tails = [tail(one.scores, one.last) for one in comparisons]
    observed = np.array([t[one.scores[-one.last :].sum()] for one, t in zip(comparisons, tails, strict=True)])
    by_luck = np.stack([t[sums] for t, sums in zip(tails, _sums(comparisons, permutations), strict=True)])
    smallest = np.sort(by_luck.min(axis=0))
    allowed = math.floor(rate * (permutations + 1)) - 1
    return Judged(_step_down(observed, by_luck), float(smallest[allowed]) / _ALIKE if allowed >= 0 else 0.0)


def _sums(comparisons: Sequence[Comparison], permutations: int) -> Iterator[Integers]:
    """Each comparison's sum of scores, for each of so many orders of the runs: the first in order are the last ones."""
    runs = sorted({run for one in comparisons for run in one.present})
    orders = np.random.default_rng(_SEED).random((permutations, len(runs)))
    chosen: dict[tuple[tuple[int, ...], int], Integers] = {}
    for one in comparisons:
        key = one.present, one.last
        if key not in chosen:
            own = orders[:, np.searchsorted(runs, one.present)]
            chosen[key] = np.argpartition(own, one.last - 1, axis=1)[:, : one.last]
        yield one.scores[chosen[key]].sum(axis=1)


def _step_down(observed: Floats, by_luck: Floats) -> Floats:
    """Adjusted p-values: the k-th smallest is compared with the smallest that luck gives among those from it on."""
    order = np.argsort(observed, kind="stable")
    from_here_on = np.minimum.accumulate(by_luck[order][::-1], axis=0)[::-1]
    as_small = (from_here_on <= _ALIKE * observed[order][:, None]).sum(axis=1)
    adjusted = np.empty(len(observed))
    adjusted[order] = np.maximum.accumulate((1 + as_small) / (1 + by_luck.shape[1]))
    return adjusted
