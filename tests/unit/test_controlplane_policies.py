"""What becomes of a MeshFaultInjection that is made in a zone's cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fixtures.platforms.universal.standin.assemble import mesh_view
from fixtures.platforms.universal.standin.resources.dataplane import Dataplane
from fixtures.platforms.universal.standin.resources.mesh import Mesh
from fixtures.platforms.universal.standin.snapshot import dataplane_snapshot
from fixtures.platforms.universal.standin.store import Store
from fixtures.platforms.universal.standin.sync import for_global, for_zone, take_from_zone
from tests.unit.controlplane_zone import Cluster, namespace
from tests.unit.standin.views import SECURED, read

if TYPE_CHECKING:
    from fixtures.platforms.kubernetes.kinds import Document

SPEC = {
    "targetRef": {"kind": "MeshSubset", "tags": {"app": "echo"}, "proxyTypes": ["Sidecar"]},
    "from": [
        {
            "targetRef": {"kind": "Mesh"},
            "default": {"http": [{"abort": {"httpStatus": 503, "percentage": 90}}]},
        }
    ],
}


def fault(where: str = "kong", **labels: str) -> Document:
    metadata = {"name": "mine", "namespace": where, "uid": "f", "labels": labels}
    return {"kind": "MeshFaultInjection", "metadata": metadata, "spec": SPEC}


def told(cluster: Cluster) -> list[dict[str, Any]]:
    return [one for one in cluster.world().resources() if one["type"] == "MeshFaultInjection"]


def listeners(cluster: Cluster) -> str:
    """What the sidecar of the only pod listens to."""
    cluster.port("http")["appProtocol"] = "http"
    store = cluster.store()
    store.put(read(SECURED, Mesh))
    view = mesh_view(store, {}, "default")
    assert view is not None
    (dataplane,) = store.resources(Dataplane)
    return str(dataplane_snapshot(view, dataplane, None).listeners)


def test_it_is_told_to_the_control_plane_with_the_labels_that_kuma_gives_it() -> None:
    (resource,) = told(Cluster(faults=[fault(team="a")]))
    assert (resource["name"], resource["mesh"], resource["spec"]) == ("mine.kong", "default", SPEC)
    assert resource["labels"] == {
        "team": "a",
        "kuma.io/mesh": "default",
        "kuma.io/env": "kubernetes",
        "kuma.io/origin": "zone",
        "kuma.io/policy-role": "workload-owner",
        "k8s.kuma.io/namespace": "kong",
    }


def test_one_of_the_system_namespace_is_for_the_whole_zone() -> None:
    cluster = Cluster(namespaces=[namespace(), namespace("kuma-system")], faults=[fault("kuma-system")])
    (resource,) = told(cluster)
    assert resource["labels"]["kuma.io/policy-role"] == "system"


def test_one_of_a_namespace_that_is_not_known_yet_waits() -> None:
    assert told(Cluster(faults=[fault("new")])) == []


def test_the_sidecar_makes_the_fault_until_it_is_gone() -> None:
    cluster = Cluster(faults=[fault()])
    assert listeners(cluster).count("envoy.filters.http.fault'") == 1  # of five inbounds one is http
    cluster.faults.clear()
    assert "envoy.filters.http.fault" not in listeners(cluster)


def test_one_of_another_namespace_is_not_for_it() -> None:
    cluster = Cluster(namespaces=[namespace(), namespace("other")], faults=[fault("other")])
    assert "envoy.filters.http.fault" not in listeners(cluster)


def test_global_hears_of_it_and_no_other_zone() -> None:
    world = Store()
    take_from_zone(world, "zone1", for_global(Cluster(faults=[fault()]).store()))
    assert "MeshFaultInjection" in str(for_global(Cluster(faults=[fault()]).store()))
    assert "MeshFaultInjection" not in str(for_zone(world, "zone2"))
