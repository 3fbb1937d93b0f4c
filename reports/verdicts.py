"""What the results say about the walkthrough's claims, as data for every kind of report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chaos.claims import CLAIMS
from chaos.model import LOAD_BALANCER, Outcome, Verdict
from chaos.result import Expectation
from reports.words import subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chaos.claims import Claim, KnownFailure
    from chaos.result import Figures, Result


class Standing(StrEnum):
    """What a run says about one claim under one profile."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    """Every experiment that proves it passed."""
    FAIL = "FAIL"
    """It is broken."""
    FALSE_AS_DOCUMENTED = "false, as documented"
    """It is known to be false under this profile, and was found false."""
    SURPRISE = "PASS, a surprise"
    """It is documented as false under this profile, and yet held: the documentation is out of date."""
    INFRA = "INFRA"
    """An experiment could not be carried out, so nothing is proven."""
    INVALID = "INVALID"
    """The probe did not keep its schedule, so nothing is proven."""
    NOT_RUN = "not run"
    """No experiment of this run bears on it."""


@dataclass(frozen=True)
class ClaimVerdict:
    """One claim under one profile, with the experiments that are its evidence."""

    claim: Claim
    profile: str
    standing: Standing
    evidence: tuple[Result, ...] = ()

    @property
    def reason(self) -> str:
        """Why the claim is documented as false under this profile; empty when it is not."""
        return str(self.claim.false_in.get(self.profile, ""))

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of the experiments that are its evidence."""
        return tuple(dict.fromkeys(subject(result) for result in self.evidence))


def claim_verdicts(results: Sequence[Result]) -> tuple[ClaimVerdict, ...]:
    """Every claim under every profile that was run: in the walkthrough's order, profiles as first met."""
    profiles = tuple(dict.fromkeys(result.profile for result in results))
    return tuple(
        _judge(claim, profile, [r for r in results if r.profile == profile])
        for claim in CLAIMS.values()
        for profile in profiles
    )


def expected(result: Result) -> bool:
    """Whether ``result`` fails in nothing but claims that are documented as false under its profile.

    And in the documented way: with no other errors than those, with the other zones answering at the load balancer,
    and at the broken zone's gateway with a failover in time that does not hold, or with no answer from another zone
    at all (a late failover is no missing one), whichever is documented.
    """
    known = _documented(result)
    failing = result.verdict is Verdict.FAIL and broken_claims(result) <= {claim.id for claim in known}
    failures = [claim.false_in[result.profile] for claim in known]
    return failing and any(_looks_so(result, failure) for failure in failures)


def _looks_so(result: Result, failure: KnownFailure) -> bool:
    return all(_fails_so(one, failure, result) for one in result.figures)


def _fails_so(one: Figures, failure: KnownFailure, result: Result) -> bool:
    if one.expectation is not Expectation.FAILS_OVER:
        return True  # what is wrong there is a finding about another claim
    bad = {segment.answer for segment in one.segments if segment.outcome is not Outcome.OK}
    if one.key.vantage == LOAD_BALANCER:
        return bad <= failure.symptoms and _answered_elsewhere(one, result)
    # on its way home it may be answered by another zone for a moment: its endpoints are made anew
    away = one.away if one.away_while_faulty is None else one.away_while_faulty
    return bad <= failure.symptoms and (_failed_over_in_time(one, result) if failure.fails_over else not away)


def _failed_over_in_time(one: Figures, result: Result) -> bool:
    """Whether nothing is wrong with the failover itself, so that only what came after it can be."""
    moved, bounds = one.failover, result.objectives
    in_time = moved is not None and moved.high_s <= bounds.failover and one.outage_longest.high_s <= bounds.outage
    return in_time and not one.faulty_after_failover


def _answered_elsewhere(one: Figures, result: Result) -> bool:
    """Whether another zone than the broken one answered while the fault lasted."""
    if result.injected is None or result.restored is None:
        return False
    start, end = result.injected.high_ns, result.restored.low_ns
    return any(
        segment.outcome is Outcome.OK and segment.answer != result.zone
        for segment in one.segments
        if segment.first_due_ns < end and segment.last_due_ns > start
    )


def broken_claims(result: Result) -> set[str]:
    """The claims that a FAIL breaks; all of its claims where a finding does not say which."""
    named = [finding.claim for finding in result.findings if finding.verdict is Verdict.FAIL] or [""]
    return {claim for name in named for claim in ([name] if name in result.claims else result.claims)}


def surprising(result: Result) -> bool:
    """Whether ``result`` passed although its claims document a failure for its profile."""
    return result.verdict is Verdict.PASS and bool(_documented(result))


def reason(result: Result) -> str:
    """Why ``result`` is documented to fail under its profile; empty when it is not."""
    return "; ".join(claim.false_in[result.profile].reason for claim in _documented(result))


def first_of(verdicts: Iterable[Verdict]) -> Verdict | None:
    """The verdict that counts for several: the first in ``Verdict``'s order that occurs."""
    occurring = set(verdicts)
    return next((verdict for verdict in Verdict if verdict in occurring), None)


def _documented(result: Result) -> list[Claim]:
    """The result's claims that are known to be false under its profile."""
    known = (CLAIMS[claim_id] for claim_id in result.claims if claim_id in CLAIMS)
    return [claim for claim in known if result.profile in claim.false_in]


def _judge(claim: Claim, profile: str, results: Iterable[Result]) -> ClaimVerdict:
    evidence = tuple(result for result in results if _bears_on(result, claim))
    return ClaimVerdict(claim, profile, _standing(claim, profile, evidence), evidence)


def _bears_on(result: Result, claim: Claim) -> bool:
    """Whether ``result`` says something about ``claim``."""
    return claim.id in result.claims


def _verdict_on(claim: Claim, result: Result) -> Verdict:
    """A FAIL concerns only the claims that it breaks."""
    spared = result.verdict is Verdict.FAIL and claim.id not in broken_claims(result)
    return Verdict.PASS if spared else result.verdict


def _standing(claim: Claim, profile: str, evidence: Sequence[Result]) -> Standing:
    verdicts = {_verdict_on(claim, result) for result in evidence}
    first = first_of(verdicts)
    if first is None:
        return Standing.NOT_RUN
    if profile in claim.false_in and Verdict.PASS in verdicts:
        return Standing.SURPRISE
    if profile in claim.false_in and first is Verdict.FAIL:
        failing = (result for result in evidence if _verdict_on(claim, result) is Verdict.FAIL)
        documented = all(_looks_so(result, claim.false_in[profile]) for result in failing)
        return Standing.FALSE_AS_DOCUMENTED if documented else Standing.FAIL
    return Standing(first.value)
