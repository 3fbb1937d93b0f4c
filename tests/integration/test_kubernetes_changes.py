"""What the suite brings to a cluster goes away again, and what was there before is given back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fixtures.mesh import Backend
from fixtures.platforms.kubernetes import walkthrough
from fixtures.platforms.kubernetes.changes import Changes
from fixtures.platforms.kubernetes.cluster import connect
from fixtures.platforms.kubernetes.kinds import DEPLOYMENT, GATEWAY_CLASS, MESH, NAMESPACE, SERVICE
from fixtures.profiles import manifest

if TYPE_CHECKING:
    from fixtures.platforms.kubernetes.cluster import Cluster
    from fixtures.platforms.kubernetes.testbed.clusters import Clusters

SPACE = "changes"


@pytest.fixture
def cluster(one_cluster: Clusters) -> Cluster:
    return connect("zone1", "zone1", SPACE, kubeconfig=str(one_cluster.kubeconfig), log=print)


def objects() -> list[dict[str, Any]]:
    return walkthrough.zone_objects(SPACE, 1, Backend.MULTIZONE, probe=False)


def test_what_was_brought_goes_with_its_namespace(cluster: Cluster) -> None:
    changes = Changes()
    changes.bring(cluster, objects())
    assert cluster.get(DEPLOYMENT, "echo") is not None

    changes.undo()

    assert cluster.get(NAMESPACE, SPACE) is None
    assert cluster.get(GATEWAY_CLASS, "kong") is None


def test_another_process_can_undo_it(cluster: Cluster) -> None:
    changes = Changes()
    changes.bring(cluster, objects())

    Changes.parse(changes.text(), {"zone1": cluster}).undo()

    assert cluster.get(NAMESPACE, SPACE) is None


def test_what_was_there_before_is_given_back_and_never_deleted(cluster: Cluster) -> None:
    mine = {"apiVersion": MESH.api_version, "kind": "Mesh", "metadata": {"name": "default", "labels": {"team": "a"}}}
    cluster.create({**mine, "spec": {"routing": {"zoneEgress": True}}})
    changes = Changes()

    changes.bring(cluster, walkthrough.global_objects([manifest("mesh")[0]]))
    changed = cluster.get(MESH, "default")
    changes.undo()

    assert changed is not None
    assert changed["spec"]["mtls"]["enabledBackend"] == "ca-1"
    now = cluster.get(MESH, "default")
    assert now is not None
    assert now["spec"] == {"routing": {"zoneEgress": True}}
    assert now["metadata"]["labels"] == {"team": "a"}
    cluster.delete(MESH, "default")


def test_a_namespace_of_the_users_is_neither_changed_nor_deleted(cluster: Cluster) -> None:
    own = {"kuma.io/sidecar-injection": "enabled", "team": "a"}
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE, "labels": own}})
    before = cluster.get(NAMESPACE, SPACE)
    changes = Changes()

    changes.bring(cluster, objects())
    changes.undo()

    assert cluster.get(SERVICE, "echo") is None
    now = cluster.get(NAMESPACE, SPACE)
    assert now is not None
    assert before is not None
    assert now["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    cluster.delete(NAMESPACE, SPACE)


def test_what_a_killed_run_has_left_goes_too_also_right_after_another_run_has_ended(cluster: Cluster) -> None:
    Changes().bring(cluster, objects())
    again = Changes()

    again.bring(cluster, objects())
    again.undo()

    assert cluster.get(NAMESPACE, SPACE) is None
