"""Deployments of the mesh itself on Kubernetes: what proves that one is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from chaos.platform import Kind, Record
from fixtures.platforms.kubernetes.breakables.recorded import Recorded
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.breakables.system import SystemDeployment
from fixtures.platforms.kubernetes.kinds import DEPLOYMENT, POD, Document, ObjectKind

if TYPE_CHECKING:
    from fixtures.platforms.kubernetes.cluster import Cluster

DEPLOYED: Document = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "kuma-control-plane", "namespace": "kuma-system"},
    "spec": {"selector": {"matchLabels": {"app": "kuma-control-plane"}}},
}
LEAVING: Document = {"metadata": {"name": "kuma-control-plane-1", "deletionTimestamp": "2026-01-01T00:00:00Z"}}


class Zone:
    """An API server that has no such Deployment any more; each time that it is asked one of its pods goes."""

    def __init__(self, pods: list[Document]) -> None:
        self.pods = pods

    def __str__(self) -> str:
        return "zone1"

    def identity(self) -> str:
        return "kube-system-uid"

    def get(self, kind: ObjectKind, name: str, namespace: str | None = None) -> Document | None:
        assert (kind, name, namespace) == (DEPLOYMENT, "kuma-control-plane", "kuma-system")
        return None

    def list(self, kind: ObjectKind, labels: str = "", namespace: str | None = None) -> list[Document]:
        assert (kind, labels, namespace) == (POD, "app=kuma-control-plane", "kuma-system")
        here = list(self.pods)
        self.pods = self.pods[1:]
        return here


@pytest.mark.parametrize("leaving", [0, 1, 2])
def test_it_is_away_when_no_pod_is_left_and_the_proof_says_so(leaving: int) -> None:
    """Also where the last one goes while it is asked about: it might have answered until then."""
    away = SystemDeployment("zone1", Site("kong"), Kind.CONTROL_PLANE)
    recorded = Recorded(DEPLOYED, "1", (), "kube-system-uid", {"pods": ["2"], "generation": 1})
    clusters = {"zone1": cast("Cluster", Zone([LEAVING] * leaving))}

    record = Record(away.target, vars(recorded))
    said = [away.gone(record, clusters) for _ in range(leaving + 1)]
    proof = "zone1 has no Deployment kuma-system/kuma-control-plane; no pod of it is left"
    assert said == [*[None] * leaving, proof]
