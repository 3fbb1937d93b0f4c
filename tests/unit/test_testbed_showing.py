"""What a control plane shows in a cluster is what it has: also less than before."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

import pytest
from kubernetes.client.exceptions import ApiException

from fixtures.platforms.kubernetes.kinds import MESH
from fixtures.platforms.kubernetes.testbed.controlplane.showing import Shower

if TYPE_CHECKING:
    from kubernetes.dynamic import DynamicClient

    from fixtures.platforms.kubernetes.kinds import Document, ObjectKind
    from fixtures.platforms.kubernetes.testbed.informer import Informer
    from fixtures.platforms.universal.standin.log import Log


class Cluster:
    """Both the API server and what is known of it; what is applied is the whole of what its one manager has applied."""

    def __init__(self) -> None:
        self.there: dict[tuple[str, str], Document] = {}
        self.asked: list[str] = []
        self.refuses = False

    def objects(self, _: ObjectKind) -> dict[tuple[str, str], Document]:
        return dict(self.there)

    def request(self, method: str, path: str, *, body: Document, **_: Any) -> None:
        self.asked.append(method)
        if self.refuses:
            raise ApiException(status=500)
        key = ("", path.rpartition("/")[2])
        if method == "delete":
            del self.there[key]
        else:
            self.there[key] = {**deepcopy(body), "metadata": {**body["metadata"], "uid": "u"}}

    def event(self, *_: object, **__: object) -> None:
        return


def mesh(**spec: Any) -> Document:
    return {"apiVersion": MESH.api_version, "kind": MESH.kind, "metadata": {"name": "default"}, "spec": spec}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


def shower(cluster: Cluster) -> Shower:
    return Shower(cast("DynamicClient", cluster), cast("Informer", cluster), cast("Log", cluster))


def show(shown: Shower, *wanted: Document) -> None:
    shown.show(MESH, wanted, ours=lambda _: True)


def test_a_field_that_was_removed_goes(cluster: Cluster) -> None:
    shown = shower(cluster)
    show(shown, mesh(mtls={"enabledBackend": "ca-1"}, routing={"zoneEgress": True}))

    show(shown, mesh(routing={"zoneEgress": True}))

    assert cluster.there["", "default"]["spec"] == {"routing": {"zoneEgress": True}}


def test_also_when_it_was_removed_while_the_control_plane_was_away(cluster: Cluster) -> None:
    show(shower(cluster), mesh(mtls={"enabledBackend": "ca-1"}))
    show(shower(cluster), mesh())
    assert cluster.there["", "default"]["spec"] == {}


def test_what_is_as_wanted_is_not_written_again(cluster: Cluster) -> None:
    shown = shower(cluster)
    for _ in range(3):
        show(shown, mesh(mtls={}))
    assert cluster.asked == ["patch"]


def test_what_others_added_stays_and_what_they_took_away_comes_back(cluster: Cluster) -> None:
    shown = shower(cluster)
    show(shown, mesh(mtls={}))
    cluster.there["", "default"]["spec"]["routing"] = {}
    show(shown, mesh(mtls={}))
    assert cluster.asked == ["patch"]
    cluster.there["", "default"]["spec"].pop("mtls")
    show(shown, mesh(mtls={}))
    assert cluster.asked == ["patch", "patch"]


def test_what_an_api_server_did_not_take_is_shown_the_next_time(cluster: Cluster) -> None:
    shown = shower(cluster)
    show(shown, mesh(mtls={}))
    cluster.refuses = True
    with pytest.raises(ApiException):
        show(shown, mesh())
    cluster.refuses = False
    show(shown, mesh())
    assert cluster.there["", "default"]["spec"] == {}


def test_what_is_no_longer_wanted_goes_and_may_come_back(cluster: Cluster) -> None:
    shown = shower(cluster)
    show(shown, mesh())
    show(shown)
    assert not cluster.there
    show(shown, mesh())
    assert ("", "default") in cluster.there
