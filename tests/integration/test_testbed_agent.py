"""The node agent on a real API server: Deployments become processes that answer, and cease to."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.local.envoy import find_envoy
from fixtures.local.processes import ProcessSpec, Role
from tests.integration.suite import until
from tests.integration.testbed_pods import PORTS, Space, answers, process_of, runs, space, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.platforms.kubernetes.testbed.clusters import Clusters

AGENT = "zone1-agent"


def start_agent(clusters: Clusters) -> None:
    options = {
        "kubeconfig": clusters.kubeconfig,
        "context": "zone1",
        "node": "mesh-zone1",
        "zone-number": 1,
        "block": clusters.block,
        "control-plane": clusters.cluster("zone1").addresses.control_plane.url,
        "envoy": find_envoy(None).path,
        "folder": clusters.folder / "zone1" / "pods",
    }
    flags = (f"--{name}={value}" for name, value in options.items())
    argv = (sys.executable, "-m", "fixtures.platforms.kubernetes.testbed.agent", *flags)
    clusters.keeping.start_processes([ProcessSpec(AGENT, Role.NODE_AGENT, "zone1", argv)])


@pytest.fixture(scope="module")
def client(one_cluster: Clusters) -> Iterator[Any]:
    """The API server of a cluster whose pods the agent runs."""
    with one_cluster.client("zone1") as client:
        start_agent(one_cluster)
        yield client


@pytest.fixture
def node(client: Any) -> Iterator[Space]:
    with space(client) as own:
        yield own


def test_the_node_is_registered(node: Space) -> None:
    def ready() -> bool:
        nodes = node.core.list_node(field_selector="metadata.name=mesh-zone1").items
        return [(c.type, c.status) for found in nodes for c in found.status.conditions] == [("Ready", "True")]

    until(ready)


def test_a_deployment_becomes_processes_that_answer_as_go_echo(node: Space) -> None:
    node.deploy(replicas=2)
    until(lambda: node.ready(2))
    pods = node.pods()
    assert len({pod.status.pod_ip for pod in pods}) == 2
    for pod in pods:
        assert pod.status.phase == "Running"
        assert text_of(pod).splitlines() == [
            "Welcome, you are connected to node mesh-zone1.",
            f"Running on Pod {pod.metadata.name}.",
            f"In namespace {node.namespace}.",
            f"With IP address {pod.status.pod_ip}.",
        ]
        assert len({text_of(pod, port) for port in PORTS}) == 1


def test_a_deployment_that_is_deleted_leaves_no_pod_and_no_process(node: Space) -> None:
    node.deploy(replicas=2)
    until(lambda: node.ready(2))
    processes = [process_of(pod) for pod in node.pods()]
    node.apps.delete_namespaced_deployment("echo", node.namespace)
    until(lambda: not node.pods())
    assert not any(map(runs, processes))


def test_a_pod_that_is_deleted_is_replaced(node: Space) -> None:
    node.deploy()
    until(lambda: node.ready(1))
    old, process = node.pod(), process_of(node.pod())
    node.delete_pod(old.metadata.name)
    until(lambda: old.metadata.name not in {pod.metadata.name for pod in node.pods()})
    assert not runs(process)
    until(lambda: node.ready(1))
    assert node.pod().status.pod_ip != old.status.pod_ip


def test_a_pod_that_is_removed_by_force_ends_all_the_same(node: Space) -> None:
    node.deploy()
    until(lambda: node.ready(1))
    old = node.pod()
    process = process_of(old)
    node.delete_pod(old.metadata.name, grace_period_seconds=0)
    until(lambda: not runs(process))


def test_a_probe_that_fails_keeps_a_running_pod_unready(node: Space) -> None:
    node.deploy(readinessProbe={"tcpSocket": {"port": 9999}, "periodSeconds": 1})
    until(lambda: node.state() and node.state().state.running)
    until(lambda: answers(node.pod()))
    assert not node.state().ready
    (reason,) = (condition.reason for condition in node.pod().status.conditions if condition.type == "Ready")
    assert reason == "ContainersNotReady"


def test_a_probe_that_succeeds_makes_the_pod_ready(node: Space) -> None:
    node.deploy(readinessProbe={"httpGet": {"port": 1027, "path": "/ready"}, "periodSeconds": 1})
    until(lambda: node.ready(1))


def test_a_container_that_crashes_is_started_again_under_the_same_ip(node: Space) -> None:
    node.deploy()
    until(lambda: node.ready(1))
    before = node.pod()
    process_of(before).send_signal(signal.SIGSEGV)
    until(lambda: node.state().restart_count == 1 and node.state().ready)
    assert node.state().last_state.terminated.exit_code == 128 + signal.SIGSEGV
    assert node.pod().status.pod_ip == before.status.pod_ip
    assert before.metadata.name in text_of(node.pod())


def test_an_image_that_nobody_knows_shows_in_the_pods_status(node: Space) -> None:
    node.deploy(image="acme/shop:1.0")
    until(lambda: node.state() and node.state().state.waiting.reason == "ImagePullBackOff")
    assert "acme/shop:1.0" in node.state().state.waiting.message
    assert node.pod().status.phase == "Pending"


def test_pods_go_on_while_the_api_server_is_away_and_are_followed_later(node: Space, one_cluster: Clusters) -> None:
    node.deploy()
    until(lambda: node.ready(1))
    pod, process = node.pod(), process_of(node.pod())
    cluster = one_cluster.cluster("zone1")
    one_cluster.keeping.signal([cluster.api_name], signal.SIGKILL)
    assert pod.metadata.name in text_of(pod)
    process.kill()  # what happens meanwhile is written when the API server is back
    one_cluster.start_api(cluster)
    until(lambda: node.state().restart_count == 1 and node.state().ready)
    node.apps.patch_namespaced_deployment("echo", node.namespace, {"spec": {"replicas": 2}})
    until(lambda: node.ready(2))
    assert pod.metadata.uid in {found.metadata.uid for found in node.pods()}


def test_pods_die_with_the_agent_and_the_next_one_takes_them_up_again(node: Space, one_cluster: Clusters) -> None:
    node.deploy(replicas=2)
    until(lambda: node.ready(2))
    before = {pod.metadata.uid: pod.status.pod_ip for pod in node.pods()}
    processes = [process_of(pod) for pod in node.pods()]
    one_cluster.keeping.signal([AGENT], signal.SIGKILL)
    until(lambda: not any(map(runs, processes)))
    start_agent(one_cluster)
    until(lambda: [pod.status.container_statuses[0].restart_count for pod in node.pods()] == [1, 1])
    until(lambda: node.ready(2))
    assert {pod.metadata.uid: pod.status.pod_ip for pod in node.pods()} == before
    assert {text_of(pod).splitlines()[-1] for pod in node.pods()} == {
        f"With IP address {ip}." for ip in before.values()
    }


def test_a_pod_that_was_deleted_while_no_agent_ran_is_removed(node: Space, one_cluster: Clusters) -> None:
    node.deploy()
    until(lambda: node.ready(1))
    old = node.pod().metadata.name
    one_cluster.keeping.signal([AGENT], signal.SIGKILL)
    node.delete_pod(old)
    start_agent(one_cluster)
    until(lambda: old not in {pod.metadata.name for pod in node.pods()})
    until(lambda: node.ready(1))
