"""One address of the server, on bare sockets: what it does is decided when a request is read, by one thread.

So whatever is answered after an outage has begun is answered as the outage says, and an edge is as sharp as one turn
of the loop.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from collections import Counter
from typing import TYPE_CHECKING

from benchmarks.outages.script import SLOW_S, Happened, Kind
from chaos.model import Interval, Lane

if TYPE_CHECKING:
    import asyncio

BACKLOG = 4096
HOME, AWAY = "zone1", "zone2"
_CHUNK = 64 * 1024
_FILLERS = 4
"""Connections that fill a queue of length 0 (which holds one), and then some."""
_GONE = struct.pack("ii", 1, 0)


def echoed(zone: str) -> bytes:
    """What kong/go-echo answers there."""
    return (
        f"Welcome, you are connected to node mesh-{zone}.\nRunning on Pod echo-{zone}.\nIn namespace kong.\n".encode()
    )


def _answer(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)


_HERE = _answer("200 OK", echoed(HOME))
_ANSWERS = {
    Kind.ERROR: _answer("503 Service Unavailable", b"no healthy upstream"),
    Kind.ZONE: _answer("200 OK", echoed(AWAY)),
}


class Door:
    """Where one tool asks; ``begin`` and ``end`` are the edges of an outage."""

    def __init__(self, loop: asyncio.AbstractEventLoop, address: tuple[str, int]) -> None:
        self.loop = loop
        self.address = address
        self.kind: Kind | None = None
        self.requests = 0
        self.away: Counter[Lane] = Counter()
        """How many answers were the other zone's, by whether the connection was to be kept."""
        self.talks: set[Talk] = set()
        self._began = Interval(0, 0)
        self._fillers: list[socket.socket] = []
        self._listener = self._listening()

    def _listening(self) -> socket.socket:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(self.address)
        listener.setblocking(False)  # noqa: FBT003 - that is its signature
        listener.listen(BACKLOG)
        self.loop.add_reader(listener, self._accept)
        return listener

    def _accept(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionAbortedError):
            while True:
                self.talks.add(Talk(self, self._listener.accept()[0]))

    def begin(self, kind: Kind) -> None:
        """Be broken from now on."""
        before_ns = time.monotonic_ns()
        self.kind = kind
        if kind is Kind.REFUSED:
            self._unlisten()
            for talk in tuple(self.talks):
                talk.reset()
        elif kind is Kind.DEAF:
            self._deafen()
        self._began = Interval(before_ns, time.monotonic_ns())

    def end(self) -> Happened:
        """Be whole again; what the outage was."""
        before_ns, kind = time.monotonic_ns(), self.kind
        assert kind is not None
        if kind is Kind.REFUSED:
            self._listener = self._listening()
        elif kind is Kind.DEAF:
            self._hear()
        self.kind = None
        return Happened(kind, self._began, Interval(before_ns, time.monotonic_ns()))

    def _unlisten(self) -> None:
        self.loop.remove_reader(self._listener)
        self._listener.close()

    def _deafen(self) -> None:
        self.loop.remove_reader(self._listener)
        self._listener.listen(0)
        for _ in range(_FILLERS):
            filler = socket.socket()
            filler.setblocking(False)  # noqa: FBT003 - that is its signature
            filler.connect_ex(self.address)
            self._fillers.append(filler)

    def _hear(self) -> None:
        self._listener.listen(BACKLOG)
        self._accept()  # while it is still deaf: who got into the queue meanwhile is never answered either
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        self.loop.add_reader(self._listener, self._accept)


class Talk:
    """One connection of a client."""

    __slots__ = ("_door", "_heard", "_ignored", "_socket")

    def __init__(self, door: Door, accepted: socket.socket) -> None:
        self._door = door
        self._socket = accepted
        self._heard = b""
        self._ignored = door.kind is Kind.DEAF
        accepted.setblocking(False)  # noqa: FBT003 - that is its signature
        door.loop.add_reader(accepted, self._readable)

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
        elif not self._ignored:
            self._heard += data
            if b"\r\n\r\n" in self._heard:
                self._asked()

    def _asked(self) -> None:
        door, kind = self._door, self._door.kind
        door.requests += 1
        lane = Lane.FRESH if b"connection: close" in self._heard.lower() else Lane.KEEPALIVE
        self._heard = b""
        if kind is Kind.RESET:
            self.reset()
        elif kind in (Kind.HOLE, Kind.DEAF):
            self._ignored = True
        elif kind is Kind.SLOW:
            door.loop.call_later(SLOW_S, self._say, _HERE, lane)
        else:
            door.away[lane] += kind is Kind.ZONE
            self._say(_HERE if kind is None else _ANSWERS[kind], lane)

    def _say(self, answer: bytes, lane: Lane) -> None:
        if self in self._door.talks:
            with contextlib.suppress(OSError):
                self._socket.send(answer)
            if lane is Lane.FRESH:
                self.close()

    def reset(self) -> None:
        """Let the peer see a reset."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _GONE)
        self.close()

    def close(self) -> None:
        """Let go of the socket."""
        self._door.talks.discard(self)
        self._door.loop.remove_reader(self._socket)
        self._socket.close()
