"""What a comparison would catch: a gate that cannot alarm says nothing by not alarming."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from reports.history.permutation import tail

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from reports.history.record import Bounds

    Floats = npt.NDArray[np.float64]
    Integers = npt.NDArray[np.int64]

POWER = 0.8
"""How often what is said to be caught is caught."""
_DRAWS = 100
_STEPS = 8
_SEED = 2


def caught_s(before: Sequence[Bounds], last: int, level: float, least_s: float) -> float | None:
    """The slowdown that alarms with ``POWER`` were it in every one of the last runs; None if none would.

    Args:
        before: the values before, of which the last ones are drawn, then slowed down.
        last: how many the last ones are.
        level: below which p-value a comparison alarms.
        least_s: less never alarms.
    """
    needed = _needed(len(before) + last, last, level)
    if needed is None:
        return None
    drawn = np.random.default_rng(_SEED).integers(len(before), size=(_DRAWS, last))
    ends = [np.sort([v.low_s for v in before]), np.sort([v.high_s for v in before])]
    known = [end[np.isfinite(end)] for end in ends]
    low, high = 0.0, max((float(np.ptp(end)) for end in known if len(end)), default=0.0) + least_s
    if _power(ends, drawn, high, needed) < POWER:
        return None
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if _power(ends, drawn, middle, needed) >= POWER else (middle, high)
    return max(high, least_s)


@lru_cache
def _needed(values: int, last: int, level: float) -> int | None:
    """The sum of scores that alarms, where all values differ."""
    sums = np.flatnonzero(tail(4 * np.arange(values), last) < level)
    return int(sums[0]) if len(sums) else None


def _power(ends: Sequence[Floats], drawn: Integers, slower_s: float, needed: int) -> float:
    last = drawn.shape[1]
    among_themselves = 2 * last * (last - 1)
    above = sum((_above(end[drawn] + slower_s, end) for end in ends), np.zeros(len(drawn)))
    return float((2 * above + among_themselves >= needed).mean())


def _above(drawn: Floats, before: Floats) -> Floats:
    """For each draw: how many pairs have the drawn value above the one before; half for equal ones."""
    below, not_above = (np.searchsorted(before, drawn, side) for side in ("left", "right"))
    return np.asarray((below + not_above).sum(axis=1) / 2)
