"""Traffic enters another zone at the address that its ingress advertises; a client checks neither zone nor ingress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause
from chaos.fault import Part

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chaos.diagnosis.clues import Upstream
    from chaos.diagnosis.seen import Seen
    from chaos.model import Zone

CAUSE = Cause.INGRESS_UNREACHABLE


def diagnose(seen: Seen) -> str | None:
    """Where no other zone took over, and none that was left whole can be entered."""
    for zone in seen.stuck:
        whole = [other for other in _others(seen, zone) if not seen.taken_from(other, *_TAKEN)]
        reasons = [_closed(seen, zone, other) for other in whole]
        if reasons and all(reasons):
            return f"{zone} cannot be answered by another zone: {' and '.join(map(str, reasons))}"
    return None


_TAKEN = (Part.ECHO, Part.ALL, Part.ENTRANCE)


def _others(seen: Seen, zone: Zone) -> tuple[Zone, ...]:
    return tuple(dict.fromkeys(other for other, _ in seen.gateways() if other != zone))


def _closed(seen: Seen, here: Zone, there: Zone) -> str | None:
    """Why ``there`` cannot be entered from ``here``; None where it can, or nobody knows."""
    during = seen.clues.during
    if during.ingresses is None:
        return None
    entrances = [ingress for ingress in during.ingresses if ingress.zone == there]
    known = [one for one in during.zone(here).remote() or () if one.zone == there]
    if not entrances:
        lacks = during.zone(here).remote() is not None and not known
        return f"{there} has no ingress" if lacks and during.mtls is not False else None
    if all(ingress.accepts is False for ingress in entrances):
        return f"nobody listens where the ingress of {there} says that it is, {entrances[0].address}"
    return _refused(seen, here, there, known)


def _refused(seen: Seen, here: Zone, there: Zone, known: list[Upstream]) -> str | None:
    """By the client's own Envoy: every connection to the ingress failed, and no request was answered."""
    former = {one.address: one for one in seen.clues.before.zone(here).upstreams or ()}
    if not known or not all(_failing(one, former.get(one.address)) for one in known):
        return None
    return f"the gateway's Envoy of {here} cannot connect to the ingress of {there}, {_addresses(known)}"


def _failing(now: Upstream, before: Upstream | None) -> bool:
    if now.refused is None or now.requests is None or now.errors is None:
        return False
    refused = now.refused - ((before.refused or 0) if before else 0)
    return refused > 0 and now.errors >= now.requests


def _addresses(upstreams: Iterable[Upstream]) -> str:
    return ", ".join(one.address for one in upstreams)
