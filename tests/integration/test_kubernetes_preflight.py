"""The preflight's questions on real API servers: a mesh that has all, then without one thing after the other.

The commands that it gives are carried out where kubectl is there, and asked again: they mend what they are given for.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from chaos.errors import InfraError
from fixtures.mesh import Backend
from fixtures.platforms.kubernetes import kinds, preflight, walkthrough
from fixtures.platforms.kubernetes.checks import checks
from fixtures.platforms.kubernetes.cluster import Cluster, connect
from fixtures.platforms.kubernetes.contexts import GLOBAL
from fixtures.platforms.kubernetes.objects import as_written
from fixtures.platforms.kubernetes.settings import Install
from fixtures.platforms.kubernetes.survey import Names, Surveyed
from fixtures.profiles import load_profile
from tests.integration.suite import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fixtures.platforms.kubernetes.checks import Problem
    from fixtures.platforms.kubernetes.kinds import Document, ObjectKind
    from fixtures.platforms.kubernetes.testbed.clusters import Clusters

    Breaking = Callable[["Prepared"], AbstractContextManager[None]]

ZONES = ("zone1", "zone2")
SYSTEM = "kuma-system"


class ControlPlanes:
    """What the control planes' APIs answer, over HTTP."""

    def __init__(self) -> None:
        self.zones: dict[str, bool] = dict.fromkeys(ZONES, True)
        """Zone -> whether it is online."""
        self.server = ThreadingHTTPServer(("127.233.0.1", 0), self._handler())
        self.url = f"http://127.233.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _page(self, path: str) -> object:
        if path != "/zones+insights":
            return {"tagline": "Kuma"}
        connected, gone = {"connectTime": "2026-01-01T00:00:00Z"}, {"disconnectTime": "2026-01-01T01:00:00Z"}
        subscriptions = {name: [connected if online else {**connected, **gone}] for name, online in self.zones.items()}
        return {"items": [{"name": n, "zoneInsight": {"subscriptions": s}} for n, s in subscriptions.items()]}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        planes = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = json.dumps(planes._page(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@dataclass(frozen=True)
class Prepared:
    """Three clusters with a whole mesh, as far as their API servers show it."""

    running: Clusters
    planes: ControlPlanes

    def cluster(self, place: str, *, retry_limit_s: float = 10.0) -> Cluster:
        config = str(self.running.kubeconfig)
        return connect(place, place, "kong", kubeconfig=config, log=lambda _: None, retry_limit_s=retry_limit_s)

    def site(self, **changes: Any) -> Surveyed:
        zones = {zone: self.cluster(zone) for zone in ZONES}
        urls = dict.fromkeys((*ZONES, GLOBAL), self.planes.url)
        return replace(Surveyed(zones, self.cluster(GLOBAL), control_planes=urls), **changes)

    @contextmanager
    def changed(
        self,
        place: str,
        kind: ObjectKind,
        name: str,
        change: Callable[[Document], Any],
        *,
        where: str = "kong",
        part: str = "",
    ) -> Iterator[None]:
        """An object (or its status) is changed, and put back."""
        cluster = self.cluster(place)
        before = cluster.get(kind, name, where)
        assert before is not None
        now = json.loads(json.dumps(before))
        change(now)
        cluster.replace(now, part)
        try:
            yield
        finally:
            found = cluster.get(kind, name, where)
            assert found is not None
            found.update({key: value for key, value in before.items() if key != "metadata"})
            found["metadata"]["labels"] = before["metadata"].get("labels", {})
            cluster.replace(found, part)

    @contextmanager
    def deleted(self, place: str, kind: ObjectKind, name: str, where: str = "kong") -> Iterator[None]:
        """An object is deleted, and made again."""
        cluster = self.cluster(place)
        before = cluster.get(kind, name, where)
        assert before is not None
        cluster.delete(kind, name, where)
        until(lambda: cluster.get(kind, name, where) is None)
        try:
            yield
        finally:
            cluster.delete(kind, name, where)
            until(lambda: cluster.get(kind, name, where) is None)
            cluster.create({**as_written(before), "status": before.get("status", {})})
            if kind in {kinds.GATEWAY, kinds.GATEWAY_CLASS}:  # their status is a subresource
                set_status(cluster, kind, name, **before["status"])

    def ask(self, name: str, **changes: Any) -> list[Problem]:
        """A check, after those that it needs."""
        known = {check.name: check for check in checks()}
        wanted, added = {name}, {name}
        while added:
            added = {need for one in added for need in known[one].needs} - wanted
            wanted |= added
        return preflight.run([one for one in checks() if one.name in wanted], self.site(**changes), lambda _: None)


@pytest.fixture(scope="module")
def prepared(three_clusters: Clusters) -> Iterator[Prepared]:
    planes = ControlPlanes()
    prepared = Prepared(three_clusters, planes)
    for document in walkthrough.global_objects(load_profile("page").resources):
        prepared.cluster(GLOBAL).apply(document)
    for zone in ZONES:
        furnish(prepared.cluster(zone))
    yield prepared
    planes.server.shutdown()
    planes.server.server_close()


def furnish(cluster: Cluster) -> None:
    """What controllers, the gateway operator and the zone's control plane would make and write."""
    namespace, *others = walkthrough.zone_objects("kong", 1, Backend.MULTIZONE, probe=False)
    cluster.apply(namespace)
    until(lambda: injects(cluster), 20, "the API server has taken the injector up")
    for document in others:
        cluster.apply(document)
    cluster.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"mesh-{cluster.zone}"}})
    good = {"type": "Accepted", "status": "True", "reason": "Accepted", "message": "", "lastTransitionTime": NOW}
    set_status(cluster, kinds.GATEWAY_CLASS, "kong", conditions=[good])
    programmed = {**good, "type": "Programmed", "reason": "Programmed"}
    address = {"type": "IPAddress", "value": "192.0.2.1"}
    set_status(cluster, kinds.GATEWAY, "kong", conditions=[good, programmed], addresses=[address])
    cluster.create(
        {
            "apiVersion": kinds.MMZS.api_version,
            "kind": kinds.MMZS.kind,
            "metadata": {
                "name": "echo-w5z4b8c9",
                "namespace": SYSTEM,
                "labels": {"kuma.io/mesh": "default", "kuma.io/display-name": "echo"},
            },
            "spec": {
                "selector": {"meshService": {"matchLabels": {}}},
                "ports": [{"port": 1027, "appProtocol": "http"}],
            },
            "status": {"addresses": [{"hostname": "echo.mzsvc.mesh.local"}], "vips": [{"ip": "243.0.0.1"}]},
        }
    )
    until(lambda: cluster.list(kinds.POD, "app=echo"), 30, "kube-controller-manager makes echo's pod")
    make_ready(cluster)
    until(lambda: (cluster.get(kinds.DEPLOYMENT, "echo") or {})["status"].get("availableReplicas"), 30)


