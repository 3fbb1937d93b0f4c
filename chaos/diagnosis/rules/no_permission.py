"""With mutual TLS nothing passes that no MeshTrafficPermission allows, and a new mesh has none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Seen

CAUSE = Cause.NO_PERMISSION


def diagnose(seen: Seen) -> str | None:
    """Where there is none, and a gateway that nobody or another zone has to answer gets errors only."""
    before = seen.clues.before
    if before.mtls is not True or before.permissions != 0:
        return None
    for zone, one in seen.gateways():
        newest = one.spans.last if zone in seen.stuck else one.spans.ending if zone in seen.restless else None
        if newest is not None and newest.mostly(newest.bad):
            return (
                "there is no MeshTrafficPermission, and with mutual TLS nothing passes without one: "
                f"the gateway of {zone} gets errors only"
            )
    return None
