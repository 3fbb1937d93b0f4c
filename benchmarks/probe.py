"""What a sample costs, and how punctual it is: our probe beside a plain httpx.AsyncClient open loop.

Each round asks one server (in a process of its own) at a rate, once healthy and once black-holing every request,
for the same time. ``timer only`` is how late this machine wakes a process that asks nothing: nobody can be better.

Run: python benchmarks/probe.py [--seconds 5] [--rates 120 500 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import httpx
import numpy as np
import psutil
import uvloop
from rich.console import Console

from chaos.model import NS_PER_S, Attribution, Lane, Outcome, Vantage
from chaos.probe import Probe
from chaos.probe.alarm import alarm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

HOST = "127.231.0.8"
TIMEOUT_S = 2.0
BODY = b"Welcome, you are connected to node mesh-zone1.\nRunning on Pod echo-1.\nIn namespace kong.\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
KNOWN = Attribution({"echo-1": "zone1"}, {"mesh-zone1": "zone1"}, {})
console = Console(highlight=False, width=120)


@dataclass(frozen=True)
class Figures:
    """One client's round: CPU in ms a sample, lag in ms."""

    client: str
    samples: int
    good: int
    cpu_ms: float
    lag_ms: Sequence[float]

    def __str__(self) -> str:
        p50, p99 = np.percentile(self.lag_ms, [50, 99])
        cpu = f"{self.cpu_ms:8.3f}" if self.cpu_ms else "       -"
        return (
            f"  {self.client:<18} {self.samples:>7} {self.good:>7} {cpu}"
            f" {p50:>9.3f} {p99:>10.3f} {max(self.lag_ms):>10.3f}"
        )


# --- the server -----------------------------------------------------------------------------------


class Echo(asyncio.Protocol):
    """Answers like an echo workload, or never."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self.transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer a request."""
        if data.startswith(b"GET /hole"):
            return
        self.transport.write(ANSWER)
        if b"onnection: close" in data:
            self.transport.close()


async def serve() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, HOST, 0, backlog=4096)
    console.print(server.sockets[0].getsockname()[1])
    await loop.run_in_executor(None, sys.stdin.read)


def started_server() -> tuple[subprocess.Popen[str], str]:
    """The server's process and its address."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, f"http://{HOST}:{int(process.stdout.readline())}"


# --- the clients ----------------------------------------------------------------------------------


def ours(url: str, rate: int, seconds: float, lane: Lane) -> Figures:
    """Our probe, measured from outside while it runs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "samples")
        vantages = [Vantage("a", url, "zone1")]
        with Probe.start(vantages, path=path, rate_hz=rate, timeout_s=TIMEOUT_S, lanes=[lane]) as probe:
            process = psutil.Process(probe.pid)
            before = process.cpu_times()
            time.sleep(seconds)
            after = process.cpu_times()
            probe.stop()
            (series,) = probe.log.whole(KNOWN).values()
    taken = series.between(int(series.due_ns[0]), int(series.due_ns[0] + seconds * NS_PER_S))
    cpu = after.user + after.system - before.user - before.system
    good = int((taken.outcome == Outcome.OK).sum())
    lag_ms = ((taken.sent_ns - taken.due_ns) / 1e6).tolist()
    return Figures(f"ours, {lane}", len(taken), good, 1000 * cpu / len(taken), lag_ms)


def plain_httpx(url: str, rate: int, seconds: float) -> Figures:
    """The plain loop, in a process of its own."""
    command = [sys.executable, __file__, "--httpx", url, "--rates", str(rate), "--seconds", str(seconds)]
    words = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    cpu_s, good, *lag_ms = map(float, words)
    return Figures("httpx, keepalive", len(lag_ms), int(good), 1000 * cpu_s / len(lag_ms), lag_ms)


