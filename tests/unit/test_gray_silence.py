"""When a workload is proved to stand still: as long as nobody answers, whether or not the kernel still accepts."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from fixtures.local.addresses import Endpoint
from fixtures.platforms.universal.breakables import gray

HOST = "127.0.0.1"


def listening(stack: ExitStack) -> Endpoint:
    """A socket that the kernel accepts for, and that nobody reads."""
    server = stack.enter_context(socket.socket())
    server.bind((HOST, 0))
    server.listen(0)
    return Endpoint(HOST, server.getsockname()[1])


def fill(endpoint: Endpoint, stack: ExitStack) -> None:
    """Connect until the kernel accepts no more."""
    while True:
        client = stack.enter_context(socket.socket())
        client.settimeout(0.2)
        try:
            client.connect((endpoint.host, endpoint.port))
        except TimeoutError:
            return


def test_a_workload_that_stands_still_is_silent() -> None:
    with ExitStack() as stack:
        assert gray.silence(listening(stack)) is not None


def test_it_is_silent_still_once_its_backlog_is_full() -> None:
    with ExitStack() as stack:
        endpoint = listening(stack)
        fill(endpoint, stack)
        assert gray.silence(endpoint) is not None


def test_a_refused_connection_is_no_silence() -> None:
    with ExitStack() as stack:
        endpoint = listening(stack)
    assert gray.silence(endpoint) is None
