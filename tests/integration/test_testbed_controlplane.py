"""The Kubernetes half of the control planes between real API servers and real stand-in control planes.

No node agent runs here: the test gives its pods the status that one would give them.
"""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from kubernetes.client import ApiException, CoreV1Api, CustomObjectsApi

from fixtures import shown
from fixtures.platforms.kubernetes.testbed.addresses import GLOBAL
from fixtures.platforms.kubernetes.testbed.planes import Plane
from tests.integration.kubernetes_clusters import running_clusters
from tests.integration.suite import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kubernetes.client import ApiClient

    from fixtures.local.processes import ProcessSpec
    from fixtures.platforms.kubernetes.testbed.clusters import Clusters
    from tests.integration.suite import Traces

KUMA, SYSTEM = ("kuma.io", "v1alpha1"), "kuma-system"
MESH = {
    "meshServices": {"mode": "Exclusive"},
    "mtls": {"enabledBackend": "ca-1", "backends": [{"name": "ca-1", "type": "builtin"}]},
}
MULTI = {"selector": {"meshService": {"matchLabels": {"kuma.io/display-name": "echo"}}}, "ports": [{"port": 1027}]}
PORTS = [{"name": "http", "port": 1027}, {"name": "tls", "port": 1030, "targetPort": "tls"}]


@dataclass
class Bed:
    """Two clusters, their control planes, and what a user does in them."""

    clusters: Clusters
    specs: dict[str, ProcessSpec]
    clients: dict[str, ApiClient]

    def start(self, *names: str) -> None:
        self.clusters.keeping.start_processes([self.specs[name] for name in names])

    def kill(self, *names: str, number: signal.Signals = signal.SIGKILL) -> None:
        self.clusters.keeping.signal(names, number)
        until(lambda: not self.running(*names), what=names)

    def running(self, *names: str) -> bool:
        return any(state.running for state in self.clusters.keeping.processes() if state.spec.name in names)

    def api(self, zone: str, path: str) -> Any:
        """What a control plane answers; None where there is nothing."""
        url = self.clusters.cluster(zone).addresses.control_plane.url
        answer = httpx.get(f"{url}{path}", trust_env=False, timeout=5)
        return answer.json() if answer.is_success else None

    def names(self, zone: str, plural: str) -> set[str]:
        found = self.api(zone, f"/meshes/default/{plural}")
        return {item["name"] for item in found["items"]} if found else set()

    def core(self) -> Any:  # documents go in as they are, not as the client's models
        return CoreV1Api(self.clients["zone1"])

    def custom(self, zone: str) -> Any:
        return CustomObjectsApi(self.clients[zone])

    def resource(self, zone: str, plural: str, name: str, namespace: str) -> Any:
        """A custom resource; None where there is none."""
        try:
            return self.custom(zone).get_namespaced_custom_object(*KUMA, namespace, plural, name)
        except ApiException as error:
            if error.status == 404:
                return None
            raise

    def listed(self, zone: str, plural: str) -> list[Any]:
        return list(self.custom(zone).list_cluster_custom_object(*KUMA, plural)["items"])

    def apply(self, kind: str, plural: str, name: str, spec: Any) -> None:
        """Make a resource of the mesh in the global cluster."""
        metadata: dict[str, Any] = {"name": name, "labels": {"kuma.io/mesh": "default"}}
        body = {"apiVersion": "/".join(KUMA), "kind": kind, "metadata": metadata, "spec": spec}
        if kind == "Mesh":
            self.custom(GLOBAL).create_cluster_custom_object(*KUMA, plural, body)
        else:
            self.custom(GLOBAL).create_namespaced_custom_object(*KUMA, SYSTEM, plural, body)

    def namespace(self, name: str) -> str:
        metadata = {"name": name, "labels": {"kuma.io/sidecar-injection": "enabled"}}
        self.core().create_namespace({"metadata": metadata})
        until(lambda: self.core().list_namespaced_service_account(name).items, what="the default ServiceAccount")
        return name

    def service(self, namespace: str) -> None:
        spec = {"selector": {"app": "echo"}, "ports": PORTS}
        self.core().create_namespaced_service(namespace, {"metadata": {"name": "echo"}, "spec": spec})

    def pod(self, namespace: str, address: int, name: str = "echo") -> None:
        """A pod on the node, with an IP and ready, as a node agent makes it."""
        ports = [{"containerPort": 1027}, {"containerPort": 1030, "name": "tls"}]
        container = {"name": "echo", "image": "kong/go-echo", "ports": ports}
        spec = {"nodeName": "mesh-zone1", "containers": [container]}
        metadata = {"name": name, "labels": {"app": "echo"}}
        self.core().create_namespaced_pod(namespace, {"metadata": metadata, "spec": spec})
        ip = f"127.{self.clusters.block}.1.{address}"
        ready = {"name": "echo", "ready": True, "restartCount": 0, "image": "kong/go-echo", "imageID": ""}
        status = {"phase": "Running", "podIP": ip, "containerStatuses": [{**ready, "state": {"running": {}}}]}
        self.core().patch_namespaced_pod_status(name, namespace, {"status": status})

    def states(self, name: str) -> dict[int, str] | None:
        """Port -> state of a Dataplane's inbounds, as the control plane has it; None where it has none."""
        found = self.api("zone1", f"/meshes/default/dataplanes/{name}")
        return None if found is None else {i["port"]: i["state"] for i in found["networking"]["inbound"]}

    def state(self, namespace: str) -> str | None:
        """What the cluster shows of the state of its MeshService echo; None where it shows none."""
        found = self.resource("zone1", "meshservices", "echo", namespace)
        return None if found is None else found["spec"].get("state")


