"""Each way in which a request can end, against a server that does it."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from chaos.errors import InvalidRun
from chaos.model import Lane, Outcome, Vantage
from chaos.probe.client import Client
from chaos.probe.target import request, target
from tests.probe_server import HOST, Server, deaf, refusing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chaos.probe.connection import Flight
    from chaos.samples import Sample


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


class Asker:
    """A client in a loop of its own, asked one request after the other."""

    def __init__(self, url: str, lane: Lane, limit_s: float = 5.0) -> None:
        vantage = Vantage("v", url)
        self._limit_s = limit_s
        self.samples: asyncio.Queue[Sample] = asyncio.Queue()
        self.client = Client(
            loop=asyncio.get_running_loop(),
            series=3,
            target=target(vantage),
            request=request(vantage, lane),
            lane=lane,
            gateway_header=b"x-mesh-chaos-gateway",
            report=self.samples.put_nowait,
        )

    async def ask(self, times: int = 1) -> list[Sample]:
        return [await self._one() for _ in range(times)]

    async def _one(self) -> Sample:
        flight = self.client.begin(time.monotonic_ns())
        timer = asyncio.get_running_loop().call_later(self._limit_s, _expire, flight)
        sample = await self.samples.get()
        timer.cancel()
        assert flight.connection is None
        assert self.samples.empty()
        return sample


def _expire(flight: Flight) -> None:
    assert flight.connection is not None
    flight.connection.expire()


def ask(url: str, *, lane: Lane = Lane.FRESH, times: int = 1, limit_s: float = 5.0) -> list[Sample]:
    async def run() -> list[Sample]:
        return await Asker(url, lane, limit_s).ask(times)

    return uvloop.run(run())


@pytest.mark.parametrize("lane", Lane)
@pytest.mark.parametrize(
    ("path", "outcome", "status"),
    [
        ("/ok", Outcome.OK, 200),
        ("/slow", Outcome.OK, 200),
        ("/chunked", Outcome.OK, 200),
        ("/until-close", Outcome.OK, 200),
        ("/continue", Outcome.OK, 200),
        ("/surplus", Outcome.OK, 200),
        ("/503", Outcome.HTTP_ERROR, 503),
        ("/upgrade", Outcome.HTTP_ERROR, 101),
        ("/reset", Outcome.RESET, 0),
        ("/close", Outcome.RESET, 0),
        ("/half", Outcome.RESET, 200),
        ("/garbage", Outcome.BAD_ANSWER, 0),
        ("/strange", Outcome.BAD_ANSWER, 200),
        ("/nameless", Outcome.BAD_ANSWER, 200),
        ("/big", Outcome.BAD_ANSWER, 200),
        ("/endless-head", Outcome.BAD_ANSWER, 0),
    ],
)
def test_outcomes(server: Server, path: str, outcome: Outcome, status: int, lane: Lane) -> None:
    for sample in ask(server.url(path), lane=lane, times=3):
        assert (sample.outcome, sample.status, sample.series) == (outcome, status, 3)
        assert sample.due_ns <= sample.sent_ns < sample.done_ns


def test_a_good_answer_names_who_answered(server: Server) -> None:
    (sample,) = ask(server.url("/ok"))
    assert (sample.node, sample.pod, sample.gateway) == ("mesh-zone1", "echo-1", "gateway-zone1")


@pytest.mark.parametrize("lane", Lane)
def test_nobody_listens(lane: Lane) -> None:
    with refusing() as url:
        assert [s.outcome for s in ask(url, lane=lane, times=2)] == [Outcome.REFUSED] * 2


@pytest.mark.parametrize("path", ["/hole", "/trickle"])
def test_the_time_limit_covers_all_up_to_the_last_byte(server: Server, path: str) -> None:
    (sample,) = ask(server.url(path), limit_s=0.3)
    assert sample.outcome is Outcome.TIMEOUT
    assert 0.29e9 < sample.done_ns - sample.sent_ns < 5e9


@pytest.mark.parametrize("lane", Lane)
def test_an_answer_that_came_while_the_probe_itself_was_held_up_is_one(server: Server, lane: Lane) -> None:
    async def run() -> list[Sample]:
        asker = Asker(server.url("/ok"), lane)
        await asker.ask()
        flight = asker.client.begin(time.monotonic_ns())
        if lane is Lane.FRESH:
            await asyncio.sleep(0.02)  # connecting takes a turn of the loop
        time.sleep(0.3)  # noqa: ASYNC251 - it is held up
        if flight.connection is not None:
            flight.connection.expire()
        return [await asker.samples.get()]

    (sample,) = uvloop.run(run())
    assert sample.outcome is Outcome.OK


def test_the_time_limit_covers_connecting() -> None:
    with deaf() as url:
        (sample,) = ask(url, limit_s=0.2)
    assert sample.outcome is Outcome.TIMEOUT


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        (errno.ECONNREFUSED, Outcome.REFUSED),
        (errno.ECONNRESET, Outcome.RESET),
        (errno.ETIMEDOUT, Outcome.TIMEOUT),
        (errno.ENETUNREACH, Outcome.UNREACHABLE),
        (errno.EHOSTUNREACH, Outcome.UNREACHABLE),
        (errno.EACCES, Outcome.UNREACHABLE),
    ],
)
def test_what_connecting_says(monkeypatch: pytest.MonkeyPatch, code: int, outcome: Outcome) -> None:
    _use(monkeypatch, _socket_that(lambda _: code))
    (sample,) = ask(f"http://{HOST}:9/")
    assert sample.outcome is outcome


@pytest.mark.parametrize("code", [errno.EADDRNOTAVAIL, errno.ENOBUFS])
def test_want_of_own_means_is_never_recorded_as_the_meshs_fault(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    _use(monkeypatch, _socket_that(lambda _: code))
    with pytest.raises(InvalidRun, match="own machine"):
        ask(f"http://{HOST}:9/")


def test_no_descriptor_left_is_the_probes_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> socket.socket:
        raise OSError(errno.EMFILE, "Too many open files")

    _use(monkeypatch, exhausted)
    with pytest.raises(InvalidRun, match="ulimit -n"):
        ask(f"http://{HOST}:9/")


def test_a_socket_connected_to_itself_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as holder:
        holder.bind((HOST, 0))
        address = holder.getsockname()

    def connect(self: socket.socket) -> int:
        self.bind(address)
        return socket.socket.connect_ex(self, address)

    _use(monkeypatch, _socket_that(connect))
    (sample,) = ask(f"http://{HOST}:{address[1]}/")
    assert sample.outcome is Outcome.REFUSED


def _use(patch: pytest.MonkeyPatch, kind: Callable[..., socket.socket]) -> None:
    """Let connections, and nothing else, be made of ``kind``."""
    patch.setattr("chaos.probe.connection.socket", SimpleNamespace(**{**vars(socket), "socket": kind}))


def _socket_that(connect: Callable[[Any], int]) -> type[socket.socket]:
    class Socket(socket.socket):
        def connect_ex(self, _: Any) -> int:
            return connect(self)

    return Socket


def test_a_fresh_request_has_a_connection_of_its_own(server: Server) -> None:
    before = server.connections
    ask(server.url("/ok"), lane=Lane.FRESH, times=5)
    assert server.connections - before == 5
    assert b"Connection: close" in server.last_request


def test_a_kept_connection_is_used_again(server: Server) -> None:
    before = server.connections
    ask(server.url("/ok"), lane=Lane.KEEPALIVE, times=5)
    assert server.connections - before == 1
    assert b"Connection: keep-alive" in server.last_request


@pytest.mark.parametrize("path", ["/surplus", "/until-close", "/big", "/garbage"])
def test_a_connection_that_cannot_be_trusted_is_not_kept(server: Server, path: str) -> None:
    before = server.connections
    ask(server.url(path), lane=Lane.KEEPALIVE, times=3)
    assert server.connections - before == 3


def test_requests_at_the_same_time_take_connections_of_their_own(server: Server) -> None:
    async def run() -> None:
        asker = Asker(server.url("/slow"), Lane.KEEPALIVE)
        for _ in range(2):
            flights = [asker.client.begin(0) for _ in range(3)]
            assert len({id(flight.connection) for flight in flights}) == 3
            for _ in flights:
                assert (await asker.samples.get()).outcome is Outcome.OK

    before = server.connections
    uvloop.run(run())
    assert server.connections - before == 3


def test_a_connection_closed_while_idle_is_dropped_before_it_is_asked(server: Server) -> None:
    async def run() -> list[Sample]:
        asker, samples = Asker(server.url("/closing"), Lane.KEEPALIVE), []
        for _ in range(3):
            samples += await asker.ask()
            assert asker.client._idle
            while asker.client._idle:  # noqa: ASYNC110 - until the closing has arrived: nobody tells
                await asyncio.sleep(0.001)
        return samples

    assert [s.outcome for s in uvloop.run(run())] == [Outcome.OK] * 3


def test_a_close_is_noticed_even_before_the_loop_has_told_of_it(server: Server) -> None:
    async def run() -> Outcome:
        asker = Asker(server.url("/closing"), Lane.KEEPALIVE)
        await asker.ask()
        (connection,) = asker.client._idle
        while connection.open():  # keeps the loop from running
            pass
        return (await asker.ask())[0].outcome

    assert uvloop.run(run()) is Outcome.OK


def test_a_reused_connection_that_dies_is_a_reset_and_not_retried(server: Server) -> None:
    outcomes = [s.outcome for s in ask(server.url("/second-dies"), lane=Lane.KEEPALIVE, times=4)]
    assert outcomes == [Outcome.OK, Outcome.RESET, Outcome.OK, Outcome.RESET]


def test_sending_into_a_reset_connection_is_a_reset(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(socket.socket):
        def send(self, *_: Any) -> int:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    _use(monkeypatch, Broken)
    assert ask(server.url("/ok"))[0].outcome is Outcome.RESET
