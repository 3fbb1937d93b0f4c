"""What the history keeps of a run: who was measured under which conditions, the verdict, the figures' two ends.

Runs are compared only with runs of the same *subject*: all that makes two figures comparable, and the engine's version
besides, so that a change of it is seen and never mixed in.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING

from chaos.model import Lane, SeriesKey, Verdict
from chaos.result import Expectation
from chaos.slo import BudgetingMethod
from reports.verdicts import expected
from reports.words import name, plain, sentence
from reports.worst import MEASURED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chaos.model import Interval
    from chaos.result import Figures, Result
    from chaos.slo import Objectives
    from reports.run import Run

ANY_ZONE = "any"
"""The zone of an experiment that is about none in particular."""
_CONDITIONS = ("gateway", "zones", "replicas", "probe", "load balancer check")
"""What of a run's environment changes what can be measured, by its name there."""
_VERSION = re.compile(r",|\s+v?\d")


@dataclass(frozen=True, order=True)
class Bounds:
    """A length that is known only to lie within [low, high], in seconds; infinite ends for what never came."""

    low_s: float
    high_s: float


NEVER = Bounds(math.inf, math.inf)


class Figure(StrEnum):
    """What is followed from run to run; of each of them more is worse."""

    FAILOVER = "failover"
    FAILBACK = "failback"
    LONGEST = "longest outage"
    TOTAL = "total outage"


@dataclass(frozen=True, order=True)
class Subject:
    """What was tried, and under which conditions: figures of one subject may be compared."""

    name: str
    zone: str
    profile: str
    scenario: str
    fault: str
    platform: str
    engine: str
    conditions: tuple[tuple[str, str], ...] = ()
    """Name and value of what else decides what can be measured: zones, probe, gateway, how long a fault is watched."""

    @property
    def title(self) -> str:
        """What it is called: ``delete-deployment zone1 [page]``, and in which scenario where that is not plain."""
        zone = "" if self.zone == ANY_ZONE else f" {self.zone}"
        within = "" if self.name in sentence(self.scenario) else f" in {self.scenario}"
        return plain(f"{self.name}{zone} [{self.profile}]{within}")

    def of_any_version(self) -> Subject:
        """The same for every version of its engine: what shows whether a new version is slower."""
        return replace(self, engine=_VERSION.split(self.engine, maxsplit=1)[0])


@dataclass(frozen=True)
class Measured:
    """What one experiment measured at one vantage through one lane; None is a figure that does not apply there."""

    key: SeriesKey
    expectation: Expectation
    samples: int
    bad: int
    away: int
    failover: Bounds | None
    failback: Bounds | None
    longest: Bounds
    total: Bounds
    spent: Bounds
    """The bad time that counts against the error budget, by the budgeting method."""

    def value(self, figure: Figure) -> Bounds | None:
        """A figure as it may be compared; None where it does not apply.

        An outage without a failover ended only because the suite repaired the fault, so it is known from below only;
        what a fault has taken away itself is out for as long as the suite likes, so that its outages say nothing.
        """
        if figure is Figure.FAILOVER:
            return self.failover
        if figure is Figure.FAILBACK:
            return self.failback
        return self._while_it_lasts(self.longest if figure is Figure.LONGEST else self.total)

    def budget_time(self) -> Bounds | None:
        """``spent``, as it may be compared; None where it says nothing."""
        return self._while_it_lasts(self.spent)

    def _while_it_lasts(self, bad: Bounds) -> Bounds | None:
        """Bad time as far as it does not end, or begin, at the suite's will."""
        if self.expectation is Expectation.MAY_DIE:
            return None
        return replace(bad, high_s=math.inf) if self.failover == NEVER and bad.high_s else bad


@dataclass(frozen=True)
class Experiment:
    """One experiment of a past run."""

    subject: Subject
    verdict: Verdict
    documented: bool
    """Whether it failed in nothing but what is documented as false under its profile."""
    target: float
    """The availability objective, in percent of requests."""
    started_unix_s: float
    series: tuple[Measured, ...]

    @property
    def says_something(self) -> bool:
        """Whether it says something of the mesh: INFRA and INVALID do not."""
        return self.verdict in MEASURED

    @property
    def failed(self) -> bool:
        """Whether the mesh broke a promise that it is not documented to break."""
        return self.verdict is Verdict.FAIL and not self.documented


@dataclass(frozen=True)
class PastRun:
    """A run, as the history knows it."""

    name: str
    started_unix_s: float
    exit_code: int | None
    environment: Mapping[str, str]
    unmeasured: int
    """How many tests failed without a result: their mesh did not come up, say."""
    experiments: tuple[Experiment, ...]


def past(run: Run) -> PastRun:
    """What is kept of a run."""
    about = run.about
    experiments = tuple(_experiment(result, about.environment) for result in run.results)
    return PastRun(run.name, about.started_unix_s, about.exit_code, about.environment, len(about.failures), experiments)


def _experiment(result: Result, environment: Mapping[str, str]) -> Experiment:
    series = (_measured(figures, result.objectives) for figures in result.figures)
    return Experiment(
        subject=_subject(result, environment),
        verdict=result.verdict,
        documented=expected(result),
        target=result.objectives.target,
        started_unix_s=result.started_unix_s,
        series=tuple(sorted(series, key=attrgetter("key"))),
    )


def _subject(result: Result, environment: Mapping[str, str]) -> Subject:
    known = tuple((condition, environment.get(condition, "unknown")) for condition in _CONDITIONS)
    return Subject(
        name=name(result),
        zone=result.zone or ANY_ZONE,
        profile=result.profile,
        scenario=result.scenario,
        fault=result.fault,
        platform=result.platform,
        engine=result.engine,
        conditions=(*known, ("watched for", _patience(result.objectives)), ("budget", _budget(result.objectives))),
    )


def _patience(bounds: Objectives) -> str:
    """The objectives that decide how long something that does not come is waited for."""
    return f"failover {bounds.failover:g} s, failback {bounds.failback:g} s, outage {bounds.outage:g} s"


def _budget(objectives: Objectives) -> str:
    """What the error budget is made of."""
    if objectives.method is BudgetingMethod.OCCURRENCES:
        return objectives.method.value
    slices = f"slices of {objectives.timeslice:g} s, good from {100 * objectives.slice_ratio:g} %"
    return f"{objectives.method.value}, {slices}"


def _measured(figures: Figures, objectives: Objectives) -> Measured:
    expectation = figures.expectation
    spent = (share * objectives.budget_s for share in figures.budget_cost)
    return Measured(
        key=SeriesKey(figures.key.vantage, Lane(figures.key.lane)),
        expectation=expectation,
        samples=figures.samples,
        bad=figures.bad,
        away=figures.away,
        failover=_came(figures.failover) if expectation is Expectation.FAILS_OVER else None,
        failback=None if expectation is Expectation.UNTOUCHED else _came(figures.failback),
        longest=_bounds(figures.outage_longest),
        total=_bounds(figures.outage_total),
        spent=Bounds(*spent),
    )


def _came(moment: Interval | None) -> Bounds:
    return NEVER if moment is None else _bounds(moment)


def _bounds(length: Interval) -> Bounds:
    return Bounds(length.low_s, length.high_s)
