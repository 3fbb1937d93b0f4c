"""What each fault does on Kubernetes: the table of the reference, from the cluster's objects to a client's endpoints.

Every test asks twice: what a gateway in the faulty zone is told, and what one in the other zone is told of it.
"""

from __future__ import annotations

import pytest

from tests.unit.controlplane_zone import Cluster, mesh_service, pod, seen_from, service

HOME = ("zone1", 0, "127.9.1.10", 1027)
AWAY = ("zone2", 1, "127.9.2.40", 10001)
FROM_ZONE2 = ("zone1", 1, "127.9.1.40", 10001)
ZONE2_HOME = ("zone2", 0, "127.9.2.10", 1027)


@pytest.fixture
def one() -> Cluster:
    """The zone with the fault."""
    return Cluster("zone1")


def other() -> Cluster:
    return Cluster("zone2", pods=[pod(ip="127.9.2.10")])


def test_a_healthy_zone_is_used_at_home_first_and_from_other_zones_as_a_fallback(one: Cluster) -> None:
    assert seen_from(one, other()) == [HOME, AWAY]
    assert seen_from(other(), one) == [ZONE2_HOME, FROM_ZONE2]


def test_deleting_the_deployment_a_terminating_pod_is_not_ready_and_the_other_zone_answers(one: Cluster) -> None:
    one.pod["metadata"]["deletionTimestamp"] = "2026-11-24T10:00:00Z"
    assert {state for _, state in one.inbounds()} == {"NotReady"}
    assert seen_from(one, other()) == [AWAY]
    assert seen_from(other(), one) == [ZONE2_HOME]


def test_deleting_the_deployment_once_the_pod_is_gone_nothing_is_left_of_it(one: Cluster) -> None:
    one.pods.clear()
    assert [r["type"] for r in one.world().resources()] == []
    assert seen_from(one, other()) == [AWAY]
    assert seen_from(other(), one) == [ZONE2_HOME]


def test_deleting_the_service_the_pod_is_serviceless_at_once(one: Cluster) -> None:
    one.settle()  # the MeshService is collected a moment later
    one.services.clear()
    assert one.inbounds() == [(49151, "Ready")]
    assert seen_from(one, other()) == [AWAY]
    assert seen_from(other(), one) == [ZONE2_HOME]


def test_deleting_the_service_its_mesh_service_is_left_to_garbage_collection(one: Cluster) -> None:
    one.settle()
    (document,) = one.mesh_services
    one.services.clear()
    assert one.world().mesh_services() == []
    assert not one.world().is_unwanted(document)
    one.mesh_services.clear()
    assert [r["type"] for r in one.world().resources()] == ["Dataplane"]


def test_a_numeric_target_port_where_nothing_listens_stays_ready_and_at_priority_0(one: Cluster) -> None:
    """The page says that the mesh reroutes: it does not."""
    one.port("http")["targetPort"] = 9999
    assert (9999, "Ready") in one.inbounds()
    assert seen_from(one, other()) == [("zone1", 0, "127.9.1.10", 9999), AWAY]
    assert seen_from(other(), one) == [ZONE2_HOME, FROM_ZONE2]


def test_a_named_target_port_that_the_pod_does_not_have_is_skipped(one: Cluster) -> None:
    one.port("http")["targetPort"] = "nosuch"
    assert one.inbounds() == [(1025, "Ready"), (1026, "Ready"), (1030, "Ready")]
    assert seen_from(one, other()) == [AWAY]


def test_one_broken_named_port_hides_the_whole_service_from_other_zones(one: Cluster) -> None:
    one.port("tls")["targetPort"] = "nosuch"
    assert seen_from(one, other()) == [HOME, AWAY]
    assert seen_from(other(), one) == [ZONE2_HOME]
    found = mesh_service(one.store())
    assert found
    assert (found.spec.state, found.status.dataplane_proxies.total) == ("Unavailable", 1)


def test_another_service_port_is_not_the_one_that_the_multi_zone_service_asks_for(one: Cluster) -> None:
    one.port("http")["port"] = 1028
    assert seen_from(one, other()) == [AWAY]
    assert seen_from(other(), one) == [ZONE2_HOME]
    found = mesh_service(one.store())
    assert found
    assert found.spec.state == "Available"


def test_a_wrong_selector_leaves_no_local_endpoint(one: Cluster) -> None:
    one.service["spec"]["selector"] = {"app": "wrong"}
    assert one.inbounds() == [(49151, "Ready")]
    assert seen_from(one, other()) == [AWAY]
    assert seen_from(other(), one) == [ZONE2_HOME]


def test_a_failing_readiness_probe_takes_the_endpoint_away(one: Cluster) -> None:
    """The remedy for a wrong port: but only where the container itself has that port."""
    one.pod["status"]["containerStatuses"][0]["ready"] = False
    assert {state for _, state in one.inbounds()} == {"NotReady"}
    assert seen_from(one, other()) == [AWAY]


def test_a_readiness_probe_says_nothing_of_a_number_that_no_container_has(one: Cluster) -> None:
    one.pod["status"]["containerStatuses"][0]["ready"] = False
    one.port("http")["targetPort"] = 9999
    assert (9999, "Ready") in one.inbounds()


def test_a_service_port_may_have_another_number_than_its_target(one: Cluster) -> None:
    one.pod["spec"]["containers"][0]["ports"][2] = {"containerPort": 8080, "name": "web"}
    one.port("http")["targetPort"] = "web"
    assert seen_from(one, other()) == [("zone1", 0, "127.9.1.10", 8080), AWAY]


def test_every_ready_replica_is_an_endpoint(one: Cluster) -> None:
    one.pods.append(pod("echo-6c9f-2", "127.9.1.11"))
    one.pods.append(pod("echo-6c9f-3", "127.9.1.12"))
    one.pods[2]["metadata"]["deletionTimestamp"] = "2026-11-24T10:00:00Z"
    assert seen_from(one, other()) == [HOME, ("zone1", 0, "127.9.1.11", 1027), AWAY]
    found = mesh_service(one.store())
    assert found
    assert (found.status.dataplane_proxies.healthy, found.status.dataplane_proxies.total) == (2, 3)


def test_two_services_of_one_pod_lead_to_the_same_inbound(one: Cluster) -> None:
    one.services.append(service("echo-again"))
    assert len(one.inbounds()) == 8
    assert seen_from(one, other()) == [HOME, AWAY]
