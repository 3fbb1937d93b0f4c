"""The fake's kuma-cp: Kuma's API, and TLS servers for zones and for proxies with a certificate of its own."""

from __future__ import annotations

import base64
import json
import os
import ssl
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, NamedTuple

from tests.integration.fake_kuma import Version, answer_version, end, rules
from tests.integration.fake_kuma.certificate import make_certificate
from tests.integration.fake_kuma.events import event, misbehaves
from tests.integration.fake_kuma.recorded import error, refusal
from tests.integration.fake_kuma.serving import Handler, serve

MESH = "/meshes/default"
ADMIN_SOCKET = "KUMA_BOOTSTRAP_SERVER_PARAMS_ENVOY_ADMIN_UNIX_SOCKET"
EVERYWHERE = ""
_PAUSE_S = 0.1


class State(NamedTuple):
    """What one control plane knows."""

    mode: str
    zone: str
    version: Version
    resources: dict[str, Any]
    zones: dict[str, float]
    """When each zone was last heard of."""
    tokens_asked: list[str]


class Serving(Handler):
    """A server of the one control plane that a process is."""

    state: State


class Api(Serving):
    """Keeps what is PUT; signs tokens once its key is there, which is only at the second request for one."""

    def get(self) -> None:
        path = self.path.partition("?")[0]
        found = self._found(path)
        if found is None:
            missing = "resource" if path == MESH or MESH in self.state.resources else "mesh"
            self.send(*refusal(missing))
        else:
            self.send(200, found)

    def _found(self, path: str) -> Any:
        if path == "/":
            return {"product": "Kuma", "version": str(self.state.version), "mode": self.state.mode}
        heard = (zone for zone, when in self.state.zones.items() if time.monotonic() - when < 1)
        if path == "/zones+insights":
            return _page([rules.overview(zone) for zone in heard])
        if path == f"{MESH}/meshservices":
            return _page([rules.mesh_service(zone) for zone in heard])
        if path.count("/") == MESH.count("/") + 1:
            return _page([found for key, found in self.state.resources.items() if key.rpartition("/")[0] == path])
        return self.state.resources.get(path)

    def put(self) -> None:
        resource = self.document()
        event(f"PUT {self.path} {self.state.mode}")
        reason = "port" if misbehaves("refuse") else rules.reason(self.state.mode, self.path, resource)
        if reason is None:
            self.state.resources[self.path] = rules.stored(resource, self.state.zone)
        self.send(*((200, {}) if reason is None else refusal(reason)))

    def delete(self) -> None:
        found = self.state.resources.pop(self.path, None)
        self.send(*((200, {}) if found else refusal("resource")))

    def post(self) -> None:
        wanted = self.document()
        self.state.tokens_asked.append(self.path)
        owner = wanted.get("name") or f"{wanted['scope'][0]}-{wanted['zone']}"
        if len(self.state.tokens_asked) == 1 or misbehaves("no key"):
            event("no signing key yet")
            self.send(*refusal("signing key"))
            return
        event(f"token for {owner}")
        claims = base64.urlsafe_b64encode(json.dumps({"Name": owner}).encode()).decode().rstrip("=")
        self.send_bytes(200, f"eyJmYWtlIjoxfQ.{claims}.c2lnbmVk".encode())


class Zones(Serving):
    """Global's server for zones: each gets the mesh."""

    def get(self) -> None:
        self.state.zones[self.path.removeprefix("/")] = time.monotonic()
        mesh = self.state.resources.get(MESH)
        self.send(*((200, mesh) if mesh else refusal("mesh")))


