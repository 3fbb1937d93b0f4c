"""Whether the mesh has taken a zone in again, read from answers recorded on Kuma 2.13.10 (2026-11-24, shortened)."""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from fixtures.local.addresses import Endpoint
from fixtures.platforms.universal.api import ControlPlane
from fixtures.platforms.universal.settling import rejected, unsettled
from fixtures.platforms.universal.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.server import BaseHTTPRequestHandler

    from fixtures.platforms.universal.running import Running
    from tests.unit.http_api import Api

LAYOUT = Topology.of(("zone1", "zone2"), 2, 20)
CONNECTED = {"id": "89ce42ab", "connectTime": "2026-11-24T09:58:32.450251572Z"}
ENDED = {**CONNECTED, "disconnectTime": "2026-11-24T10:02:00.1Z"}
SERVICE_LABELS = {
    "kuma.io/display-name": "echo",
    "kuma.io/managed-by": "meshservice-generator",
    "kuma.io/zone": "zone1",
}


def host(endpoint: str, priority: int = 0, **health: object) -> dict[str, Any]:
    where = Endpoint.parse(endpoint)
    return {
        "address": {"socket_address": {"address": where.host, "port_value": where.port}},
        "health_status": {"eds_health_status": "HEALTHY", **health},
        "weight": 1,
        "locality": {"zone": "zone1"},
        **({"priority": priority} if priority else {}),
    }


REPLICAS = [host("127.20.1.101:1027"), host("127.20.1.102:1027"), host("127.20.2.20:10001", 1)]
INGRESS = "default_echo___mzsvc_1027::127.20.1.20:10001::priority::1\n"
"""What the gateway's Envoy of zone2 says of the ingress of zone1 in its page of text."""


class Mesh:
    """What global and the gateway's Envoy say; everything is as before unless a test says otherwise."""

    def __init__(self, behaviour: Api) -> None:
        self.subscriptions: list[dict[str, str]] = [ENDED, CONNECTED]
        self.state: str | None = "Available"
        self.hosts = REPLICAS
        self.elsewhere = INGRESS
        self.dump: dict[str, Any] = {"configs": [{"dynamic_active_clusters": [{"cluster": {"name": "c"}}]}]}
        behaviour.answer = self.answer

    def answer(self, request: BaseHTTPRequestHandler) -> tuple[int, object]:
        spec = {"state": self.state} if self.state else {}
        services = [{"labels": {**SERVICE_LABELS, "kuma.io/zone": "zone2"}, "spec": {"state": "Unavailable"}}]
        pages: dict[str, object] = {
            "/zones+insights": {"items": [{"name": "zone1", "zoneInsight": {"subscriptions": self.subscriptions}}]},
            "/meshes/default/meshservices?size=1000": {"items": [*services, {"labels": SERVICE_LABELS, "spec": spec}]},
            "/clusters?format=json": {
                "cluster_statuses": [{"name": "default_echo___mzsvc_1027", "host_statuses": self.hosts}]
            },
            "/config_dump": self.dump,
            "/clusters": self.elsewhere,
        }
        return 200, pages[request.path]


@pytest.fixture
def running(api: tuple[Api, Endpoint]) -> Iterator[Running]:
    with closing(ControlPlane("global", api[1])) as plane:
        mesh = SimpleNamespace(global_api=lambda: plane, admin=lambda _: api[1], topology=LAYOUT)
        yield cast("Running", mesh)


@pytest.fixture
def mesh(api: tuple[Api, Endpoint]) -> Mesh:
    return Mesh(api[0])


def test_a_zone_that_is_online_available_and_in_the_gateways_envoy_has_been_taken_in(
    mesh: Mesh, running: Running
) -> None:
    assert unsettled(running, "zone1") is None


@pytest.mark.parametrize("subscriptions", [[], [ENDED]])
def test_a_zone_without_an_open_subscription_is_offline(
    mesh: Mesh, running: Running, subscriptions: list[dict[str, str]]
) -> None:
    mesh.subscriptions = subscriptions
    assert unsettled(running, "zone1") == "global does not show zone1 online"


@pytest.mark.parametrize(("state", "shown"), [("Unavailable", "Unavailable"), (None, "without a state")])
def test_a_service_that_global_does_not_show_as_available_is_said(
    mesh: Mesh, running: Running, state: str | None, shown: str
) -> None:
    mesh.state = state
    assert unsettled(running, "zone1") == f"global shows the MeshService echo of zone1 as {shown}"


@pytest.mark.parametrize(
    "second",
    [
        host("127.20.1.102:1027", 1),
        host("127.20.1.102:1027", eds_health_status="UNHEALTHY"),
        host("127.20.1.102:1027", failed_outlier_check=True),
        host("127.20.1.102:1027", failed_active_health_check=True),
        host("127.20.2.102:1027"),
    ],
)
def test_a_replica_that_the_gateway_would_not_use_is_named(
    mesh: Mesh, running: Running, second: dict[str, Any]
) -> None:
    mesh.hosts = [REPLICAS[0], second]
    lacking = "the gateway's Envoy of zone1 does not have 127.20.1.102:1027 healthy at priority 0"
    assert unsettled(running, "zone1") == lacking


def test_a_zone_whose_ingress_others_do_not_know_has_not_been_taken_in(mesh: Mesh, running: Running) -> None:
    mesh.elsewhere = INGRESS.replace("127.20.1.20", "127.20.3.20")
    assert unsettled(running, "zone1") == "the gateways' Envoys of zone2 do not have the ingress of zone1"


def test_why_an_envoy_refuses_its_configuration_is_found_wherever_it_is(mesh: Mesh, running: Running) -> None:
    assert rejected(running, "127.20.1.10") is None
    mesh.dump = {"configs": [{"a": 1}, {"dynamic_warming_clusters": [{"error_state": {"details": "no name"}}]}]}
    assert rejected(running, "127.20.1.10") == "no name"
