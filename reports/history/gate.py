"""The nightly gate: is any figure worse in the last runs than in the runs before, more than luck explains?

Dozens of figures are compared every night, so that a test at 1 % for each would cry wolf most nights: here the rate is
that of *any* false alarm among all of them (``permutation``). Only worse alarms, and only by a length that matters.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chaos.model import SeriesKey  # noqa: TC001 - JSON is made from the annotations at run time
from chaos.result import Expectation
from reports.history import permutation
from reports.history.power import caught_s
from reports.history.record import Bounds, Figure, Subject
from reports.history.statistics import median

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reports.history.record import Experiment, PastRun

    Values = dict[int, Bounds]
    """By the position of the run that measured it."""


@dataclass(frozen=True)
class Rule:
    """What is compared with what, and how often luck alone may alarm."""

    last: int = 5
    """How many values are the last ones. A single night can prove nothing."""
    baseline: int = 30
    """How many values before these they are compared with, at most."""
    false_alarms: float = 0.01
    """The probability that a gate alarms, on whatever figure, although nothing changed."""
    least_s: float = 0.5
    """A median that is worse by less is nobody's concern: the busyness of a machine makes such differences."""
    permutations: int = 9_999
    """How many times luck is asked."""


@dataclass(frozen=True, order=True)
class Followed:
    """One figure of one series, followed from run to run and from version to version of its engine."""

    subject: Subject
    key: SeriesKey
    figure: Figure


class Left(StrEnum):
    """Why a figure that was measured is not compared."""

    TOO_FEW = "too few runs, or too alike, for an alarm"
    ALIKE = "the same in every run"
    NOT_LATELY = "not measured in the last runs"


@dataclass(frozen=True)
class Compared:
    """One figure, the last runs against those before."""

    followed: Followed
    runs_before: int
    runs_last: int
    before: Bounds
    """The median."""
    last: Bounds
    """The median."""
    worse_by: Bounds
    """How much the median rose: by its low ends and by its high ends, the smaller first."""
    p: float
    """The rate of any false alarm, among all figures compared, at which this one would just alarm."""
    alarm: bool
    caught_s: float | None
    """The slowdown that would alarm four times in five were it in all last runs; None if none would."""


@dataclass(frozen=True)
class Gate:
    """What the gate found."""

    rule: Rule
    runs: int
    """How many runs of the history say something of the mesh."""
    first: str
    """The first of the runs that are the last ones; empty where there is none."""
    compared: tuple[Compared, ...]
    left: tuple[tuple[Followed, Left], ...]
    changes: tuple[str, ...]
    """What changed its version on the way."""
    silent: int = 0
    """How many of the newest runs say nothing of the mesh, so that nothing newer than them is judged."""

    @property
    def alarms(self) -> tuple[Compared, ...]:
        """What is worse, the surest first."""
        return tuple(sorted((one for one in self.compared if one.alarm), key=lambda one: (one.p, one.followed)))


def compare(history: Sequence[PastRun], rule: Rule) -> Gate:
    """Compare the last runs of a history with those before."""
    runs = list(filter(_says_something, history))
    series = sorted(_series(runs).items())
    left = {followed: reason for followed, values in series if (reason := _left(values, len(runs), rule))}
    kept = [(followed, _window(values, rule)) for followed, values in series if followed not in left]
    since = min((min(values) for _, values in kept), default=0)
    return Gate(
        rule=rule,
        runs=len(runs),
        first=runs[-rule.last :][0].name if runs else "",
        compared=_judged(kept, rule) if kept else (),
        left=tuple(left.items()),
        changes=tuple(_changes(runs[since:])),
        silent=sum(1 for _ in itertools.takewhile(lambda run: not _says_something(run), reversed(history))),
    )


def _says_something(run: PastRun) -> bool:
    return any(one.says_something for one in run.experiments)


def enough(figures: int, rule: Rule) -> int:
    """How many runs let every one of so many figures alarm, whatever the others do (Bonferroni's bound)."""
    counts = itertools.count(rule.last + 1)
    return next(runs for runs in counts if figures <= rule.false_alarms * math.comb(runs, rule.last))


