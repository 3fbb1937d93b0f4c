"""The node agent on a real API server: Deployments become processes that answer, and cease to."""

from __future__ import annotations

import contextlib
import signal
import sys
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import envoy
import httpx
import psutil
import pytest
from kubernetes.client import AppsV1Api, CoreV1Api

from fixtures.local.processes import ProcessSpec, Role
from tests.integration.suite import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.platforms.kubernetes.testbed.clusters import Clusters

AGENT = "zone1-agent"
PORTS = (1025, 1026, 1027, 1030)
FIELDS = {
    "NODE_NAME": "spec.nodeName",
    "POD_NAME": "metadata.name",
    "POD_NAMESPACE": "metadata.namespace",
    "POD_IP": "status.podIP",
}


@dataclass
class Node:
    """The agent, and a namespace of the test's own."""

    clusters: Clusters
    client: Any
    namespace: str

    @property
    def core(self) -> Any:
        return CoreV1Api(self.client)

    @property
    def apps(self) -> Any:
        return AppsV1Api(self.client)

    def deploy(self, replicas: int = 1, image: str = "kong/go-echo:latest", **container: Any) -> None:
        """A Deployment like the walkthrough's."""
        env = [{"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}} for name, path in FIELDS.items()]
        echo = {"name": "echo", "image": image, "ports": [{"containerPort": port} for port in PORTS], "env": env}
        labels = {"app": "echo"}
        body = {
            "metadata": {"name": "echo"},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [{**echo, **container}]}},
            },
        }
        self.apps.create_namespaced_deployment(self.namespace, body)

    def pods(self) -> list[Any]:
        return list(self.core.list_namespaced_pod(self.namespace).items)

    def pod(self) -> Any:
        (one,) = self.pods()
        return one

    def ready(self, number: int) -> bool:
        deployment = self.apps.read_namespaced_deployment("echo", self.namespace)
        return bool(deployment.status.ready_replicas == number)

    def state(self) -> Any:
        """The only container's, once there is a status."""
        pods = self.pods()
        statuses = pods[0].status.container_statuses if pods else None
        return statuses[0] if statuses else None

    def delete_pod(self, name: str, **options: Any) -> None:
        self.core.delete_namespaced_pod(name, self.namespace, **options)

    def start_agent(self) -> None:
        clusters = self.clusters
        options = {
            "kubeconfig": clusters.kubeconfig,
            "context": "zone1",
            "node": "mesh-zone1",
            "zone-number": 1,
            "block": clusters.block,
            "control-plane": clusters.cluster("zone1").addresses.control_plane.url,
            "envoy": Path(envoy.__file__).parent / "_bin" / "envoy",
            "folder": clusters.folder / "zone1" / "pods",
        }
        flags = (f"--{name}={value}" for name, value in options.items())
        argv = (sys.executable, "-m", "fixtures.platforms.kubernetes.testbed.agent", *flags)
        clusters.keeping.start_processes([ProcessSpec(AGENT, Role.NODE_AGENT, "zone1", argv)])


def text_of(pod: Any, port: int = 1027) -> str:
    """What the pod's process answers; it listens at the pod's IP, having no sidecar."""
    return httpx.get(f"http://{pod.status.pod_ip}:{port}/echo", trust_env=False).text


def answers(pod: Any) -> bool:
    with contextlib.suppress(httpx.ConnectError):
        return bool(text_of(pod))
    return False


def process_of(pod: Any) -> psutil.Process:
    (status,) = pod.status.container_statuses
    return psutil.Process(int(status.container_id.removeprefix("process://")))


