"""Small meshes as values, for the unit tests of what is configured from them."""

from __future__ import annotations

from typing import Any, TypeVar

import yaml

from fixtures.platforms.universal.standin.ca import Pair
from fixtures.platforms.universal.standin.resources.dataplane import Dataplane
from fixtures.platforms.universal.standin.resources.mesh import Mesh
from fixtures.platforms.universal.standin.resources.registry import parse_resource
from fixtures.platforms.universal.standin.view import (
    Destination,
    IngressAddress,
    MeshView,
    MultiZoneService,
    Policy,
    Service,
    ServicePort,
)

T = TypeVar("T")
HTTP = ServicePort(1027, "http", 1027)
SECURED = "{type: Mesh, name: default, mtls: {enabledBackend: ca-1, backends: [{name: ca-1, type: builtin}]}}"


def read(text: str, kind: type[T]) -> T:
    resource = parse_resource(yaml.safe_load(text))
    assert isinstance(resource, kind)
    return resource


def echo(name: str = "echo-1", host: str = "127.1.1.1", state: str = "Ready", service: str = "echo") -> Dataplane:
    inbound: dict[str, Any] = {
        "port": 1027,
        "servicePort": 8081,
        "state": state,
        "tags": {"kuma.io/service": service, "kuma.io/protocol": "http"},
    }
    networking = {"address": host, "inbound": [inbound]}
    document = {"type": "Dataplane", "mesh": "default", "name": name, "networking": networking}
    return Dataplane.model_validate(document)


def edge() -> Dataplane:
    networking = "{address: 127.1.1.9, gateway: {type: BUILTIN, tags: {kuma.io/service: edge}}}"
    return read(f"{{type: Dataplane, name: edge-1, networking: {networking}}}", Dataplane)


def service(zone: str, *, available: bool = True, name: str = "echo") -> Service:
    labels = {"kuma.io/display-name": name, "kuma.io/zone": zone}
    selector = {"kuma.io/service": name}
    return Service(name, zone, labels, (HTTP,), (name,), available, selector)


def view(
    *services: Service,
    dataplanes: tuple[Dataplane, ...] = (),
    ingresses: tuple[IngressAddress, ...] = (),
    policies: tuple[Policy, ...] = (),
    mesh: str = SECURED,
    **more: Any,
) -> MeshView:
    """A mesh seen from zone1; every given MeshService is in the MMZS ``echo``."""
    return MeshView(
        mesh=read(mesh, Mesh),
        zone="zone1",
        authority=Pair("certificate", "key"),
        dataplanes=dataplanes,
        services=services,
        multi_zone_services=(MultiZoneService("echo", {"kuma.io/display-name": "echo"}, (HTTP,), services),),
        ingresses=ingresses,
        policies=policies,
        **more,
    )


def multi_zone(seen: MeshView) -> Destination:
    return Destination("MeshMultiZoneService", seen.multi_zone_services[0], HTTP, "default")