def injects(cluster: Cluster) -> bool:
    """Whether a pod made now gets a sidecar."""
    metadata = {"name": "trial", "namespace": "kong"}
    containers = [{"name": "trial", "image": "trial"}]
    made = cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}})
    cluster.delete(kinds.POD, "trial", grace_s=0)
    return len(made["spec"]["containers"]) == 2


NOW = "2026-01-01T00:00:00Z"


def set_status(cluster: Cluster, kind: ObjectKind, name: str, **status: Any) -> None:
    cluster.patch(kind, name, {"status": status}, subresource="status")


def make_ready(cluster: Cluster, *, ready: str = "True") -> None:
    """As a node's agent says of a pod that runs."""
    for pod in cluster.list(kinds.POD, "app=echo"):
        condition = {"type": "Ready", "status": ready, "lastTransitionTime": NOW}
        set_status(cluster, kinds.POD, pod["metadata"]["name"], phase="Running", conditions=[condition])


def test_a_mesh_that_has_all_passes_and_every_question_is_said(prepared: Prepared) -> None:
    said: list[str] = []
    preflight.require(prepared.site(), said.append)
    asked = [check.name for check in checks() if Install.NOTHING in check.installs]
    assert sorted(said) == sorted(f"preflight: {name} ok" for name in asked)


def test_so_does_one_whose_walkthrough_is_brought_and_less_is_asked(prepared: Prepared) -> None:
    said: list[str] = []
    absent = Names(deployment="no", service="no", gateway="no", route="no", alias="no", multizone="no", mesh="no")
    preflight.require(prepared.site(install=Install.WALKTHROUGH, namespace="absent", names=absent), said.append)
    assert "preflight: gateway operator ok" in said
    assert "preflight: Deployment ok" not in said


@dataclass(frozen=True)
class Case:
    """One thing that is missing, and what is to be said of it."""

    check: str
    breaking: Breaking
    says: str
    fix: str
    mends: bool = False
    """Whether the command can be carried out here, and is enough."""


