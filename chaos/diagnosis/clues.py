"""What a platform could see of a mesh at one moment, as data.

Every field may be None: it could not be seen, and no rule concludes anything from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

from chaos.model import Zone  # noqa: TC001 - what is kept on disk is read by the annotations

MULTIZONE = "MeshMultiZoneService"
"""The kind of backend that a route must lead to."""


@dataclass(frozen=True)
class Upstream:
    """An endpoint of ``echo`` that a gateway's Envoy may send to."""

    address: str
    zone: Zone | None
    priority: int
    healthy: bool
    """Neither the control plane, nor a health check, nor outlier detection has taken it out."""
    requests: int | None = None
    """Since this Envoy knows it (host stat ``rq_total``)."""
    errors: int | None = None
    """Answers of 5xx, and none at all (host stat ``rq_error``)."""
    refused: int | None = None
    """Connections that failed (host stat ``cx_connect_fail``)."""
    connections: int | None = None
    """Connections that are open (host stat ``cx_active``)."""

    def __str__(self) -> str:
        state = "healthy" if self.healthy else "unhealthy"
        return f"{self.address} ({self.zone or 'of no known zone'}, priority {self.priority}, {state})"


@dataclass(frozen=True)
class Ingress:
    """Where a zone says that it can be entered."""

    zone: Zone
    address: str
    accepts: bool | None
    """Whether a connection was accepted there."""


@dataclass(frozen=True)
class Service:
    """A zone's MeshService, as global shows it."""

    zone: Zone
    state: str
    ports: tuple[int, ...]


@dataclass(frozen=True)
class Multizone:
    """The MeshMultiZoneService."""

    ports: tuple[int, ...]
    selected: tuple[Zone, ...]
    """The zones with a MeshService that has all labels of its selector."""


@dataclass(frozen=True)
class Member:
    """A gateway, as the load balancer has it."""

    zone: Zone
    healthy: bool


@dataclass(frozen=True)
class Balancer:
    """The load balancer."""

    notices_s: float | None
    """How long its checks take to take out a gateway that is gone; None where it has none."""
    members: tuple[Member, ...]

    def uses(self, zone: Zone) -> bool:
        """Whether it sends users to this zone's gateway."""
        return any(member.zone == zone and member.healthy for member in self.members)


@dataclass(frozen=True)
class ZoneClues:
    """One zone. Counters are since the Envoy started."""

    zone: Zone
    answers: bool | None = None
    """Whether its control plane answers."""
    online: bool | None = None
    """Whether global shows it online."""
    offered: tuple[str, ...] | None = None
    """Where ``echo`` is ready, by its control plane's Dataplanes."""
    backends: tuple[str, ...] | None = None
    """The kinds that its route leads to."""
    upstreams: tuple[Upstream, ...] | None = None
    """What the Envoy of its gateway has for ``echo``."""
    retried: int | None = None
    """Requests of its gateway to ``echo`` that only a retry made good (``upstream_rq_retry_success``)."""
    deregistration_s: float | None = None
    """How long its control plane keeps a proxy that vanished (KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY)."""

    def usable(self) -> tuple[Upstream, ...] | None:
        """The healthy endpoints of the lowest priority that has any: what Envoy sends to."""
        if self.upstreams is None:
            return None
        healthy = [one for one in self.upstreams if one.healthy]
        lowest = min((one.priority for one in healthy), default=0)
        return tuple(one for one in healthy if one.priority == lowest)

    def remote(self) -> tuple[Upstream, ...] | None:
        """The endpoints of other zones, healthy or not."""
        return None if self.upstreams is None else tuple(one for one in self.upstreams if one.zone != self.zone)

    def local(self) -> tuple[Upstream, ...] | None:
        """The endpoints of its own zone, healthy or not."""
        return None if self.upstreams is None else tuple(one for one in self.upstreams if one.zone == self.zone)


@dataclass(frozen=True)
class Clues:
    """A mesh at one moment."""

    zones: tuple[ZoneClues, ...] = ()
    ingresses: tuple[Ingress, ...] | None = None
    services: tuple[Service, ...] | None = None
    multizone: Multizone | None = None
    mtls: bool | None = None
    permissions: int | None = None
    """How many traffic permissions there are."""
    balancer: Balancer | None = None

    def zone(self, name: Zone) -> ZoneClues:
        """What was seen of a zone; nothing where nothing was."""
        return next((zone for zone in self.zones if zone.zone == name), ZoneClues(name))


NOTHING = Clues()


@dataclass(frozen=True)
class Taken:
    """The clues of one experiment."""

    first: Clues = NOTHING
    """When the steady state was first seen: what changed until ``before`` happened in it."""
    before: Clues = NOTHING
    """In the steady state, or when there was none in time."""
    during: Clues = NOTHING
    """When the failover had been watched."""
    after: Clues = NOTHING
    """When the way home had been watched."""


def taken(take: Callable[[], Clues]) -> Clues:
    """What ``take`` sees; nothing where it fails, for no experiment may end for a clue."""
    try:
        return take()
    except Exception:  # noqa: BLE001 - whatever goes wrong there, the experiment goes on
        return NOTHING
