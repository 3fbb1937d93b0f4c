"""Looking at the samples as they come: is the mesh steady, has it failed over, is it home?

A watch ends as soon as its answer is certain, or when its objective has been missed for certain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaos import timeline
from chaos.model import LOAD_BALANCER, NS_PER_S
from chaos.result import Expectation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chaos.model import Interval, SeriesKey, Zone
    from chaos.samples import Series

    AllSeries = Mapping[SeriesKey, Series]


@dataclass(frozen=True)
class Pace:
    """How patient an experiment is. Seconds, unless named otherwise."""

    steady_limit: float = 30.0
    """After this without a steady state the run is INFRA."""
    effect_limit: float = 30.0
    """After this without proof of the fault the run is INFRA."""
    hold: float = 3.0
    """How long a failover or failback must hold after it was first seen."""
    steadily: float = 2.0
    """How long answers must be alike to make a failover or failback; k is this many seconds of samples."""
    fewest: int = 20
    """k at the least, for slow probes.

    Behind a load balancer that chooses at random a request misses the broken zone with a chance of
    (N - 1) / N: by luck alone twenty in a row once in a million among two zones.
    """
    settle_limit: float = 30.0
    """After this without the mesh showing the repaired zone as before, it has not come home."""
    undisturbed: float = 6.0
    """How long a control run, without a fault, is watched."""
    every: float = 0.1
    """How often the samples are looked at."""

    def consecutive(self, series: Series) -> int:
        """k: how many samples in a row make a failover, a failback or a steady state."""
        return max(self._lucky(series), round(self.steadily * NS_PER_S / series.period_ns))

    def _lucky(self, series: Series) -> int:
        """How many in a row may miss one zone by luck: ``fewest`` among two zones, as unlikely among more."""
        zones = max(2, len(series.zones)) if series.key.vantage == LOAD_BALANCER else 2
        return math.ceil(self.fewest * math.log(2) / math.log(zones / (zones - 1)))


def steady_since(every: AllSeries, zones: tuple[Zone, ...], pace: Pace) -> int | None:
    """Since when every series has been at home long enough, and the load balancer has used every zone.

    None while that is not so.
    """
    starts = [_steady_start(series, zones, pace) for series in every.values()]
    known = [start for start in starts if start is not None]
    return max(known) if known and len(known) == len(starts) else None


def _steady_start(series: Series, zones: tuple[Zone, ...], pace: Pace) -> int | None:
    wanted = pace.consecutive(series)
    last = series[-wanted:]
    expected = zones if series.key.vantage == LOAD_BALANCER else ()
    used = all(last.answered_by(zone).any() for zone in expected)
    return int(last.due_ns[0]) if len(last) == wanted and used and bool(last.at_home.all()) else None


def failed_over(
    every: AllSeries, expected: Mapping[SeriesKey, Expectation], injected: Interval, faulty: Zone, pace: Pace
) -> bool:
    """Whether each series that must fail over has done so and has been watched for ``pace.hold`` since."""
    return all(
        _held(series, timeline.failover(series, injected, faulty, pace.consecutive(series)), pace)
        for key, series in every.items()
        if expected[key] is Expectation.FAILS_OVER
    )


def missed_failover(
    every: AllSeries,
    expected: Mapping[SeriesKey, Expectation],
    injected: Interval,
    faulty: Zone,
    pace: Pace,
    *,
    bound_s: float,
) -> bool:
    """Whether a series that must fail over can no longer do so within ``bound_s``: then the verdict is certain."""
    return any(
        _too_late(series, injected, faulty, pace, bound_s)
        for key, series in every.items()
        if expected[key] is Expectation.FAILS_OVER
    )


def _too_late(series: Series, injected: Interval, faulty: Zone, pace: Pace, bound_s: float) -> bool:
    if timeline.failover(series, injected, faulty, pace.consecutive(series)) is not None:
        return False
    # what is under way now may yet become a failover that began in time
    under_way = timeline.trailing_run(series.good & ~series.answered_by(faulty))
    earliest = series[len(series) - max(1, under_way) :].due_ns
    return len(earliest) > 0 and int(earliest[0]) > injected.high_ns + int(bound_s * NS_PER_S)


def came_home(
    every: AllSeries,
    expected: Mapping[SeriesKey, Expectation],
    mended: Interval,
    repaired: Zone,
    pace: Pace,
) -> bool:
    """Whether each series that had to move or die is home again and has been watched for ``pace.hold`` since."""
    return all(
        _held(series, timeline.failback(series, mended, repaired, pace.consecutive(series)).found, pace)
        for key, series in every.items()
        if expected[key] is not Expectation.UNTOUCHED
    )


def _held(series: Series, found: timeline.Found | None, pace: Pace) -> bool:
    if found is None:
        return False
    watched = int(series.due_ns[-1]) - int(series.due_ns[found.index])
    return watched >= int(pace.hold * NS_PER_S)
