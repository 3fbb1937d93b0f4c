"""Mutual TLS is off.

What crosses zones is routed by SNI at the other zone's ingress, so Kuma gives a client no endpoint of another zone
unless the mesh has mutual TLS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Seen

CAUSE = Cause.NO_MTLS


def diagnose(seen: Seen) -> str | None:
    """Where no other zone took over, and the gateway's Envoy knows none."""
    if seen.clues.before.mtls is not False:
        return None
    alone = [zone for zone in seen.stuck if seen.clues.during.zone(zone).remote() == ()]
    if not alone:
        return None
    return (
        f"mutual TLS of the mesh is off, and without it the gateway's Envoy of {alone[0]} gets no endpoint of "
        "another zone"
    )