def _series(runs: Sequence[PastRun]) -> dict[Followed, Values]:
    """Every figure that is judged, by the runs in which it was measured.

    Of what a run repeated its median counts, once: repeats share their night, and luck is asked of nights.
    """
    series: dict[Followed, Values] = {}
    for position, run in enumerate(runs):
        measured: dict[Followed, list[Bounds]] = {}
        for followed, value in _figures(run.experiments):
            measured.setdefault(followed, []).append(value)
        for followed, values in measured.items():
            series.setdefault(followed, {})[position] = median(values)
    return series


def _figures(experiments: Iterable[Experiment]) -> Iterator[tuple[Followed, Bounds]]:
    """The figures of a run; where nothing may be felt at all, a single bad sample has failed the run already."""
    for one in (one for one in experiments if one.says_something):
        subject = one.subject.of_any_version()
        for measured in (m for m in one.series if m.expectation is not Expectation.UNTOUCHED):
            for figure in Figure:
                if (value := measured.value(figure)) is not None:
                    yield Followed(subject, measured.key, figure), value


def _window(values: Values, rule: Rule) -> Values:
    return dict(list(values.items())[-(rule.last + rule.baseline) :])


def _comparison(values: Values, rule: Rule) -> permutation.Comparison:
    return permutation.Comparison(tuple(values), permutation.scores(list(values.values())), rule.last)


def _left(every: Values, runs: int, rule: Rule) -> Left | None:
    """Why a figure is not compared. Nothing here depends on which values are the last, so luck is not favoured."""
    values = _window(every, rule)
    if max(values) < runs - rule.last:
        return Left.NOT_LATELY
    if len(set(values.values())) == 1 and len(values) > 1:
        return Left.ALIKE
    if len(values) <= rule.last or permutation.least_p(_comparison(values, rule)) > rule.false_alarms:
        return Left.TOO_FEW
    return None


def _judged(kept: Sequence[tuple[Followed, Values]], rule: Rule) -> tuple[Compared, ...]:
    comparisons = [_comparison(values, rule) for _, values in kept]
    judged = permutation.judge(comparisons, rule.false_alarms, rule.permutations)
    return tuple(
        _compared(followed, list(values.values()), float(p), judged.level, rule)
        for (followed, values), p in zip(kept, judged.adjusted, strict=True)
    )


def _compared(followed: Followed, values: Sequence[Bounds], p: float, level: float, rule: Rule) -> Compared:
    earlier, later = values[: -rule.last], values[-rule.last :]
    before, last = median(earlier), median(later)
    worse_by = Bounds(*sorted((_rise(before.low_s, last.low_s), _rise(before.high_s, last.high_s))))
    return Compared(
        followed=followed,
        runs_before=len(earlier),
        runs_last=len(later),
        before=before,
        last=last,
        worse_by=worse_by,
        p=p,
        alarm=p <= rule.false_alarms and worse_by.low_s >= rule.least_s,
        caught_s=caught_s(earlier, rule.last, level, rule.least_s),
    )


def _rise(before: float, last: float) -> float:
    """What never came and still does not has not risen."""
    return 0.0 if math.isinf(before) and math.isinf(last) else last - before


def _changes(runs: Iterable[PastRun]) -> Iterator[str]:
    """What changed its version between two of these runs."""
    known: dict[str, str] = {}
    for run in runs:
        for what, version in _versions(run):
            if known.setdefault(what, version) != version:
                yield f"{what}: {known[what]} before run {run.name}, {version} from then on"
            known[what] = version


def _versions(run: PastRun) -> Iterator[tuple[str, str]]:
    subjects = dict.fromkeys(one.subject for one in run.experiments if one.says_something)
    yield from dict.fromkeys((subject.of_any_version().engine, subject.engine) for subject in subjects)
    if "mesh-chaos" in run.environment:
        yield "mesh-chaos", run.environment["mesh-chaos"]
