"""From samples to what happened: pure functions over one series, every figure an interval.

A *moment* found in samples is known only to lie between the due time of the sample before (which still
saw the old state, and was not routed before it was due) and the end of the sample that first saw the new.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from chaos.model import NS_PER_S, Interval, Outcome
from chaos.result import Outage, Segment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    import numpy.typing as npt

    from chaos.model import Zone
    from chaos.samples import Series

    Mask = npt.NDArray[np.bool_]


CALM_NS = NS_PER_S // 2
"""Outages at most this far apart are one blip."""


@dataclass(frozen=True)
class Found:
    """A moment and the position of the sample that first saw it."""

    index: int
    moment: Interval


@dataclass(frozen=True)
class Failback:
    """The way home: the moment it was final, and how many samples strayed after home had first answered."""

    found: Found | None
    late_away: int
    first: Found | None = None
    """When home first answered steadily, whatever came after."""


def moment(series: Series, index: int) -> Interval:
    """When what sample ``index`` first saw came about."""
    before = int(series.due_ns[max(0, index - 1)])
    return Interval(before, max(before, int(series.done_ns[index])))


def runs(mask: Mask) -> Iterator[tuple[int, int]]:
    """The maximal runs of True in ``mask``, each as [start, stop)."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def first_run(mask: Mask, length: int, *, start: int = 0) -> int | None:
    """Where the first ``length`` consecutive Trues at or after ``start`` begin."""
    for low, high in runs(mask[start:]):
        if high - low >= length:
            return low + start
    return None


def trailing_run(mask: Mask) -> int:
    """How many Trues ``mask`` ends with."""
    others = np.flatnonzero(~mask)
    return len(mask) - 1 - int(others[-1]) if len(others) else len(mask)


def outages(series: Series) -> tuple[Outage, ...]:
    """The maximal runs of bad samples, by due time."""
    return tuple(_outage(series, low, high) for low, high in runs(~series.good))


def blips(series: Series, since: Found, until_ns: int, calm_ns: int = CALM_NS) -> tuple[Outage, ...]:
    """The outages that begin after a steady answer was found (``since``), and before ``until_ns``.

    Those at most ``calm_ns`` apart are one, with only its bad samples counted: while an endpoint that was ejected
    is tried again, its requests fail among others that do not. One that begins in time counts whole, however long.
    """
    later = (run for run in runs(~series.good) if run[0] > since.index)
    found = (_outage(series, low, high) for low, high in _joined(series, later, calm_ns))
    return tuple(blip for blip in found if blip.first_due_ns < until_ns)


def _joined(series: Series, found: Iterable[tuple[int, int]], calm_ns: int) -> list[tuple[int, int]]:
    """Runs as they are, but those at most ``calm_ns`` apart as one."""
    due, joined = series.due_ns, list[tuple[int, int]]()
    for low, high in found:
        follows = joined and due[low] - due[joined[-1][1] - 1] <= calm_ns
        joined.append((joined.pop()[0] if follows else low, high))
    return joined


def _outage(series: Series, low: int, high: int) -> Outage:
    first, last = _sent(series, low), _sent(series, high - 1)
    before = _sent(series, low - 1) if low else first - series.period_ns
    after = _sent(series, high) if high < len(series) else last + series.period_ns
    bad = int((~series.good[low:high]).sum())
    due = series.due_ns
    return Outage(int(due[low]), int(due[high - 1]), Interval(last - first, after - before), bad)


def _sent(series: Series, index: int) -> int:
    """When a sample was sent; the whole column takes 12 MB of a day."""
    return int(series.due_ns[index]) + int(series.lag_ns[index])


def segments(series: Series) -> tuple[Segment, ...]:
    """Who answered, as maximal runs of the same answer."""
    if not len(series):
        return ()
    # one number per kind of answer; bad ones are told apart by outcome and status
    state = np.where(
        series.good,
        series.zone.astype(np.int32) * 2 + series.away,
        -1 - (series.outcome.astype(np.int32) * 1000 + series.status),
    )
    starts = np.concatenate(([0], np.flatnonzero(np.diff(state)) + 1, [len(state)])).tolist()
    return tuple(_segment(series, low, high) for low, high in itertools.pairwise(starts))


def _segment(series: Series, low: int, high: int) -> Segment:
    return Segment(
        answer=answer(series, low),
        outcome=Outcome(int(series.outcome[low])),
        first_due_ns=int(series.due_ns[low]),
        last_due_ns=int(series.due_ns[high - 1]),
        samples=high - low,
        away=bool(series.away[low]),
    )


