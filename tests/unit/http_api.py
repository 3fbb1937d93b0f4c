"""A control plane's API over real HTTP, for tests: keeps what is PUT, or answers as a test wants."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

HOST = "127.232.0.1"
Answer = Callable[[BaseHTTPRequestHandler], tuple[int, object]]


class Api:
    """Keeps what is PUT, as a control plane does; or answers as a test wants."""

    def __init__(self) -> None:
        self.stored: dict[str, Any] = {}
        self.requests: list[str] = []
        self.headers: dict[str, str] = {}
        self.answer: Answer | None = None
        self.hang_up = 0
        """How many requests are hung up on before one is answered."""

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        self.requests.append(f"{request.command} {request.path}")
        if self.hang_up:
            self.hang_up -= 1
            request.close_connection = True
            return
        length = int(request.headers.get("content-length", 0))
        body = request.rfile.read(length)
        status, document = self.answer(request) if self.answer else self._keep(request, body)
        self._send(request, status, document if isinstance(document, bytes) else json.dumps(document).encode())

    def _send(self, request: BaseHTTPRequestHandler, status: int, content: bytes) -> None:
        request.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **self.headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    def _keep(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, object]:
        path = request.path
        if request.command == "PUT":
            new = path not in self.stored
            self.stored[path] = json.loads(body)
            return (201 if new else 200), {}
        if path not in self.stored and path != "/":
            return 404, {"title": "Could not retrieve a resource", "detail": "Not found"}
        if request.command == "DELETE":
            return 200, self.stored.pop(path)
        set_by_server = {"creationTime": "now", "modificationTime": "now", "kri": "k", "status": {}}
        return 200, {**self.stored.get(path, {}), **set_by_server}
