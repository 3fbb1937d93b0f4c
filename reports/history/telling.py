"""A review and a gate in lines for a terminal, and as JSON: nothing more exact than it is known."""

from __future__ import annotations

import math
from collections import Counter
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from chaos.result import Expectation
from reports.history.gate import Left, enough
from reports.history.power import POWER
from reports.history.statistics import fewest
from reports.words import count, percent, plain, shares_of, span, up

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from reports.history.gate import Compared, Gate
    from reports.history.record import Subject
    from reports.history.review import Cost, Repeated, Review, SeriesReview, SubjectReview
    from reports.history.statistics import MedianInterval


def as_json(found: Review | Gate) -> str:
    """A review or a gate as JSON; an end that is infinite (it never came) is null."""
    adapter: TypeAdapter[Review | Gate] = TypeAdapter(type(found))
    return adapter.dump_json(found, indent=1).decode()


def review_lines(review: Review) -> Iterator[str]:
    """A review, subject by subject; the conditions once for all subjects that share them."""
    yield f"{count(review.runs, 'run')} in the history{_spanned(review)}"
    if review.unmeasured:
        yield f"{count(review.unmeasured, 'test')} failed without a result, and say nothing here"
    if not review.subjects:
        yield "no experiment of that kind is in them"
        return
    yield f"{_HEADINGS:>{len(_HEADINGS) + _LABEL + 4}}"
    for conditions, subjects in groupby(review.subjects, key=lambda one: _conditions(one.subject)):
        yield ""
        yield from (f"{name}: {value}" for name, value in conditions)
        for one in subjects:
            yield ""
            yield from _subject_lines(one, review)


_LABEL = 16
_HEADINGS = f"{'median':<16}{'true median lies in':<26}worst"


def _spanned(part: Review | SubjectReview) -> str:
    return f", {plain(part.first)} to {plain(part.last)}" if part.first else ""


def _conditions(subject: Subject) -> tuple[tuple[str, str], ...]:
    known = (("platform", subject.platform), ("engine", subject.engine), *subject.conditions)
    return tuple((name, plain(value)) for name, value in known)


def _subject_lines(one: SubjectReview, review: Review) -> Iterator[str]:
    yield f"{one.subject.title}: {_failures(one)}"
    if _spanned(one) != _spanned(review):
        yield f"  not in all runs{_spanned(one)}"
    if one.says_nothing:
        told = ", ".join(f"{number} {verdict}" for verdict, number in one.says_nothing)
        yield f"  not counted, for they say nothing of the mesh: {told}"
    yield from _undisturbed(one.series)
    for series in one.series:
        if _felt(series):
            yield from _series_lines(series)
    if any(repeated.interval is None for series in one.series for repeated in series.figures if _felt(series)):
        yield f"  -: no interval of {100 * one.confidence:g} % confidence: that takes {fewest(one.confidence)} values"


def _failures(one: SubjectReview) -> str:
    if not one.runs:
        return "no run says anything"
    told = [f"{one.failed} of {count(one.runs, 'run')} failed"]
    if one.documented:
        told = [f"{one.documented} of {count(one.runs, 'run')} failed as documented, {one.failed} otherwise"]
    return f"{told[0]}: rate below {100 * one.failure_rate_below:.1f} % ({100 * one.confidence:g} %)"


def _felt(one: SeriesReview) -> bool:
    return one.expectation is not Expectation.UNTOUCHED or one.disturbed > 0


def _undisturbed(every: Iterable[SeriesReview]) -> Iterator[str]:
    still = (one for one in every if not _felt(one))
    for (vantage, runs), lanes in groupby(still, key=lambda one: (one.key.vantage, one.runs)):
        yield f"  {plain(vantage)} {'+'.join(one.key.lane for one in lanes)}: untouched in {count(runs, 'run')}"