def spec(**fields: Any) -> Callable[[Document], None]:
    return lambda document: document["spec"].update(fields)


def state(**fields: Any) -> Callable[[Document], None]:
    return lambda document: document["status"].update(fields)


def unlabelled(document: Document) -> None:
    document["metadata"]["labels"].pop("kuma.io/sidecar-injection")


def refused(type_: str) -> list[Document]:
    return [{"type": type_, "status": "False", "reason": "Bad", "message": "no\nway", "lastTransitionTime": NOW}]


@contextmanager
def set_online(mesh: Prepared, **zones: bool) -> Iterator[None]:
    before = mesh.planes.zones
    mesh.planes.zones = zones
    yield
    mesh.planes.zones = before


@contextmanager
def same_node(mesh: Prepared) -> Iterator[None]:
    cluster = mesh.cluster("zone2")
    cluster.create({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "mesh-zone1"}})
    yield
    cluster.delete(kinds.NODE, "mesh-zone1")


@contextmanager
def not_ready(mesh: Prepared) -> Iterator[None]:
    cluster = mesh.cluster("zone2")

    def available() -> object:
        return (cluster.get(kinds.DEPLOYMENT, "echo") or {})["status"].get("availableReplicas")

    make_ready(cluster, ready="False")
    until(lambda: not available())
    yield
    make_ready(cluster)
    until(available)


@contextmanager
def bare_pod(mesh: Prepared) -> Iterator[None]:
    cluster = mesh.cluster("zone2")
    labels = {"app": "echo", "kuma.io/sidecar-injection": "disabled"}
    metadata = {"name": "bare", "namespace": "kong", "labels": labels}
    containers = [{"name": "echo", "image": "kong/go-echo"}]
    cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}})
    yield
    cluster.delete(kinds.POD, "bare", grace_s=0)


