"""A gateway answers without asking anybody: a zone that is gone seems to answer still."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Felt, Seen
    from chaos.model import Zone

CAUSE = Cause.CACHED_ANSWER
_FEW = 0.1


def diagnose(seen: Seen) -> str | None:
    """Where a zone whose workloads are proved gone goes on answering, and its gateway's Envoy sends next to nothing."""
    for zone, one in seen.gateways():
        newest, gone = one.spans.last, [broken.zone for broken in seen.broken if broken.vanishes]
        if zone in seen.stuck and newest.mostly(newest.from_zones(*gone)) and _asks_nobody(seen, zone, one):
            return (
                f"the gateway of {zone} answers {newest} although echo of {' and '.join(gone)} is gone, and its Envoy "
                "sends no requests: the answers are kept from before"
            )
    return None


def _asks_nobody(seen: Seen, zone: Zone, one: Felt) -> bool:
    before, now = seen.clues.before.zone(zone).upstreams, seen.clues.during.zone(zone).upstreams
    if before is None or now is None or any(up.requests is None for up in (*before, *now)):
        return False
    former = {up.address: up.requests or 0 for up in before}
    sent = sum((up.requests or 0) - former.get(up.address, 0) for up in now)
    return sent < _FEW * one.spans.broken.samples
