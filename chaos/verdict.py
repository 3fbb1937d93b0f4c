"""From samples and moments to figures, and from figures to a verdict with its reasons.

An objective counts as met only when the *high* end of the figure meets it: what is not proved is not passed.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from chaos import budget, slo, timeline
from chaos.claims import COMES_HOME, NEAREST_FIRST
from chaos.errors import ChaosError, InfraError, InvalidRun, ObjectiveBroken
from chaos.fault import Part
from chaos.model import Interval, SeriesKey, Verdict
from chaos.result import Expectation, Figures, Finding, total

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chaos.fault import Fault
    from chaos.outlook import Outlook
    from chaos.samples import Series
    from chaos.slo import Objectives

_NS_PER_MS = 1e6


class Aspect(Enum):
    """What of a mesh's promises an objective is about."""

    REROUTES = auto()
    RETURNS = auto()
    STAYS = auto()


Broken: TypeAlias = tuple[Aspect, str]
"""What is broken, and how."""
_ORDER = (Verdict.INVALID, Verdict.INFRA, Verdict.FAIL)
"""Within one experiment: if the probe cannot be trusted nothing else can; then whether it took place at all."""
ERRORS = {Verdict.FAIL: ObjectiveBroken, Verdict.INVALID: InvalidRun, Verdict.INFRA: InfraError}
"""What is raised where the verdict is not PASS."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.ENOMEM, errno.EMFILE, errno.ENFILE})
"""A full, broken or read-only disk; no memory; no descriptors."""


@dataclass(frozen=True)
class Happened:
    """When a fault was put in and taken out, and when its target was whole again; None where that never came about."""

    injected: Interval | None
    restored: Interval | None
    mended: Interval | None


def figures(series: Series, outlook: Outlook, happened: Happened, objectives: Objectives, consecutive: int) -> Figures:
    """Everything there is to say about one series of one experiment."""
    injected, restored, mended = happened.injected, happened.restored, happened.mended
    expectation = outlook.expectation
    repair_ns = restored.low_ns if restored else _FOREVER
    faulted = series.between(0, repair_ns)
    unrepaired = faulted.done_ns < repair_ns  # a request may hang until it is repaired
    by_faulty = unrepaired & faulted.answered_by(*outlook.faulty)
    detected = timeline.detect(faulted, injected) if injected else None
    must_move, must_return = expectation is Expectation.FAILS_OVER, expectation is not Expectation.UNTOUCHED
    moved = timeline.failover(faulted, injected, outlook.faulty, consecutive) if injected and must_move else None
    home = timeline.failback(series, mended, outlook.returns, consecutive) if mended and must_return else None
    back = home.found if home else None
    outages = timeline.outages(series)
    after_repair = timeline.outages(series.between(repair_ns, _FOREVER))
    latency = (series.done_ns - series.due_ns)[series.good] / _NS_PER_MS
    return Figures(
        key=series.key,
        expectation=expectation,
        samples=len(series),
        bad=int((~series.good).sum()),
        away=int(series.away.sum()),
        lost=series.lost,
        detect=detected.moment.since(injected) if detected and injected else None,
        failover=moved.moment.since(injected) if moved and injected else None,
        failback=back.moment.since(mended) if back and mended else None,
        outages=outages,
        bad_after_failover=int((~faulted.good[moved.index :]).sum()) if moved else 0,
        faulty_after_failover=int(by_faulty[moved.index :].sum()) if moved else 0,
        late_away=home.late_away if home else 0,
        return_outage=total(outage.length for outage in after_repair),
        availability=slo.availability(series, objectives),
        burn_rate=slo.burn_rate(series, objectives),
        budget_cost=objectives.cost(budget.spent(series, objectives)),
        latency_p50_ms=float(np.percentile(latency, 50)) if len(latency) else 0.0,
        latency_p99_ms=float(np.percentile(latency, 99)) if len(latency) else 0.0,
        segments=timeline.segments(series),
        recovered=timeline.recovery(faulted, injected, consecutive, at_home=outlook.at_home)
        if injected and expectation is Expectation.RECOVERS
        else None,
        blips=timeline.blips(series, moved, repair_ns) if moved else None,
        away_while_faulty=int((unrepaired & faulted.away).sum()),
        relapses=timeline.blips(series, home.first, _FOREVER) if home and home.first else None,
    )


_FOREVER = (1 << 63) - 1


def judge(one: Figures, objectives: Objectives, fault: Fault | None, *, returns: bool = True) -> tuple[Finding, ...]:
    """What in these figures breaks an objective; nothing when all are met.

    Without ``returns`` the way home is left out.
    """
    claims = _claims(fault)
    return tuple(
        Finding(Verdict.FAIL, text, one.key, claims[aspect])
        for aspect, text in _JUDGES[one.expectation](one, objectives)
        if returns or aspect is not Aspect.RETURNS
    )


def tested(expectation: Expectation, fault: Fault | None, *, returns: bool) -> frozenset[str]:
    """The claims that ``judge`` may find broken where this is expected; what cannot break them proves none.

    Without ``returns`` the way home is left out.
    """
    aspects = (aspect for aspect in _ASPECTS[expectation] if returns or aspect is not Aspect.RETURNS)
    return frozenset(_claims(fault)[aspect] for aspect in aspects)


def _claims(fault: Fault | None) -> dict[Aspect, str]:
    """The claim that each aspect is about.

    The way home, and what ``fault`` must not touch, are claims of their own; but one that takes nothing from users
    tests just that.
    """
    claim = fault.claim if fault else NEAREST_FIRST
    stays = claim if fault and fault.takes in {Part.NOTHING, Part.ENTRANCE} else NEAREST_FIRST
    return {Aspect.REROUTES: claim, Aspect.RETURNS: COMES_HOME, Aspect.STAYS: stays}


def conclude(findings: Iterable[Finding]) -> Verdict:
    """The verdict that these findings amount to."""
    found = {finding.verdict for finding in findings}
    return next((verdict for verdict in _ORDER if verdict in found), Verdict.PASS)


def verdict_of(error: BaseException) -> Verdict | None:
    """The verdict that an exception stands for, None for one that is not the suite's.

    A machine without room for what a run needs says nothing of the mesh, whoever was told so.
    """
    if isinstance(error, MemoryError) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        return Verdict.INFRA
    kinds = (*ERRORS.items(), (Verdict.INFRA, ChaosError))
    return next((verdict for verdict, kind in kinds if isinstance(error, kind)), None)


def _judge_failover(one: Figures, objectives: Objectives) -> Iterable[Broken]:
    if one.failover is None:
        yield Aspect.REROUTES, f"no other zone took over within {objectives.failover:g} s: {_instead(one)}"
    else:
        yield from _bound(Aspect.REROUTES, "failover took", one.failover, objectives.failover)
        if one.bad_after_failover:
            yield Aspect.REROUTES, f"the failover does not hold: {one.bad_after_failover} bad samples after it"
        if one.faulty_after_failover:
            count = one.faulty_after_failover
            yield Aspect.REROUTES, f"the failover does not hold: the faulty zone answered {count} samples after it"
        yield from _bound(Aspect.RETURNS, "outages during the return took", one.return_outage, objectives.return_outage)
    yield from _bound(Aspect.REROUTES, "the longest outage lasted", one.outage_longest, objectives.outage)
    yield from _judge_return(one, objectives) if one.failover else _judge_relapsed_return(one, objectives)


def _judge_relapsed_return(one: Figures, objectives: Objectives) -> Iterable[Broken]:
    """The way home of who was bad until then: that outage is the fault's, only what follows is the return's."""
    bound = objectives.return_outage
    yield from _bound(Aspect.RETURNS, "outages after home had answered took", one.relapsed, bound)
    yield from _judge_return(one, objectives)


def _judge_return(one: Figures, objectives: Objectives) -> Iterable[Broken]:
    if one.failback is None:
        yield Aspect.RETURNS, f"did not come home after the repair: {_instead(one)}"
    else:
        yield from _bound(Aspect.RETURNS, "failback took", one.failback, objectives.failback)


def _judge_untouched(one: Figures, _: Objectives) -> Iterable[Broken]:
    if one.bad:
        yield Aspect.STAYS, f"{one.bad} bad samples where none may be: {_instead(one)}"
    if one.away:
        yield Aspect.STAYS, f"{one.away} samples answered by another zone where home was healthy: {_instead(one)}"


def _judge_recovery(one: Figures, objectives: Objectives) -> Iterable[Broken]:
    if one.recovered is None:
        yield Aspect.REROUTES, f"not recovered to the end of the watch: {_instead(one)}"
    else:
        yield from _bound(Aspect.REROUTES, "recovery took", one.recovered, objectives.failover)
        yield from _bound(Aspect.RETURNS, "outages during the return took", one.return_outage, objectives.return_outage)
    yield from _bound(Aspect.REROUTES, "the longest outage lasted", one.outage_longest, objectives.outage)
    yield from _judge_return(one, objectives) if one.recovered else _judge_relapsed_return(one, objectives)


def _judge_service(one: Figures, objectives: Objectives) -> Iterable[Broken]:
    if one.bad:
        yield Aspect.REROUTES, f"{one.bad} bad samples where none may be: {_instead(one)}"
    yield from _judge_return(one, objectives)


_ASPECTS = {
    Expectation.RECOVERS: (Aspect.REROUTES, Aspect.RETURNS),
    Expectation.SERVED: (Aspect.REROUTES, Aspect.RETURNS),
    Expectation.FAILS_OVER: (Aspect.REROUTES, Aspect.RETURNS),
    Expectation.MAY_DIE: (Aspect.RETURNS,),
    Expectation.UNTOUCHED: (Aspect.STAYS,),
}
_JUDGES = {
    Expectation.RECOVERS: _judge_recovery,
    Expectation.SERVED: _judge_service,
    Expectation.FAILS_OVER: _judge_failover,
    Expectation.MAY_DIE: _judge_relapsed_return,
    Expectation.UNTOUCHED: _judge_untouched,
}


def _bound(aspect: Aspect, what: str, figure: Interval, bound_s: float) -> Iterable[Broken]:
    if figure.high_s > bound_s:
        certainty = "" if figure.low_s > bound_s else " (may exceed)"
        yield aspect, f"{what} {figure}, the objective is {bound_s:g} s{certainty}"


def _instead(one: Figures) -> str:
    """The answers that were seen, most frequent first."""
    seen: dict[str, int] = {}
    for segment in one.segments:
        seen[segment.answer] = seen.get(segment.answer, 0) + segment.samples
    ranked = sorted(seen.items(), key=lambda item: -item[1])
    return ", ".join(f"{answer} x{count}" for answer, count in ranked) or "no sample at all"


def series_name(key: SeriesKey | None) -> str:
    """How a finding names its series."""
    return f"{key}: " if key else ""
