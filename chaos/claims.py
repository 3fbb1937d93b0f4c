"""What is promised of a mesh, each promise with an id that scenarios name and reports list.

The statements are ours; the promises are those of Kong's "Mesh failover and disaster recovery"
walkthrough, and of the product's documentation where a claim names another source. A claim that is known to be
false under some profile says so here, with the reason, which must have been measured on real Kuma: the scenario
that proves it is then a *strict* expected failure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from chaos.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

WALKTHROUGH_URL = "https://developer.konghq.com/mesh/disaster-recovery/"
_MULTIZONE_URL = "https://developer.konghq.com/mesh/v2/mesh-multizone-service-deployment/"
_STEADY_URL = "https://principlesofchaos.org/"
_SOAK_URL = "https://en.wikipedia.org/wiki/Soak_testing"
_ZONE_URL = "https://github.com/kumahq/kuma/blob/2.13.10/api/system/v1alpha1/zone.proto"


@dataclass(frozen=True)
class KnownFailure:
    """How a claim fails under a profile; a failure that looks otherwise is another one. Its text is the reason."""

    reason: str
    symptoms: frozenset[str]
    """What users get instead of an answer."""
    fails_over: bool = False
    """Whether another zone takes over all the same, but not for good; else no other zone ever answers."""
    blip_s: float = 0.0
    """How long any one outage after that may last: three times what was measured."""

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Claim:
    """One promise."""

    id: str
    statement: str
    section: str
    """The heading under which the promise is made."""
    false_in: Mapping[str, KnownFailure] = field(default_factory=lambda: MappingProxyType({}))
    """Profile -> how the claim is known to fail there."""

    source: str = WALKTHROUGH_URL
    """The page on which it is made; a file of Kuma's where that has no headings."""

    @property
    def url(self) -> str:
        """Where the promise is made."""
        return f"{self.source}#{self.section.lower().replace(' ', '-')}" if self.section else self.source


NEAREST_FIRST = "nearest-first"
ENTERS_BY_INGRESS = "enters-by-ingress"
COMES_HOME = "comes-home"
QUIET = "quiet-between-faults"
NOTHING_GROWS = "nothing-grows"
_503 = frozenset({"503"})
_WRONG_PORT_FAILS = {
    "page": KnownFailure(
        "with default policies nothing checks the workload's port: the endpoint stays at priority 0 "
        "and answers 503 (measured on Kuma 2.13.10)",
        _503,
    ),
    "health-check": KnownFailure(
        "a MeshHealthCheck has no effect at a builtin gateway: the endpoint stays at priority 0 "
        "and answers 503 (measured on Kuma 2.13.10)",
        _503,
    ),
    "outlier-detection": KnownFailure(
        "nothing checks an ejected endpoint before it is used again: another zone answers after 1.9 s, "
        "but each re-admission is 0.8 to 2 s of 503 (measured on Kuma 2.13.10)",
        _503,
        fails_over=True,
        blip_s=6.0,
    ),
}
_HANGING_FAILS = {
    "page": KnownFailure(
        "nothing checks whether a workload answers: users leave before the gateway gives up (5 s), so a request is "
        "neither sent again nor counted against the endpoint, which stays at priority 0 (measured on Kuma 2.13.10)",
        frozenset({"TIMEOUT", "503"}),
    ),
}
_FAILING_FAILS = {
    "page": KnownFailure(
        "retries stay at priority 0 and are limited to three at a time: with nine of ten answers an error, six of ten "
        "requests end in 503 (measured on Kuma 2.13.10)",
        _503,
    ),
}
_DELETE_DEPLOYMENT_FAILS = {
    "outlier-detection": KnownFailure(
        "nothing checks an ejected endpoint before it is used again: another zone answers after 1.1 s, but the "
        "re-admission, while the control plane still has the endpoint, is about 2 s of 503 (measured on Kuma 2.13.10)",
        _503,
        fails_over=True,
        blip_s=6.0,
    ),
}

