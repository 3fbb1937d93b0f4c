"""What the repeats of an experiment come to together: how often it passed, what that proves, and its figures.

One FAIL decides; a PASS takes every repeat. Figures are medians with distribution-free intervals, never means: see
``reports.history.statistics``. Of each repeat the worst of its lanes and vantages counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from chaos.model import Interval, Verdict
from chaos.result import Expectation
from reports.answers import absent
from reports.glance import judged, severity
from reports.history.record import NEVER, Bounds
from reports.history.statistics import (
    CONFIDENCE,
    MedianInterval,
    failure_rate_below,
    fewest,
    median,
    median_interval,
    worst,
)
from reports.verdicts import expected, first_of
from reports.words import case, count, name, percent, plain, sentence, span
from reports.worst import latest
from reports.worst import worst as felt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chaos.result import Result
    from reports.worst import Worst


@dataclass(frozen=True)
class Repeated:
    """One figure over the repeats that measured it."""

    name: str
    values: int
    median: Bounds
    interval: MedianInterval | None
    """Where the true median lies; None where the values are too few for any such interval."""
    best: Bounds
    """The lowest low end and the lowest high end."""
    worst: Bounds

    @property
    def known(self) -> str:
        """Where the true median lies, or why that is not known and between what all values are."""
        if self.interval is None:
            all_values = span(Bounds(self.best.low_s, self.worst.high_s))
            return f"unknown, too few for {100 * CONFIDENCE:g} % (that takes {fewest()}); all values in {all_values}"
        return f"{span(self.interval.bounds)} ({percent(self.interval.confidence, 1, outwards=False)})"


@dataclass(frozen=True)
class Repeats:
    """One experiment over its repeats."""

    title: str
    planned: int
    ran: int
    """How many have a result."""
    verdicts: tuple[tuple[Verdict, int], ...]
    """How many repeats came to what, as a run counts them: a failure that is documented is a PASS."""
    documented: int
    """How many of those that passed failed as documented."""
    outcome: Verdict | None
    """None where nothing went wrong, but not every repeat has a result."""
    figures: tuple[Repeated, ...]
    results: tuple[Result, ...]

    @property
    def passed(self) -> int:
        """How many repeats are as they should be; inconclusive ones are not among them."""
        return dict(self.verdicts).get(Verdict.PASS, 0)

    @property
    def counts(self) -> str:
        """``18 PASS, 2 INVALID of 20``, and how many were not run."""
        told = ", ".join(f"{number} {verdict}" for verdict, number in self.verdicts)
        left = f", {self.planned - self.ran} without a result" if self.ran < self.planned else ""
        return f"{told} of {self.planned}{left}"

    @property
    def failure_rate_below(self) -> float | None:
        """What the failure rate is below, with ``CONFIDENCE``; None unless all passed.

        Where the first failure ended the series, the count of runs is none that was chosen beforehand.
        """
        return failure_rate_below(0, self.ran) if self.outcome is Verdict.PASS else None

    @property
    def statement(self) -> str:
        """What is proven, and what is not."""
        if (bound := self.failure_rate_below) is not None:
            rate = f"below {100 * bound:.3g} % ({100 * CONFIDENCE:g} %)"
            runs = count(self.ran, "run")
            if self.documented:
                return f"{self.documented} of {runs} failed as documented, none otherwise: rate of all else {rate}"
            return f"0 failures in {runs}: failure rate {rate}"
        if self.outcome is Verdict.FAIL:
            return f"certain: {Verdict.FAIL} in repeat {self._first_failure()} of {self.planned}"
        if self.outcome is None:
            return "not finished: nothing is said of how often it fails"
        return f"inconclusive: only {self.passed} of {self.planned} passed"

    @property
    def telling(self) -> Result:
        """The repeat to look at: the worst of them."""
        return min(self.results, key=badness)

    def _first_failure(self) -> int:
        failed = (one.repeat.number for one in self.results if one.repeat and judged(one) is Verdict.FAIL)
        return min(failed)


def repeats(results: Sequence[Result]) -> tuple[Repeats, ...]:
    """Every repeated experiment, by when it was first made; none where nothing is repeated."""
    groups: dict[tuple[str, ...], list[Result]] = {}
    for result in results:
        if result.repeat is not None:
            groups.setdefault(_identity(result), []).append(result)
    return tuple(map(_together, groups.values()))


def to_look_at(results: Sequence[Result]) -> list[Result]:
    """Of a repeated experiment the worst repeat, in the place of its first; every other result."""
    telling = {id(one.results[0]): one.telling for one in repeats(results)}
    return [telling.get(id(one), one) for one in results if one.repeat is None or id(one) in telling]


def _identity(result: Result) -> tuple[str, ...]:
    """What the repeats of an experiment share; a claim that was looked into beside it is told apart by the fault."""
    one = result
    return (one.scenario, one.fault, one.zone, one.profile, one.platform, one.engine, *one.claims)


def _together(results: Sequence[Result]) -> Repeats:
    by_number = [(one.repeat.number if one.repeat else 0, one) for one in results]
    by_number.sort(key=lambda numbered: numbered[0])
    verdicts = [
        first_of(judged(one) for _, one in group) or Verdict.INFRA
        for _, group in groupby(by_number, key=lambda numbered: numbered[0])
    ]
    planned = max(one.repeat.of for one in results if one.repeat)
    numbers = Counter(verdicts)
    return Repeats(
        title=_title(results[0]),
        planned=planned,
        ran=len(verdicts),
        verdicts=tuple((verdict, numbers[verdict]) for verdict in reversed(Verdict) if numbers[verdict]),
        documented=sum(map(expected, results)),
        outcome=_outcome(verdicts, planned),
        figures=tuple(_figures(results)),
        results=tuple(results),
    )


def _outcome(verdicts: Sequence[Verdict], planned: int) -> Verdict | None:
    """The worst that occurred; PASS only where every repeat passed."""
    outcome = first_of(verdicts)
    return None if outcome is Verdict.PASS and len(verdicts) < planned else outcome


def _title(result: Result) -> str:
    """What was tried, and in which scenario where that is not plain: a claim may be looked into in several."""
    within = "" if name(result) in sentence(result.scenario) else f" in {plain(result.scenario)}"
    return f"{case(result)}{within}"


def badness(result: Result) -> tuple[int, int, int]:
    """Sorts the worst first: by verdict, then by the longest outage."""
    figures = felt(result)
    return severity(judged(result)), severity(result.verdict), -(figures.outage.high_ns if figures else 0)


def _figures(results: Sequence[Result]) -> Iterator[Repeated]:
    measured = [(one, figures) for one in results if (figures := felt(one)) is not None]
    for figure, value in _FIGURES.items():
        values = [found for one, figures in measured if (found := value(one, figures)) is not None]
        if values:
            best = Bounds(min(one.low_s for one in values), min(one.high_s for one in values))
            yield Repeated(figure, len(values), median(values), median_interval(values), best, worst(values))


def _failover(result: Result, found: Worst) -> Bounds | None:
    return _came(found.failover, result, "no failover")


def _failback(result: Result, found: Worst) -> Bounds | None:
    return _came(found.failback, result, "not home again")


def _recovered(result: Result, _: Worst) -> Bounds | None:
    lengths = [one.recovered for one in result.figures if one.expectation is Expectation.RECOVERS]
    return _came(latest(lengths) if lengths else None, result, "not recovered")


def _came(length: Interval | None, result: Result, never: str) -> Bounds | None:
    """None for what was not to come."""
    if any(never in absent(one, result) for one in result.figures):
        return NEVER
    return _bounds(length) if length else None


def _bounds(length: Interval) -> Bounds:
    return Bounds(length.low_s, length.high_s)


_FIGURES: dict[str, Callable[[Result, Worst], Bounds | None]] = {
    "failover": _failover,
    "recovered": _recovered,
    "failback": _failback,
    "longest outage": lambda _, found: _bounds(found.outage),
}
