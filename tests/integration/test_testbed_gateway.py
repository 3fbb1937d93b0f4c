"""The test bed's gateway on a real API server: real garbage collection, the node agent's pods, and a real Envoy.

There is no mesh here: what answers at ClusterIPs and VIPs, where a gateway pod's sidecar would listen, is a plain echo.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fixtures.local.envoy import find_envoy
from fixtures.mesh import Backend
from fixtures.platforms.kubernetes.cluster import Cluster, connect
from fixtures.platforms.kubernetes.kinds import DEPLOYMENT, GATEWAY, HTTP_ROUTE, MMZS, POD, SERVICE, ObjectKind
from fixtures.platforms.kubernetes.testbed.addresses import ZoneAddresses
from fixtures.platforms.kubernetes.walkthrough import global_objects, route_objects, zone_objects
from fixtures.profiles import load_profile, profile_names
from tests.integration.suite import ROOT
from tests.integration.suite import until as within

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from fixtures.platforms.kubernetes.testbed.clusters import Clusters
    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy
TESTBED = "fixtures.platforms.kubernetes.testbed"
NAMESPACE = "kong"
PODS = "gateway.networking.k8s.io/gateway-name=kong"
until = partial(within, limit_s=120.0)
"""Pods are processes: on a busy machine four interpreters take a minute to start."""


@dataclass
class Zone:
    """A cluster with the operator and a node, and what it takes to look at its gateway."""

    clusters: Clusters
    traces: Traces
    cluster: Cluster
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def gateway(self) -> str:
        return f"127.{self.clusters.block}.1.9"

    def start(self, name: str, module: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=ROOT,
                env=self.traces.environment(
                    TMPDIR=str(self.folder)
                ),  # the client leaves certificates there when killed
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def end(self, name: str) -> int:
        process = self.processes.pop(name)
        process.terminate()
        return process.wait(15)

    @contextmanager
    def echo(self, host: str, pod: str) -> Iterator[None]:
        """Something that answers where the gateway's sidecar would listen."""
        self.start(pod, "fixtures.echo", f"--address={host}", "--port=1027", f"--pod={pod}")
        try:
            until(lambda: answers(f"http://{host}:1027/"))
            yield
        finally:
            self.end(pod)

    def ask(self, path: str = "/echo") -> httpx.Response:
        return httpx.get(f"http://{self.gateway}:8080{path}", timeout=5)

    def get_status(self, kind: Any, name: str) -> dict[str, Any]:
        found = self.cluster.get(kind, name)
        assert found is not None
        return found.get("status") or {}

    def programmed(self) -> bool:
        conditions = self.get_status(GATEWAY, "kong").get("conditions") or []
        return any(one["type"] == "Programmed" and one["status"] == "True" for one in conditions)

    def point_at(self, backend: Backend) -> None:
        for document in route_objects(NAMESPACE, backend):
            self.cluster.apply(document)

    def service_ip(self) -> str:
        found = self.cluster.get(SERVICE, "echo")
        assert found is not None
        return str(found["spec"]["clusterIP"])

    def pod_of_gateway(self) -> dict[str, Any]:
        (pod,) = self.cluster.list(POD, PODS)
        return pod

    def known_services(self) -> list[str]:
        """The clusters of the gateway's Envoy, by its own word."""
        shown = httpx.get(f"http://{self.gateway}:9902/clusters?format=json").json()["cluster_statuses"]
        return [one["name"] for one in shown if ":" in one["name"]]


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=1).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def zone(one_cluster: Clusters, lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zone]:
    """Its namespace has no sidecars: the gateway's own part is looked at."""
    cluster = connect("zone1", "zone1", NAMESPACE, kubeconfig=str(one_cluster.kubeconfig), log=print)
    made = Zone(one_cluster, lasting_traces, cluster, tmp_path_factory.mktemp("zone"))
    there = ("--kubeconfig", str(one_cluster.kubeconfig), "--context", "zone1")
    here = ("--block", str(one_cluster.block), "--zone-number", "1")
    planned = ("--node", "mesh-zone1", "--control-plane", f"http://{ZoneAddresses(one_cluster.block, 1).control_plane}")
    run = ("--envoy", str(find_envoy(None).path), "--folder", str(made.folder / "pods"))
    try:
        made.start("operator", f"{TESTBED}.operator", *there, *here)
        made.start("agent", f"{TESTBED}.agent", *there, *here, *planned, *run)
        for document in zone_objects(NAMESPACE, 0, Backend.SERVICE, probe=False):
            document["metadata"]["labels"].pop("kuma.io/sidecar-injection", None)
            cluster.apply(document)
        until(made.programmed)
        yield made
    finally:
        codes = {name: made.end(name) for name in list(made.processes)}
    assert set(codes.values()) == {0}, codes


