"""Readiness probes against real sockets, with Kubernetes' thresholds."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.platforms.kubernetes.testbed.agent.probes import Probe, readiness_probe
from fixtures.platforms.kubernetes.testbed.agent.programs import NotRunnableError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HOST = "127.0.0.1"


async def _reports(statuses: Sequence[int], thresholds: dict[str, Any]) -> list[tuple[int, bool]]:
    """What a probe reports of a server that gives these statuses, each with the number of answers until then."""
    asked, reports = 0, []
    over = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await reader.readuntil(b"\r\n\r\n")
        if asked == len(statuses):  # what the last of them led to is reported by now
            over.set()
            return
        head = (f"HTTP/1.1 {statuses[asked]} X", "location: /away", "content-length: 0", "connection: close")
        writer.write("\r\n".join([*head, "", ""]).encode())
        asked += 1
        writer.close()

    async with await asyncio.start_server(serve, HOST, 0) as server:
        probe = Probe(server.sockets[0].getsockname()[1], "/ready", period_s=0, **thresholds)
        watching = asyncio.create_task(probe.watch(HOST, lambda ready: reports.append((asked, ready))))
        await over.wait()
        watching.cancel()
    return reports


@pytest.mark.parametrize(
    ("statuses", "thresholds", "reports"),
    [
        ([200, 200], {}, [(1, True)]),
        ([503, 503, 302, 200], {}, [(3, True)]),
        ([200, 500, 404, 400, 400, 200, 200], {}, [(1, True), (4, False), (6, True)]),
        ([200, 500, 500, 200, 500, 200], {}, [(1, True)]),
        ([200, 200, 503, 200, 200, 200], {"success_threshold": 3}, [(6, True)]),
        ([200, 503, 200], {"failure_threshold": 1}, [(1, True), (2, False), (3, True)]),
    ],
)
def test_thresholds(statuses: list[int], thresholds: dict[str, Any], reports: list[tuple[int, bool]]) -> None:
    assert asyncio.run(_reports(statuses, thresholds)) == reports


async def _until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - a probe reports to a list
            await asyncio.sleep(0.01)


def test_a_connection_is_enough_for_tcp_and_a_silent_server_is_too_slow_for_http() -> None:
    async def ask() -> tuple[list[bool], list[bool]]:
        server = await asyncio.start_server(lambda *_: None, HOST, 0)
        port = server.sockets[0].getsockname()[1]
        tcp: list[bool] = []
        http: list[bool] = []
        async with server, asyncio.TaskGroup() as tasks:
            watching = [
                tasks.create_task(Probe(port, period_s=0.01).watch(HOST, tcp.append)),
                tasks.create_task(Probe(port, "/", timeout_s=0.01, period_s=0.01).watch(HOST, http.append)),
            ]
            await _until(lambda: tcp)
            server.close()
            await _until(lambda: len(tcp) > 1)  # connections are refused from now on
            for task in watching:
                task.cancel()
        return tcp, http

    assert asyncio.run(ask()) == ([True, False], [])


def test_a_pods_probe_is_read_with_kubernetes_defaults() -> None:
    container = {"readinessProbe": {"tcpSocket": {"port": 1027}}}
    assert readiness_probe(container) == Probe(1027, None, period_s=10, timeout_s=1, failure_threshold=3)
    assert readiness_probe({}) is None


def test_a_pods_probe_is_read_with_all_that_it_says() -> None:
    container = {
        "ports": [{"name": "web", "containerPort": 8443}],
        "readinessProbe": {
            "httpGet": {"port": "web", "path": "/ok", "scheme": "HTTPS", "httpHeaders": [{"name": "A", "value": "b"}]},
            "initialDelaySeconds": 3,
            "periodSeconds": 4,
            "timeoutSeconds": 5,
            "successThreshold": 6,
            "failureThreshold": 7,
        },
    }
    assert readiness_probe(container) == Probe(8443, "/ok", "https", {"A": "b"}, 3, 4, 5, 6, 7)


@pytest.mark.parametrize(
    ("probe", "said"),
    [
        ({"exec": {"command": ["true"]}}, "only tcpSocket and httpGet"),
        ({"tcpSocket": {"port": "web"}}, "no port 'web'"),
    ],
)
def test_a_probe_that_cannot_be_made_is_refused(probe: dict[str, Any], said: str) -> None:
    with pytest.raises(NotRunnableError, match=said):
        readiness_probe({"readinessProbe": probe})
