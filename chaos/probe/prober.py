"""The open loop itself: begins what is due, ends what has run out of time."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from chaos.probe.alarm import alarm
from chaos.probe.client import Client
from chaos.probe.pacer import Pacer
from chaos.probe.target import request

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Mapping

    from chaos.probe.connection import Flight
    from chaos.probe.target import Target
    from chaos.samples import Sample, Schedule


class Prober:
    """Keeps a schedule from the moment it is made.

    Args:
        targets: the address of each vantage, by the vantage's name.
        gateway_header: the name of the response header that names the gateway.
        report: is called with each sample.
        stopped: is called once after ``stop``, when the last request has ended.
    """

    def __init__(
        self,
        *,
        loop: asyncio.AbstractEventLoop,
        schedule: Schedule,
        targets: Mapping[str, Target],
        gateway_header: str,
        report: Callable[[Sample], None],
        stopped: Callable[[], None],
    ) -> None:
        self._report = report
        self._clients = [
            Client(
                loop=loop,
                series=index,
                target=targets[series.vantage.name],
                request=request(series.vantage, series.lane),
                lane=series.lane,
                gateway_header=gateway_header.lower().encode(),
                report=self._landed,
            )
            for index, series in enumerate(schedule.series)
        ]
        self._timeout_ns = schedule.timeout_ns
        self._pacer = Pacer(schedule)
        self._stopping = False
        self._stopped = stopped
        self._flights: deque[Flight] = deque()
        """In order of beginning, so of deadline too; those that have ended leave once they are in front."""
        self._alarm = alarm(loop, self._ring)
        self._alarm.set(self._pacer.due_ns)

    def stop(self) -> None:
        """Begin no further request."""
        self._stopping = True
        self._ring()

    def _landed(self, sample: Sample) -> None:
        self._report(sample)
        if self._stopping:  # nothing else would ring before the next deadline, and this may have been the last
            self._alarm.set(time.monotonic_ns())

    def _ring(self) -> None:
        now_ns = time.monotonic_ns()
        if not self._stopping:
            for series, due_ns in self._pacer.take(now_ns):
                self._flights.append(self._clients[series].begin(due_ns))
        self._expire(now_ns)
        self._sleep()

    def _expire(self, now_ns: int) -> None:
        flights = self._flights
        while flights and (flights[0].connection is None or flights[0].sent_ns + self._timeout_ns <= now_ns):
            connection = flights.popleft().connection
            if connection is not None:
                connection.expire()

    def _sleep(self) -> None:
        if self._flights:
            deadline_ns = self._flights[0].sent_ns + self._timeout_ns
            self._alarm.set(deadline_ns if self._stopping else min(deadline_ns, self._pacer.due_ns))
        elif self._stopping:
            self._alarm.close()
            self._stopped()
        else:
            self._alarm.set(self._pacer.due_ns)
