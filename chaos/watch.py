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
    from chaos.outlook import Outlook
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
    settle_limit: float = 75.0
    """After this without the mesh showing the repaired zone as before, it has not come home.

    A zone asks for a global control plane that was away every minute only
    (KUMA_GENERAL_RESILIENT_COMPONENT_MAX_BACKOFF; measured on Kuma 2.13.10: up to 35.5 s after 15 s away).
    """
    undisturbed: float = 6.0
    """How long a control run, without a fault, is watched."""
    lasting: float = 15.0
    """How long a fault is watched, at the least, however fast everybody failed over.

    What a control plane does about a proxy that vanished comes only after 10 s
    (KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY), and 3 s later at the clients; a load balancer, or a proxy that helps
    itself, has moved long before.
    """
    between_looks: float = 1.0
    """In the steady state, between two looks at what the mesh shows of itself: what failed meanwhile, retries hide."""
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
    """Since when every series has been at home long enough, and the load balancer has used each of these zones.

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


def took_effect(
    every: AllSeries, outlook: Mapping[SeriesKey, Outlook], injected: Interval, pace: Pace, *, stage: int = 0
) -> bool:
    """Whether all that the fault ``stage`` has to bring about was seen.

    Each series that must fail over because of it has done so, and has been watched for ``pace.hold`` since. Those that
    must recover have not had a bad sample lately.
    """
    moving = {k for k in every if outlook[k].expectation is Expectation.FAILS_OVER and outlook[k].stage == stage}
    return all(_held(every[key], _failover(every[key], outlook[key], injected, pace), pace) for key in moving) and all(
        outlook[key].expectation is not Expectation.RECOVERS or _calm(series, outlook[key], pace)
        for key, series in every.items()
    )


def lasted(every: AllSeries, since: Interval, pace: Pace) -> bool:
    """Whether everybody has been watched for ``pace.lasting``: what comes later is none of what happened then.

    Also where it is certain before that a vantage fails: what all others felt is to be known.
    """
    return all(_watched_s(series, since.high_ns) >= pace.lasting for series in every.values())


def _calm(series: Series, outlook: Outlook, pace: Pace) -> bool:
    """Whether the newest samples, for ``pace.hold`` and at least k, are as they have to be."""
    good = timeline.trailing_run(timeline.recovered(series, at_home=outlook.at_home))
    return good >= max(pace.consecutive(series), math.ceil(pace.hold * NS_PER_S / series.period_ns))


def missed_effect(
    every: AllSeries, outlook: Mapping[SeriesKey, Outlook], injected: Interval, pace: Pace, *, bound_s: float
) -> bool:
    """Whether a series can no longer do within ``bound_s`` what it must: then the verdict is certain."""
    bound_ns = injected.high_ns + int(bound_s * NS_PER_S)
    late = {Expectation.FAILS_OVER: _moves_late, Expectation.RECOVERS: _recovers_late}
    return any(
        late[outlook[key].expectation](series, outlook[key], injected, pace, bound_ns)
        for key, series in every.items()
        if outlook[key].expectation in late
    )


def _moves_late(series: Series, outlook: Outlook, injected: Interval, pace: Pace, bound_ns: int) -> bool:
    if _failover(series, outlook, injected, pace) is not None:
        return False
    # what is under way now may yet become a failover that began in time
    under_way = timeline.trailing_run(series.good & ~series.answered_by(*outlook.faulty))
    earliest = series[len(series) - max(1, under_way) :].due_ns
    return len(earliest) > 0 and int(earliest[0]) > bound_ns


def _recovers_late(series: Series, outlook: Outlook, __: Interval, ___: Pace, bound_ns: int) -> bool:
    if not len(series):
        return False
    late = series.between(bound_ns, int(series.due_ns[-1]) + 1)
    return not timeline.recovered(late, at_home=outlook.at_home).all()


def _failover(series: Series, outlook: Outlook, injected: Interval, pace: Pace) -> timeline.Found | None:
    return timeline.failover(series, injected, outlook.faulty, pace.consecutive(series))


def came_home(
    every: AllSeries, outlook: Mapping[SeriesKey, Outlook], mended: Mapping[SeriesKey, Interval], pace: Pace
) -> bool:
    """Whether each series that was not to stay as it was is home again, and was watched for ``pace.hold`` since.

    Where that is none, nobody has moved whose return would tell that the repair is over: all are watched for as long as
    after a fault.
    """
    moved = [key for key in every if outlook[key].expectation is not Expectation.UNTOUCHED]
    if not moved:
        return all(lasted({key: series}, mended[key], pace) for key, series in every.items())
    return all(_held(every[key], _home(every[key], outlook[key], mended[key], pace), pace) for key in moved)


def _home(series: Series, outlook: Outlook, mended: Interval, pace: Pace) -> timeline.Found | None:
    return timeline.failback(series, mended, outlook.returns, pace.consecutive(series)).found


def _held(series: Series, found: timeline.Found | None, pace: Pace) -> bool:
    return found is not None and _watched_s(series, int(series.due_ns[found.index])) >= pace.hold


def _watched_s(series: Series, since_ns: int) -> float:
    return (int(series.due_ns[-1]) - since_ns) / NS_PER_S if len(series) else 0.0
