"""Other zones stand beside the gateway's own.

Kuma gives a MeshMultiZoneService's own zone priority 0 and every other priority 1, unless a MeshLoadBalancingStrategy
says ``localityAwareness.disabled``: then all are at priority 0, and Envoy takes turns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Seen
    from chaos.model import Zone

CAUSE = Cause.NO_LOCALITY_PRIORITY


def diagnose(seen: Seen) -> str | None:
    """Where a gateway that has its own zone's endpoints was answered by several zones, as its Envoy is told to."""
    for zone, one in seen.gateways():
        mixed = one.spans.before.home and one.spans.before.away
        if mixed and (strangers := _beside(seen, zone)):
            return (
                f"the gateway's Envoy of {zone} has {' and '.join(strangers)} at the same priority as {zone} itself: "
                "locality does not decide where requests go"
            )
    return None


def _beside(seen: Seen, zone: Zone) -> tuple[Zone, ...]:
    usable = seen.clues.before.zone(zone).usable() or ()
    known = dict.fromkeys(one.zone for one in usable if one.zone is not None)
    return tuple(name for name in known if name != zone) if zone in known else ()