@pytest.fixture
def both(zone: Zone) -> Iterator[Zone]:
    """An own echo at the Service's ClusterIP, and one of all zones at the MeshMultiZoneService's VIP."""
    vip = f"127.{zone.clusters.block}.201.129"
    (document,) = (
        one for one in global_objects(load_profile("page").resources) if one["kind"] == "MeshMultiZoneService"
    )
    document["status"] = {
        "addresses": [{"hostname": "echo.mzsvc.mesh.local", "status": "Available"}],
        "vips": [{"ip": vip}],
    }
    with zone.echo(zone.service_ip(), "own"), zone.echo(vip, "all-zones"):
        zone.cluster.apply(document)
        until(lambda: zone.programmed() and answers(f"http://{zone.gateway}:8080/echo"))
        yield zone
    zone.cluster.delete(MMZS, "echo", "kuma-system")
    zone.point_at(Backend.SERVICE)


def test_a_gateway_is_a_ready_pod_at_the_address_in_its_status(both: Zone) -> None:
    assert both.get_status(GATEWAY, "kong")["addresses"] == [{"type": "IPAddress", "value": both.gateway}]
    assert both.pod_of_gateway()["status"]["podIP"] == both.gateway
    assert httpx.get(f"http://{both.gateway}:8100/status/ready").json() == {"message": "ready"}
    assert "Running on Pod own." in both.ask().text


def test_a_route_is_re_pointed_without_a_failed_request(both: Zone) -> None:
    both.point_at(Backend.SERVICE)
    until(lambda: "Pod own." in both.ask().text)
    with Hammer(f"http://{both.gateway}:8080/echo") as hammer:
        for backend, pod in [(Backend.MULTIZONE, "all-zones"), (Backend.SERVICE, "own")] * 5:
            both.point_at(backend)
            until(partial(hammer.last_is, pod), what=pod)
    assert hammer.failures == []
    assert {pod for pod in hammer.answers if pod} == {"own", "all-zones"}


