"""What clusters of others are like, and ours are not: gateways with several listeners, addresses that move."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from chaos.errors import SettingsError
from fixtures import shown
from fixtures.platforms.kubernetes.breakables.gateway import Gateway
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.bringup import _contexts, site_of
from fixtures.platforms.kubernetes.contexts import Contexts
from fixtures.platforms.kubernetes.controlplanes import ControlPlanes
from fixtures.platforms.kubernetes.edge import _address
from fixtures.platforms.kubernetes.kinds import GATEWAY, POD, Document, ObjectKind
from fixtures.platforms.kubernetes.meshview import MeshView
from fixtures.platforms.kubernetes.problems import Refused
from fixtures.platforms.kubernetes.settings import Install, KubernetesSettings, check_places
from fixtures.platforms.kubernetes.walkthrough import global_objects
from fixtures.profiles import load_profile

if TYPE_CHECKING:
    from fixtures.mesh import MeshSettings
    from fixtures.platforms.kubernetes.cluster import Cluster

HTTP, HTTPS = {"name": "http", "protocol": "HTTP", "port": 8000}, {"name": "tls", "protocol": "HTTPS", "port": 443}
OPTIONS = KubernetesSettings(None, (), None, "kong", Install.NOTHING)
ZONES = ("zone1", "zone2")
NAMED, FIXED = {"zone1": "http://one.example.com"}, {"zone1": "http://192.0.2.1:8080"}


@dataclass
class Objects:
    """A cluster with a Gateway and pods."""

    address: str = "192.0.2.7"
    listeners: list[dict[str, Any]] = field(default_factory=lambda: [HTTP])
    pods: list[Document] = field(default_factory=list)

    def get(self, kind: ObjectKind, name: str, namespace: str | None = None) -> Document:
        metadata = {"name": name, "namespace": namespace or "kong", "uid": "one", "generation": 1}
        if kind != GATEWAY:
            return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
        programmed = {"type": "Programmed", "status": "True"}
        return {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "metadata": metadata,
            "spec": {"gatewayClassName": "kong", "listeners": self.listeners},
            "status": {"conditions": [programmed], "addresses": [{"value": self.address}]},
        }

    def list(self, kind: ObjectKind, labels: str = "", namespace: str = "") -> list[Document]:
        assert kind == POD
        return self.pods

    def identity(self) -> str:
        return "cluster"


@pytest.mark.parametrize("listeners", [[HTTP], [HTTPS, HTTP], [HTTP, HTTPS]])
def test_a_gateway_is_entered_without_tls_whichever_listener_is_named_first(listeners: list[dict[str, Any]]) -> None:
    assert _address(cast("Cluster", Objects(listeners=listeners)), "kong") == ("192.0.2.7", 8000)


@pytest.mark.parametrize(
    ("options", "matters"),
    [
        (OPTIONS, True),
        (replace(OPTIONS, gateway_urls=FIXED), False),
        (replace(OPTIONS, gateway_urls=NAMED), True),  # the suite's own load balancer has asked for it once
        (replace(OPTIONS, gateway_urls=NAMED, load_balancer="http://lb.example.com"), False),
        (replace(OPTIONS, gateway_urls={"zone2": "http://192.0.2.2"}), True),
    ],
)
def test_a_gateway_at_another_address_is_home_only_where_users_ask_elsewhere(
    options: KubernetesSettings, *, matters: bool
) -> None:
    cluster = Objects()
    clusters = {"zone1": cast("Cluster", cluster)}
    gateway = Gateway("zone1", site_of(options))
    record = gateway.record(clusters)
    cluster.address = "192.0.2.8"
    found = Gateway("zone1", Site("kong")).difference(record, clusters)  # by what is recorded, as restore does it
    assert ("is at 192.0.2.8 now" in str(found)) is matters


def pod(name: str, address: str, *, ready: bool = True) -> Document:
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    return {"metadata": {"name": name, "namespace": "kong"}, "status": {"podIP": address, "conditions": [condition]}}


@dataclass
class Pages:
    """Control planes that know some of a gateway's proxies."""

    clusters: dict[str, Objects]
    refused: Refused

    def document(self, _: str, path: str) -> Any:
        if path == "/zones+insights":
            return {"items": [{"name": "zone1", "zoneInsight": {"subscriptions": [{"connectTime": "now"}]}}]}
        if "meshservices" in path:
            labels = {"kuma.io/zone": "zone1", "kuma.io/display-name": "echo", "k8s.kuma.io/namespace": "kong"}
            return {"items": [{"labels": labels, "spec": {"state": "Available"}}]}
        if "/gone" in path:
            raise self.refused
        where = {"socket_address": {"address": "10.0.0.1", "port_value": 1027}}
        hosts = [{"address": where, "health_status": {"eds_health_status": "HEALTHY"}}]
        return {"cluster_statuses": [{"host_statuses": hosts}]}

    def pages(self, place: str, path: str) -> Any:
        return self.document(place, path)


