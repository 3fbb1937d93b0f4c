"""A proxy on real Kuma that nobody invited, with whatever it has in place of a token and a certificate."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fixtures.local.processes import ProcessSpec, Role
from fixtures.platforms.universal import registering
from fixtures.platforms.universal.engine import Proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.platforms.universal.platform import Universal

NAME, ZONE = "stranger", "zone1"
_TOKEN, _CERTIFICATE = "--dataplane-token-file=", "--ca-cert-file="


@dataclass(frozen=True)
class Stranger:
    """A proxy of zone1, offering a service that nobody asks for."""

    mesh: Universal
    spec: ProcessSpec
    log: Path

    @property
    def folder(self) -> Path:
        """The mesh's."""
        return self.mesh._running.keeping.folder

    def with_token(self, file: Path | None) -> Stranger:
        return self._with(_TOKEN, file)

    def with_certificate(self, file: Path) -> Stranger:
        return self._with(_CERTIFICATE, file)

    def _with(self, flag: str, file: Path | None) -> Stranger:
        argv = tuple(argument for argument in self.spec.argv if not argument.startswith(flag))
        added = () if file is None else (f"{flag}{file}",)
        return replace(self, spec=replace(self.spec, argv=(*argv, *added)))

    @contextmanager
    def running(self) -> Iterator[Stranger]:
        """It runs, or tries to, for a while."""
        with self.log.open("wb") as log:
            process = subprocess.Popen(self.spec.argv, env={**os.environ, **self.spec.env}, stdout=log, stderr=log)
        try:
            yield self
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(15)

    def says(self, text: str) -> bool:
        return text in self.log.read_text()

    @property
    def registered(self) -> bool:
        """Whether its zone's control plane has let it in."""
        dataplane = {"type": "Dataplane", "mesh": "default", "name": NAME}
        return self.mesh._running.zone_api(ZONE).resource(dataplane) is not None


def stranger(mesh: Universal, log: Path) -> Stranger:
    """One with a token of its own: everything that the mesh's own proxies have."""
    running, zone = mesh._running, mesh.topology.zone(ZONE)
    admin, readiness = _free_ports()
    document = registering.echo_dataplane(zone.replicas[0], admin, {"tags": {"kuma.io/service": NAME}})
    networking = {**document["networking"], "address": zone.host(200)}
    proxy = Proxy(zone, Role.ECHO_PROXY, zone.replicas[0].host, {**document, "name": NAME, "networking": networking})
    if not (running.keeping.folder / NAME).exists():
        running.engine.admit(running.global_api(), proxy, running.keeping.folder)
    spec = running.engine.proxy(running.topology, proxy, running.write(proxy.resource))
    return Stranger(mesh, replace(spec, env={**spec.env, "KUMA_READINESS_PORT": str(readiness)}), log)


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]
