"""How a mesh in clusters is found again by whoever repairs it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from chaos.errors import InfraError
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.bringup import _check_same
from fixtures.platforms.kubernetes.platform import Kubernetes

if TYPE_CHECKING:
    from fixtures.platforms.kubernetes.cluster import Cluster
    from fixtures.platforms.kubernetes.running import Running


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
    running = SimpleNamespace(
        clusters={"zone1": zone},
        site=Site("kong"),
        urls={},
        name="kind",
        where=where,
        view=SimpleNamespace(planes=SimpleNamespace(clusters=clusters)),
    )
    mesh = Kubernetes(cast("Running", running))
    zone.uid = "made anew by delete-cluster"
    locator = mesh.locator()
    assert locator["run"] == "a"
    _check_same(clusters, json.loads(locator["identities"]))
    with pytest.raises(InfraError, match="leads to another cluster"):
        _check_same(clusters, json.loads(where["identities"]))
