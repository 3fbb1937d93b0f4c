"""Whether what a result found broken looks as documented, where it is known to be (``chaos.claims.KnownFailure``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.model import LOAD_BALANCER, NS_PER_S, Outcome, Verdict
from chaos.result import Expectation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chaos.claims import KnownFailure
    from chaos.model import Zone
    from chaos.result import Figures, Result


def named_claims(result: Result) -> set[str]:
    """The claims that a FAIL's findings name, also those that the experiment was not to prove."""
    return {finding.claim for finding in result.findings if finding.verdict is Verdict.FAIL}


def looks_as_documented(result: Result, failures: Mapping[str, KnownFailure]) -> bool:
    """Whether each of these claims fails just as documented.

    At every gateway with findings about it, in both lanes: what another fault does elsewhere, and does well, is none of
    it. And at the load balancer, whose users feel all of them together.
    """
    at_gateways = all(
        _fails_so(one, failure, result)
        for claim, failure in failures.items()
        for one in result.figures
        if one.key.vantage in _vantages(result, claim) - {LOAD_BALANCER}
    )
    users = (one for one in result.figures if one.key.vantage == LOAD_BALANCER)
    return at_gateways and all(_users_feel_so(one, failures, result) for one in users)


def _vantages(result: Result, *claims: str) -> set[str]:
    """Those with findings about any of these claims."""
    return {found.series.vantage for found in result.findings if found.series is not None and found.claim in claims}


def _fails_so(one: Figures, failure: KnownFailure, result: Result) -> bool:
    if _is_about_others(one):
        return True
    if one.expectation is not Expectation.FAILS_OVER:
        return _bad(one) <= failure.symptoms
    # on its way home it may be answered by another zone for a moment: its endpoints are made anew
    away = one.away if one.away_while_faulty is None else one.away_while_faulty
    moves_so = _failed_over_in_time(one, result) and _only_blips(one, failure, result)
    return _bad(one) <= failure.symptoms and (moves_so if failure.fails_over else not away)


def _users_feel_so(one: Figures, failures: Mapping[str, KnownFailure], result: Result) -> bool:
    """Whether a series at the load balancer shows no errors but those, and some zone answers."""
    if _is_about_others(one):
        return True
    blamed = {found.series.vantage for found in result.findings if found.series is not None}
    fine = (other for other in result.figures if other.key.vantage not in blamed | {LOAD_BALANCER})
    known = set[str]().union(*(failure.symptoms for failure in failures.values()), *map(_bad, fine))
    moves = one.expectation is Expectation.FAILS_OVER
    return _bad(one) <= known and (not moves or _answered_elsewhere(one, result, _broken_zones(result, failures)))


def _is_about_others(one: Figures) -> bool:
    """Whether what is wrong there is a finding about another claim."""
    return one.expectation in {Expectation.UNTOUCHED, Expectation.MAY_DIE}


def _bad(one: Figures) -> set[str]:
    """What came instead of answers."""
    return {segment.answer for segment in one.segments if segment.outcome is not Outcome.OK}


def _failed_over_in_time(one: Figures, result: Result) -> bool:
    """Whether nothing is wrong with the failover itself, so that only what came after it can be."""
    moved, bounds = one.failover, result.objectives
    in_time = moved is not None and moved.high_s <= bounds.failover and one.outage_longest.high_s <= bounds.outage
    return in_time and not one.faulty_after_failover


def _only_blips(one: Figures, failure: KnownFailure, result: Result) -> bool:
    """Whether no outage after the failover lasts longer than it is known to, up to the repair: then it is another."""
    repair_ns = result.restored.low_ns if result.restored else None
    lasted_ns = (
        blip.length.high_ns if repair_ns is None or blip.last_due_ns < repair_ns else repair_ns - blip.first_due_ns
        for blip in one.blips or ()
    )
    return all(lasted <= failure.blip_s * NS_PER_S for lasted in lasted_ns)


def _broken_zones(result: Result, failures: Mapping[str, KnownFailure]) -> set[Zone]:
    """Those of the faults whose gateways have findings; the first fault's where none has."""
    found = _vantages(result, *failures)
    return {one.zone for one in result.injections if f"gateway-{one.zone}" in found} or {result.zone}


def _answered_elsewhere(one: Figures, result: Result, broken: set[Zone]) -> bool:
    """Whether another zone than the broken ones answered while the fault lasted."""
    if result.injected is None or result.restored is None:
        return False
    start, end = result.injected.high_ns, result.restored.low_ns
    return any(
        segment.outcome is Outcome.OK and segment.answer not in broken
        for segment in one.segments
        if segment.first_due_ns < end and segment.last_due_ns > start
    )