def runs(process: psutil.Process) -> bool:
    """Whether it has not ended; one that nobody has waited for yet has."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


@pytest.fixture(scope="module")
def agent(one_cluster: Clusters) -> Iterator[Node]:
    with one_cluster.client("zone1") as client:
        node = Node(one_cluster, client, "default")
        node.start_agent()
        yield node


@pytest.fixture
def node(agent: Node) -> Iterator[Node]:
    own = Node(agent.clusters, agent.client, f"n-{uuid.uuid4().hex[:8]}")
    own.core.create_namespace({"metadata": {"name": own.namespace}})
    account = {"field_selector": "metadata.name=default"}
    until(lambda: own.core.list_namespaced_service_account(own.namespace, **account).items)  # pods are refused before
    yield own
    own.apps.delete_collection_namespaced_deployment(own.namespace)
    until(lambda: not own.pods())


def test_the_node_is_registered(node: Node) -> None:
    def ready() -> bool:
        nodes = node.core.list_node(field_selector="metadata.name=mesh-zone1").items
        return [(c.type, c.status) for found in nodes for c in found.status.conditions] == [("Ready", "True")]

    until(ready)


def test_a_deployment_becomes_processes_that_answer_as_go_echo(node: Node) -> None:
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


def test_a_deployment_that_is_deleted_leaves_no_pod_and_no_process(node: Node) -> None:
    node.deploy(replicas=2)
    until(lambda: node.ready(2))
    processes = [process_of(pod) for pod in node.pods()]
    node.apps.delete_namespaced_deployment("echo", node.namespace)
    until(lambda: not node.pods())
    assert not any(map(runs, processes))


def test_a_pod_that_is_deleted_is_replaced(node: Node) -> None:
    node.deploy()
    until(lambda: node.ready(1))
    old, process = node.pod(), process_of(node.pod())
    node.delete_pod(old.metadata.name)
    until(lambda: old.metadata.name not in {pod.metadata.name for pod in node.pods()})
    assert not runs(process)
    until(lambda: node.ready(1))
    assert node.pod().status.pod_ip != old.status.pod_ip


def test_a_pod_that_is_removed_by_force_ends_all_the_same(node: Node) -> None:
    node.deploy()
    until(lambda: node.ready(1))
    old = node.pod()
    process = process_of(old)
    node.delete_pod(old.metadata.name, grace_period_seconds=0)
    until(lambda: not runs(process))


def test_a_probe_that_fails_keeps_a_running_pod_unready(node: Node) -> None:
    node.deploy(readinessProbe={"tcpSocket": {"port": 9999}, "periodSeconds": 1})
    until(lambda: node.state() and node.state().state.running)
    until(lambda: answers(node.pod()))
    assert not node.state().ready
    (reason,) = (condition.reason for condition in node.pod().status.conditions if condition.type == "Ready")
    assert reason == "ContainersNotReady"


def test_a_probe_that_succeeds_makes_the_pod_ready(node: Node) -> None:
    node.deploy(readinessProbe={"httpGet": {"port": 1027, "path": "/ready"}, "periodSeconds": 1})
    until(lambda: node.ready(1))


def test_a_container_that_crashes_is_started_again_under_the_same_ip(node: Node) -> None:
    node.deploy()
    until(lambda: node.ready(1))
    before = node.pod()
    process_of(before).send_signal(signal.SIGSEGV)
    until(lambda: node.state().restart_count == 1 and node.state().ready)
    assert node.state().last_state.terminated.exit_code == 128 + signal.SIGSEGV
    assert node.pod().status.pod_ip == before.status.pod_ip
    assert before.metadata.name in text_of(node.pod())


def test_an_image_that_nobody_knows_shows_in_the_pods_status(node: Node) -> None:
    node.deploy(image="acme/shop:1.0")
    until(lambda: node.state() and node.state().state.waiting.reason == "ImagePullBackOff")
    assert "acme/shop:1.0" in node.state().state.waiting.message
    assert node.pod().status.phase == "Pending"


def test_pods_go_on_while_the_api_server_is_away_and_are_followed_when_it_is_back(node: Node) -> None:
    node.deploy()
    until(lambda: node.ready(1))
    pod, process = node.pod(), process_of(node.pod())
    cluster = node.clusters.cluster("zone1")
    node.clusters.keeping.signal([cluster.api_name], signal.SIGKILL)
    assert pod.metadata.name in text_of(pod)
    process.kill()  # what happens meanwhile is written when the API server is back
    node.clusters.start_api(cluster)
    until(lambda: node.state().restart_count == 1 and node.state().ready)
    node.apps.patch_namespaced_deployment("echo", node.namespace, {"spec": {"replicas": 2}})
    until(lambda: node.ready(2))
    assert pod.metadata.uid in {found.metadata.uid for found in node.pods()}


def test_pods_die_with_the_agent_and_the_next_one_takes_them_up_under_the_same_ips(node: Node) -> None:
    node.deploy(replicas=2)
    until(lambda: node.ready(2))
    before = {pod.metadata.uid: pod.status.pod_ip for pod in node.pods()}
    processes = [process_of(pod) for pod in node.pods()]
    node.clusters.keeping.signal([AGENT], signal.SIGKILL)
    until(lambda: not any(map(runs, processes)))
    node.start_agent()
    until(lambda: [pod.status.container_statuses[0].restart_count for pod in node.pods()] == [1, 1])
    until(lambda: node.ready(2))
    assert {pod.metadata.uid: pod.status.pod_ip for pod in node.pods()} == before
    assert {text_of(pod).splitlines()[-1] for pod in node.pods()} == {
        f"With IP address {ip}." for ip in before.values()
    }


def test_a_pod_that_was_deleted_while_no_agent_ran_is_removed(node: Node) -> None:
    node.deploy()
    until(lambda: node.ready(1))
    old = node.pod().metadata.name
    node.clusters.keeping.signal([AGENT], signal.SIGKILL)
    node.delete_pod(old)
    node.start_agent()
    until(lambda: old not in {pod.metadata.name for pod in node.pods()})
    until(lambda: node.ready(1))
