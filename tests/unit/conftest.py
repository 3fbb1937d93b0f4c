"""What several unit tests ask: a control plane's API over real HTTP."""

from __future__ import annotations

import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from fixtures.local.addresses import Endpoint
from fixtures.platforms.universal.api import ControlPlane
from tests.unit.http_api import HOST, Api

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def api() -> Iterator[tuple[Api, Endpoint]]:
    behaviour = Api()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            behaviour.handle(self)

        do_GET = do_PUT = do_DELETE = handle_one  # noqa: N815 - the names that http.server looks for

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the name that http.server gives it
            return

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield behaviour, Endpoint(HOST, server.server_port)
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def behaviour(api: tuple[Api, Endpoint]) -> Api:
    return api[0]


@pytest.fixture
def plane(api: tuple[Api, Endpoint]) -> Iterator[ControlPlane]:
    with closing(ControlPlane("zone1's control plane", api[1])) as asked:
        yield asked
