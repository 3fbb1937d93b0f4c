"""A server for the probe's tests: what it does to a request is chosen by the request's path."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

HOST = "127.231.0.7"
BODY = (
    b"Welcome, you are connected to node mesh-zone1.\n"
    b"Running on Pod echo-1.\nIn namespace kong.\nWith IP address 10.0.0.1.\n"
)


def answer(body: bytes = BODY, *, status: str = "200 OK", headers: str = "") -> bytes:
    """An HTTP answer with a length."""
    head = f"HTTP/1.1 {status}\r\nX-Mesh-Chaos-Gateway: gateway-zone1\r\nContent-Length: {len(body)}\r\n{headers}\r\n"
    return head.encode() + body


class Scripted(asyncio.Protocol):
    """One connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.requests = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server.connections += 1

    def data_received(self, data: bytes) -> None:
        path = data.split(b" ", 2)[1].decode()
        self.requests += 1
        self.server.requests[path] += 1
        self.server.last_request = data
        BEHAVIOURS[path](self)
        if b"Connection: close" in data and path in {"/ok", "/503"}:
            self.transport.close()

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    def reset(self) -> None:
        linger = struct.pack("ii", 1, 0)
        self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()

    def later(self, seconds: float, call: Callable[[], object]) -> None:
        asyncio.get_running_loop().call_later(seconds, call)


def _half(c: Scripted) -> None:
    c.write(answer()[:-20])
    c.later(0.01, c.transport.close)


def _closing(c: Scripted) -> None:
    c.write(answer())
    c.later(0.02, c.transport.close)


def _second_dies(c: Scripted) -> None:
    if c.requests == 1:
        c.write(answer())
    else:
        c.reset()


def _trickle(c: Scripted) -> None:
    whole = answer()
    for i in range(len(whole)):
        c.later(0.05 * i, partial(c.write, whole[i : i + 1]))


def _until_close(c: Scripted) -> None:
    c.write(b"HTTP/1.0 200 OK\r\n\r\n" + BODY)
    c.transport.close()


BEHAVIOURS: dict[str, Callable[[Scripted], object]] = {
    "/ok": lambda c: c.write(answer()),
    "/503": lambda c: c.write(answer(b"no healthy upstream", status="503 Service Unavailable")),
    "/hole": lambda c: None,
    "/reset": lambda c: c.reset(),
    "/close": lambda c: c.transport.close(),
    "/half": _half,
    "/garbage": lambda c: c.write(b"\x00\xff what is this\r\n\r\n"),
    "/strange": lambda c: c.write(answer(b"<html>It works!</html>")),
    "/nameless": lambda c: c.write(answer(b"In namespace kong.\n")),
    "/big": lambda c: c.write(answer(b"x" * 200_000)),
    "/endless-head": lambda c: c.write(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000),
    "/trickle": _trickle,
    "/slow": lambda c: c.later(0.15, lambda: c.write(answer())),
    "/closing": _closing,
    "/second-dies": _second_dies,
    "/until-close": _until_close,
    "/chunked": lambda c: c.write(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
    ),
    "/continue": lambda c: c.write(b"HTTP/1.1 100 Continue\r\n\r\n" + answer()),
    "/surplus": lambda c: c.write(answer() + b"more than was asked for"),
    "/upgrade": lambda c: c.write(b"HTTP/1.1 101 Switching\r\nUpgrade: ws\r\nConnection: upgrade\r\n\r\n"),
}


class Server:
    """Listens on an address of its own, in a thread of its own."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.connections = 0
        self.last_request = b""
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def url(self, path: str) -> str:
        """The URL of the behaviour at ``path``."""
        return f"http://{HOST}:{self.port}{path}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        listener = self._loop.run_until_complete(
            self._loop.create_server(lambda: Scripted(self), HOST, 0, backlog=1024)
        )
        self.port = listener.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        listener.close()
        self._loop.close()

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()


@contextlib.contextmanager
def refusing() -> Iterator[str]:
    """A URL at which nobody listens, and nobody will meanwhile."""
    with socket.socket() as holder:
        holder.bind((HOST, 0))
        yield f"http://{HOST}:{holder.getsockname()[1]}/ok"


@contextlib.contextmanager
def deaf() -> Iterator[str]:
    """A URL whose host drops every SYN: its queue of connections is full, and nobody accepts them."""
    with contextlib.ExitStack() as held:
        listener = held.enter_context(socket.socket())
        listener.bind((HOST, 0))
        listener.listen(0)
        for _ in range(4):
            filler = held.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://{HOST}:{listener.getsockname()[1]}/ok"
