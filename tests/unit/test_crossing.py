"""What connections to an ingress prove of the network before it."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chaos.platform import Action
from fixtures.local.addresses import Endpoint
from fixtures.local.relay import Weather
from fixtures.platforms.universal.breakables.crossing import proof

if TYPE_CHECKING:
    from collections.abc import Iterator

FINE = Weather()
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: a connection that is closed so is reset."""


@contextmanager
def resetting() -> Iterator[Endpoint]:
    """Resets every connection, some before their client knows that it is connected."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)

        def reset() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                connection.close()

        threading.Thread(target=reset, daemon=True).start()
        try:
            yield Endpoint("127.0.0.1", server.getsockname()[1])
        finally:
            server.shutdown(socket.SHUT_RDWR)


def test_connections_that_are_reset_are_lost_however_early() -> None:
    with resetting() as to:
        found = [proof(Action.LOSE, to, FINE) for _ in range(20)]
    assert all(text is not None and text.startswith("40 of 40 connections") for text in found), found


def test_a_reset_is_no_silence() -> None:
    with resetting() as to:
        assert all(proof(Action.CUT, to, FINE) is None for _ in range(50))


def test_what_nobody_answers_is_cut_off() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(1)
        assert proof(Action.CUT, Endpoint("127.0.0.1", server.getsockname()[1]), FINE) is not None
