"""Asking the rules.

What a mesh was told to do comes before what came of it: where mutual TLS is off, that an endpoint is missing is no
second cause. Two causes of the same rank contradict each other, and then none is named: *unknown* is allowed, a wrong
cause is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause, Diagnosis
from chaos.diagnosis.evidence import lines
from chaos.diagnosis.rules import rules
from chaos.redaction import redacted

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Seen

RANKS: tuple[frozenset[Cause], ...] = (
    frozenset(
        {
            Cause.NO_LOCALITY_PRIORITY,
            Cause.NO_MTLS,
            Cause.NO_PERMISSION,
            Cause.PORT_MISMATCH,
            Cause.ROUTE_NOT_MULTIZONE,
            Cause.SELECTOR_MATCHES_NOTHING,
        }
    ),
    frozenset(
        {
            Cause.BALANCER_BLIND,
            Cause.BALANCER_SLOW,
            Cause.CACHED_ANSWER,
            Cause.INGRESS_UNREACHABLE,
            Cause.MISATTRIBUTED_ECHO,
            Cause.ONE_REPLICA_WRONG,
            Cause.RETRIES_HIDE,
            Cause.STALE_CONTROL_PLANE,
        }
    ),
    frozenset({Cause.DEAD_ENDPOINTS_KEPT, Cause.FLAPPING, Cause.KEPT_ALIVE_STAYS_AWAY}),
    frozenset({Cause.OUTAGE_TOO_LONG}),
)
"""Configuration, then a part of the mesh that is not as it should be, then how it behaves, then that it is slow."""


def diagnose(seen: Seen) -> Diagnosis:
    """The cause of an experiment that did not pass, by the first rank of which a rule speaks."""
    told = {cause: sentence for cause, rule in rules().items() if (sentence := rule.diagnose(seen)) is not None}
    for rank in RANKS:
        if found := {cause: told[cause] for cause in sorted(rank & told.keys())}:
            return _diagnosis(found, lines(seen))
    return _told(Cause.UNKNOWN, "no known cause explains what was seen", lines(seen))


def _diagnosis(found: dict[Cause, str], evidence: tuple[str, ...]) -> Diagnosis:
    if len(found) == 1:
        ((cause, sentence),) = found.items()
        return _told(cause, sentence, evidence)
    several = ", ".join(found)
    return _told(Cause.UNKNOWN, f"what was seen fits several causes: {several}", (*found.values(), *evidence))


def _told(cause: Cause, sentence: str, evidence: tuple[str, ...]) -> Diagnosis:
    """Names come from the mesh, and may be anything."""
    return Diagnosis(cause, redacted(sentence), tuple(map(redacted, evidence)))
