"""A mesh in clusters as a subject: their objects, pods, leases, and who answers."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import psutil

from benchmarks.crash_points.state import unsettled
from chaos.errors import InfraError
from fixtures.local import plainhttp
from fixtures.meshes import mesh_settings
from fixtures.options import OPTIONS, parse_settings
from fixtures.platforms.kubernetes import kinds
from fixtures.platforms.kubernetes.bringup import attach
from fixtures.platforms.kubernetes.cluster import ALL_NAMESPACES
from fixtures.platforms.kubernetes.objects import RESTARTED, as_written
from fixtures.platforms.kubernetes.places import connected
from fixtures.platforms.kubernetes.zonelease import LEASE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import ModuleType

    from benchmarks.crash_points.state import State
    from fixtures.platforms.kubernetes.cluster import Cluster
    from fixtures.platforms.kubernetes.kinds import Document, ObjectKind
    from fixtures.platforms.kubernetes.platform import Kubernetes

OBJECTS = (
    *(kinds.NAMESPACE, kinds.NODE, kinds.SERVICE, kinds.SECRET, kinds.CONFIG_MAP, kinds.SERVICE_ACCOUNT),
    *(kinds.DEPLOYMENT, kinds.AUTOSCALER, kinds.CUSTOM_RESOURCE_DEFINITION),
    *(kinds.GATEWAY, kinds.GATEWAY_CLASS, kinds.HTTP_ROUTE, kinds.GATEWAY_CONFIGURATION),
    *(kinds.MESH, kinds.MESH_SERVICE, kinds.MMZS, kinds.MESH_TRAFFIC_PERMISSION, kinds.ZONE, *kinds.POLICIES),
)
"""What is compared as a whole; pods, and what is named after one, are counted."""


class InClusters:
    """A mesh that this process has brought up and kept: whoever breaks or repairs it takes its leases."""

    def __init__(self, mesh: Kubernetes, clusters: Mapping[str, Cluster], folder: str) -> None:
        self._mesh = mesh
        self._clusters = clusters
        self._folder = folder
        self.locator = mesh.locator()
        self.zone = mesh.zones[0]

    def pids(self) -> set[int]:
        """None: what it is runs elsewhere."""
        return set()

    def unsettled(self) -> str | None:
        """What global and the gateways do not show as before."""
        return unsettled(self._mesh)

    def state(self) -> State:
        """All of it."""
        found = dict(self._answers())
        for name, cluster in self._clusters.items():
            try:
                found |= {f"{what} in {name}": text for what, text in _shown(cluster)}
            except InfraError as error:
                found[name] = str(error)
        return found

    def _answers(self) -> Iterator[tuple[str, str]]:
        for vantage in self._mesh.vantages:
            if vantage.zone is not None:
                yield f"answer at {vantage.name}", _node(vantage.url)

    def end(self) -> None:
        """Take away what was brought."""
        attach({"folder": self._folder}).end()


def _shown(cluster: Cluster) -> Iterator[tuple[str, str]]:
    for kind in OBJECTS:
        if cluster.serves(kind):
            for document in cluster.list(kind, namespace=ALL_NAMESPACES):
                yield _name(kind, document), _text(kind, document)
    for kind in (kinds.ZONE_INGRESS, kinds.ZONE_EGRESS):
        if cluster.serves(kind):
            yield f"{kind}s", str(len(cluster.list(kind, namespace=ALL_NAMESPACES)))
    pods = Counter(map(_pod, cluster.list(kinds.POD, namespace=ALL_NAMESPACES)))
    yield from ((f"pods {what}", str(count)) for what, count in pods.items())
    for lease in cluster.list(kinds.LEASE, namespace=ALL_NAMESPACES):
        if lease["metadata"]["name"] == LEASE_NAME:
            yield _name(kinds.LEASE, lease), f"held by {_holder(lease) or 'nobody who lives'}"


def _holder(lease: Document) -> str:
    """Who holds it; nobody where that process, which was one of this machine, is dead: it runs out."""
    holder = str(lease["spec"].get("holderIdentity") or "")
    pid = re.search(r" pid (\d+) ", holder)
    return holder if pid is None or psutil.pid_exists(int(pid[1])) else ""


def _name(kind: ObjectKind, document: Document) -> str:
    metadata = document["metadata"]
    return f"{kind} {metadata.get('namespace', '')}/{metadata['name']}"


def _text(kind: ObjectKind, document: Document) -> str:
    written = as_written(document)
    template = (written.get("spec") or {}).get("template", {}).get("metadata", {})
    template.get("annotations", {}).pop(RESTARTED, None)
    if not template.get("annotations", True):
        del template["annotations"]
    for owner in written["metadata"].get("ownerReferences") or []:
        owner.pop("uid", None)  # another one with the same name is made again
    text = json.dumps(written, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest() if kind == kinds.SECRET else text


def _pod(document: Document) -> str:
    labels = document["metadata"].get("labels") or {}
    conditions = document.get("status", {}).get("conditions") or []
    ready = any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)
    ending = " ending" if "deletionTimestamp" in document["metadata"] else ""
    return f"{document['metadata']['namespace']}/{labels.get('app', '?')} {'ready' if ready else 'not ready'}{ending}"


def _node(url: str) -> str:
    try:
        return plainhttp.get(url, 2).text.partition("\n")[0]
    except httpx.TransportError as error:
        return type(error).__name__


def bring_up(platform: ModuleType, logs: Path) -> InClusters:
    """The walkthrough's objects in the clusters that the environment names, kept."""
    given = {option.name: os.environ.get(option.variable) or option.default for option in OPTIONS}
    settings = parse_settings({**given, "platform": "kubernetes", "replicas": "2"})
    mesh: Any = platform.bring_up(mesh_settings(settings, "page", logs), lambda _: None)
    folder = mesh.keep().rpartition(" ")[2]
    mesh.close()
    options = settings.kubernetes
    assert options.contexts is not None
    return InClusters(mesh, connected(options.contexts, options, lambda _: None), folder)
