"""The mesh does what it should, and needs longer than the objective allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause
from chaos.diagnosis.troubles import Trouble, troubles

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Felt, Seen
    from chaos.model import Zone

CAUSE = Cause.OUTAGE_TOO_LONG

LEARNED_S = 3.0
"""Once a control plane has taken a proxy out its clients know it after this, at the latest (KUMA_STORE_CACHE_EXPIRATION
_TIME and KUMA_XDS_SERVER_DATAPLANE_CONFIGURATION_REFRESH_INTERVAL, 1 s each; measured on Kuma 2.13.10)."""
_LATE = frozenset({Trouble.LATE_FAILOVER, Trouble.LONG_OUTAGE, Trouble.LONG_RETURN})


def diagnose(seen: Seen) -> str | None:
    """Where all that is wrong is a length, or every gateway is still within its control plane's own delay."""
    if not seen.carried_out or seen.unsettled:
        return None
    return _only_lengths(seen) or _still_in_time(seen)


def _only_lengths(seen: Seen) -> str | None:
    wrong = [one for one in seen.felt if troubles(one.figures, seen.objectives)]
    kinds = frozenset[Trouble]().union(*(troubles(one.figures, seen.objectives) for one in wrong))
    if not kinds or not kinds <= _LATE:
        return None
    return _told(max(wrong, key=_longest_ns), seen)


def _longest_ns(one: Felt) -> int:
    return max(one.figures.outage_longest.low_ns, one.figures.failover.low_ns if one.figures.failover else 0)


def _told(one: Felt, seen: Seen) -> str | None:
    """The length that exceeds its objective for certain, in words; None where it only may."""
    bounds, figures = seen.objectives, one.figures
    lengths = (
        ("another zone took over after", figures.failover, bounds.failover),
        ("users were without an answer for", figures.outage_longest, bounds.outage),
        ("users were without an answer on the way home for", figures.return_outage, bounds.return_outage),
    )
    told = (f"{what} {span}, the objective is {bound:g} s" for what, span, bound in lengths if _over(span, bound))
    return next((f"the mesh works, but not in time: {text} ({figures.key})" for text in told), None)


def _over(span: object, bound: float) -> bool:
    return span is not None and getattr(span, "low_s", 0.0) > bound


def _still_in_time(seen: Seen) -> str | None:
    zones = seen.stuck
    delays = [_delay(seen, zone) for zone in zones]
    if not zones or None in delays:
        return None
    return (
        f"the control plane of {zones[0]} keeps a proxy that vanished for {delays[0]:g} s before another zone can take "
        f"over, and the objective is {seen.objectives.failover:g} s"
    )


def _delay(seen: Seen, zone: Zone) -> float | None:
    """The control plane's delay, where a gateway whose echo vanished still waits for it, and it is too long."""
    here = seen.clues.during.zone(zone)
    delay, usable = here.deregistration_s, here.usable() or ()
    vanished = any(one.zone == zone and one.vanishes for one in seen.broken)
    waiting = any(up.zone == zone for up in usable) and any(up.zone != zone for up in here.remote() or ())
    if delay is None or not vanished or not waiting:
        return None
    too_long = delay + LEARNED_S > seen.objectives.failover
    return delay if too_long and seen.lasted_s(zone) <= delay + LEARNED_S else None
