"""What the suite brings to a cluster goes away again, and what was there before is given back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.mesh import Backend
from fixtures.platforms.kubernetes import walkthrough
from fixtures.platforms.kubernetes.changes import FORMER, Changes, namespace_there
from fixtures.platforms.kubernetes.cluster import connect
from fixtures.platforms.kubernetes.kinds import DEPLOYMENT, GATEWAY_CLASS, MESH, NAMESPACE, SERVICE, ObjectKind
from fixtures.platforms.kubernetes.objects import as_written
from fixtures.platforms.kubernetes.ownership import FIELD_MANAGER, MANAGED_BY, managers_of
from fixtures.profiles import manifest

if TYPE_CHECKING:
    from fixtures.platforms.kubernetes.cluster import Cluster
    from fixtures.platforms.kubernetes.testbed.clusters import Clusters

SPACE = "changes"
RETRY = ObjectKind(MESH.api_version, "MeshRetry")


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


def as_kubectl(cluster: Cluster, document: dict[str, Any]) -> dict[str, Any]:
    """``kubectl apply --server-side``: the object as a user owns it."""
    kind, metadata = ObjectKind.of(document), document["metadata"]
    where = cluster._catalog.collection(kind).path(metadata.get("namespace"), metadata["name"])
    made: dict[str, Any] = cluster._requests.ask(
        "PATCH",
        where,
        f"apply {kind}",
        body=document,
        content_type="application/apply-patch+yaml",
        field_manager="kubectl",
    )
    return made


def of_users(**spec: Any) -> dict[str, Any]:
    metadata = {"name": "default", "labels": {"team": "a"}, "annotations": {"owner": "b"}}
    return {"apiVersion": MESH.api_version, "kind": "Mesh", "metadata": metadata, "spec": spec}


def the_mesh() -> list[dict[str, Any]]:
    return walkthrough.global_objects([manifest("mesh")[0]])


def found(cluster: Cluster) -> dict[str, Any]:
    mesh = cluster.get(MESH, "default")
    assert mesh is not None
    return mesh


def test_a_mesh_that_was_made_stays_and_looks_like_nobodys(cluster: Cluster) -> None:
    changes = Changes()
    changes.bring(cluster, the_mesh())
    changes.bring(cluster, the_mesh())
    changes.undo()
    left = found(cluster)
    assert left["spec"]["mtls"]["enabledBackend"] == "ca-1"
    assert "labels" not in left["metadata"]
    assert "annotations" not in left["metadata"]

    again = Changes()
    again.bring(cluster, the_mesh())
    again.undo()

    assert as_written(found(cluster)) == as_written(left)
    cluster.delete(MESH, "default")


def test_what_a_killed_run_has_changed_is_given_back_by_the_next_one_to_its_owner(cluster: Cluster) -> None:
    before = as_kubectl(cluster, of_users(routing={"zoneEgress": True}, meshServices={"mode": "Exclusive"}))
    killed = Changes()
    killed.bring(cluster, the_mesh())
    killed.bring(cluster, the_mesh())
    changed = found(cluster)
    assert changed["spec"]["mtls"]["enabledBackend"] == "ca-1"
    assert json.loads(changed["metadata"]["annotations"][FORMER]) == as_written(before)
    again = Changes()

    again.bring(cluster, the_mesh())
    again.undo()

    assert as_written(found(cluster)) == as_written(before)
    assert managers_of(found(cluster)) == managers_of(before)
    as_kubectl(cluster, of_users(meshServices={"mode": "Everywhere"}))  # no conflict with the suite
    assert found(cluster)["spec"] == {"meshServices": {"mode": "Everywhere"}}
    cluster.delete(MESH, "default")


def test_what_others_changed_in_the_status_meanwhile_is_left(cluster: Cluster) -> None:
    as_kubectl(cluster, of_users())
    changes = Changes()
    changes.bring(cluster, the_mesh())
    cluster.patch(MESH, "default", {"status": {"conditions": []}, "metadata": {"annotations": {"noted": "1"}}})
    changes.undo()
    assert found(cluster)["status"] == {"conditions": []}
    assert found(cluster)["metadata"]["annotations"] == {"owner": "b", "noted": "1"}
    cluster.delete(MESH, "default")


def test_a_service_of_the_users_becomes_what_it_was_with_its_address(cluster: Cluster) -> None:
    cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}})
    ports = [{"name": "http", "port": 1027}]
    mine = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "echo-mmzs-service", "namespace": SPACE}}
    before = as_kubectl(cluster, {**mine, "spec": {"ports": ports, "selector": {"app": "echo"}}})
    changes = Changes()

    changes.bring(cluster, walkthrough.route_objects(SPACE, Backend.MULTIZONE)[:1])
    changed = cluster.get(SERVICE, "echo-mmzs-service")
    changes.undo()

    assert changed is not None
    assert changed["spec"]["type"] == "ExternalName"
    now = cluster.get(SERVICE, "echo-mmzs-service")
    assert now is not None
    assert as_written(now) == as_written(before)
    cluster.delete(NAMESPACE, SPACE)
    assert namespace_there(cluster, SPACE) is None


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


def policy(name: str, labels: dict[str, str], **spec: Any) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", "labels": labels}
    return {"apiVersion": RETRY.api_version, "kind": RETRY.kind, "metadata": metadata, "spec": spec}


def test_what_a_killed_run_left_of_another_profile_is_undone_and_nothing_else_is(cluster: Cluster) -> None:
    ours, to = {MANAGED_BY: FIELD_MANAGER}, [{"targetRef": {"kind": "Mesh"}, "default": {"http": {"numRetries": 7}}}]
    for name in ("users", "changed"):
        as_kubectl(cluster, policy(name, {"team": "a"}, targetRef={"kind": "Mesh"}))
    before = as_written(cluster.get(RETRY, "changed", "default") or {})
    killed = Changes()
    killed.bring(cluster, [policy(name, ours, to=to) for name in ("changed", "made", "wanted")])

    Changes().sweep(cluster, RETRY, "default", {"wanted"})

    now = {one["metadata"]["name"]: one for one in cluster.list(RETRY, namespace="default")}
    assert now.keys() == {"users", "changed", "wanted"}
    assert as_written(now["changed"]) == before
    for name in now:
        cluster.delete(RETRY, name, "default")
