"""A zone's route leads to its own ``echo``: the walkthrough re-points each zone's route, and one was left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause
from chaos.diagnosis.clues import MULTIZONE

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Seen

CAUSE = Cause.ROUTE_NOT_MULTIZONE


def diagnose(seen: Seen) -> str | None:
    """Where no other zone took over at a gateway whose route leads to no MeshMultiZoneService."""
    for zone in seen.stuck:
        backends = seen.clues.before.zone(zone).backends
        if backends and MULTIZONE not in backends:
            return f"the route of {zone} leads to {' and '.join(backends)}, not to the {MULTIZONE}"
    return None
