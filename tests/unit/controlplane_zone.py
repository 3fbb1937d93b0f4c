"""A zone's cluster as documents, and what a client in it and in another zone gets from its control plane, as values."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from typing import Any

from fixtures.platforms.kubernetes.kinds import (
    MESH,
    MESH_FAULT_INJECTION,
    MESH_SERVICE,
    NAMESPACE,
    POD,
    SERVICE,
    Document,
)
from fixtures.platforms.kubernetes.testbed.controlplane.following import Seen
from fixtures.platforms.kubernetes.testbed.controlplane.resources import Shown
from fixtures.platforms.kubernetes.testbed.controlplane.wanted import World
from fixtures.platforms.universal.standin import meshservices
from fixtures.platforms.universal.standin.assemble import mesh_view
from fixtures.platforms.universal.standin.ca import Pair
from fixtures.platforms.universal.standin.proxies import accepted
from fixtures.platforms.universal.standin.resources.mesh import Mesh
from fixtures.platforms.universal.standin.resources.registry import parse_resource
from fixtures.platforms.universal.standin.resources.services import MeshMultiZoneService, MeshService
from fixtures.platforms.universal.standin.store import Key, Store
from fixtures.platforms.universal.standin.sync import for_global, for_zone, take_from_global, take_from_zone
from fixtures.platforms.universal.standin.view import Destination
from fixtures.platforms.universal.standin.xds.endpoints import endpoints_of
from tests.unit.standin.views import SECURED, read

MESH_SPEC = {
    "meshServices": {"mode": "Exclusive"},
    "mtls": {"enabledBackend": "ca-1", "backends": [{"name": "ca-1", "type": "builtin"}]},
}
MULTI = (
    "{type: MeshMultiZoneService, name: echo, spec: {selector: {meshService:"
    " {matchLabels: {kuma.io/display-name: echo}}}, ports: [{port: 1027}]}}"
)
POOL = IPv4Network("127.9.201.128/25")
ECHO_PORTS = (("tcp", 1025), ("udp", 1026), ("http", 1027), ("tls", 1030))


def namespace(name: str = "kong", **labels: str) -> Document:
    labels = labels or {"kuma.io/sidecar-injection": "enabled"}
    return {"metadata": {"name": name, "uid": f"ns-{name}", "labels": labels}, "status": {"phase": "Active"}}


def pod(name: str = "echo-6c9f-1", ip: str = "127.9.1.10", **annotations: str) -> Document:
    """An echo pod, as the walkthrough's Deployment makes it: ports without names, no probe."""
    labels = {"app": "echo", "pod-template-hash": "6c9f"}
    owner = {"kind": "ReplicaSet", "name": "echo-6c9f", "uid": "rs"}
    metadata = {"name": name, "namespace": "kong", "uid": f"pod-{name}", "labels": labels, "ownerReferences": [owner]}
    container = {"name": "echo", "ports": [{"containerPort": number, "protocol": "TCP"} for _, number in ECHO_PORTS]}
    status = {"phase": "Running", "podIP": ip, "containerStatuses": [{"name": "echo", "ready": True}]}
    annotations = {"kuma.io/sidecar-injected": "true", **annotations}
    return {"metadata": {**metadata, "annotations": annotations}, "spec": {"containers": [container]}, "status": status}


def service(name: str = "echo", **spec: Any) -> Document:
    """The walkthrough's Service."""
    ports = [{"name": n, "port": number, "targetPort": number, "protocol": "TCP"} for n, number in ECHO_PORTS]
    metadata = {"name": name, "namespace": "kong", "uid": f"svc-{name}", "labels": {"app": "echo"}}
    common = {"type": "ClusterIP", "clusterIP": "127.9.201.5", "selector": {"app": "echo"}, "ports": ports}
    return {"metadata": metadata, "spec": {**common, **spec}}