class Hammer:
    """Asks without a pause, in turn on a connection that is kept and on a new one."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[str] = []
        """The pods that answered."""
        self.failures: list[str] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def last_is(self, pod: str) -> bool:
        """Whether both kinds of connection lead there."""
        return self.answers[-2:] == [pod, pod]

    def _ask(self) -> None:
        with httpx.Client(timeout=5) as kept:
            while not self._stop.is_set():
                for get in (kept.get, httpx.get):
                    self._note(get)

    def _note(self, get: Any) -> None:
        try:
            answer = get(self.url)
        except httpx.HTTPError as error:
            self.failures.append(repr(error))
            return
        if answer.status_code != 200:
            self.failures.append(f"{answer.status_code} {answer.text}")
        else:
            self.answers.append(answer.text.partition("Pod ")[2].partition(".\n")[0])


def test_envoy_is_rid_of_what_no_route_leads_to(both: Zone) -> None:
    both.point_at(Backend.MULTIZONE)
    until(lambda: both.known_services() == [f"127.{both.clusters.block}.201.129:1027*1"])


class Slow(BaseHTTPRequestHandler):
    """Answers when it is told to."""

    asked, released = threading.Event(), threading.Event()

    def do_GET(self) -> None:
        self.asked.set()
        assert self.released.wait(30)
        body = b"at last"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_request_that_is_under_way_ends_well_where_it_began(zone: Zone) -> None:
    zone.point_at(Backend.SERVICE)
    until(lambda: [name.partition("*")[0] for name in zone.known_services()] == [f"{zone.service_ip()}:1027"])
    with ThreadingHTTPServer((zone.service_ip(), 1027), Slow) as server, ThreadPoolExecutor() as pool:
        pool.submit(server.serve_forever)
        try:
            answer = pool.submit(httpx.get, f"http://{zone.gateway}:8080/echo", timeout=30)
            assert Slow.asked.wait(10)
            zone.point_at(Backend.MULTIZONE)
            until(lambda: zone.known_services() == [])
            Slow.released.set()
            assert answer.result().text == "at last"
        finally:
            Slow.released.set()
            server.shutdown()
            zone.point_at(Backend.SERVICE)


def test_what_leads_nowhere_is_answered_as_kong_does(zone: Zone) -> None:
    def says(status: int, message: str) -> bool:
        answer = zone.ask()
        return (answer.status_code, answer.json()["message"]) == (status, message)

    none = zone.ask("/elsewhere")
    assert (none.status_code, none.json()["message"]) == (404, "no Route matched with those values")
    assert none.json()["request_id"]
    until(lambda: says(502, "An invalid response was received from the upstream server"), what="nobody listens")
    zone.point_at(Backend.MULTIZONE)
    until(lambda: says(503, "failure to get a peer from the ring-balancer"), what="no MeshMultiZoneService")
    zone.cluster.delete(SERVICE, "echo-mmzs-service")
    until(lambda: says(500, "no existing backendRef provided"), what="no Service")
    resolved = zone.get_status(HTTP_ROUTE, "echo")["parents"][0]["conditions"][1]
    assert (resolved["status"], resolved["reason"]) == ("False", "BackendNotFound")
    zone.point_at(Backend.SERVICE)


def test_a_route_that_is_deleted_is_gone_from_the_gateway(both: Zone) -> None:
    until(lambda: both.ask().status_code == 200)
    both.cluster.delete(HTTP_ROUTE, "echo")
    until(lambda: both.ask().status_code == 404)


def test_a_deployment_that_somebody_deletes_comes_back(both: Zone) -> None:
    before = both.cluster.get(DEPLOYMENT, "kong-dataplane")
    assert before is not None
    both.cluster.delete(DEPLOYMENT, "kong-dataplane")

    def is_back() -> bool:
        now = both.cluster.get(DEPLOYMENT, "kong-dataplane")
        if now is None or now["metadata"]["uid"] == before["metadata"]["uid"]:
            return False
        return (now.get("status") or {}).get("readyReplicas") == 1

    until(is_back)
    until(lambda: answers(f"http://{both.gateway}:8080/echo"))


def test_a_gateway_that_is_deleted_takes_its_pod_with_it_and_returns_to_its_address(both: Zone) -> None:
    both.cluster.delete(GATEWAY, "kong")
    until(lambda: both.cluster.get(DEPLOYMENT, "kong-dataplane") is None, what="the garbage collector")
    until(lambda: both.cluster.list(POD, PODS) == [])
    with pytest.raises(httpx.ConnectError):
        both.ask()
    for document in zone_objects(NAMESPACE, 0, Backend.SERVICE, probe=False):
        if document["kind"] == "Gateway":
            both.cluster.apply(document)
    until(both.programmed)
    assert both.get_status(GATEWAY, "kong")["addresses"][0]["value"] == both.gateway
    assert both.ask().status_code == 200


def test_a_gateway_that_is_deleted_and_made_again_at_once_returns_to_its_address(both: Zone) -> None:
    (document,) = (one for one in zone_objects(NAMESPACE, 0, Backend.SERVICE, probe=False) if one["kind"] == "Gateway")
    former = both.pod_of_gateway()["metadata"]["uid"]
    both.cluster.delete(GATEWAY, "kong")
    both.cluster.apply(document)
    until(lambda: both.programmed() and answers(f"http://{both.gateway}:8080/echo"))
    owner = both.cluster.get(GATEWAY, "kong")
    deployment = both.cluster.get(DEPLOYMENT, "kong-dataplane")
    assert owner is not None
    assert deployment is not None
    assert [one["uid"] for one in deployment["metadata"]["ownerReferences"]] == [owner["metadata"]["uid"]]
    assert former  # whether the pod is the same one is the garbage collector's to say


def test_a_gateway_goes_on_while_the_api_server_is_away_and_takes_what_it_missed(both: Zone) -> None:
    until(lambda: "Pod own." in both.ask().text)
    both.clusters.stop("zone1")
    try:
        with pytest.raises(httpx.HTTPError):
            httpx.get(f"https://{ZoneAddresses(both.clusters.block, 1).api_server}/readyz", verify=False)
        assert "Pod own." in both.ask().text
    finally:
        both.clusters.start("zone1")
    both.point_at(Backend.MULTIZONE)
    until(lambda: "Pod all-zones." in both.ask().text)


def test_a_gateway_whose_envoy_dies_is_started_again(both: Zone) -> None:
    restarts = both.pod_of_gateway()["status"]["containerStatuses"][0]["restartCount"]
    every = (one for one in both.traces.processes() if one.name() == "envoy")
    (envoy,) = (one for one in every if "kong-dataplane" in " ".join(one.cmdline()))  # ingress and egress have theirs
    envoy.send_signal(signal.SIGKILL)
    until(lambda: both.pod_of_gateway()["status"]["containerStatuses"][0]["restartCount"] == restarts + 1)
    until(lambda: answers(f"http://{both.gateway}:8080/echo"))


@pytest.mark.parametrize("profile", profile_names())
def test_the_api_server_takes_what_a_profile_brings(zone: Zone, profile: str) -> None:
    for document in global_objects(load_profile(profile).resources):
        stored = zone.cluster.apply(document)
        assert json.dumps(stored["spec"], sort_keys=True) == json.dumps(document["spec"], sort_keys=True)
        zone.cluster.delete(ObjectKind.of(document), stored["metadata"]["name"], stored["metadata"].get("namespace"))
