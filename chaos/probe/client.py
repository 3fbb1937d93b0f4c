"""Asks one vantage through one lane: keeps its connections and makes its samples."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chaos.model import Lane
from chaos.probe.connection import Connection, Flight
from chaos.samples import Sample

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from chaos.model import Outcome
    from chaos.probe.reply import Reply
    from chaos.probe.target import Target


class Client:
    """Asks one target through one lane, and reports each request's sample when its outcome is known.

    A kept-alive connection that its peer has closed is never asked again: a close that has arrived is seen
    before the connection is used. One that arrives *after* the request was sent is a RESET: no retry
    hides it, because whether a user's client would have retried cannot be known. That the peer
    closes an idle connection by its own timer just then is possible, but the probe leaves a
    connection idle for a period only (50 ms at 20/s), far below any server's idle timeout.

    Args:
        report: is called with each sample.
        gateway_header: the name, in lower case, of the response header that names the gateway.
    """

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        series: int,
        target: Target,
        request: bytes,
        lane: Lane,
        gateway_header: bytes,
        report: Callable[[Sample], None],
    ) -> None:
        self.loop = loop
        self.target = target
        self.request = request
        self.gateway_header = gateway_header
        self._series = series
        self._keeps = lane is Lane.KEEPALIVE
        self._report = report
        self._idle: list[Connection] = []

    def begin(self, due_ns: int) -> Flight:
        """Send the request that was due at ``due_ns``."""
        sent_ns = time.monotonic_ns()
        connection = self._connection()
        flight = Flight(due_ns, sent_ns, connection)
        connection.carry(flight)
        return flight

    def _connection(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if connection.open():
                return connection
            connection.close()
        return Connection(self)

    def ended(self, flight: Flight, connection: Connection, reply: Reply, outcome: Outcome) -> None:
        """A connection's flight has ended: keep the connection or not, and report."""
        done_ns = time.monotonic_ns()
        if reply.reusable and self._keeps:
            self._idle.append(connection)
        else:
            connection.close()
        self._report(_sample(self._series, flight, done_ns, reply, outcome))

    def dropped(self, connection: Connection) -> None:
        """An idle connection was closed by its peer."""
        self._idle.remove(connection)
        connection.close()


def _sample(series: int, flight: Flight, done_ns: int, reply: Reply, outcome: Outcome) -> Sample:
    answer = reply.answer
    return Sample(
        series,
        flight.due_ns,
        flight.sent_ns,
        done_ns,
        outcome,
        reply.status,
        answer.node,
        answer.pod,
        reply.gateway,
    )
