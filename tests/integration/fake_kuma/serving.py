"""HTTP servers in a few lines, each at an address and port of its own."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl


class Handler(BaseHTTPRequestHandler):
    """Reads and sends whole documents; ``get``, ``put`` and so on answer, where there are such methods."""

    protocol_version = "HTTP/1.1"

    def handle_method(self) -> None:
        answer = getattr(self, self.command.lower(), None)
        if answer is None:
            self.send(404, {})
        else:
            answer()

    do_GET = do_PUT = do_DELETE = do_POST = handle_method  # noqa: N815 - the names that http.server looks for

    def document(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["content-length"])))

    def send(self, status: int, document: object) -> None:
        self.send_bytes(status, json.dumps(document).encode())

    def send_bytes(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


def serve(host: str, port: int, handler: type[Handler], tls: ssl.SSLContext | None = None) -> None:
    """Serve from now on."""
    server = ThreadingHTTPServer((host, port), handler)
    if tls is not None:
        # the handshake is the connection's own, so that a client that breaks it off disturbs nobody
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
