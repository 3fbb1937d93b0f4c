"""New connections come home, those that were kept open do not (kuma-website issue 1506)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause
from chaos.diagnosis.troubles import Trouble
from chaos.model import Lane

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Felt, Seen
    from chaos.model import Zone

CAUSE = Cause.KEPT_ALIVE_STAYS_AWAY


def diagnose(seen: Seen) -> str | None:
    """Where home is well again, and what is still answered well by another zone goes through old connections."""
    return _of_users(seen) or _of_gateway(seen)


def _of_users(seen: Seen) -> str | None:
    """By the lanes of one vantage: only the one that keeps its connections stays away."""
    lanes = {(one.figures.key.vantage, one.figures.key.lane): one for one in seen.felt}
    for (vantage, lane), kept in lanes.items():
        fresh = lanes.get((vantage, Lane.FRESH))
        if lane is Lane.KEEPALIVE and fresh is not None and _stays(seen, kept) and _came_home(seen, fresh):
            return (
                f"at {vantage} new connections came home, those that users kept open did not: "
                f"in the end these were answered by {kept.spans.ending}"
            )
    return None


def _stays(seen: Seen, kept: Felt) -> bool:
    newest = kept.spans.ending
    return seen.troubled(kept, Trouble.NO_RETURN) and newest.samples > 0 and not newest.bad


def _came_home(seen: Seen, fresh: Felt) -> bool:
    return fresh.figures.failback is not None and not seen.troubled(fresh, Trouble.NO_RETURN, Trouble.LATE_RETURN)


def _of_gateway(seen: Seen) -> str | None:
    """By the gateway's Envoy: its zone's endpoints are the first choice again, and it has other connections open."""
    for zone, one in seen.gateways():
        here, newest = seen.clues.after.zone(zone), one.spans.ending
        usable = here.usable() or ()
        at_home = bool(usable) and all(up.zone == zone for up in usable)
        old = [up for up in here.remote() or () if up.connections]
        if at_home and old and newest.away and _stays(seen, one) and not _retried(seen, zone):
            return (
                f"the gateway's Envoy of {zone} has its own zone first again, but connections that were made meanwhile "
                f"to {old[0].address} are kept open and used: in the end users were answered by {newest}"
            )
    return None


def _retried(seen: Seen, zone: Zone) -> bool:
    """Whether retries may be what brings requests to another zone."""
    former, now = seen.clues.during.zone(zone).retried, seen.clues.after.zone(zone).retried
    return former is None or now is None or now > former
