"""What outages cost of an error budget, by each of OpenSLO's budgeting methods.

What is asked is what such an event costs users whose requests come evenly, at whatever moment of a slice it begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from chaos import timeline
from chaos.model import Interval
from chaos.result import total
from chaos.slo import BudgetingMethod

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from chaos.result import Outage
    from chaos.samples import Series
    from chaos.slo import Objectives

    Moments = npt.NDArray[np.int64]
    Spans = npt.NDArray[np.int64]
    """One row for each [start, stop), in order and apart."""


def spent(series: Series, objectives: Objectives) -> Interval:
    """The bad time that a series' outages amount to; divided by ``Objectives.budget_s`` it is their cost.

    Occurrences and RatioTimeslices: all outages together, for with requests that come evenly both are the share of
    time. Timeslices: whole slices, at least those that the bad samples make bad where the slices lie best, at most
    those that the outages at their longest make bad where the slices lie worst.
    """
    found = timeline.outages(series)
    if objectives.method is not BudgetingMethod.TIMESLICES or not found:
        return total(outage.length for outage in found)
    length = objectives.slice_ns
    tolerated = round((1 - objectives.slice_ratio) * length)
    least, _ = bad_slices(_at_least(found), length, tolerated)
    _, most = bad_slices(_at_most(series, found), length, tolerated)
    return Interval(least * length, most * length)


def _at_least(found: Sequence[Outage]) -> Spans:
    """From each outage's first bad sample to its last, both with it."""
    return np.array([(one.first_due_ns, one.last_due_ns + 1) for one in found], np.int64)


def _at_most(series: Series, found: Sequence[Outage]) -> Spans:
    """From the good sample before each outage to the one after it, both without it, as ``timeline.outages`` has it."""
    ends = series.due_ns[0] - series.period_ns, series.due_ns[-1] + series.period_ns
    good = np.concatenate(([ends[0]], series.due_ns[series.good], [ends[1]]))
    after = np.searchsorted(good, [one.first_due_ns for one in found])
    return np.stack((good[after - 1] + 1, good[after]), axis=1)


def bad_slices(spans: Spans, length: int, tolerated: int) -> tuple[int, int]:
    """How many slices of ``length`` have more than ``tolerated`` of their time in ``spans``: at least, at most.

    Over every phase that the slices can have, in whole nanoseconds. A slice that begins at t is bad while t lies in one
    of a few stretches; their number at t, t + length, t + 2 length, ... changes only where one begins or ends.
    """
    starts, stops = _bad_starts(spans, length, tolerated)
    if not len(starts):
        return 0, 0
    phases, at = np.unique(np.concatenate((starts, stops)) % length, return_inverse=True)
    changes = np.bincount(at, weights=np.repeat((1, -1), len(starts))).astype(np.int64)
    first = int(((stops - 1 - phases[0]) // length - (starts - 1 - phases[0]) // length).sum())
    counts = first + np.cumsum(changes) - changes[0]
    return int(counts.min()), int(counts.max())


def _bad_starts(spans: Spans, length: int, tolerated: int) -> tuple[Moments, Moments]:
    """The stretches [start, stop) of moments at which a slice may begin to be bad.

    Between two of the moments ``at`` the bad time in a slice grows by 1 ns a ns, shrinks so, or stays.
    """
    edges = spans.ravel()
    at = np.unique(np.concatenate((edges, edges - length)))
    inside = _time_before(spans, at + length) - _time_before(spans, at)
    bad = inside > tolerated
    begins = np.flatnonzero(~bad[:-1] & bad[1:])
    ends = np.flatnonzero(bad[:-1] & ~bad[1:])
    return at[begins] + tolerated - inside[begins] + 1, at[ends] + inside[ends] - tolerated


def _time_before(spans: Spans, moments: Moments) -> Moments:
    """How much of the spans lies before each moment."""
    starts, stops = spans.T
    whole = np.concatenate(([0], np.cumsum(stops - starts)))
    begun = np.searchsorted(starts, moments, side="right")
    last = np.maximum(begun - 1, 0)
    not_yet = np.where(begun > 0, np.maximum(stops[last] - moments, 0), 0)
    return whole[begun] - not_yet
