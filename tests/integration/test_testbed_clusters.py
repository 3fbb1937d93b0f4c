"""The test bed's clusters: real API servers that come up, die and return with their data, and leave nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kubernetes.client import CoreV1Api

if TYPE_CHECKING:
    from fixtures.platforms.kubernetes.testbed.clusters import Clusters


def test_a_cluster_has_the_meshs_namespace(one_cluster: Clusters) -> None:
    with one_cluster.client("zone1") as client:
        names = {space.metadata.name for space in CoreV1Api(client).list_namespace().items}
    assert "kuma-system" in names