DENY = [{"targetRef": {"kind": "Mesh"}, "default": {"action": "Deny"}}]
FROM_ECHO = [{"backendRefs": [{"name": "echo", "port": 1027}]}]
MTP, PORTS = kinds.MESH_TRAFFIC_PERMISSION, [{"port": 80, "appProtocol": "http"}]
CASES = {
    "no MeshServices": Case(
        "meshServices.mode",
        lambda m: m.changed(GLOBAL, kinds.MESH, "default", lambda d: d["spec"].pop("meshServices")),
        "global: Mesh default has meshServices.mode Disabled, which must be Exclusive",
        "kubectl --context global patch mesh default --type=merge -p ",
        mends=True,
    ),
    "MeshServices everywhere": Case(
        "meshServices.mode",
        lambda m: m.changed(GLOBAL, kinds.MESH, "default", spec(meshServices={"mode": "Everywhere"})),
        "global: Mesh default has meshServices.mode Everywhere",
        "kubectl --context global patch mesh default",
        mends=True,
    ),
    "no mesh": Case(
        "meshServices.mode",
        lambda m: m.deleted(GLOBAL, kinds.MESH, "default"),
        "global has no Mesh default",
        "kubectl --context global get meshes",
    ),
    "no mTLS": Case(
        "mTLS",
        lambda m: m.changed(GLOBAL, kinds.MESH, "default", lambda d: d["spec"].pop("mtls")),
        "global: mTLS of Mesh default is not enabled",
        "kubectl --context global patch mesh default --type=merge -p ",
        mends=True,
    ),
    "mTLS with a backend that is not there": Case(
        "mTLS",
        lambda m: m.changed(GLOBAL, kinds.MESH, "default", lambda d: d["spec"]["mtls"].update(enabledBackend="ca-9")),
        "global: mTLS of Mesh default names a backend ca-9 that it does not have",
        "kubectl --context global patch mesh default",
        mends=True,
    ),
    "no permission": Case(
        "MeshTrafficPermission",
        lambda m: m.deleted(GLOBAL, MTP, "allow-all", SYSTEM),
        "global: no MeshTrafficPermission in kuma-system allows anything in the mesh default",
        "| kubectl --context global apply -f -",
        mends=True,
    ),
    "a permission that denies": Case(
        "MeshTrafficPermission",
        lambda m: m.changed(GLOBAL, MTP, "allow-all", spec(**{"from": DENY}), where=SYSTEM),
        "no MeshTrafficPermission in kuma-system allows anything",
        "| kubectl --context global apply -f -",
        mends=True,
    ),
    "a permission in another mesh": Case(
        "MeshTrafficPermission",
        lambda m: m.changed(
            GLOBAL, MTP, "allow-all", lambda d: d["metadata"]["labels"].update({"kuma.io/mesh": "other"}), where=SYSTEM
        ),
        "no MeshTrafficPermission in kuma-system allows anything in the mesh default",
        "| kubectl --context global apply -f -",
        mends=True,
    ),
    "no label": Case(
        "namespace",
        lambda m: m.changed("zone2", kinds.NAMESPACE, "kong", unlabelled),
        "zone2: the namespace kong has no label kuma.io/sidecar-injection",
        "kubectl --context zone2 label --overwrite namespace kong kuma.io/sidecar-injection=enabled",
        mends=True,
    ),
    "no replica": Case(
        "Deployment",
        not_ready,
        "zone2: no replica of the Deployment echo is available",
        "kubectl --context zone2 describe -n kong deployment/echo",
    ),
    "no service": Case(
        "Service",
        lambda m: m.deleted("zone2", kinds.SERVICE, "echo"),
        "zone2 has no Service echo in kong",
        "kubectl --context zone2 apply -n kong -f https://developer.konghq.com/",
    ),
    "no sidecar": Case(
        "sidecars",
        bare_pod,
        "zone2: bare have no container kuma-sidecar",
        "kubectl --context zone2 rollout restart -n kong deployment/echo",
    ),
    "no class": Case(
        "GatewayClass",
        lambda m: m.deleted("zone2", kinds.GATEWAY_CLASS, "kong"),
        "zone2 has no GatewayClass kong",
        "kubectl --context zone2 get gatewayclasses",
    ),
    "no operator": Case(
        "GatewayClass",
        lambda m: m.changed("zone2", kinds.GATEWAY_CLASS, "kong", state(conditions=refused("Accepted")), part="status"),
        "zone2: the GatewayClass kong is not accepted (Bad: no way): konghq.com/gateway-operator does not run there",
        "kubectl --context zone2 describe gatewayclass kong",
    ),
    "no gateway": Case(
        "Gateway",
        lambda m: m.deleted("zone2", kinds.GATEWAY, "kong"),
        "zone2: the Gateway kong in kong does not exist",
        "kubectl --context zone2 describe -n kong gateway/kong",
    ),
    "no address": Case(
        "Gateway",
        lambda m: m.changed("zone2", kinds.GATEWAY, "kong", state(addresses=[]), part="status"),
        "zone2: the Gateway kong in kong has no address in its status",
        "kubectl --context zone2 describe -n kong gateway/kong",
    ),
    "not programmed": Case(
        "Gateway",
        lambda m: m.changed("zone2", kinds.GATEWAY, "kong", state(conditions=refused("Programmed")), part="status"),
        "zone2: the Gateway kong in kong is not programmed (Bad: no way)",
        "kubectl --context zone2 describe -n kong gateway/kong",
    ),
    "a route to the zone's own echo": Case(
        "HTTPRoute",
        lambda m: m.changed("zone2", kinds.HTTP_ROUTE, "echo", spec(rules=FROM_ECHO)),
        "zone2: no HTTPRoute of the Gateway kong leads to echo-mmzs-service:1027 (they lead to: echo:1027)",
        "kubectl --context zone2 patch -n kong httproute echo --type=json -p ",
        mends=True,
    ),
    "a route of another gateway": Case(
        "HTTPRoute",
        lambda m: m.changed("zone2", kinds.HTTP_ROUTE, "echo", spec(parentRefs=[{"name": "other"}])),
        "(they lead to: nothing), so nothing can fail over",
        "kubectl --context zone2 patch -n kong httproute echo",
    ),
    "no MeshMultiZoneService": Case(
        "MeshMultiZoneService",
        lambda m: m.deleted(GLOBAL, kinds.MMZS, "echo", SYSTEM),
        "global: the MeshMultiZoneService echo does not exist in kuma-system",
        "| kubectl --context global apply -f -",
        mends=True,
    ),
    "one with another port": Case(
        "MeshMultiZoneService",
        lambda m: m.changed(GLOBAL, kinds.MMZS, "echo", spec(ports=PORTS), where=SYSTEM),
        "global: the MeshMultiZoneService echo has the ports [80], 1027 is not among them",
        "| kubectl --context global apply -f -",
        mends=True,
    ),
    "one that a zone has not got": Case(
        "MeshMultiZoneService address",
        lambda m: m.deleted("zone2", kinds.MMZS, "echo-w5z4b8c9", SYSTEM),
        "zone2 has not got the MeshMultiZoneService echo from global: are the two connected?",
        "kubectl --context zone2 get -n kuma-system meshmultizoneservices -l kuma.io/display-name=echo -o yaml",
    ),
    "one without a host name": Case(
        "MeshMultiZoneService address",
        lambda m: m.changed("zone2", kinds.MMZS, "echo-w5z4b8c9", state(addresses=[]), where=SYSTEM),
        "zone2 shows the MeshMultiZoneService echo with no host name in its status (HostnameGenerator?)",
        "kubectl --context zone2 get -n kuma-system",
    ),
    "one without an address": Case(
        "MeshMultiZoneService address",
        lambda m: m.changed("zone2", kinds.MMZS, "echo-w5z4b8c9", state(vips=[]), where=SYSTEM),
        "zone2 shows the MeshMultiZoneService echo with no address in its status",
        "kubectl --context zone2 get -n kuma-system",
    ),
    "no ExternalName": Case(
        "ExternalName",
        lambda m: m.deleted("zone2", kinds.SERVICE, "echo-mmzs-service"),
        "zone2: the Service echo-mmzs-service in kong does not exist",
        "kubectl --context zone2 create service externalname echo-mmzs-service -n kong "
        "--external-name=echo.mzsvc.mesh.local --tcp=1027",
        mends=True,
    ),
    "another ExternalName": Case(
        "ExternalName",
        lambda m: m.changed("zone2", kinds.SERVICE, "echo-mmzs-service", spec(externalName="example.org")),
        "zone2: the Service echo-mmzs-service in kong leads to example.org, not to echo.mzsvc.mesh.local",
        "kubectl --context zone2 create service externalname echo-mmzs-service",
    ),
    "a node's name twice": Case(
        "node names",
        same_node,
        "zone1 and zone2 both have a node mesh-zone1",
        "kubectl --context zone2 get nodes",
    ),
    "a zone offline": Case(
        "zones online",
        lambda m: set_online(m, zone1=True, zone2=False),
        "global shows zone2 offline",
        "kubectl --context global get zones",
        mends=False,
    ),
    "a zone of another name": Case(
        "zones online",
        lambda m: set_online(m, zone1=True, two=True),
        "global knows no zone zone2, it knows: two, zone1; --context must call the zones what the mesh calls them",
        "kubectl --context global get zones",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_what_is_missing_is_said_with_the_command_that_mends_it(prepared: Prepared, case: Case, tmp_path: Path) -> None:
    assert prepared.ask(case.check) == []
    with case.breaking(prepared):
        (problem,) = prepared.ask(case.check)
        assert case.says in problem.what
        assert "\n" not in problem.what
        assert case.fix in problem.fix
        if case.mends and shutil.which("kubectl"):
            run = subprocess.run(
                ["sh", "-c", problem.fix],
                env={"KUBECONFIG": str(prepared.running.kubeconfig), "PATH": os.environ["PATH"], "HOME": str(tmp_path)},
                capture_output=True,
                text=True,
                check=False,
            )
            assert run.returncode == 0, run.stderr
            assert prepared.ask(case.check) == []
    assert prepared.ask(case.check) == []


ABSENT = {
    "Deployment": (Names(deployment="absent"), "zone1 has no Deployment absent in kong"),
    "Service": (Names(service="absent"), "zone1 has no Service absent in kong"),
    "Gateway": (Names(gateway="absent"), "zone1: the Gateway absent in kong does not exist"),
    "MeshMultiZoneService": (Names(multizone="absent"), "global: the MeshMultiZoneService absent does not exist"),
}


@pytest.mark.parametrize("check", ABSENT)
def test_a_missing_object_is_named(prepared: Prepared, check: str) -> None:
    names, says = ABSENT[check]
    assert says in prepared.ask(check, names=names)[0].what


def test_a_namespace_that_is_missing_is_said_once_and_what_is_in_it_is_not_asked(prepared: Prepared) -> None:
    with pytest.raises(InfraError) as failed:
        preflight.require(prepared.site(namespace="absent"), lambda _: None)
    lines = str(failed.value).splitlines()
    create, label = "create namespace absent", "label --overwrite namespace absent kuma.io/sidecar-injection=enabled"
    assert lines == [
        "preflight: 2 problems",
        "  zone1 has no namespace absent",
        f"    fix: kubectl --context zone1 {create} && kubectl --context zone1 {label}",
        "  zone2 has no namespace absent",
        f"    fix: kubectl --context zone2 {create} && kubectl --context zone2 {label}",
    ]


def test_all_that_is_missing_is_said_together(prepared: Prepared) -> None:
    with (
        prepared.changed(GLOBAL, kinds.MESH, "default", lambda d: d["spec"].pop("mtls")),
        prepared.deleted("zone1", kinds.SERVICE, "echo"),
        prepared.changed("zone2", kinds.HTTP_ROUTE, "echo", spec(rules=FROM_ECHO)),
        pytest.raises(InfraError) as failed,
    ):
        preflight.require(prepared.site(), lambda _: None)
    text = str(failed.value)
    assert text.startswith("preflight: 3 problems\n")
    assert all(words in text for words in ("mTLS of Mesh default", "zone1 has no Service echo", "no HTTPRoute"))


def test_two_contexts_of_one_cluster_are_found_out(prepared: Prepared) -> None:
    twice = {zone: prepared.cluster("zone1") for zone in ZONES}
    (problem,) = prepared.ask("distinct clusters", clusters=twice)
    assert problem.what.startswith("zone1 and zone2 are the same cluster")


def test_a_control_plane_that_does_not_answer_is_said_with_both_ways_to_reach_it(prepared: Prepared) -> None:
    urls = {**dict.fromkeys((*ZONES, GLOBAL), prepared.planes.url), "zone2": "http://127.233.0.1:9"}
    (problem,) = prepared.ask("control plane API", control_planes=urls)
    assert problem.what.startswith("the control plane of zone2 does not answer GET http://127.233.0.1:9/")
    assert "--control-plane=zone2=URL" in problem.fix


def test_through_the_api_server_it_is_asked_for_where_no_address_is_given(prepared: Prepared) -> None:
    """No pod is behind the Service here, which is what the API server says of it."""
    zones = {zone: prepared.cluster(zone, retry_limit_s=0.2) for zone in ZONES}
    world = prepared.cluster(GLOBAL, retry_limit_s=0.2)
    found = prepared.ask("control plane API", control_planes={}, clusters=zones, global_cluster=world)
    assert len(found) == 3, found
    asked = "GET /api/v1/namespaces/kuma-system/services/http:kuma-control-plane:5681/proxy/: HTTP "
    assert [problem.what.partition(asked)[0] for problem in found] == [
        f"{place} (context {place}): " for place in (*ZONES, GLOBAL)
    ]


def test_a_cluster_that_is_away_is_said_and_the_others_are_asked(prepared: Prepared) -> None:
    prepared.running.stop("zone1")
    try:
        zones = {zone: prepared.cluster(zone, retry_limit_s=0.2) for zone in ZONES}
        found = prepared.ask("Deployment", clusters=zones, names=Names(deployment="absent"))
    finally:
        prepared.running.start("zone1")
    assert len(found) == 2
    assert found[0].what.startswith("zone1 (context zone1): GET /version: the API server")
    assert found[1].what == "zone2 has no Deployment absent in kong"


@pytest.mark.parametrize(
    ("definition", "check", "says", "fix"),
    [
        ("httproutes.gateway.networking.k8s.io", "Gateway API", "zone2 has no HTTPRoute (gateway.", "standard-install"),
        (
            "gatewayconfigurations.gateway-operator.konghq.com",
            "gateway operator",
            "zone2 has no GatewayConfiguration (gateway-operator.konghq.com/v2beta1): Kong Operator is not installed",
            "helm --kube-context zone2 upgrade --install kong-operator kong-operator --repo https://charts.konghq.com",
        ),
        (
            "meshservices.kuma.io",
            "mesh API",
            "zone2 has no MeshService (kuma.io/v1alpha1): no mesh is installed there",
            "helm --kube-context zone2 upgrade --install kuma kuma --repo https://kumahq.github.io/charts --namespace ",
        ),
    ],
)
def test_an_api_that_is_not_served_is_said(
    prepared: Prepared, definition: str, check: str, says: str, fix: str
) -> None:
    """Last: the definitions take their objects with them."""
    prepared.cluster("zone2").delete(kinds.CUSTOM_RESOURCE_DEFINITION, definition)
    until(lambda: prepared.cluster("zone2").get(kinds.CUSTOM_RESOURCE_DEFINITION, definition) is None)
    until(lambda: prepared.ask(check, install=Install.WALKTHROUGH), 20)
    (problem,) = prepared.ask(check, install=Install.WALKTHROUGH)
    assert problem.what.startswith(says)
    assert fix in problem.fix
