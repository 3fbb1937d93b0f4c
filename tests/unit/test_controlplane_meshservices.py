"""Which Services become MeshServices, and what the zone proxies and VIPs are."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.platforms.kubernetes.testbed.controlplane.showing import covers
from fixtures.platforms.kubernetes.testbed.controlplane.vips import allocate
from tests.unit.controlplane_zone import POOL, Cluster, mesh_service, namespace, pod, service


def names(cluster: Cluster) -> list[str]:
    return [document["metadata"]["name"] for document in cluster.world().mesh_services()]


def test_a_service_of_the_mesh_becomes_one_that_it_owns() -> None:
    (found,) = Cluster().world().mesh_services()
    metadata = found["metadata"]
    assert (metadata["name"], metadata["namespace"]) == ("echo", "kong")
    assert metadata["ownerReferences"] == [{"apiVersion": "v1", "kind": "Service", "name": "echo", "uid": "svc-echo"}]
    assert metadata["labels"]["kuma.io/display-name"] == "echo"
    assert found["spec"]["selector"] == {"dataplaneTags": {"app": "echo", "k8s.kuma.io/namespace": "kong"}}
    assert found["spec"]["ports"][2] == {"name": "http", "port": 1027, "targetPort": 1027, "appProtocol": "tcp"}
    assert found["status"] == {"vips": [{"ip": "127.9.201.5"}]}


@pytest.mark.parametrize("spec", [{"type": "ExternalName", "clusterIP": ""}, {"clusterIP": "None"}])
def test_external_names_and_headless_services_become_none(spec: dict[str, str]) -> None:
    assert names(Cluster(services=[service(**spec)])) == []


@pytest.mark.parametrize("annotation", ["kuma.io/ignore", "kuma.io/gateway"])
def test_what_says_that_it_is_none_becomes_none(annotation: str) -> None:
    cluster = Cluster()
    cluster.service["metadata"]["annotations"] = {annotation: "enabled"}
    assert names(cluster) == []


def test_a_gateways_service_becomes_none() -> None:
    assert names(Cluster(pods=[pod(**{"kuma.io/gateway": "enabled"})])) == []


def test_outside_the_mesh_a_service_becomes_one_only_by_its_own_label() -> None:
    cluster = Cluster(namespaces=[namespace("kong", other="label")])
    assert names(cluster) == []
    cluster.service["metadata"]["labels"]["kuma.io/mesh"] = "default"
    assert names(cluster) == ["echo"]


def test_in_a_mesh_that_the_cluster_does_not_know_a_service_becomes_none() -> None:
    cluster = Cluster()
    cluster.service["metadata"]["labels"]["kuma.io/mesh"] = "another"
    assert names(cluster) == []


def test_one_that_is_no_longer_wanted_goes_though_its_service_stays() -> None:
    cluster = Cluster()
    cluster.settle()
    (document,) = cluster.mesh_services
    cluster.namespaces = [namespace("kong", other="label")]
    assert cluster.world().mesh_services() == []
    assert cluster.world().is_unwanted(document)


def test_a_service_that_was_made_again_waits_until_the_former_ones_is_collected() -> None:
    cluster = Cluster()
    cluster.settle()
    cluster.service["metadata"]["uid"] = "svc-again"
    assert names(cluster) == []
    cluster.mesh_services = []
    assert names(cluster) == ["echo"]


def test_those_of_other_zones_are_shown_in_the_system_namespace() -> None:
    labels = {"kuma.io/display-name": "echo", "kuma.io/zone": "zone2"}
    remote = {"type": "MeshService", "mesh": "default", "name": "echo-hash", "labels": labels, "spec": {"ports": []}}
    (found,) = Cluster(known=(remote,)).world().others()
    assert (found["metadata"]["name"], found["metadata"]["namespace"]) == ("echo-hash", "kuma-system")
    assert Cluster(zone="zone2", known=(remote,)).world().others() == []


@pytest.mark.parametrize("synced", [True, False])
def test_those_of_other_zones_go_only_when_global_says_so(synced: bool) -> None:
    remote = {"metadata": {"name": "echo-hash", "namespace": "kuma-system", "uid": "u", "labels": {}}, "spec": {}}
    assert Cluster(synced=synced).world().is_unwanted(remote) == synced


def test_those_of_other_zones_are_not_told_to_the_control_plane_again() -> None:
    cluster = Cluster()
    cluster.settle()
    (own,) = cluster.mesh_services
    labels = {**own["metadata"]["labels"], "kuma.io/zone": "zone2"}
    metadata = {"name": "echo-hash", "namespace": "kuma-system", "uid": "u", "labels": labels}
    cluster.mesh_services.append({**own, "metadata": metadata})
    assert [r["name"] for r in cluster.world().resources() if r["type"] == "MeshService"] == ["echo.kong"]


def test_the_control_plane_calls_it_by_name_and_namespace_and_knows_the_name_alone() -> None:
    store = Cluster().store()
    assert mesh_service(store)
    (entry,) = [e for e in store.entries() if e.key.type == "MeshService"]
    assert (entry.name, entry.display_name, entry.namespace) == ("echo.kong", "echo", "kong")
    assert entry.labels["kuma.io/env"] == "kubernetes"


def test_a_zone_proxy_is_advertised_at_its_pod_ip_or_as_annotations_say() -> None:
    ingress, egress = pod("ingress", "127.9.1.20"), pod("egress", "127.9.1.21", **{"kuma.io/egress": "enabled"})
    for document in (ingress, egress):
        document["metadata"]["namespace"] = "kuma-system"
    ingress["metadata"]["annotations"] |= {"kuma.io/ingress": "enabled"}
    cluster = Cluster(pods=[ingress, egress], services=[], namespaces=[namespace("kuma-system")])
    (one, two) = cluster.world().resources()
    assert (one["type"], one["name"], two["type"]) == ("ZoneIngress", "ingress.kuma-system", "ZoneEgress")
    assert (one["networking"]["advertisedAddress"], one["networking"]["advertisedPort"]) == ("127.9.1.20", 10001)
    ingress["metadata"]["annotations"] |= {
        "kuma.io/ingress-public-address": "127.9.7.7",
        "kuma.io/ingress-public-port": "443",
    }
    (one, _) = cluster.world().resources()
    assert (one["networking"]["advertisedAddress"], one["networking"]["advertisedPort"]) == ("127.9.7.7", 443)


def test_a_zone_proxy_elsewhere_than_in_the_system_namespace_is_none() -> None:
    cluster = Cluster(pods=[pod(**{"kuma.io/ingress": "enabled"})], namespaces=[], services=[])
    assert cluster.world().resources() == []


@given(st.sets(st.from_regex(r"[a-z][a-z0-9-]{0,20}", fullmatch=True), max_size=128))
def test_each_name_has_an_address_of_the_pool_of_its_own(given_names: set[str]) -> None:
    found = allocate(given_names, POOL)
    assert found.keys() == given_names
    assert len(set(found.values())) == len(found)
    assert all(IPv4Address(address) in POOL for address in found.values())


def test_a_name_keeps_its_address_whatever_other_names_there_are() -> None:
    assert allocate(["echo"], POOL)["echo"] == allocate(["echo", "web"], POOL)["echo"]


def test_more_names_than_addresses_are_an_error() -> None:
    with pytest.raises(ValueError, match=r"127\.9\.201\.0/31 has no address left"):
        allocate(["a", "b", "c"], IPv4Network("127.9.201.0/31"))


@pytest.mark.parametrize(
    ("there", "wanted", "is_covered"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({}, {"a": None}, False),
        ({"a": [{"x": 1, "y": 2}]}, {"a": [{"x": 1}]}, True),
        ({"a": [{"x": 1}, {"x": 2}]}, {"a": [{"x": 1}]}, False),
        ({"a": "text"}, {"a": {"x": 1}}, False),
    ],
)
def test_an_object_that_has_all_that_is_wanted_is_left_alone(there: object, wanted: object, is_covered: bool) -> None:
    assert covers(there, wanted) == is_covered
