"""How a mesh in clusters is found again by whoever repairs it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from chaos.errors import InfraError
from fixtures.platforms.kubernetes.arriving import _without_passwords
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.bringup import _check_same, site_of
from fixtures.platforms.kubernetes.controlplanes import ControlPlanes
from fixtures.platforms.kubernetes.edge import Edge
from fixtures.platforms.kubernetes.meshview import MeshView
from fixtures.platforms.kubernetes.platform import Kubernetes
from fixtures.platforms.kubernetes.running import Running
from fixtures.platforms.kubernetes.settings import Install, KubernetesSettings

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
        edge=Edge({}, {}, None),
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
    _check_same(clusters, json.loads(locator["identities"]), anew=False)
    with pytest.raises(InfraError, match="leads to another cluster"):
        _check_same(clusters, json.loads(where["identities"]), anew=False)


def test_a_cluster_that_a_command_may_have_made_anew_keeps_no_record_broken_but_one_of_the_others_does() -> None:
    recorded = {"zone1": "first", "zone2": "second"}
    made_anew = cast("dict[str, Cluster]", {"zone1": Somewhere("nobody has recorded it"), "zone2": Somewhere("second")})
    _check_same(made_anew, recorded, anew=True)
    swapped = cast("dict[str, Cluster]", {"zone1": Somewhere("second"), "zone2": Somewhere("first")})
    with pytest.raises(InfraError, match="leads to another cluster than the one that was broken as zone1"):
        _check_same(swapped, recorded, anew=True)


def test_a_journal_says_where_control_planes_are_but_no_password() -> None:
    urls = {"zone1": "http://127.1.1.2:5681", "zone2": "https://user:secret@mesh.example:5682"}
    assert _without_passwords(urls) == {"zone1": "http://127.1.1.2:5681"}


def test_who_repairs_asks_the_same_control_planes_in_the_same_namespace() -> None:
    options = KubernetesSettings(
        None, (), None, "kong", Install.NOTHING, mesh_namespace="kong-mesh-system", control_planes={"zone1": "http://a"}
    )
    site = site_of(options)
    assert (site.system, site.control_planes) == ("kong-mesh-system", {"zone1": "http://a"})