def view(*pods: Document, status: int = 404) -> MeshView:
    return MeshView(
        cast("ControlPlanes", Pages({"zone1": Objects(pods=list(pods))}, Refused("no", status))), Site("kong")
    )


@pytest.mark.parametrize("status", [404, 500, 503])
def test_a_proxy_that_its_control_plane_does_not_know_yet_is_no_lost_experiment(status: int) -> None:
    assert view(pod("a", "10.0.0.1"), pod("gone", "10.0.0.1"), status=status).unsettled("zone1") is None
    assert "10.0.0.1 healthy" in str(view(pod("gone", "10.0.0.1"), status=status).unsettled("zone1"))


def test_a_verb_that_is_missing_is_said() -> None:
    with pytest.raises(Refused):
        view(pod("gone", "10.0.0.1"), status=403).unsettled("zone1")


def test_a_zone_without_a_ready_pod_has_not_settled() -> None:
    assert view(pod("a", "10.0.0.1", ready=False)).unsettled("zone1") == "zone1 has no pod of app=echo that is ready"


def test_a_mesh_may_be_in_the_namespace_of_kong_meshs_guide() -> None:
    applied = global_objects(load_profile("page").resources, "kong-mesh-system")
    assert {one["metadata"].get("namespace") for one in applied if one["kind"] != "Mesh"} == {"kong-mesh-system"}
    asked: list[str] = []

    class Elsewhere(Objects):
        def get(self, kind: ObjectKind, name: str, namespace: str | None = None) -> Document:
            asked.append(namespace or "kong")
            return super().get(kind, name, namespace)

        def raw_get(self, path: str) -> str:
            asked.append(path)
            return "{}"

    planes = ControlPlanes({"zone1": cast("Cluster", Elsewhere())}, {}, "kong-mesh-system")
    assert planes.document("zone1", "/") == {}
    proxied = "/api/v1/namespaces/kong-mesh-system/services/http:kuma-control-plane:5681/proxy/"
    assert asked == ["kong-mesh-system", proxied]


def test_the_suites_own_charts_go_nowhere_else() -> None:
    contexts = Contexts({"zone1": "a", "zone2": "b"}, "c")
    options = replace(OPTIONS, contexts=contexts, install=Install.MESH, mesh_namespace="mine")
    with pytest.raises(SettingsError, match="--mesh-namespace: --install=mesh installs into kuma-system, nowhere else"):
        _contexts(cast("MeshSettings", SimpleNamespace(kubernetes=options, zones=ZONES)))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"gateway_urls": {"zone9": "http://x"}}, "--gateway-url: 'zone9' is none of zone1, zone2"),
        ({"gateway_urls": {"global": "http://x"}}, "--gateway-url: 'global' is none of zone1, zone2"),
        ({"control_planes": {"zone9": "http://x"}}, "--control-plane: 'zone9' is none of zone1, zone2, global"),
    ],
)
def test_a_url_of_what_is_no_zone_is_refused_before_any_cluster_is_asked(
    given: dict[str, dict[str, str]], says: str
) -> None:
    contexts = Contexts({"zone1": "a", "zone2": "b"}, "c")
    options = replace(OPTIONS, contexts=contexts, **cast("Any", given))
    with pytest.raises(SettingsError, match=f"^{re.escape(says)}$"):
        _contexts(cast("MeshSettings", SimpleNamespace(kubernetes=options, zones=ZONES)))


def test_zones_and_global_may_have_urls() -> None:
    check_places(
        replace(OPTIONS, gateway_urls=FIXED, control_planes={"zone2": "http://x", "global": "http://y"}), ZONES
    )


class Paged(ControlPlanes):
    """A global control plane with MeshServices of three namespaces, one to a page."""

    def document(self, place: str, path: str) -> Any:
        found = re.search(r"offset=(\d+)", path)
        number = int(found[1]) if found else 0
        namespace, state = [("other", "Unavailable"), ("kong", "Available"), ("third", "Unavailable")][number]
        labels = {"kuma.io/zone": "zone1", "kuma.io/display-name": "echo", "k8s.kuma.io/namespace": namespace}
        following = f"http://localhost:5681/meshes/default/meshservices?offset={number + 1}&size=1"
        return {"items": [{"labels": labels, "spec": {"state": state}}], "next": following if number < 2 else None}


def test_a_service_is_found_on_any_page_and_is_not_taken_for_one_of_another_namespace() -> None:
    page = Paged({}, {}).pages("global", shown.MESH_SERVICES)
    assert len(page["items"]) == 3
    assert shown.service_state(page, "zone1", "echo", "kong") == "Available"
    assert shown.service_state(page, "zone1", "echo", "fourth") == "missing"
