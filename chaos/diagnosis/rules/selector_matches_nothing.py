"""The MeshMultiZoneService selects MeshServices by labels, and no MeshService has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Seen

CAUSE = Cause.SELECTOR_MATCHES_NOTHING


def diagnose(seen: Seen) -> str | None:
    """Where gateways fail, there are MeshServices, and none is selected."""
    multizone, services = seen.clues.before.multizone, seen.clues.before.services
    if not (multizone and services and (seen.stuck or seen.restless)):
        return None
    if multizone.selected:
        return None
    zones = " and ".join(service.zone for service in services)
    return f"the selector of the MeshMultiZoneService matches no MeshService, also not that of {zones}"
