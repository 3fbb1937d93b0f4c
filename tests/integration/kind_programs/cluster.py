"""What charts bring to a cluster, done to a real API server; and what a kubelet says of their pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chaos.clock import MonotonicClock, poll
from fixtures.platforms.kubernetes.cluster import Cluster, connect
from fixtures.platforms.kubernetes.kinds import (
    CUSTOM_RESOURCE_DEFINITION,
    DEPLOYMENT,
    GATEWAY,
    GATEWAY_CLASS,
    GATEWAY_CONFIGURATION,
    HTTP_ROUTE,
    NAMESPACE,
    NODE,
    POD,
    SERVICE,
    ObjectKind,
)

if TYPE_CHECKING:
    from pathlib import Path

_DAEMON_SET = ObjectKind("apps/v1", "DaemonSet")
_POOL = ObjectKind("metallb.io/v1beta1", "IPAddressPool")
_ADVERTISEMENT = ObjectKind("metallb.io/v1beta1", "L2Advertisement")
NAMESPACES = {
    "metallb": "metallb-system",
    "kuma": "kuma-system",
    "kong-mesh": "kuma-system",
    "kong-operator": "kong-system",
}
GLOBAL_ADDRESS = "172.18.128.7"
_LIMIT_S = 30.0


def at(kubeconfig: Path, member: str) -> Cluster:
    return connect(member, member, "kong", kubeconfig=str(kubeconfig), log=lambda _: None)


def add_node(kubeconfig: Path, member: str, name: str) -> None:
    cluster = at(kubeconfig, member)
    cluster.delete(NODE, name)
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}}
    cluster.create(node)
    address = {"type": "InternalIP", "address": "172.18.0.2"}
    cluster.patch(NODE, name, {"status": {"addresses": [address]}}, subresource="status")


def install(kubeconfig: Path, member: str, chart: str, values: list[str]) -> None:
    """A chart's workloads as far as anybody waits for them, with their pods ready."""
    cluster, namespace = at(kubeconfig, member), NAMESPACES[chart]
    if cluster.get(NAMESPACE, namespace) is None:
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    for kind, name in _workloads(chart, values):
        _run(cluster, namespace, kind, name)
    if chart == "metallb":
        for kind in (_POOL, _ADVERTISEMENT):
            _define(cluster, kind)
    if _has(values, "controlPlane.mode=global"):
        _give_address(cluster, namespace, f"{chart}-global-zone-sync")


def _workloads(chart: str, values: list[str]) -> list[tuple[ObjectKind, str]]:
    if chart == "metallb":
        return [(DEPLOYMENT, "metallb-controller"), (_DAEMON_SET, "metallb-speaker")]
    if chart == "kong-operator":
        return [(DEPLOYMENT, "kong-operator-kong-operator-controller-manager")]
    extra = ["ingress", "egress"] if _has(values, "ingress.enabled=true") else []
    return [(DEPLOYMENT, f"{chart}-{name}") for name in ("control-plane", *extra)]


def _has(values: list[str], value: str) -> bool:
    """Kong Mesh's chart has Kuma's values under its own ``kuma``."""
    return value in values or f"kuma.{value}" in values


def _run(cluster: Cluster, namespace: str, kind: ObjectKind, name: str) -> None:
    cluster.delete(kind, name, namespace, propagation="Foreground")
    assert poll(MonotonicClock(), lambda: cluster.get(kind, name, namespace) is None, _LIMIT_S)
    labels = {"app": name}
    container = {"name": "main", "image": "none"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec: dict[str, Any] = {"selector": {"matchLabels": labels}, "template": template}
    metadata = {"name": name, "namespace": namespace}
    cluster.create({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec})
    be_kubelet(cluster, namespace, f"app={name}")


def be_kubelet(cluster: Cluster, namespace: str, labels: str) -> None:
    """Report every pod with these labels ready, once there is one."""
    assert poll(MonotonicClock(), lambda: cluster.list(POD, labels, namespace), _LIMIT_S), f"no pod {labels}"
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    for pod in cluster.list(POD, labels, namespace):
        cluster.patch(POD, pod["metadata"]["name"], {"status": ready}, namespace, subresource="status")


def _define(cluster: Cluster, kind: ObjectKind) -> None:
    plural = f"{kind.kind.lower()}s"
    version = {
        "name": "v1beta1", "served": True, "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }  # fmt: skip
    names = {"kind": kind.kind, "plural": plural, "singular": kind.kind.lower()}
    cluster.apply(
        {
            "apiVersion": CUSTOM_RESOURCE_DEFINITION.api_version,
            "kind": CUSTOM_RESOURCE_DEFINITION.kind,
            "metadata": {"name": f"{plural}.{kind.group}"},
            "spec": {"group": kind.group, "scope": "Namespaced", "names": names, "versions": [version]},
        }
    )


def _give_address(cluster: Cluster, namespace: str, name: str) -> None:
    port = {"port": 5685}
    metadata = {"name": name, "namespace": namespace}
    spec = {"type": "LoadBalancer", "ports": [port]}
    cluster.delete(SERVICE, name, namespace)
    cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    status = {"loadBalancer": {"ingress": [{"ip": GLOBAL_ADDRESS}]}}
    cluster.patch(SERVICE, name, {"status": status}, namespace, subresource="status")


def empty(kubeconfig: Path, member: str) -> None:
    """What a new cluster would not have."""
    cluster = at(kubeconfig, member)
    for namespace in ("kong", *set(NAMESPACES.values())):
        if cluster.get(NAMESPACE, namespace) is None:
            continue
        for kind in (DEPLOYMENT, _DAEMON_SET, SERVICE, GATEWAY, HTTP_ROUTE, GATEWAY_CONFIGURATION):
            for one in cluster.list(kind, namespace=namespace):
                cluster.delete(kind, one["metadata"]["name"], namespace)
    for kind in (GATEWAY_CLASS, NODE):
        for one in cluster.list(kind):
            cluster.delete(kind, one["metadata"]["name"])
