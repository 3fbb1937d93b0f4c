"""Connections and the requests they carry, on bare sockets.

No task, stream or transport stands between the event loop and the socket: each event is one short callback,
which is what makes a sample cheap (docs/benchmarks.md) and its timestamps close to the events.
"""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

from chaos.errors import InvalidRun
from chaos.model import Outcome
from chaos.probe.reply import Reply

if TYPE_CHECKING:
    from chaos.probe.client import Client

_CHUNK = 64 * 1024
_OWN_FAULTS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}
"""Connect errors that say something about this machine, nothing about the mesh."""


class Flight:
    """One request under way, on the ``connection`` that carries it; None once its outcome is known."""

    __slots__ = ("connection", "due_ns", "sent_ns")

    def __init__(self, due_ns: int, sent_ns: int, connection: Connection) -> None:
        self.due_ns = due_ns
        self.sent_ns = sent_ns
        self.connection: Connection | None = connection


class Connection:
    """One TCP connection, carrying one request at a time."""

    __slots__ = ("_client", "_fd", "_flight", "_loop", "_reading", "_reply", "_socket", "_writing")

    def __init__(self, client: Client) -> None:
        self._client = client
        self._loop = client.loop
        self._flight: Flight | None = None
        self._reply = Reply(client.gateway_header)
        self._reading = self._writing = False
        try:
            self._socket = socket.socket(client.target.family, socket.SOCK_STREAM)
        except OSError as error:
            raise _own_fault(error.errno or 0) from error
        self._socket.setblocking(False)  # noqa: FBT003 - that is its signature
        self._fd = self._socket.fileno()

    def carry(self, flight: Flight) -> None:
        """Send the request of ``flight``, connecting first where need be."""
        self._flight = flight
        if self._reading:
            self._reply = Reply(self._client.gateway_header)
            self._send()
            return
        code = self._socket.connect_ex(self._client.target.address)
        if code == errno.EINPROGRESS:
            self._writing = True
            self._loop.add_writer(self._fd, self._writable)
        else:
            self._connected(code)

    def _writable(self) -> None:
        self._loop.remove_writer(self._fd)
        self._writing = False
        self._connected(self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))

    def _connected(self, code: int) -> None:
        if code == 0 and self._socket.getsockname()[:2] == self._client.target.address:
            # Nobody listens, and Linux chose the very port for this end: the socket is connected to itself.
            self._land(Outcome.REFUSED)
        elif code == 0:
            self._reading = True
            self._loop.add_reader(self._fd, self._readable)
            self._send()
        elif code in _OWN_FAULTS:
            raise _own_fault(code)
        else:
            self._land(_CONNECT_OUTCOMES.get(code, Outcome.UNREACHABLE))

    def _send(self) -> None:
        try:
            self._socket.send(self._client.request)  # short, and nothing else is in the buffer: never in part
        except OSError:
            self._land(Outcome.RESET)

    def _readable(self) -> None:
        if self._flight is None:  # the peer closes while idle, or talks out of turn
            self._client.dropped(self)
            return
        try:
            data = self._socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            self._land(Outcome.RESET)
            return
        self._received(data)

    def _received(self, data: bytes) -> None:
        if data:
            self._reply.feed(data)
        else:
            self._reply.end()
        if self._reply.outcome is not None:
            self._land(self._reply.outcome)

    def _land(self, outcome: Outcome) -> None:
        flight, self._flight = self._flight, None
        if flight is not None:
            flight.connection = None
            self._client.ended(flight, self, self._reply, outcome)

    def expire(self) -> None:
        """The request's time limit has passed; an answer that came while this process was held up counts."""
        if self._reading:
            self._readable()
        self._land(Outcome.TIMEOUT)

    def open(self) -> bool:
        """Whether the peer has neither closed nor sent anything since the last answer."""
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def close(self) -> None:
        """Let go of the socket."""
        if self._reading:
            self._loop.remove_reader(self._fd)
        if self._writing:
            self._loop.remove_writer(self._fd)
        self._reading = self._writing = False
        self._socket.close()


_CONNECT_OUTCOMES = {
    errno.ECONNREFUSED: Outcome.REFUSED,
    errno.ECONNRESET: Outcome.RESET,
    errno.ETIMEDOUT: Outcome.TIMEOUT,
}


def _own_fault(code: int) -> InvalidRun:
    return InvalidRun(
        f"the probe could not open a connection for want of its own machine's means ({os.strerror(code)}): "
        "raise `ulimit -n`, or probe at a lower rate"
    )
