"""The fake's kuma-cp: an API with recorded answers, and a TLS server for proxies with a certificate of its own."""

from __future__ import annotations

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.integration.fake_kuma import DETAILED
from tests.integration.fake_kuma.certificate import make_certificate
from tests.integration.fake_kuma.events import event, misbehaves

if TYPE_CHECKING:
    import ssl

NO_KEY = {"type": "/std-errors", "status": 404, "title": "Signing Key not found", "detail": "no signing key yet"}
REFUSED = {
    "type": "/std-errors", "status": 400, "title": "Could not process a resource", "detail": "Resource is not valid",
    "invalid_parameters": [
        {"field": "networking.inbound[0].servicePort", "reason": "port must be in the range [1, 65535]"}
    ],
}  # fmt: skip
"""As recorded on Kuma 2.13.10."""


class Api(BaseHTTPRequestHandler):
    """Keeps what is PUT; signs tokens once its key is there, which is only at the second request for one."""

    protocol_version = "HTTP/1.1"
    stored: dict[str, Any] = {}  # noqa: RUF012 - one control plane a process
    asked = 0

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path in {"/", "/meshes/default"}:
            self._send(200, {"product": "Kuma", "version": "2.13.10", "mode": os.environ["KUMA_MODE"]})
        else:
            self._send(*((200, self.stored[path]) if path in self.stored else (404, {"title": "Not found"})))

    def do_PUT(self) -> None:
        self.stored[self.path] = self._body()
        event(f"PUT {self.path} {os.environ['KUMA_MODE']}")
        self._send(*((400, REFUSED) if misbehaves("refuse") else (200, {})))

    def do_POST(self) -> None:
        wanted, before = self._body(), Api.asked
        Api.asked += 1
        if not before:
            self._send(404, NO_KEY)
            return
        owner = wanted.get("name") or f"{wanted['zone']}-{wanted['scope'][0]}"
        event(f"token for {owner}")
        self._send_bytes(200, f"eyJfake.eyJ{owner}.signed".encode())

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["content-length"])))

    def _send(self, status: int, document: object) -> None:
        self._send_bytes(status, json.dumps(document).encode())

    def _send_bytes(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


class Proxies(BaseHTTPRequestHandler):
    """The bootstrap: whoever comes with a token is let in."""

    def do_POST(self) -> None:
        token = self.headers.get("authorization", "")
        self.send_response(200 if token.startswith("eyJfake.") else 401)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


def main(arguments: list[str]) -> int:
    """``version --detailed`` or ``run``."""
    if arguments == ["version", "--detailed"]:
        sys.stdout.write(DETAILED)
        return 0
    if misbehaves("die"):
        sys.stderr.write("Error: could not start: the store is on fire\n")
        return 1
    work = Path(os.environ["KUMA_GENERAL_WORK_DIR"])
    work.mkdir(mode=0o700, exist_ok=True)
    served = make_certificate(work)
    if misbehaves("other certificate"):
        make_certificate(work)
    _serve_proxies(served)
    where = os.environ["KUMA_API_SERVER_HTTP_INTERFACE"], int(os.environ["KUMA_API_SERVER_HTTP_PORT"])
    server = ThreadingHTTPServer(where, Api)
    event(f"{os.environ['KUMA_MODE']} control plane answers")
    server.serve_forever()
    return 0


def _serve_proxies(served: ssl.SSLContext) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ["KUMA_DP_SERVER_PORT"])), Proxies)
    server.socket = served.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