@pytest.fixture(scope="module")
def bed(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """Global and zone1, with the mesh and its MeshMultiZoneService."""
    names = (GLOBAL, "zone1")
    with (
        running_clusters(lasting_traces, tmp_path_factory.mktemp("logs"), *names) as clusters,
        contextlib.ExitStack() as stack,
    ):
        planes = [Plane(one.name, one.addresses, clusters.kubeconfig) for one in clusters.clusters]
        specs = {spec.name: spec for plane in planes for spec in (plane.program(), plane.half())}
        made = Bed(clusters, specs, {name: stack.enter_context(clusters.client(name)) for name in names})
        made.start(*specs)
        made.apply("Mesh", "meshes", "default", MESH)
        made.apply("MeshMultiZoneService", "meshmultizoneservices", "echo", MULTI)
        yield made


def test_a_multi_zone_service_gets_its_host_name_and_address_in_the_zone(bed: Bed) -> None:
    until(lambda: bed.listed("zone1", "meshmultizoneservices"))
    (found,) = bed.listed("zone1", "meshmultizoneservices")
    assert found["metadata"]["labels"]["kuma.io/display-name"] == "echo"
    assert found["status"]["addresses"][0]["hostname"] == "echo.mzsvc.mesh.local"
    assert found["status"]["vips"][0]["ip"].startswith(f"127.{bed.clusters.block}.201.")
    assert bed.listed("zone1", "meshes")[0]["spec"] == MESH


def test_global_shows_its_zones_and_whether_they_are_online(bed: Bed) -> None:
    until(lambda: bed.listed(GLOBAL, "zoneinsights"))
    assert [zone["metadata"]["name"] for zone in bed.listed(GLOBAL, "zones")] == ["zone1"]
    bed.kill("zone1-cp")
    until(lambda: "disconnectTime" in bed.listed(GLOBAL, "zoneinsights")[0]["spec"]["subscriptions"][-1])
    bed.start("zone1-cp")
    until(lambda: "disconnectTime" not in bed.listed(GLOBAL, "zoneinsights")[0]["spec"]["subscriptions"][-1])


def test_a_zone_that_users_disable_is_disabled_for_the_control_plane_too(bed: Bed) -> None:
    until(lambda: bed.listed(GLOBAL, "zones"))

    def known(*, enabled: bool) -> bool:
        (zone,) = bed.api(GLOBAL, "/zones+insights")["items"]
        return bool(zone["zone"]["enabled"] is enabled)

    for wanted in (False, True):
        bed.custom(GLOBAL).patch_cluster_custom_object(*KUMA, "zones", "zone1", {"spec": {"enabled": wanted}})
        until(partial(known, enabled=wanted))
        assert bed.listed(GLOBAL, "zones")[0]["spec"]["enabled"] is wanted


def test_a_global_control_plane_that_comes_back_takes_nothing_from_its_zones(bed: Bed) -> None:
    """It tells zones nothing before its cluster has told it everything, and signs with the authority that it had."""
    until(lambda: bed.listed("zone1", "meshmultizoneservices"))

    def authority() -> Any:
        return sorted(one["data"] for one in bed.api(GLOBAL, "/meshes/default/secrets")["items"])

    before, zones, seen = authority(), bed.listed(GLOBAL, "zones"), []
    bed.kill("global-cp")
    bed.start("global-cp")

    def online() -> bool:
        seen.append(len(bed.listed("zone1", "meshmultizoneservices")))
        with contextlib.suppress(httpx.TransportError):  # it is not there yet
            return shown.online(bed.api(GLOBAL, shown.ZONES), "zone1")  # let in, and not only known again
        return False

    until(online, limit_s=60)
    assert authority() == before
    assert set(seen) == {1}
    assert [one["metadata"]["uid"] for one in bed.listed(GLOBAL, "zones")] == [one["metadata"]["uid"] for one in zones]


def test_a_service_and_its_pod_become_a_mesh_service_and_a_dataplane(bed: Bed) -> None:
    name = bed.namespace("made")
    bed.service(name)
    bed.pod(name, 11)
    until(lambda: bed.state(name) == "Available")
    assert bed.states(f"echo.{name}") == {1027: "Ready", 1030: "Ready"}
    shown = bed.resource("zone1", "meshservices", "echo", name)
    assert shown["status"]["dataplaneProxies"] == {"connected": 0, "healthy": 1, "total": 1}
    assert shown["status"]["vips"] == [{"ip": bed.core().read_namespaced_service("echo", name).spec.cluster_ip}]
    (owner,) = bed.resource("zone1", "dataplanes", "echo", name)["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("Pod", "echo")
    until(lambda: any(s["spec"].get("state") == "Available" for s in bed.listed(GLOBAL, "meshservices")))


def test_a_pod_that_is_deleted_is_not_ready_until_it_is_gone(bed: Bed) -> None:
    name = bed.namespace("deleted")
    bed.service(name)
    bed.pod(name, 12)
    until(lambda: bed.states(f"echo.{name}") == {1027: "Ready", 1030: "Ready"})
    bed.core().delete_namespaced_pod("echo", name)
    until(lambda: bed.states(f"echo.{name}") == {1027: "NotReady", 1030: "NotReady"})
    bed.core().delete_namespaced_pod("echo", name, grace_period_seconds=0)
    until(lambda: bed.states(f"echo.{name}") is None)
    until(lambda: bed.resource("zone1", "dataplanes", "echo", name) is None)


def test_a_service_that_is_deleted_takes_its_mesh_service_along_and_brings_it_back(bed: Bed) -> None:
    """By the cluster's own garbage collection."""
    name = bed.namespace("collected")
    bed.service(name)
    bed.pod(name, 13)
    until(lambda: bed.state(name) == "Available")
    bed.core().delete_namespaced_service("echo", name)
    until(lambda: bed.states(f"echo.{name}") == {49151: "Ready"})
    # the collector learns of kinds that are younger than it is every 30 s
    until(lambda: bed.resource("zone1", "meshservices", "echo", name) is None, limit_s=90)
    until(lambda: f"echo.{name}" not in bed.names("zone1", "meshservices"))
    bed.service(name)
    until(lambda: f"echo.{name}" in bed.names("zone1", "meshservices"))
    until(lambda: bed.state(name) == "Available")


def test_a_named_port_that_breaks_makes_the_service_unavailable(bed: Bed) -> None:
    name = bed.namespace("named")
    bed.service(name)
    bed.pod(name, 14)
    until(lambda: bed.state(name) == "Available")
    broken = [PORTS[0], {**PORTS[1], "targetPort": "nosuch"}]
    bed.core().patch_namespaced_service("echo", name, {"spec": {"ports": broken}})
    until(lambda: bed.states(f"echo.{name}") == {1027: "Ready"})
    until(lambda: bed.state(name) == "Unavailable")


def test_a_resource_that_the_control_plane_refuses_says_why_until_it_is_right(bed: Bed) -> None:
    to = {"targetRef": {"kind": "Mesh"}, "default": {"http": {"numRetrys": 3}}}
    bed.apply("MeshRetry", "meshretries", "wrong", {"to": [to]})

    def condition() -> Any:
        found = bed.resource(GLOBAL, "meshretries", "wrong", SYSTEM)
        return (found.get("status", {}).get("conditions") or [{}])[0]

    until(lambda: condition().get("status") == "False")
    assert "spec.to[0].default.http.numRetrys: not a field of MeshRetry" in condition()["message"]
    to["default"] = {"http": {"numRetries": 3}}
    bed.custom(GLOBAL).patch_namespaced_custom_object(*KUMA, SYSTEM, "meshretries", "wrong", {"spec": {"to": [to]}})
    until(lambda: condition().get("status") == "True")
    assert "wrong" in bed.names(GLOBAL, "meshretries")
    bed.custom(GLOBAL).delete_namespaced_custom_object(*KUMA, SYSTEM, "meshretries", "wrong")
    until(lambda: bed.names(GLOBAL, "meshretries") == {"mesh-retry-all-default"})


def test_a_policy_that_comes_before_its_mesh_is_taken_when_the_mesh_comes(bed: Bed) -> None:
    metadata = {"name": "early", "labels": {"kuma.io/mesh": "later"}}
    spec = {"to": [{"targetRef": {"kind": "Mesh"}, "default": {"tcp": {"maxConnectAttempt": 2}}}]}
    body = {"apiVersion": "/".join(KUMA), "kind": "MeshRetry", "metadata": metadata, "spec": spec}
    bed.custom(GLOBAL).create_namespaced_custom_object(*KUMA, SYSTEM, "meshretries", body)
    until(lambda: "conditions" in bed.resource(GLOBAL, "meshretries", "early", SYSTEM).get("status", {}))
    bed.apply("Mesh", "meshes", "later", {})
    until(lambda: bed.api(GLOBAL, "/meshes/later/meshretries/early") is not None)
    bed.custom(GLOBAL).delete_cluster_custom_object(*KUMA, "meshes", "later")
    until(lambda: bed.api(GLOBAL, "/meshes/later") is None)


def test_a_control_plane_that_restarts_is_told_everything_again(bed: Bed) -> None:
    name = bed.namespace("restarted")
    bed.service(name)
    bed.pod(name, 15)
    until(lambda: bed.state(name) == "Available")
    uid = bed.resource("zone1", "meshservices", "echo", name)["metadata"]["uid"]
    vip = bed.listed("zone1", "meshmultizoneservices")[0]["status"]["vips"]
    bed.kill("zone1-cp")
    bed.start("zone1-cp")
    until(lambda: _answers(bed, f"/meshes/default/dataplanes/echo.{name}"))
    until(lambda: f"echo.{name}" in bed.names("zone1", "meshservices"))
    assert bed.resource("zone1", "meshservices", "echo", name)["metadata"]["uid"] == uid
    assert bed.listed("zone1", "meshmultizoneservices")[0]["status"]["vips"] == vip


def _answers(bed: Bed, path: str) -> bool:
    try:
        return bed.api("zone1", path) is not None
    except httpx.TransportError:
        return False


def test_an_api_server_that_is_away_changes_nothing_and_what_changed_then_is_seen(bed: Bed) -> None:
    name = bed.namespace("away")
    bed.service(name)
    bed.pod(name, 16)
    until(lambda: bed.state(name) == "Available")
    bed.kill("zone1-apiserver", "zone1-etcd", "zone1-kcm")
    bed.kill("zone1-cp")  # one that is told everything again has to be told by what was known
    bed.start("zone1-cp")
    until(lambda: _answers(bed, f"/meshes/default/dataplanes/echo.{name}"))
    bed.clusters.start("zone1")
    assert bed.states(f"echo.{name}") == {1027: "Ready", 1030: "Ready"}
    bed.core().delete_namespaced_pod("echo", name)
    until(lambda: bed.states(f"echo.{name}") == {1027: "NotReady", 1030: "NotReady"})


def test_a_half_that_was_away_makes_up_for_what_it_missed(bed: Bed) -> None:
    name = bed.namespace("missed")
    bed.service(name)
    bed.pod(name, 17)
    until(lambda: bed.states(f"echo.{name}") is not None)
    bed.kill("zone1-k8s", number=signal.SIGTERM)
    bed.core().delete_namespaced_pod("echo", name, grace_period_seconds=0)
    bed.pod(name, 18, name="other")
    assert bed.states(f"echo.{name}") is not None
    bed.start("zone1-k8s")
    until(lambda: bed.states(f"echo.{name}") is None)
    until(lambda: bed.states(f"other.{name}") == {1027: "Ready", 1030: "Ready"})


def test_what_it_cannot_start_with_is_one_line(bed: Bed) -> None:
    argv = [part.replace("zone1", "nosuch") if part == "zone1" else part for part in bed.specs["zone1-k8s"].argv]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("controlplane: context 'nosuch' of ")
    assert len(done.stderr.splitlines()) == 1


def test_a_wrong_command_line_is_exit_code_2() -> None:
    argv = [sys.executable, "-m", "fixtures.platforms.kubernetes.testbed.controlplane", "--zone", "zone1"]
    assert subprocess.run(argv, capture_output=True, check=False).returncode == 2


def test_it_ends_with_0_when_it_is_told_to(bed: Bed) -> None:
    bed.kill("global-k8s", number=signal.SIGTERM)
    (state,) = [s for s in bed.clusters.keeping.processes() if s.spec.name == "global-k8s"]
    bed.start("global-k8s")
    assert state.exit_code == 0
