"""A delegated gateway in the mesh in which Kuma 2.13.10 was recorded, as values."""

from __future__ import annotations

from fixtures.platforms.universal.standin.ca import Pair
from fixtures.platforms.universal.standin.defaults import initial_policies
from fixtures.platforms.universal.standin.resources.base import Resource
from fixtures.platforms.universal.standin.resources.dataplane import Dataplane
from fixtures.platforms.universal.standin.resources.mesh import Mesh
from fixtures.platforms.universal.standin.snapshot import Snapshot, dataplane_snapshot
from fixtures.platforms.universal.standin.view import IngressAddress, MeshView, MultiZoneService, Policy, ServicePort
from tests.unit.standin.views import SECURED, echo, read, service, view

NAME = "outbound:127.201.1.30:21027"
CLUSTER = "default_echo___mzsvc_1027"
LOCAL_CLUSTER = "default_echo__zone1_msvc_1027"
MULTIZONE = "{kind: MeshMultiZoneService, labels: {kuma.io/display-name: echo}, port: 1027}"
LOCAL = "{kind: MeshService, name: echo, port: 1027}"
DELEGATED = "type: DELEGATED, tags: {kuma.io/service: kong}"


def text_of(*backends: str, gateway: str = DELEGATED) -> str:
    """A gateway's Dataplane with an outbound for each backend, on ports 21027, 21028, ..."""
    outbound = [
        f"{{address: 127.201.1.30, port: {21027 + index}, backendRef: {backend}}}"
        for index, backend in enumerate(backends)
    ]
    networking = f"{{address: 127.201.1.30, gateway: {{{gateway}}}, outbound: [{', '.join(outbound)}]}}"
    return f"{{type: Dataplane, name: kong-1, networking: {networking}}}"


def mesh_of(protocol: str, *policies: str, remote: bool = True) -> MeshView:
    """The mesh in which Kuma was recorded: two echos in zone1, and zone2 behind its ingress."""
    services = (service("zone1"), service("zone2", available=remote))
    multi = MultiZoneService("echo", {"kuma.io/display-name": "echo"}, (ServicePort(1027, protocol),), services)
    defaults = initial_policies(read(SECURED, Mesh))
    seen = view(
        *services,
        dataplanes=(echo("echo-1", "127.201.1.11"), echo("echo-2", "127.201.1.12")),
        ingresses=(IngressAddress("zone2", "127.201.2.40", 10001),),
        policies=tuple(Policy(p) for p in [*defaults, *(read(text, Resource) for text in policies)]),
    )
    return MeshView(**{**seen.__dict__, "multi_zone_services": (multi,)})


def snapshot_of(seen: MeshView, *backends: str) -> Snapshot:
    kong = read(text_of(*(backends or (MULTIZONE,))), Dataplane)
    return dataplane_snapshot(seen, kong, Pair("leaf", "PRIVATE"))


def policy(kind: str, default: str, target: str = "{kind: Mesh}") -> str:
    spec = f"{{targetRef: {target}, to: [{{targetRef: {{kind: Mesh}}, default: {default}}}]}}"
    return f"{{type: {kind}, name: a, spec: {spec}}}"