@dataclass
class Cluster:
    """A zone's cluster: change its documents, then ask."""

    zone: str = "zone1"
    namespaces: list[Document] = field(default_factory=lambda: [namespace()])
    pods: list[Document] = field(default_factory=lambda: [pod()])
    services: list[Document] = field(default_factory=lambda: [service()])
    faults: list[Document] = field(default_factory=list)
    """MeshFaultInjections that users have made."""
    mesh_services: list[Document] = field(default_factory=list)
    """Those that the cluster shows; made of the Services unless a test gives them."""
    multi: tuple[dict[str, Any], ...] = ()
    known: tuple[dict[str, Any], ...] = ()
    """The MeshServices that the control plane shows, of any zone."""
    synced: bool = True
    """Whether the control plane has heard from global."""

    @property
    def pod(self) -> Document:
        return self.pods[0]

    @property
    def service(self) -> Document:
        return self.services[0]

    def port(self, name: str) -> Document:
        found: Document = next(port for port in self.service["spec"]["ports"] if port["name"] == name)
        return found

    def world(self) -> World:
        mesh = {"metadata": {"name": "default", "uid": "m"}, "spec": MESH_SPEC}
        objects = {NAMESPACE: self.namespaces, POD: self.pods, SERVICE: self.services, MESH: [mesh]}
        objects[MESH_FAULT_INJECTION] = self.faults
        shown = Shown(({"type": "Mesh", "name": "default"},), self.known, self.multi, ())
        return World.read(self.zone, POOL, {**objects, MESH_SERVICE: self.mesh_services}, Seen("i", self.synced, shown))

    def settle(self) -> None:
        """What the API server has after the control plane showed its MeshServices."""
        made = copy.deepcopy(self.world().mesh_services())
        self.mesh_services = [{**d, "metadata": {**d["metadata"], "uid": f"ms-{i}"}} for i, d in enumerate(made)]

    def dataplane(self) -> dict[str, Any]:
        """The Dataplane of the only pod."""
        (found,) = [r for r in self.world().resources() if r["type"] == "Dataplane"]
        return found

    def inbounds(self) -> list[tuple[int, str]]:
        """Port and state of every inbound of the only pod."""
        return [(i["port"], i["state"]) for i in self.dataplane()["networking"]["inbound"]]

    def store(self) -> Store:
        """The control plane's store after it was told."""
        if not self.mesh_services:
            self.settle()
        store = Store(zone=self.zone)
        for resource in self.world().resources():
            store.put(accepted(store, parse_resource(resource)))
        meshservices.update_status(store, lambda _: True)
        return store


def mesh_service(store: Store, name: str = "echo.kong") -> MeshService | None:
    entry = store.get(Key("MeshService", "default", name))
    return entry.resource if entry and isinstance(entry.resource, MeshService) else None


def seen_from(client: Cluster, other: Cluster) -> list[tuple[str, int, str, int]]:
    """(zone, priority, address, port) of every endpoint of the MMZS for a client in the first cluster's zone.

    The other zone's ingress is its only way in.
    """
    world, stores = Store(), (client.store(), other.store())
    world.put(read(SECURED, Mesh))
    world.put(read(MULTI, MeshMultiZoneService))
    world.set_authorities({"default": Pair("certificate", "key")})
    for cluster, store in zip((client, other), stores, strict=True):
        number = cluster.zone[-1]
        store.put(parse_resource(_ingress(f"127.9.{number}.40")))
        take_from_zone(world, cluster.zone, for_global(store))
    store = stores[0]
    take_from_global(store, for_zone(world, client.zone))
    view = mesh_view(store, meshservices.match_multi_zone(store), "default")
    assert view is not None
    (multi,) = view.multi_zone_services
    endpoints = endpoints_of(view, Destination("MeshMultiZoneService", multi, multi.ports[0], "default"))
    return [(e.zone, e.priority, e.address, e.port) for e in endpoints]


def _ingress(address: str) -> dict[str, Any]:
    advertised = {"advertisedAddress": address, "advertisedPort": 10001}
    return {"type": "ZoneIngress", "name": "i", "networking": {"address": address, "port": 10001, **advertised}}
