"""How a mesh in clusters is found again by whoever repairs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from chaos.errors import InfraError
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.bringup import _check_same
from fixtures.platforms.kubernetes.controlplanes import ControlPlanes
from fixtures.platforms.kubernetes.meshview import MeshView
from fixtures.platforms.kubernetes.platform import Kubernetes
from fixtures.platforms.kubernetes.running import Running

if TYPE_CHECKING:
    from fixtures.platforms.kubernetes.cluster import Cluster


class Somewhere:
    """A cluster that may be deleted and made anew."""

    context = "a"

    def __init__(self, uid: str) -> None:
        self.uid = uid

    def identity(self) -> str:
        return self.uid

    def silence(self) -> str | None:
        return None


def test_a_journal_names_the_clusters_as_they_are_when_it_is_begun_not_as_they_once_were() -> None:
    zone, other = Somewhere("first"), Somewhere("global")
    clusters = cast("dict[str, Cluster]", {"zone1": zone, "global": other})
    where = {"platform": "kind", "identities": json.dumps({"zone1": "first", "global": "global"}), "run": "a"}
    unasked = cast("Any", None)
    running = Running(
        clusters={"zone1": clusters["zone1"]},
        site=Site("kong"),
        urls={},
        view=MeshView(ControlPlanes(clusters, {}), Site("kong")),
        roster=unasked,
        leases=unasked,
        keeping=unasked,
        brought=unasked,
        engine="",
        where=where,
    )
    mesh = Kubernetes(running)
    zone.uid = "made anew by delete-cluster"
    locator = mesh.locator()
    assert locator["run"] == "a"
    _check_same(clusters, json.loads(locator["identities"]))
    with pytest.raises(InfraError, match="leads to another cluster"):
        _check_same(clusters, json.loads(where["identities"]))
