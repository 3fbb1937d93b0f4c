"""A zone is broken already, and nobody notices: each request that fails there is sent again, to another zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause
from chaos.diagnosis.hidden import hidden

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Seen
    from chaos.model import Zone

CAUSE = Cause.RETRIES_HIDE
_HALF = 0.5


def diagnose(seen: Seen) -> str | None:
    """Where endpoints fail that nobody broke, and users were answered all the same."""
    return _a_zone(seen) or _an_endpoint(seen)


def _an_endpoint(seen: Seen) -> str | None:
    """In a steady state that was no reason to inject anything: an endpoint of home that fails all along."""
    if seen.carried_out or any(one.moment for one in seen.broken):
        return None
    return next(iter(hidden(seen.clues.first, seen.clues.before)), None)


def _a_zone(seen: Seen) -> str | None:
    """Where another zone answers before anything is broken, home is used first and fails, and retries were good."""
    for zone, one in seen.gateways():
        whole = one.spans.before
        if zone in seen.restless and whole.mostly(whole.away) and _home_fails(seen, zone):
            retried = seen.clues.before.zone(zone).retried
            if retried is not None and retried >= _HALF * whole.away:
                return (
                    f"echo of {zone} fails, and {retried} retries at its gateway hid that: "
                    f"users were answered by {whole}"
                )
    return None


def _home_fails(seen: Seen, zone: Zone) -> bool:
    """Whether the Envoy prefers the zone's own endpoints, and at least half of what it sent them failed."""
    usable = seen.clues.before.zone(zone).usable() or ()
    own = [up for up in usable if up.zone == zone and up.requests is not None and up.errors is not None]
    return bool(own) and sum(up.errors or 0 for up in own) >= _HALF * sum(up.requests or 0 for up in own) > 0
