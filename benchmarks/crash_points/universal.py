"""A mesh of the platform ``universal`` as a subject: its processes, sockets, files, leases and control planes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil

from benchmarks.crash_points.state import unsettled
from chaos.errors import InfraError
from fixtures.local import plainhttp
from fixtures.local.nftables import Session, privileged
from fixtures.local.standing import stands_still
from fixtures.meshes import mesh_settings
from fixtures.options import OPTIONS, parse_settings
from fixtures.platforms.universal.api import ControlPlane, as_written
from fixtures.platforms.universal.settling import upstreams

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from benchmarks.crash_points.state import State
    from fixtures.platforms.universal.platform import Universal

ROOT = Path(__file__).parents[2]
_SECRETS_OF_UNDO = "global-secrets.json"
"""What undoing the loss of global needs beside the journal; it goes with the mesh."""
_ITS_PROCESS_OWN = {"bootstrap.json", "envoy.log"}
"""Files that each process of a proxy makes for itself: they name a socket of its own."""


class Processes:
    """A mesh that this process has brought up."""

    def __init__(self, mesh: Universal) -> None:
        self._mesh = mesh
        self._running = mesh.running
        self._keeper = next(
            child for child in psutil.Process().children() if str(self._running.keeping.folder) in child.cmdline()
        )
        self.locator = mesh.locator()
        self.zone = mesh.zones[0]

    def pids(self) -> set[int]:
        """The keeper and its children."""
        with contextlib.suppress(psutil.NoSuchProcess):
            return {self._keeper.pid, *(child.pid for child in self._keeper.children(recursive=True))}
        return {self._keeper.pid}

    def unsettled(self) -> str | None:
        """What global and the Envoys do not show as before."""
        return unsettled(self._mesh)

    def state(self) -> State:
        """All of it."""
        parts = (self._processes, self._sockets, self._files, self._control_planes, self._envoys, self._answers)
        return {name: text for part in parts for name, text in part()}

    def _processes(self) -> Iterator[tuple[str, str]]:
        known = {}
        for state in self._running.keeping.processes():
            if state.running:
                known[state.pid] = state.spec.name
                stands = " standing still" if stands_still(state) else ""
                yield f"process {state.spec.name}", json.dumps(state.spec.document(), sort_keys=True) + stands
        for child in self._keeper.children():
            if child.pid not in known and child.status() != psutil.STATUS_ZOMBIE:
                yield f"process {' '.join(child.cmdline())}", "unknown to its keeper"

    def _sockets(self) -> Iterator[tuple[str, str]]:
        for process in (self._keeper, *self._keeper.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                for one in process.net_connections("inet"):
                    if one.status == psutil.CONN_LISTEN or not one.raddr:
                        yield f"socket {one.laddr.ip}:{one.laddr.port}", "listening"
        yield from self._packet_filters()
        for line in Path("/proc/net/unix").read_text().splitlines():
            if f"@mesh-chaos-block-{self._mesh.topology.block}" in line.split():
                yield f"lease of block {self._mesh.topology.block}", "held"

    def _packet_filters(self) -> Iterator[tuple[str, str]]:
        if privileged():
            with Session() as session:
                tables = session.run("list tables").split()
            mine = (table for table in tables if table.startswith(f"mesh_chaos_{self._mesh.topology.block}_"))
            yield from ((f"table {table}", "there") for table in mine)

    def _files(self) -> Iterator[tuple[str, str]]:
        folder = self._running.keeping.folder
        for file in sorted(folder.rglob("*")):
            if file.name != _SECRETS_OF_UNDO:
                yield f"file {file.relative_to(folder)}", _content(file)

    def _control_planes(self) -> Iterator[tuple[str, str]]:
        zones = self._mesh.zones
        apis = [self._running.global_api(), *map(self._running.zone_api, zones)]
        try:
            described: Any = self._running.global_api().get("/_resources")
        except InfraError as error:
            yield "resources", str(error)
            return
        for api in apis:
            for kind in described["resources"]:
                if not kind["name"].endswith("Insight"):
                    yield from _stored(api, kind)

    def _envoys(self) -> Iterator[tuple[str, str]]:
        for plan in self._mesh.topology.zones:
            hosts = {"gateway": plan.gateway.host, "ingress": plan.ingress.host}
            for name, host in hosts.items():
                found = sorted(f"{u.endpoint} {u.priority} {u.healthy}" for u in upstreams(self._running, host))
                yield f"endpoints of {name} {plan.name}", "; ".join(found)

    def _answers(self) -> Iterator[tuple[str, str]]:
        for vantage in self._mesh.vantages:
            if vantage.zone is not None:
                yield f"answer at {vantage.name}", _answer(vantage.url)
        yield "the load balancer", _answer(self._mesh.vantages[0].url).partition("-zone")[0]

    def end(self) -> None:
        """End it."""
        self._mesh.end()


def _content(file: Path) -> str:
    if file.name in _ITS_PROCESS_OWN or not file.is_file():
        return "there"
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _stored(api: ControlPlane, kind: dict[str, Any]) -> Iterator[tuple[str, str]]:
    prefix = "/meshes/default" if kind["scope"] == "Mesh" else ""
    try:
        page: Any = api.get(f"{prefix}/{kind['path']}?size=1000") or {}
    except InfraError as error:
        yield f"{kind['path']} at {api.name}", str(error)
        return
    for item in page.get("items") or []:
        text = json.dumps(as_written(item), sort_keys=True)
        shown = hashlib.sha256(text.encode()).hexdigest() if "Secret" in kind["name"] else text
        yield f"{kind['name']} {item['name']} at {api.name}", shown


def _answer(url: str) -> str:
    try:
        text = plainhttp.get(url, 2).text
    except httpx.TransportError as error:
        return type(error).__name__
    return text.partition("\n")[0]


def bring_up(platform: ModuleType, logs: Path) -> Processes:
    """One that dies with this process."""
    given = {option.name: os.environ.get(option.variable) or option.default for option in OPTIONS}
    settings = parse_settings({**given, "replicas": "2", "engine": os.environ.get("MESH_CHAOS_ENGINE", "standin")})
    return Processes(platform.bring_up(mesh_settings(settings, "page", logs), lambda _: None))
