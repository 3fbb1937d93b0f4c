"""Clues read from pages as Kuma 2.13.10 and Envoy show them (shortened), and what is left where pages do not come."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from chaos.diagnosis.clues import Balancer, Clues, Ingress, Member, Multizone, Service, Upstream, ZoneClues, taken
from fixtures import envoys, shown
from fixtures.gathering import LIMIT_S, gather

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fixtures.local.addresses import Endpoint


def mesh_service(zone: str, **labels: str) -> dict[str, Any]:
    named = {"kuma.io/display-name": "echo", "kuma.io/zone": zone, **labels}
    return {"labels": named, "spec": {"state": "Available", "ports": [{"port": 1027, "appProtocol": "http"}]}}


def host(address: str, port: int, zone: str, priority: int = 0, **stats: int) -> dict[str, Any]:
    return {
        "address": {"socket_address": {"address": address, "port_value": port}},
        "health_status": {"eds_health_status": "HEALTHY"},
        "locality": {"zone": zone},
        "stats": [{"name": name, **({"value": str(count)} if count else {})} for name, count in stats.items()],
        **({"priority": priority} if priority else {}),
    }


MULTI = {
    "name": "echo",
    "spec": {"selector": {"meshService": {"matchLabels": {"kuma.io/display-name": "echo"}}}, "ports": [{"port": 1027}]},
}
GLOBAL: dict[str, Any] = {
    shown.ZONES: {
        "items": [
            {"name": "zone1", "zoneInsight": {"subscriptions": [{"connectTime": "2026-11-24T09:58:32Z"}]}},
            {"name": "zone3", "zoneInsight": {"subscriptions": [{"connectTime": "1", "disconnectTime": "2"}]}},
        ]
    },
    shown.MESH: {"name": "default", "mtls": {"enabledBackend": "ca-1", "backends": []}},
    shown.MULTIZONE: {"items": [{"name": "other", "spec": {}}, MULTI]},
    shown.MESH_SERVICES: {"items": [mesh_service("zone1"), mesh_service("zone2"), {"labels": {}, "spec": {}}]},
    shown.PERMISSIONS: {"items": [{"name": "allow-all"}]},
    shown.INGRESSES: {
        "items": [
            {"zone": "zone1", "networking": {"advertisedAddress": "127.20.1.20", "advertisedPort": 10001}},
            {
                "labels": {"kuma.io/zone": "zone2"},
                "networking": {"advertisedAddress": "127.20.2.20", "advertisedPort": 10001},
            },
            {"zone": "zone3", "networking": {}},
        ]
    },
}
ROUTE = {
    "spec": {
        "targetRef": {"kind": "MeshGateway", "name": "edge"},
        "to": [{"rules": [{"default": {"backendRefs": [{"kind": "MeshMultiZoneService", "port": 1027}]}}]}],
    }
}
INBOUND = {"port": 1027, "tags": {"kuma.io/service": "echo"}}
DATAPLANES = {
    "items": [
        {"networking": {"address": "127.20.1.101", "inbound": [INBOUND]}},
        {"networking": {"address": "127.20.1.102", "inbound": [{**INBOUND, "state": "NotReady"}]}},
        {"networking": {"address": "127.20.1.103", "inbound": [{**INBOUND, "tags": {"kuma.io/service": "other"}}]}},
        {"networking": {"address": "127.20.1.10", "gateway": {"type": "BUILTIN"}}},
    ]
}
ZONE: dict[str, Any] = {
    shown.ROUTES: {"items": [ROUTE]},
    shown.DATAPLANES: DATAPLANES,
    shown.CONFIG: {"xdsServer": {"dataplaneDeregistrationDelay": "10s"}},
}
CLUSTERS = {
    "cluster_statuses": [
        {"name": "ads_cluster", "host_statuses": [host("127.20.1.1", 5678, "")]},
        {
            "name": "default_echo___mzsvc_1027-a1b2",
            "host_statuses": [
                host("127.20.1.101", 1027, "zone1", rq_total=40, rq_error=3, cx_connect_fail=0, cx_active=2),
                host("127.20.2.20", 10001, "zone2", 1, rq_total=0, rq_error=0, cx_connect_fail=0, cx_active=0),
            ],
        },
    ]
}
STATS = """cluster.ads_cluster.upstream_rq_retry_success: 9
cluster.default_echo___mzsvc_1027-a1b2.upstream_rq_retry_success: 4
"""


@dataclass
class Pages:
    """A mesh of one zone, as its pages are."""

    of_planes: dict[str, Any] = field(default_factory=lambda: {**GLOBAL, **ZONE})
    clusters_page: Any = field(default_factory=lambda: CLUSTERS)
    zones: Sequence[str] = ("zone1",)
    service: str = "echo"
    namespace: str | None = None
    hangs: threading.Event | None = None

    def of_global(self, path: str) -> Any:
        return self.of_planes[path]

    def of_zone(self, _: str, path: str) -> Any:
        if self.hangs:
            self.hangs.wait()
        return self.of_planes[path]

    def answers(self, _: str) -> bool:
        return self.hangs is None

    def clusters(self, _: str) -> Sequence[Any]:
        return [self.clusters_page]

    def stats(self, _: str) -> Sequence[str]:
        return [STATS]

    def balancer(self) -> Balancer | None:
        return Balancer(2.0, ())

    def accepts(self, ingress: Endpoint) -> bool | None:
        return ingress.host == "127.20.1.20"


def test_everything_that_is_shown_is_seen() -> None:
    assert gather(Pages()) == Clues(
        zones=(
            ZoneClues(
                "zone1",
                answers=True,
                online=True,
                offered=("127.20.1.101:1027",),
                backends=("MeshMultiZoneService",),
                upstreams=(
                    Upstream("127.20.1.101:1027", "zone1", 0, True, requests=40, errors=3, refused=0, connections=2),
                    Upstream("127.20.2.20:10001", "zone2", 1, True, requests=0, errors=0, refused=0, connections=0),
                ),
                retried=4,
                deregistration_s=10.0,
            ),
            ZoneClues("zone3", online=False),
        ),
        ingresses=(Ingress("zone1", "127.20.1.20:10001", True), Ingress("zone2", "127.20.2.20:10001", False)),
        services=(Service("zone1", "Available", (1027,)), Service("zone2", "Available", (1027,))),
        multizone=Multizone((1027,), ("zone1", "zone2")),
        mtls=True,
        permissions=1,
        balancer=Balancer(2.0, ()),
    )


@pytest.mark.parametrize("path", [*GLOBAL, *ZONE])
@pytest.mark.parametrize("instead", [None, {}, {"items": [{}]}, {"items": None}, "no page", 3])
def test_a_page_that_is_missing_or_otherwise_than_known_is_no_error_and_takes_no_other_along(
    path: str, instead: object
) -> None:
    whole = {**GLOBAL, **ZONE}
    del whole[path]
    found = gather(Pages(of_planes=whole if instead is None else {**whole, path: instead}))
    assert found.zone("zone1").upstreams == gather(Pages()).zone("zone1").upstreams
    assert found.zone("zone1").answers is True


def test_what_does_not_come_in_time_is_unknown_and_not_waited_for() -> None:
    event = threading.Event()
    began = time.monotonic()
    try:
        found = gather(Pages(hangs=event))
        took = time.monotonic() - began
    finally:
        event.set()
    assert took < 2 * LIMIT_S
    assert found.zone("zone1").offered is None
    assert found.zone("zone1").answers is False
    assert found.mtls is True


def test_a_delegated_gateway_leads_where_its_outbound_does() -> None:
    outbound = {"address": "127.20.1.10", "port": 1027, "backendRef": {"kind": "MeshService", "name": "echo"}}
    gateway = {"networking": {"address": "127.20.1.10", "gateway": {"type": "DELEGATED"}, "outbound": [outbound]}}
    assert shown.backends({"items": []}, {"items": [gateway]}) == ("MeshService",)


def test_a_selector_that_matches_nothing_selects_no_zone() -> None:
    other = {"selector": {"meshService": {"matchLabels": {"kuma.io/display-name": "ehco"}}}, "ports": [{"port": 1027}]}
    page = {"items": [{**MULTI, "spec": other}]}
    assert shown.multizone(page, GLOBAL[shown.MESH_SERVICES], "echo") == Multizone((1027,), ())
    assert shown.multizone({"items": []}, GLOBAL[shown.MESH_SERVICES], "echo") is None


@pytest.mark.parametrize("mtls", [{}, {"mtls": None}, {"mtls": {"backends": []}}])
def test_mutual_tls_is_off_where_no_backend_is_enabled(mtls: dict[str, Any]) -> None:
    assert shown.mtls({"name": "default", **mtls}) is False


def test_a_load_balancer_is_told_by_its_checks_and_its_members() -> None:
    members = {
        "cluster_statuses": [
            {
                "name": "gateways",
                "host_statuses": [
                    host("127.20.1.10", 8080, ""),
                    {
                        **host("127.20.2.10", 8080, ""),
                        "health_status": {"eds_health_status": "HEALTHY", "failed_active_health_check": True},
                    },
                ],
            }
        ]
    }
    gateways = {"127.20.1.10:8080": "zone1", "127.20.2.10:8080": "zone2"}
    checked = {"name": "gateways", "health_checks": [{"interval": "30s", "unhealthy_threshold": 2}]}
    found = (Member("zone1", healthy=True), Member("zone2", healthy=False))
    for cluster, notices_s in ((checked, 60.0), ({"name": "gateways"}, None)):
        config = {"configs": [{}, {"static_clusters": [{"cluster": cluster}]}]}
        assert envoys.balancer(members, config, gateways) == Balancer(notices_s, found)


def test_clues_that_cannot_be_taken_are_none() -> None:
    def fails() -> Clues:
        raise ZeroDivisionError

    assert taken(fails) == Clues()
