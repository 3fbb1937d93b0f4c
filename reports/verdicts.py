"""What the results say about the walkthrough's claims, as data for every kind of report."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chaos.claims import CLAIMS
from chaos.model import Verdict
from reports.documented import looks_as_documented, named_claims
from reports.words import subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chaos.claims import Claim, KnownFailure
    from chaos.result import Result


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
    named, found = named_claims(result), _found_false(result)
    failing = result.verdict is Verdict.FAIL and bool(named) and named <= found.keys()
    return failing and looks_as_documented(result, found)


def _found_false(result: Result) -> dict[str, KnownFailure]:
    """How each claim is documented to fail that is known to be false and was found false."""
    named = named_claims(result)
    return {claim.id: claim.false_in[result.profile] for claim in _documented(result) if claim.id in named}


def broken_claims(result: Result) -> set[str]:
    """The claims of the experiment that a FAIL breaks; all of them where a finding does not say which."""
    named = named_claims(result) or {""}
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


def _is_as_documented(claim: Claim, result: Result) -> bool:
    """Whether a FAIL found this claim false, and all that it found false as documented."""
    found = _found_false(result)
    return claim.id in found and looks_as_documented(result, found)


def _standing(claim: Claim, profile: str, evidence: Sequence[Result]) -> Standing:
    verdicts = {_verdict_on(claim, result) for result in evidence}
    first = first_of(verdicts)
    if first is None:
        return Standing.NOT_RUN
    if profile not in claim.false_in:
        return Standing(first.value)
    failing = [result for result in evidence if _verdict_on(claim, result) is Verdict.FAIL]
    if not all(_is_as_documented(claim, result) for result in failing):
        return Standing.FAIL
    if Verdict.PASS in verdicts:
        return Standing.SURPRISE
    return Standing.FALSE_AS_DOCUMENTED if first is Verdict.FAIL else Standing(first.value)