async def httpx_loop(url: str, rate: int, seconds: float) -> None:
    """One task a request, each at its due time; prints CPU seconds, good answers, and each lag in ms."""
    lag_ms: list[float] = []
    good = 0

    async def ask(due: float) -> None:
        nonlocal good
        lag_ms.append(1000 * (time.monotonic() - due))
        with contextlib.suppress(httpx.HTTPError):
            good += (await client.get(url)).status_code == httpx.codes.OK

    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx.AsyncClient(timeout=TIMEOUT_S, limits=limits) as client:
        cpu, start, tasks = time.process_time(), time.monotonic() + 0.02, set()
        for due in (start + i / rate for i in range(int(seconds * rate))):
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if time.monotonic() > start + seconds:
                break  # it cannot keep up; what is not sent by now is not counted, in its favour
            tasks.add(asyncio.create_task(ask(due)))
        cpu = time.process_time() - cpu
        await asyncio.wait(tasks, timeout=2 * TIMEOUT_S)
        for task in tasks:
            task.cancel()
    console.print(cpu, good, *(f"{lag:.4f}" for lag in lag_ms), soft_wrap=True)


def timer_only(rate: int, seconds: float) -> Figures:
    """How late this machine wakes a process that does nothing else."""
    loop = uvloop.new_event_loop()
    lag_ms: list[float] = []
    due_ns = time.monotonic_ns() + NS_PER_S // 50

    def ring() -> None:
        nonlocal due_ns
        lag_ms.append((time.monotonic_ns() - due_ns) / 1e6)
        due_ns += NS_PER_S // rate
        if len(lag_ms) < seconds * rate:
            bell.set(due_ns)
        else:
            loop.stop()

    bell = alarm(loop, ring)
    bell.set(due_ns)
    loop.run_forever()
    bell.close()
    loop.close()
    return Figures("timer only", len(lag_ms), 0, 0.0, lag_ms)


# --- the rounds -----------------------------------------------------------------------------------


def rounds(base: str, rate: int, seconds: float) -> Iterator[tuple[str, list[Callable[[], Figures]]]]:
    """Each round's title and clients."""
    for title, path in (("healthy", "/echo"), ("black hole", "/hole")):
        url = base + path
        yield (
            f"{rate}/s, {title}",
            [
                lambda: timer_only(rate, seconds),
                lambda url=url: ours(url, rate, seconds, Lane.KEEPALIVE),  # type: ignore[misc]
                lambda url=url: ours(url, rate, seconds, Lane.FRESH),  # type: ignore[misc]
                lambda url=url: plain_httpx(url, rate, seconds),  # type: ignore[misc]
            ],
        )


def compare(rates: Sequence[int], seconds: float) -> None:
    """Every round, each line as soon as it is known."""
    server, base = started_server()
    try:
        console.print(
            f"  {'client':<18} {'samples':>7} {'OK':>7} {'CPU ms':>8} {'lag p50':>9} {'lag p99':>10} {'lag max ms':>10}"
        )
        for rate in rates:
            for title, clients in rounds(base, rate, seconds):
                console.print(title)
                _, kept, _, plain = [_shown(client()) for client in clients]
                console.print(f"  {_ratios(kept, plain)}")
    finally:
        server.communicate("")


def _shown(figures: Figures) -> Figures:
    console.print(str(figures))
    return figures


def _ratios(kept: Figures, plain: Figures) -> str:
    lags = [np.percentile(figures.lag_ms, 99) for figures in (plain, kept)]
    return f"httpx : ours = {plain.cpu_ms / kept.cpu_ms:.1f} in CPU, {lags[0] / lags[1]:.1f} in lag p99 (keepalive)"


def main() -> None:
    """Compare, or be one of the compared."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each round")
    parser.add_argument("--rates", type=int, nargs="+", default=[120, 500, 1000], help="samples a second")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--httpx", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        uvloop.run(serve())
    elif options.httpx:
        asyncio.run(httpx_loop(options.httpx, options.rates[0], options.seconds))
    else:
        compare(options.rates, options.seconds)


if __name__ == "__main__":
    main()
