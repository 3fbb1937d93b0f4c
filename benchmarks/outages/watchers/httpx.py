"""A plain httpx.AsyncClient in an open loop, a task for each request: what one would write without a tool.

The loop runs in a process of its own (``python -m``), until Ctrl-C, and then says what it saw as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from typing import TYPE_CHECKING

import httpx
import numpy as np

from benchmarks.outages.door import AWAY
from benchmarks.outages.watched import Watched, answered
from benchmarks.outages.watchers.program import Program
from chaos.model import NS_PER_S, Lane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.outages.watchers import Task

NAME = "httpx"
_SAID = "said"
_GRACE = 2.0
"""Time limits to wait for what is still under way at the end."""


class HttpxWatch:
    """The running loop."""

    def __init__(self, task: Task) -> None:
        self._task = task
        argv = [sys.executable, "-m", __spec__.name, task.url, str(task.period_ns), str(task.timeout_s)]
        self._said = task.folder / _SAID
        self._program = Program(argv, None, self._said)

    @property
    def pid(self) -> int:
        """Its process."""
        return self._program.pid

    def stop(self) -> Sequence[Watched]:
        """End it; what it saw."""
        self._program.interrupt()
        self._program.wait()
        rows = np.array(json.loads(self._said.read_bytes()), np.int64).reshape(-1, 5)
        due, begun, end, ok, away = rows.T
        period_ns = self._task.period_ns
        return [Watched(NAME, period_ns, due, begun, end, ok == 1, away == 1, Lane.KEEPALIVE).in_order()]


class Httpx:
    """The plain loop."""

    name = NAME

    def start(self, task: Task) -> HttpxWatch:
        """Let it watch."""
        return HttpxWatch(task)


async def loop(url: str, period_ns: int, timeout_s: float) -> list[list[int]]:
    """Ask until Ctrl-C: due, begun and end (monotonic ns) of each request, whether it succeeded, and whether away."""
    rows: list[list[int]] = []
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stopped.set)

    async def ask(due_ns: int) -> None:
        begun_ns, ok, away = time.monotonic_ns(), False, False
        try:
            answer = await client.get(url)
            ok, away = answer.is_success, answered(answer.content) == AWAY
        except httpx.HTTPError:
            pass
        rows.append([due_ns, begun_ns, time.monotonic_ns(), ok, away])

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(timeout=timeout_s, limits=limits, trust_env=False) as client:
        due_ns, tasks = time.monotonic_ns(), set[asyncio.Task[None]]()
        while not stopped.is_set():
            await asyncio.sleep(max(0.0, (due_ns - time.monotonic_ns()) / NS_PER_S))
            tasks.add(task := asyncio.create_task(ask(due_ns)))
            task.add_done_callback(tasks.discard)
            due_ns += period_ns
        if tasks:
            await asyncio.wait(tasks, timeout=_GRACE * timeout_s)
        for task in tasks:
            task.cancel()
    return rows


if __name__ == "__main__":
    seen = asyncio.run(loop(sys.argv[1], int(sys.argv[2]), float(sys.argv[3])))
    print(json.dumps(seen))  # noqa: T201 - that is how it answers