_ALL = (
    Claim(
        "zone-local-route",
        "A route to the zone's own echo service is answered by the zone's own pods.",
        "Create a test HTTPRoute",
    ),
    Claim(
        "one-service-in-all-zones",
        "A MeshMultiZoneService joins the echo services of all zones under one name.",
        "Set up a Mesh Multi Zone service",
    ),
    Claim(
        NEAREST_FIRST,
        "While it is healthy there, the service is answered within the gateway's own zone.",
        "Target architecture",
    ),
    Claim(
        ENTERS_BY_INGRESS,
        "Traffic to another zone enters it at that zone's ingress.",
        "Set up a Mesh Multi Zone service",
    ),
    Claim(
        "delete-deployment-reroutes",
        "When a zone's echo deployment is deleted, another zone answers.",
        "Simulating failover and disaster",
        MappingProxyType(_DELETE_DEPLOYMENT_FAILS),
    ),
    Claim(
        "delete-service-reroutes",
        "When a zone's echo service is deleted, another zone answers.",
        "Simulating failover and disaster",
    ),
    Claim(
        "wrong-port-reroutes",
        "When a zone's echo service names a wrong destination port, another zone answers.",
        "Simulating failover and disaster",
        MappingProxyType(_WRONG_PORT_FAILS),
    ),
    Claim(
        "misconfigured-service-reroutes",
        "When a zone's echo service is misconfigured so that the mesh finds no usable port, another zone answers.",
        "Simulating failover and disaster",
    ),
    Claim(
        "delete-gateway-moves",
        "When a zone's gateway is deleted, users are answered through another zone.",
        "Simulating failover and disaster",
    ),
    Claim(
        "delete-cluster-moves",
        "When a whole zone is deleted, users are answered by another zone.",
        "Simulating failover and disaster",
    ),
    Claim(
        "isolated-zone-moves",
        "When a zone's gateway and echo are taken away together, users are answered by another zone.",
        "Simulating failover and disaster",
    ),
    Claim(
        "failing-echo-recovers",
        "When a zone's echo answers most requests with errors, users soon get none of them.",
        "What scenarios does Mesh Multi Zone service help with",
        MappingProxyType(_FAILING_FAILS),
    ),
    Claim(
        "hanging-echo-reroutes",
        "When a zone's echo accepts requests and never answers them, another zone answers.",
        "What scenarios does Mesh Multi Zone service help with",
        MappingProxyType(_HANGING_FAILS),
    ),
    Claim(
        COMES_HOME,
        "After the repair traffic returns to the zone-local service by itself.",
        "Simulating failover and disaster",
    ),
    Claim(
        "leaves-by-egress",
        "Traffic to another zone leaves through the zone's egress.",
        "Set up a Mesh Multi Zone service",
    ),
    Claim(
        "rollouts-benefit",
        "Rollouts and upgrades of the workload keep the service available.",
        "What scenarios does Mesh Multi Zone service help with",
    ),
    Claim(
        "lost-replica-recovers",
        "When one of a zone's several echo replicas is lost, the others answer within the zone.",
        "What scenarios does Mesh Multi Zone service help with",
    ),
    Claim(
        "control-planes-dispensable",
        "While control planes are away traffic goes on, and what is changed afterwards arrives.",
        "Failure modes",
        source=_MULTIZONE_URL,
    ),
    Claim(
        "ingress-only-for-others",
        "A zone's ingress serves other zones only: without it the zone's own traffic goes on.",
        "How it works",
        source=_MULTIZONE_URL,
    ),
    Claim(
        "egress-dispensable",
        "A zone egress is optional: without it traffic to a MeshMultiZoneService goes on.",
        "How it works",
        source=_MULTIZONE_URL,
    ),
    Claim(
        "disabled-zone-stays-local",
        "A zone that is disabled gets no traffic from other zones, and its own goes on.",
        "",
        source=_ZONE_URL,
    ),
    Claim(
        QUIET,
        "While nothing is broken, every request is answered and by the zone that should, whatever was broken before.",
        "",
        source=_STEADY_URL,
    ),
    Claim(
        NOTHING_GROWS,
        "After hours of faults there are as many processes, sockets, threads, descriptors and files as before, and "
        "memory does not grow.",
        "",
        source=_SOAK_URL,
    ),
)

CLAIMS: Mapping[str, Claim] = MappingProxyType({claim.id: claim for claim in _ALL})
"""Every claim by its id, in the walkthrough's order, then those of other sources."""


def claim(claim_id: str) -> Claim:
    """The claim with this id.

    Raises:
        SettingsError: there is no such claim.
    """
    try:
        return CLAIMS[claim_id]
    except KeyError:
        raise SettingsError(f"no claim {claim_id!r}; the claims are: {', '.join(CLAIMS)}") from None
