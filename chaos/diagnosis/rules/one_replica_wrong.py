"""One of a zone's several replicas answers wrongly, so that a share of the requests fails, the others never."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause

if TYPE_CHECKING:
    from chaos.diagnosis.clues import Upstream
    from chaos.diagnosis.facts import Tally
    from chaos.diagnosis.seen import Seen
    from chaos.model import Zone

CAUSE = Cause.ONE_REPLICA_WRONG
_SCATTERED = 4.0
"""Samples in a row, on average, that are not at home; of two replicas at random it is two."""
_HALF = 0.5
_NEARLY_NONE = 0.02


def diagnose(seen: Seen) -> str | None:
    """Where about one in N requests fails before anything is broken, and it is one of N endpoints that fails."""
    for zone, one in seen.gateways():
        if zone not in seen.restless:
            continue
        own = [up for up in seen.clues.before.zone(zone).usable() or () if up.zone == zone]
        wrong = _failing(own) or _unnamed(seen, zone, own)
        if wrong is not None and _share(one.spans.before, len(own)):
            return f"one of the {len(own)} replicas of echo in {zone} answers wrongly{wrong}: {one.spans.before}"
    return None


def _share(span: Tally, replicas: int) -> bool:
    """Whether one in ``replicas`` is not at home, here and there."""
    share = (span.samples - span.home) / span.samples if span.samples else 0.0
    return _HALF / replicas <= share <= (1 + _HALF) / replicas and span.absence <= _SCATTERED


def _failing(own: list[Upstream]) -> str | None:
    """By Envoy's counters: one endpoint fails at least every second time, the others never."""
    if len(own) <= 1 or not all(up.requests and up.errors is not None for up in own):
        return None
    wrong = [up for up in own if (up.errors or 0) >= _HALF * (up.requests or 0)]
    well = [up for up in own if (up.errors or 0) <= _NEARLY_NONE * (up.requests or 0)]
    return f" ({wrong[0].address})" if len(wrong) == 1 and len(well) == len(own) - 1 else None


def _unnamed(seen: Seen, zone: Zone, own: list[Upstream]) -> str | None:
    """By the answers: all but one of as many pods as there are endpoints were named in good ones."""
    vantage = next(one.figures.key.vantage for name, one in seen.gateways() if name == zone)
    here = [n for n in seen.names if n.vantage == vantage and n.good and zone == n.pod_zone == (n.node_zone or zone)]
    return "" if len(own) > 1 and len({n.pod for n in here}) == len(own) - 1 else None
