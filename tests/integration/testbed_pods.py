"""Pods of the test bed as its tests see them: through the API server, and as processes of this machine."""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx
import psutil
from kubernetes.client import AppsV1Api, CoreV1Api

from fixtures.local.addresses import Endpoint
from fixtures.local.network import accepts
from tests.integration.suite import until

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTS = (1025, 1026, 1027, 1030)
FIELDS = {
    "NODE_NAME": "spec.nodeName",
    "POD_NAME": "metadata.name",
    "POD_NAMESPACE": "metadata.namespace",
    "POD_IP": "status.podIP",
}


@dataclass
class Space:
    """A namespace of the test's own."""

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


@contextlib.contextmanager
def space(client: Any, **labels: str) -> Iterator[Space]:
    """A new namespace with these labels; its pods are ended at the end."""
    own = Space(client, f"n-{uuid.uuid4().hex[:8]}")
    own.core.create_namespace({"metadata": {"name": own.namespace, "labels": labels}})
    account = {"field_selector": "metadata.name=default"}
    until(lambda: own.core.list_namespaced_service_account(own.namespace, **account).items)  # pods are refused before
    yield own
    own.apps.delete_collection_namespaced_deployment(own.namespace)
    until(lambda: not own.pods())


def text_of(pod: Any, port: int = 1027) -> str:
    """What the pod's process answers at the pod's IP, having no sidecar, once it listens: it may be ready before."""
    until(lambda: accepts(Endpoint(pod.status.pod_ip, port)))
    return httpx.get(f"http://{pod.status.pod_ip}:{port}/echo", trust_env=False).text


def answers(pod: Any) -> bool:
    with contextlib.suppress(httpx.ConnectError):
        return bool(text_of(pod))
    return False


def process_of(pod: Any, container: str = "echo") -> psutil.Process:
    """A container's process: the agent gives its id as the container's."""
    (identity,) = (status.container_id for status in pod.status.container_statuses if status.name == container)
    return psutil.Process(int(identity.removeprefix("process://")))


def runs(process: psutil.Process) -> bool:
    """Whether it has not ended; one that nobody has waited for yet has."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False
