"""Echo names another zone than the one where it runs, so that no answer can be trusted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Felt, Seen
    from chaos.model import Zone

CAUSE = Cause.MISATTRIBUTED_ECHO
_ALL = 0.9


def diagnose(seen: Seen) -> str | None:
    """Where nothing was broken yet: names that contradict each other, or the counters of who was asked."""
    if seen.steady:
        return None
    return _contradictory(seen) or _never_asked(seen)


def _contradictory(seen: Seen) -> str | None:
    """A pod that names a node of another zone nearly always."""
    said: Counter[tuple[str, Zone, Zone]] = Counter()
    total: Counter[str] = Counter()
    for one in seen.names:
        total[one.pod] += one.count
        if one.pod_zone is not None and one.node_zone is not None and one.pod_zone != one.node_zone:
            said[one.pod, one.pod_zone, one.node_zone] += one.count
    for (pod, own, named), count in said.items():
        if count >= _ALL * total[pod]:
            return f"the pod {pod} of {own} says that it runs on a node of {named}"
    return None


def _never_asked(seen: Seen) -> str | None:
    """Answers of a zone to which the gateway's Envoy sent nothing."""
    for zone, one in seen.gateways():
        if zone in seen.restless and one.spans.before.mostly(one.spans.before.away) and _only_home(seen, zone, one):
            return (
                f"the answers at the gateway of {zone} name {one.spans.before}, but its Envoy sent every request "
                f"to endpoints of {zone}"
            )
    return None


def _only_home(seen: Seen, zone: Zone, one: Felt) -> bool:
    here = seen.clues.before.zone(zone)
    local, remote = here.local(), here.remote()
    if not local or remote is None or any(up.requests is None or up.errors is None for up in (*local, *remote)):
        return False
    answered = sum((up.requests or 0) - (up.errors or 0) for up in local)
    return answered >= _ALL * one.spans.before.away and not any(up.requests for up in remote)
