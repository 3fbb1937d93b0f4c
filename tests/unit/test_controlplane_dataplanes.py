"""Which Dataplane a pod has: the rules of Kuma's pod controller."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.platforms.universal.standin.errors import ApiError
from fixtures.platforms.universal.standin.resources.registry import parse_resource
from tests.unit.controlplane_zone import Cluster, pod, service

GATEWAY = {"kuma.io/gateway": "enabled"}


def tags(cluster: Cluster) -> list[dict[str, str]]:
    return [inbound["tags"] for inbound in cluster.dataplane()["networking"]["inbound"]]


def test_it_has_an_inbound_for_each_port_of_its_service_behind_the_pod_ip() -> None:
    found = Cluster().dataplane()
    assert (found["name"], found["mesh"]) == ("echo-6c9f-1.kong", "default")
    assert (found["networking"]["address"], found["networking"]["admin"]) == ("127.9.1.10", {"port": 9901})
    inbound = found["networking"]["inbound"][2]
    assert (inbound["port"], inbound["servicePort"], inbound["serviceAddress"]) == (1027, 1027, "127.9.101.10")
    assert inbound["tags"] == {
        "app": "echo",
        "pod-template-hash": "6c9f",
        "k8s.kuma.io/namespace": "kong",
        "k8s.kuma.io/service-name": "echo",
        "k8s.kuma.io/service-port": "1027",
        "kuma.io/service": "echo_kong_svc_1027",
        "kuma.io/protocol": "tcp",
    }


def test_the_control_plane_takes_what_is_made() -> None:
    cluster = Cluster(pods=[pod(), pod("kong-1", "127.9.1.9", **GATEWAY)])
    cluster.settle()
    for resource in cluster.world().resources():
        parse_resource(resource)


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ({"podIP": ""}, "no IP yet"),
        ({"phase": "Succeeded"}, "a Job's pod that is done"),
        ({"reason": "Evicted", "phase": "Failed"}, "evicted"),
    ],
)
def test_a_pod_that_is_not_there_has_none(status: dict[str, Any], reason: str) -> None:
    cluster = Cluster()
    cluster.pod["status"] |= status
    assert [r for r in cluster.world().resources() if r["type"] == "Dataplane"] == [], reason


@pytest.mark.parametrize(("injected", "has_one"), [("true", True), ("enabled", True), ("false", False), (None, False)])
def test_a_pod_has_one_if_admission_gave_it_a_sidecar(injected: str | None, has_one: bool) -> None:
    """Not by its namespace's label: pods that were there before the label have no sidecar."""
    cluster = Cluster()
    cluster.pod["metadata"]["annotations"] = {} if injected is None else {"kuma.io/sidecar-injected": injected}
    assert bool([r for r in cluster.world().resources() if r["type"] == "Dataplane"]) == has_one


def test_without_a_service_the_one_inbound_is_named_after_what_runs_the_pod() -> None:
    cluster = Cluster(services=[])
    (found,) = tags(cluster)
    assert (found["kuma.io/service"], found["kuma.io/instance"]) == ("echo_kong_svc", "echo-6c9f-1")


def test_a_pod_without_owner_is_named_after_itself() -> None:
    cluster = Cluster(services=[])
    del cluster.pod["metadata"]["ownerReferences"]
    assert tags(cluster)[0]["kuma.io/service"] == "echo-6c9f-1_kong_svc"


def test_ports_that_are_not_tcp_are_left_out() -> None:
    cluster = Cluster()
    cluster.port("udp")["protocol"] = "UDP"
    assert [port for port, _ in cluster.inbounds()] == [1025, 1027, 1030]


def test_an_external_name_and_a_service_of_another_namespace_or_without_selector_select_nothing() -> None:
    external = service("external", type="ExternalName", clusterIP="")
    elsewhere = service("elsewhere")
    elsewhere["metadata"]["namespace"] = "default"
    headless = service("none")
    del headless["spec"]["selector"]
    cluster = Cluster(services=[external, elsewhere, headless])
    assert cluster.inbounds() == [(49151, "Ready")]


def test_a_service_that_is_ignored_selects_nothing() -> None:
    cluster = Cluster()
    cluster.service["metadata"]["annotations"] = {"kuma.io/ignore": "true"}
    assert cluster.inbounds() == [(49151, "Ready")]


