"""The causes that an experiment's evidence can name, and what a diagnosis is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why an experiment did not pass."""

    NO_LOCALITY_PRIORITY = "no-locality-priority"
    """A gateway's Envoy puts other zones beside its own, so that home is only one of them."""
    NO_MTLS = "no-mtls"
    """Without mutual TLS nothing can be routed by SNI, so no gateway gets endpoints of other zones."""
    ROUTE_NOT_MULTIZONE = "route-not-multizone"
    """A zone's route leads to its own service only."""
    SELECTOR_MATCHES_NOTHING = "selector-matches-nothing"
    """The MeshMultiZoneService selects no MeshService."""
    PORT_MISMATCH = "port-mismatch"
    """The MeshMultiZoneService offers another port than a zone's MeshService."""
    INGRESS_UNREACHABLE = "ingress-unreachable"
    """Other zones cannot be entered: there is no ingress, or nobody is where it says it is."""
    NO_PERMISSION = "no-permission"
    """Mutual TLS is on, and nothing is permitted."""
    BALANCER_BLIND = "balancer-blind"
    """The load balancer does not check the gateways."""
    BALANCER_SLOW = "balancer-slow"
    """The load balancer checks the gateways too seldom for the objective."""
    STALE_CONTROL_PLANE = "stale-control-plane"
    """A zone's control plane no longer tells its proxies what is."""
    FLAPPING = "flapping"
    """A zone that nobody broke goes away and comes back, again and again."""
    DEAD_ENDPOINTS_KEPT = "dead-endpoints-kept"
    """A gateway's Envoy goes on using endpoints that no longer serve."""
    KEPT_ALIVE_STAYS_AWAY = "kept-alive-stays-away"
    """New connections come home, those that were kept open do not."""
    RETRIES_HIDE = "retries-hide"
    """A zone is broken already, and retries make another one answer."""
    MISATTRIBUTED_ECHO = "misattributed-echo"
    """Echo names another zone than the one where it runs."""
    ONE_REPLICA_WRONG = "one-replica-wrong"
    """One of a zone's several replicas answers wrongly."""
    OUTAGE_TOO_LONG = "outage-too-long"
    """The mesh does what it should, and needs longer than the objective allows."""
    CACHED_ANSWER = "cached-answer"
    """A gateway answers without asking anybody."""
    UNKNOWN = "unknown"
    """No rule recognises it, or several that contradict each other."""


@dataclass(frozen=True)
class Diagnosis:
    """The cause of a verdict that is no PASS."""

    cause: Cause
    sentence: str
    """One sentence that names it."""
    evidence: tuple[str, ...] = ()
    """What was seen of the mesh, a line each."""

    def __str__(self) -> str:
        return f"cause {self.cause}: {self.sentence}"