def answer(series: Series, index: int) -> str:
    """Who answered sample ``index``, or what came instead: a status for HTTP errors, else the outcome's name."""
    outcome = Outcome(int(series.outcome[index]))
    if outcome is Outcome.OK:
        return series.zones[int(series.zone[index])]
    return str(int(series.status[index])) if outcome is Outcome.HTTP_ERROR else outcome.name


def _first_after(series: Series, start_ns: int) -> int:
    """The first sample that ended after ``start_ns``: one already under way then can be affected too."""
    later = np.flatnonzero(series.done_ns >= start_ns)
    return int(later[0]) if len(later) else len(series)


def detect(series: Series, injected: Interval) -> Found | None:
    """The first bad or not-home sample after injection began."""
    start = _first_after(series, injected.low_ns)
    affected = np.flatnonzero(~series.at_home[start:])
    return _found(series, int(affected[0]) + start) if len(affected) else None


def recovered(series: Series, *, at_home: bool) -> Mask:
    """Which samples are as they have to be once a mesh has recovered: good, or home's own answers too."""
    return series.at_home if at_home else series.good


def failover(series: Series, injected: Interval, faulty: Iterable[Zone], consecutive: int) -> Found | None:
    """The first of ``consecutive`` good samples that zones other than the faulty ones answered.

    Where such were the last ``consecutive`` before the injection too, an earlier fault's failover, they prove nothing
    until the fault is in effect: then the first of those that go on for ``consecutive`` more from its proof.
    """
    elsewhere = series.good & ~series.answered_by(*faulty)
    start = _first_after(series, injected.low_ns)
    if start >= consecutive and bool(elsewhere[start - consecutive : start].all()):
        index = _staying(elsewhere, consecutive, start, _first_after(series, injected.high_ns))
    else:
        index = first_run(elsewhere, consecutive, start=start)
    return None if index is None else _found(series, index)


def _staying(mask: Mask, length: int, start: int, proved: int) -> int | None:
    """Where, at or after ``start``, the first run of True begins that has ``length`` of them from ``proved`` on."""
    index = first_run(mask, length, start=proved)
    return None if index is None else index - trailing_run(mask[start:index])


def recovery(series: Series, injected: Interval, consecutive: int, *, at_home: bool = False) -> Interval | None:
    """How long after the injection the first good sample came that only good ones follow; at once where all are good.

    With ``at_home`` an answer of another zone is no good one. None where the newest ``consecutive`` are not all good.
    """
    start = _first_after(series, injected.low_ns)
    bad = np.flatnonzero(~recovered(series, at_home=at_home)[start:]) + start
    if not len(bad):
        return Interval(0, 0)
    if len(series) - 1 - int(bad[-1]) < consecutive:
        return None
    return moment(series, int(bad[-1]) + 1).since(injected)


def failback(series: Series, restored: Interval, repaired: Collection[Zone], consecutive: int) -> Failback:
    """The first of ``consecutive`` home samples, the repaired zones' own first, with none later that is not home.

    Away or bad alike: what answered for a moment and broke again is not home. At a load balancer another zone
    may be home too (its gateway served), so that home alone proves nothing: every repaired zone itself must
    answer first, and again among the last ``consecutive`` of the run.
    """
    start = _first_after(series, restored.low_ns)
    first = _home_run(series, repaired, consecutive, start)
    if first is None:
        return Failback(None, 0)
    found = _found(series, first)
    strayed = np.flatnonzero(~series.at_home[first:]) + first
    if not len(strayed):
        return Failback(found, 0, found)
    final = _home_run(series, repaired, consecutive, int(strayed[-1]) + 1)
    return Failback(None if final is None else _found(series, final), int(series.away[first:].sum()), found)


def _home_run(series: Series, repaired: Collection[Zone], consecutive: int, start: int) -> int | None:
    own = [series.answered_by(zone) & series.at_home for zone in repaired]
    for low, high in runs(series.at_home[start:]):
        answers = [np.flatnonzero(mine[start + low : start + high]) for mine in own]
        if all(map(len, answers)):
            first = max(int(mine[0]) for mine in answers)
            if high - low - first >= consecutive >= high - low - min(int(mine[-1]) for mine in answers):
                return start + low + first
    return None


def _found(series: Series, index: int) -> Found:
    return Found(index, moment(series, index))
