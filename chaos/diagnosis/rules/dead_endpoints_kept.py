"""A gateway's Envoy goes on using endpoints that no longer serve.

Nothing checks a workload's port, or whether another zone is alive, unless a policy says so (kuma issues 17877, 1907). A
proxy that vanished is different: its control plane takes it out after the deregistration delay, so before that the
endpoint is only late (``outage_too_long``).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause
from chaos.diagnosis.rules.outage_too_long import LEARNED_S

if TYPE_CHECKING:
    from chaos.diagnosis.clues import Upstream
    from chaos.diagnosis.seen import Seen
    from chaos.model import Zone

CAUSE = Cause.DEAD_ENDPOINTS_KEPT


def diagnose(seen: Seen) -> str | None:
    """Where no other zone took over, and the gateway's Envoy sends to endpoints of zones that are broken or gone."""
    for zone, one in seen.gateways():
        newest = one.spans.last
        if zone not in seen.stuck or not (newest.bad or newest.from_zones(*one.faulty)):
            continue
        usable = seen.clues.during.zone(zone).usable() or ()
        kept = [up for up in usable if up.zone in one.faulty and _should_be_gone(seen, zone, up)]
        kept = [up for up in kept if newest.bad or _grown(seen, zone, up)]
        if kept := kept or [up for up in usable if newest.bad and _is_gone(seen, zone, up)]:
            zones = " and ".join(dict.fromkeys(str(up.zone) for up in kept))
            addresses = ", ".join(map(str, kept))
            return f"the gateway's Envoy of {zone} goes on sending to {addresses}, although {zones} cannot answer"
    return None


def _should_be_gone(seen: Seen, here: Zone, kept: Upstream) -> bool:
    """Whether the control plane had time enough to take out what vanished; what else is broken it may never notice."""
    vanished = any(one.zone == here and one.vanishes for one in seen.broken)
    if not vanished or kept.zone != here:
        return True
    delay = seen.clues.during.zone(here).deregistration_s
    return delay is not None and seen.lasted_s(here) > delay + LEARNED_S


def _grown(seen: Seen, here: Zone, now: Upstream) -> bool:
    """Whether it got requests meanwhile: else the answers come from elsewhere."""
    return now.requests is not None and now.requests > (_before(seen, here, now).requests or 0)


def _is_gone(seen: Seen, here: Zone, now: Upstream) -> bool:
    """Whether an endpoint of another zone, which global shows offline, only ever fails."""
    if now.zone in {None, here} or seen.clues.during.zone(str(now.zone)).online is not False:
        return False
    if now.refused is None or now.requests is None or now.errors is None:
        return False
    return now.refused > (_before(seen, here, now).refused or 0) and now.errors >= now.requests


def _before(seen: Seen, here: Zone, now: Upstream) -> Upstream:
    """The same endpoint before anything was broken; one without counters where it was not there."""
    former = seen.clues.before.zone(here).upstreams or ()
    return next((up for up in former if up.address == now.address), replace(now, requests=None, refused=None))
