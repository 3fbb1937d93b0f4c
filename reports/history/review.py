"""What the history says of each fault, for an SLO review: how often it failed, how long users felt it, its cost."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from chaos.model import SeriesKey, Verdict  # noqa: TC001 - JSON is made from the annotations at run time
from chaos.result import Expectation  # noqa: TC001 - as above
from reports.history.record import Bounds, Figure, Subject
from reports.history.statistics import (
    CONFIDENCE,
    MedianInterval,
    budget_share,
    failure_rate_below,
    median,
    median_interval,
    worst,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reports.history.record import Experiment, Measured, PastRun


@dataclass(frozen=True)
class Wanted:
    """What a review is to be about; empty texts for everything."""

    fault: str = ""
    profile: str = ""
    last: int | None = None
    """Only so many of the newest runs."""
    events_per_month: float = 1.0


@dataclass(frozen=True)
class Repeated:
    """One figure over all runs that measured it."""

    figure: Figure
    values: int
    never: int
    """In how many of these runs it never came."""
    median: Bounds
    interval: MedianInterval | None
    """Where the true median lies; None where the values are too few for any such interval."""
    worst: Bounds
    """The highest low end and the highest high end."""


@dataclass(frozen=True)
class Cost:
    """What so many events a month use of 30 days' error budget, as a share."""

    events_per_month: float
    target: float
    """The objective's availability, in percent, as in the newest run."""
    median: Bounds
    worst: Bounds


@dataclass(frozen=True)
class SeriesReview:
    """One vantage and lane over all runs of a subject."""

    key: SeriesKey
    expectation: Expectation
    runs: int
    disturbed: int
    """How many of them had a bad sample, or one from another zone."""
    figures: tuple[Repeated, ...]
    cost: Cost | None
    """None where what the fault took away itself was asked: the suite decides how long that lasts."""


@dataclass(frozen=True)
class SubjectReview:
    """All runs of one subject."""

    subject: Subject
    first: str
    """The first of these runs."""
    last: str
    runs: int
    """How many experiments say something of the mesh."""
    failed: int
    documented: int
    """How many failed only in what is documented as false."""
    says_nothing: tuple[tuple[Verdict, int], ...]
    """How many were INFRA or INVALID: nothing else here counts them."""
    failure_rate_below: float
    confidence: float
    series: tuple[SeriesReview, ...]


@dataclass(frozen=True)
class Review:
    """What a history says, subject by subject."""

    runs: int
    first: str
    """The first of these runs; empty where there is none."""
    last: str
    unmeasured: int
    """How many tests of these runs failed without a result."""
    subjects: tuple[SubjectReview, ...]


def review(history: Sequence[PastRun], wanted: Wanted) -> Review:
    """Everything that the wanted part of a history says; each engine version by itself."""
    runs = history[-wanted.last :] if wanted.last else history
    entries = [(one.subject, run.name, one) for run in runs for one in run.experiments if _is_wanted(one, wanted)]
    entries.sort(key=lambda entry: (entry[0].platform, entry[0].engine, entry[0].conditions, entry[0]))
    subjects = tuple(
        _subject(subject, [(name, one) for _, name, one in group], wanted.events_per_month)
        for subject, group in groupby(entries, key=lambda entry: entry[0])
    )
    first, last = (runs[0].name, runs[-1].name) if runs else ("", "")
    return Review(len(runs), first, last, sum(run.unmeasured for run in runs), subjects)


def _is_wanted(one: Experiment, wanted: Wanted) -> bool:
    return wanted.fault in ("", one.subject.fault) and wanted.profile in ("", one.subject.profile)


def _subject(subject: Subject, entries: Sequence[tuple[str, Experiment]], events: float) -> SubjectReview:
    telling = [one for _, one in entries if one.says_something]
    failed = sum(one.failed for one in telling)
    nothing = Counter(one.verdict for _, one in entries if not one.says_something)
    return SubjectReview(
        subject=subject,
        first=entries[0][0],
        last=entries[-1][0],
        runs=len(telling),
        failed=failed,
        documented=sum(one.documented for one in telling),
        says_nothing=tuple(sorted(nothing.items())),
        failure_rate_below=failure_rate_below(failed, len(telling)),
        confidence=CONFIDENCE,
        series=tuple(_series(telling, events)),
    )


def _series(telling: Sequence[Experiment], events: float) -> Iterator[SeriesReview]:
    by_key = sorted((measured for one in telling for measured in one.series), key=attrgetter("key"))
    for key, group in groupby(by_key, key=attrgetter("key")):
        measured = list(group)
        yield SeriesReview(
            key=key,
            expectation=measured[-1].expectation,
            runs=len(measured),
            disturbed=sum(one.bad + one.away > 0 for one in measured),
            figures=tuple(_figures(measured)),
            cost=_cost(measured, telling[-1].target, events),
        )


def _figures(measured: Sequence[Measured]) -> Iterator[Repeated]:
    for figure in Figure:
        values = [value for one in measured if (value := one.value(figure)) is not None]
        if values:
            yield _repeated(figure, values)


def _repeated(figure: Figure, values: Sequence[Bounds]) -> Repeated:
    return Repeated(
        figure=figure,
        values=len(values),
        never=sum(value.low_s == float("inf") for value in values),
        median=median(values),
        interval=median_interval(values),
        worst=worst(values),
    )


def _cost(measured: Iterable[Measured], target: float, events: float) -> Cost | None:
    spent = [value for one in measured if (value := one.budget_time()) is not None]
    if not spent:
        return None
    return Cost(events, target, *(budget_share(value, target, events) for value in (median(spent), worst(spent))))
