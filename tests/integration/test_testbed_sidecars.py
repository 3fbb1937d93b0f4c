"""Pods with a sidecar in a whole test bed: Envoy before the container, and both of one life."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from kubernetes.client import CustomObjectsApi

from fixtures.platforms.kubernetes.testbed import bed
from fixtures.platforms.kubernetes.testbed.addresses import GLOBAL, container_address
from tests.integration.suite import MARK, Traces, until
from tests.integration.testbed_pods import Space, process_of, runs, space

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.platforms.kubernetes.testbed.clusters import Clusters

ADMIN_PORT = 9901
SIDECAR = "kuma-sidecar"
MESH = {
    "apiVersion": "kuma.io/v1alpha1",
    "kind": "Mesh",
    "metadata": {"name": "default"},
    "spec": {
        "meshServices": {"mode": "Exclusive"},
        "mtls": {"enabledBackend": "ca-1", "backends": [{"name": "ca-1", "type": "builtin"}]},
    },
}


@pytest.fixture(scope="module")
def clusters(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    """A test bed of one zone, with a mesh that is mTLS only."""
    logs = tmp_path_factory.mktemp("logs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, lasting_traces.value)
        patch.setattr(tempfile, "tempdir", str(lasting_traces.folder))
        running = bed.Testbed.start(("zone1",), logs, lambda _: None)
    try:
        with running.clusters.client(GLOBAL) as client:
            CustomObjectsApi(client).create_cluster_custom_object("kuma.io", "v1alpha1", "meshes", MESH)
        yield running.clusters
    finally:
        running.close()
    lasting_traces.assert_nothing_left()


@pytest.fixture
def node(clusters: Clusters) -> Iterator[Space]:
    """A namespace in which pods get a sidecar, with a Deployment of echo whose only pod is ready, and its Service."""
    with clusters.client("zone1") as client, space(client, **{"kuma.io/sidecar-injection": "enabled"}) as own:
        ports = [{"name": "http", "port": 1027, "targetPort": 1027, "appProtocol": "http"}]
        service = {"metadata": {"name": "echo"}, "spec": {"selector": {"app": "echo"}, "ports": ports}}
        own.core.create_namespaced_service(own.namespace, service)
        own.deploy()
        until(lambda: own.ready(1))
        yield own


def statuses(pod: Any) -> dict[str, Any]:
    return {status.name: status for status in pod.status.container_statuses}


def test_a_pod_of_the_mesh_is_ready_with_its_sidecar(node: Space) -> None:
    pod = node.pod()
    assert {name: status.ready for name, status in statuses(pod).items()} == {"echo": True, SIDECAR: True}
    assert [container.name for container in pod.spec.containers] == ["echo", SIDECAR]
    assert pod.metadata.annotations["kuma.io/sidecar-injected"] == "true"


def test_the_sidecar_lets_nobody_in_without_a_certificate_and_the_container_is_behind_it(node: Space) -> None:
    ip = node.pod().status.pod_ip
    answer = httpx.get(f"http://{container_address(ip)}:1027/echo", trust_env=False)
    assert answer.text.endswith(f"With IP address {ip}.\n")

    def refused() -> bool:
        try:
            httpx.get(f"http://{ip}:1027/echo", trust_env=False)
        except httpx.ConnectError:
            return False  # Envoy has no listener yet
        except httpx.TransportError:
            return True
        pytest.fail("Envoy answered a stranger")

    until(refused)


def test_a_sidecar_that_is_killed_is_started_again_with_a_new_envoy_and_the_workload_goes_on(node: Space) -> None:
    before = node.pod()
    workload, sidecar = process_of(before), process_of(before, SIDECAR)
    (proxy,) = sidecar.children()
    sidecar.kill()
    until(lambda: not runs(proxy))
    until(lambda: statuses(node.pod())[SIDECAR].restart_count == 1)
    until(lambda: node.ready(1) and statuses(node.pod())[SIDECAR].ready)
    after = node.pod()
    assert process_of(after, SIDECAR).children() != [proxy]
    assert process_of(after) == workload


def test_a_pod_that_is_deleted_drains_and_leaves_no_process(node: Space) -> None:
    pod = node.pod()
    sidecar = process_of(pod, SIDECAR)
    processes = [process_of(pod), sidecar, *sidecar.children()]
    assert len(processes) == 3
    node.delete_pod(pod.metadata.name)
    until(lambda: pod.metadata.name not in {found.metadata.name for found in node.pods()})
    assert not any(map(runs, processes))


def test_a_zone_proxy_is_the_only_container_of_its_pod(clusters: Clusters) -> None:
    with clusters.client("zone1") as client:
        every = Space(client, "kuma-system").pods()
    pods = [pod for pod in every if pod.metadata.labels["app"] != "kuma-control-plane"]
    found = {name: status.ready for pod in pods for name, status in statuses(pod).items()}
    assert found == {"ingress": True, "egress": True}
    for pod in pods:
        (name,) = statuses(pod)
        (proxy,) = process_of(pod, name).children()
        assert (pod.status.pod_ip, ADMIN_PORT) in {c.laddr for c in proxy.net_connections("tcp")}


def test_a_zone_that_is_killed_comes_back_with_the_same_pods_and_ips(node: Space, clusters: Clusters) -> None:
    before = node.pod()
    clusters.stop("zone1")
    clusters.start("zone1")
    until(lambda: statuses(node.pod())[SIDECAR].restart_count == 1 and node.ready(1), limit_s=60)
    after = node.pod()
    assert (after.metadata.uid, after.status.pod_ip) == (before.metadata.uid, before.status.pod_ip)
    until(lambda: answers(f"http://{container_address(after.status.pod_ip)}:1027/echo"), limit_s=60)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).is_success
    except httpx.TransportError:  # its container starts a moment after its sidecar
        return False
