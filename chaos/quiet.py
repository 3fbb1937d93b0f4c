"""Whether a mesh was quiet whenever nothing was broken in it, by a probe that never stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chaos import timeline
from chaos.model import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from chaos.model import Interval, SeriesKey
    from chaos.samples import Series

_MOST_TOLD = 5


@dataclass(frozen=True)
class Quiet:
    """What the probe saw outside of all faults."""

    answers: int
    """How many requests began and ended while nothing was broken."""
    seconds: float
    """How long that was, all such times together."""
    disturbances: tuple[str, ...] = ()
    """What was not as it should be meanwhile, in words: the first few, and how many more."""


def quiet(every: Mapping[SeriesKey, Series], disturbed: Sequence[Interval]) -> Quiet:
    """What was seen outside of ``disturbed``, each from a fault's injection until its experiment has ended.

    A request that was under way when a fault came belongs to the fault.
    """
    answers, longest_ns, found = 0, 0, list[str]()
    for key, series in every.items():
        calm = _calm(series, disturbed)
        answers += int(calm.sum())
        longest_ns = max(longest_ns, int(calm.sum()) * series.period_ns)
        for index in np.flatnonzero(calm & ~series.at_home).tolist():
            told = timeline.answer(series, index)
            found.append(f"{key} was answered by {told} {_after(series, index)} after the probe had begun")
    more = [f"and {len(found) - _MOST_TOLD} more"] if len(found) > _MOST_TOLD else []
    return Quiet(answers, longest_ns / NS_PER_S, (*found[:_MOST_TOLD], *more))


def _calm(series: Series, disturbed: Sequence[Interval]) -> npt.NDArray[np.bool_]:
    calm = np.ones(len(series), np.bool_)
    due, done = series.due_ns, series.done_ns
    for time in disturbed:
        calm &= (done < time.low_ns) | (due >= time.high_ns)
    return calm


def _after(series: Series, index: int) -> str:
    return f"{(int(series.due_ns[index]) - int(series.due_ns[0])) / NS_PER_S:.1f} s"