class Proxies(Serving):
    """A zone's server for proxies: a bootstrap for who has a token, and configuration for who has his own."""

    def post(self) -> None:
        resource, token = self.document(), self.headers.get("authorization")
        if not token:
            self.send_bytes(422, error("no token").encode())
        elif self.path == "/bootstrap":
            on_socket = self.state.version.minor == 14 and os.environ.get(ADMIN_SOCKET) != "false"
            self.send(200, {"adminSocket": on_socket})
        elif (owner := _owner(token)) != resource["name"]:
            self.send_bytes(401, error("other's token", name=resource["name"], owner=owner).encode())
        else:
            self.state.resources[_path(resource)] = rules.stored(resource, self.state.zone)
            event(f"{owner} is let in")
            self.send(200, {})

    def get(self) -> None:
        """The newest of a Dataplane, for its Envoy."""
        self.send(200, self.state.resources.get(f"{MESH}/dataplanes{self.path}") or {})


def _owner(token: str) -> str:
    claims = token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["Name"])


_COLLECTIONS = {"Dataplane": f"{MESH}/dataplanes", "ZoneIngress": "/zoneingresses", "ZoneEgress": "/zoneegresses"}
"""Where a proxy that is let in is registered, by its type."""


def _path(resource: dict[str, Any]) -> str:
    return f"{_COLLECTIONS[resource['type']]}/{resource['name']}"


def _page(items: list[Any]) -> dict[str, Any]:
    return {"total": len(items), "items": items, "next": None}


def main(arguments: list[str], version: str) -> None:
    """``version --detailed`` or ``run``."""
    number = answer_version(arguments, version)
    if misbehaves("die"):
        end("Error: could not start: the store is on fire")
    mode = os.environ["KUMA_MODE"]
    work = Path(os.environ["KUMA_GENERAL_WORK_DIR"])
    work.mkdir(mode=0o700, exist_ok=True)
    tls = make_certificate(work)
    if misbehaves(f"other certificate of {mode}"):
        make_certificate(work)
    Serving.state = State(mode, os.environ.get("KUMA_MULTIZONE_ZONE_NAME", ""), number, {}, {}, [])
    _listen(tls, mode)
    event(f"{mode} control plane answers")
    if mode == "zone":
        threading.Thread(target=_follow_global, daemon=True).start()
    threading.Event().wait()


def _listen(tls: ssl.SSLContext, mode: str) -> None:
    """At every port that kuma-cp has, so that two of them get into each other's way as real ones do."""
    env = os.environ
    serve(EVERYWHERE, int(env["KUMA_DP_SERVER_PORT"]), Proxies, tls)
    serve(EVERYWHERE, int(env["KUMA_DIAGNOSTICS_SERVER_PORT"]), Handler)
    serve(EVERYWHERE, int(env["KUMA_INTER_CP_SERVER_PORT"]), Handler, tls)
    if mode == "global":
        serve(EVERYWHERE, int(env["KUMA_MULTIZONE_GLOBAL_KDS_GRPC_PORT"]), Zones, tls)
    else:
        serve(EVERYWHERE, int(env["KUMA_MONITORING_ASSIGNMENT_SERVER_PORT"]), Handler)
    serve(env["KUMA_API_SERVER_HTTPS_INTERFACE"], int(env["KUMA_API_SERVER_HTTPS_PORT"]), Handler, tls)
    serve(env["KUMA_API_SERVER_HTTP_INTERFACE"], int(env["KUMA_API_SERVER_HTTP_PORT"]), Api)


def _follow_global() -> None:
    """Learn of the mesh from global, which has to be who its certificate says."""
    state = Serving.state
    tls = ssl.create_default_context(cafile=os.environ["KUMA_MULTIZONE_ZONE_KDS_ROOT_CA_FILE"])
    address = os.environ["KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS"].replace("grpcs://", "https://")
    while True:
        try:
            with urllib.request.urlopen(f"{address}/{state.zone}", timeout=5, context=tls) as answer:
                state.resources[MESH] = json.load(answer)
        except OSError as problem:
            print(f"kds-mux-client: {problem}", flush=True)  # noqa: T201 - its log
        time.sleep(_PAUSE_S)  # a client that reconnects
