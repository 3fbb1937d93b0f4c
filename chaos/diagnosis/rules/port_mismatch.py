"""The port of a MeshMultiZoneService must be that of the MeshService in every zone.

A zone whose MeshService has another port takes no part in it (https://kuma.io/docs/2.13.x/networking/meshmultizoneservice/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause

if TYPE_CHECKING:
    from chaos.diagnosis.clues import Service
    from chaos.diagnosis.seen import Seen
    from chaos.model import Zone

CAUSE = Cause.PORT_MISMATCH


def diagnose(seen: Seen) -> str | None:
    """Where the zones that cannot take part are those that had to answer."""
    other = _with_other_ports(seen)
    at_home = [zone for zone in seen.restless if zone in other]
    lonely = [zone for zone in seen.stuck if _others(seen, zone) and _others(seen, zone) <= other.keys()]
    if not other or not (at_home or lonely):
        return None
    multizone = seen.clues.before.multizone
    assert multizone is not None
    served = " and ".join(f"{service.zone} on {_ports(service.ports)}" for service in other.values())
    return f"the MeshMultiZoneService offers port {_ports(multizone.ports)}, but the MeshService is in {served}"


def _with_other_ports(seen: Seen) -> dict[Zone, Service]:
    """The zones whose MeshService is selected and has no port of the MeshMultiZoneService."""
    clues = seen.clues.before
    if clues.multizone is None or not clues.multizone.ports or clues.services is None:
        return {}
    wanted, selected = set(clues.multizone.ports), clues.multizone.selected
    return {s.zone: s for s in clues.services if s.zone in selected and s.ports and wanted.isdisjoint(s.ports)}


def _others(seen: Seen, zone: Zone) -> set[Zone]:
    multizone = seen.clues.before.multizone
    return set(multizone.selected) - {zone} if multizone else set()


def _ports(ports: tuple[int, ...]) -> str:
    return ", ".join(map(str, ports))