def _series_lines(one: SeriesReview) -> Iterator[str]:
    dies = "; may fail while the fault lasts" if one.expectation is Expectation.MAY_DIE else ""
    felt = f"felt in {one.disturbed} of {count(one.runs, 'run')}{dies}"
    yield f"  {plain(one.key.vantage)} {one.key.lane}: {felt}"
    for figure in one.figures:
        if figure.worst.high_s:
            yield _line(figure.figure, span(figure.median), _interval(figure.interval), _worst(figure))
    if one.cost is not None and one.cost.worst.high_s:
        yield _line("budget cost", shares_of(one.cost.median), _per_month(one.cost), shares_of(one.cost.worst))


def _line(label: str, median: str, interval: str, worst: str) -> str:
    return f"    {label:<{_LABEL}}{median:<16}{interval:<26}{worst}"


def _interval(found: MedianInterval | None) -> str:
    return f"{span(found.bounds)} ({percent(found.confidence, 1, outwards=False)})" if found else "-"


def _worst(one: Repeated) -> str:
    return f"never, in {one.never} of {one.values}" if one.never else span(one.worst)


def _per_month(cost: Cost) -> str:
    return f"({cost.events_per_month:g} a month, {cost.target:g} %)"


def gate_lines(gate: Gate) -> Iterator[str]:
    """A gate: what it found, at which false-alarm rate, and what it would have caught."""
    rule, alarms = gate.rule, gate.alarms
    if gate.silent:
        yield f"gate: the newest {count(gate.silent, 'run')} measured nothing (INFRA or INVALID) and cannot be judged"
    if not gate.compared:
        yield f"gate: not enough data, so that nothing is said: {count(gate.runs, 'run')} of the history can be used"
        if few := sum(reason is Left.TOO_FEW for _, reason in gate.left):
            yield f"  (to judge {count(few, 'figure')} takes about {enough(few, rule)} runs)"
        yield from _left_lines(gate)
        return
    compared = count(len(gate.compared), "figure")
    yield f"gate: {f'WORSE in {len(alarms)} of {compared}' if alarms else f'none of {compared} is worse'}"
    yield f"the last {rule.last} values, from run {plain(gate.first)} on, against up to {rule.baseline} before"
    yield from _alarm_lines(alarms)
    yield f"a false alarm, on whichever figure, in at most {percent(rule.false_alarms, 2)} of such gates;"
    yield f"a median that is worse by less than {rule.least_s:g} s never alarms"
    yield from _power_lines(gate)
    yield from _left_lines(gate)
    yield from (f"changed: {plain(change)}" for change in gate.changes)


def _alarm_lines(alarms: Sequence[Compared]) -> Iterator[str]:
    """What is worse, subject by subject, the one that luck explains least first."""
    for subject in dict.fromkeys(one.followed.subject for one in alarms):
        of = [one for one in alarms if one.followed.subject == subject]
        yield f"  {subject.title} (luck alone does this in {percent(of[0].p, 2)} of gates)"
        for one in sorted(of, key=attrgetter("followed")):
            where = f"{plain(one.followed.key.vantage)} {one.followed.key.lane}"
            yield f"    {where} {one.followed.figure} ({one.runs_last} values against {one.runs_before})"
            by = f": worse by {span(one.worse_by)}" if math.isfinite(one.worse_by.low_s) else ""
            yield f"      median {span(one.before)} before, now {span(one.last)}{by}"


def _power_lines(gate: Gate) -> Iterator[str]:
    caught = sorted(one.caught_s for one in gate.compared if one.caught_s is not None)
    blind = len(gate.compared) - len(caught)
    if caught:
        half, most = (caught[math.ceil(share * len(caught)) - 1] for share in (0.5, 1))
        yield f"would catch, {100 * POWER:g} % of the time, what slows all last {gate.rule.last} runs down by"
        yield f"  {up(half, 1):g} s (in half of the figures), {up(most, 1):g} s (in all that can alarm)"
    if blind:
        yield f"  {count(blind, 'figure')} cannot be told from luck with so few runs, however slow:"
        yield f"  that takes about {enough(len(gate.compared), gate.rule)} runs"


def _left_lines(gate: Gate) -> Iterator[str]:
    numbers = Counter(reason for _, reason in gate.left)
    for reason in Left:
        if numbers[reason]:
            yield f"not compared: {count(numbers[reason], 'figure')}: {reason}"