@pytest.mark.parametrize(
    ("app_protocol", "annotation", "protocol"),
    [
        (None, None, "tcp"),
        ("http", None, "http"),
        ("http", "grpc", "http"),
        ("kubernetes.io/h2c", "http2", "http2"),
        ("kubernetes.io/ws", None, "tcp"),
        (None, "HTTP", "http"),
    ],
)
def test_the_protocol_is_the_services_app_protocol(
    app_protocol: str | None, annotation: str | None, protocol: str
) -> None:
    cluster = Cluster()
    cluster.port("http")["appProtocol"] = app_protocol
    cluster.service["metadata"]["annotations"] = {"1027.service.kuma.io/protocol": annotation} if annotation else {}
    assert tags(cluster)[2]["kuma.io/protocol"] == protocol


def test_a_container_without_a_status_counts_as_ready() -> None:
    cluster = Cluster()
    cluster.pod["status"]["containerStatuses"] = []
    assert {state for _, state in cluster.inbounds()} == {"Ready"}


def test_a_sidecar_that_is_not_ready_counts_for_every_port() -> None:
    cluster = Cluster()
    cluster.pod["spec"]["containers"].append({"name": "kuma-sidecar"})
    cluster.pod["status"]["containerStatuses"].append({"name": "kuma-sidecar", "ready": False})
    assert {state for _, state in cluster.inbounds()} == {"NotReady"}


def test_named_ports_keep_their_name() -> None:
    cluster = Cluster()
    cluster.pod["spec"]["containers"][0]["ports"][2]["name"] = "http"
    cluster.port("http")["targetPort"] = "http"
    inbound = cluster.dataplane()["networking"]["inbound"][2]
    assert (inbound["port"], inbound["name"]) == (1027, "http")


def test_a_gateway_has_no_inbounds_and_an_outbound_for_each_port_of_each_service() -> None:
    multi = {
        "type": "MeshMultiZoneService",
        "name": "echo-a452",
        "mesh": "default",
        "labels": {"kuma.io/display-name": "echo"},
        "spec": {"ports": [{"port": 1027}]},
    }
    cluster = Cluster(pods=[pod("kong-1", "127.9.1.9", **GATEWAY), pod()], multi=(multi,))
    cluster.pods[0]["metadata"] |= {"labels": {"app": "kong"}, "ownerReferences": []}
    cluster.services += [
        service("echo-mmzs-service", type="ExternalName", clusterIP=""),
        service("headless", clusterIP="None"),
    ]
    cluster.settle()
    gateway = next(r for r in cluster.world().resources() if r["name"] == "kong-1.kong")["networking"]
    assert "inbound" not in gateway
    assert gateway["gateway"]["type"] == "DELEGATED"
    assert gateway["gateway"]["tags"]["kuma.io/service"] == "kong-1_kong_svc"
    found = [(o["address"], o["port"], o["backendRef"]["kind"]) for o in gateway["outbound"]]
    (vip,) = {address for address, _, kind in found if kind == "MeshMultiZoneService"}
    assert found == [
        *(("127.9.201.5", port, "MeshService") for port in (1025, 1026, 1027, 1030)),
        (vip, 1027, "MeshMultiZoneService"),
    ]
    assert gateway["outbound"][0]["backendRef"]["labels"] == {
        "kuma.io/display-name": "echo",
        "k8s.kuma.io/namespace": "kong",
        "kuma.io/zone": "zone1",
    }


def test_a_gateways_identity_is_its_services_and_its_protocol_tcp() -> None:
    cluster = Cluster(pods=[pod("kong-1", "127.9.1.9", **GATEWAY)])
    cluster.port("tcp")["appProtocol"] = "http"
    found = cluster.dataplane()["networking"]["gateway"]["tags"]
    assert (found["kuma.io/service"], found["kuma.io/protocol"]) == ("echo_kong_svc_1025", "tcp")


def test_what_the_control_plane_would_refuse_says_why() -> None:
    cluster = Cluster()
    cluster.port("http")["targetPort"] = 70000
    with pytest.raises(ApiError, match=r"networking\.inbound\[2\]\.port"):
        parse_resource(cluster.dataplane())
