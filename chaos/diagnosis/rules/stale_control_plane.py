"""A zone's control plane no longer tells its proxies what is: they go on with what they were told last.

A control plane that stands still, or whose stream to a proxy is dead, looks well to who asks global only (kuma issue
16428).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause
from chaos.diagnosis.troubles import Trouble
from chaos.fault import Part
from chaos.platform import Kind

if TYPE_CHECKING:
    from chaos.diagnosis.clues import Clues
    from chaos.diagnosis.seen import Seen
    from chaos.model import Zone

CAUSE = Cause.STALE_CONTROL_PLANE


def diagnose(seen: Seen) -> str | None:
    """Where a gateway's Envoy lags behind what is, and its control plane is silent, or knows better."""
    for zone in seen.stuck:
        if not _taken(seen, zone) and _silent(seen.clues.during, zone) and _keeps(seen, zone):
            return f"the control plane of {zone} does not answer, and its gateway's Envoy still has what was before"
    told = (_untold(seen.clues.after, zone) for zone in _not_home(seen))
    return next((sentence for sentence in told if sentence), None) or _never_obeyed(seen)


def _untold(clues: Clues, zone: Zone) -> str | None:
    """How the gateway's Envoy of a repaired zone lags behind, where it does: it has no endpoint of that zone."""
    here = clues.zone(zone)
    local = here.local()
    if local is None or any(one.healthy for one in local):
        return None
    if _silent(clues, zone):
        return f"the control plane of {zone} does not answer, and its gateway's Envoy does not know that echo is back"
    if here.answers and here.offered and not local:
        offered = ", ".join(here.offered)
        return f"the control plane of {zone} knows echo at {offered}, but its gateway's Envoy has not been told"
    return None


def _not_home(seen: Seen) -> tuple[Zone, ...]:
    unsettled = tuple(one.zone for one in seen.broken) if seen.unsettled else ()
    return tuple(dict.fromkeys((*seen.zones_with(Trouble.NO_RETURN, Trouble.LATE_RETURN), *unsettled)))


def _never_obeyed(seen: Seen) -> str | None:
    """A fault that goes through the control plane has no effect where that does not answer."""
    if seen.carried_out or not seen.steady:
        return None
    dead = (one.zone for one in seen.broken if one.moment is None and _silent(seen.clues.before, one.zone))
    return next((f"the control plane of {zone} did not answer before anything was broken" for zone in dead), None)


def _taken(seen: Seen, zone: Zone) -> bool:
    own = seen.taken_from(zone, Part.ALL)
    return own or any(one.zone == zone and one.kind is Kind.CONTROL_PLANE for one in seen.broken)


def _silent(clues: Clues, zone: Zone) -> bool:
    """Whether this control plane does not answer while another does: on a busy machine none may."""
    return clues.zone(zone).answers is False and any(one.answers for one in clues.zones)


def _keeps(seen: Seen, zone: Zone) -> bool:
    usable = seen.clues.during.zone(zone).usable()
    return bool(usable) and seen.taken_from(zone, Part.ECHO) and any(one.zone == zone for one in usable or ())
