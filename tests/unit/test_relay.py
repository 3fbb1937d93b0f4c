"""A bad network as a TCP relay: what arrives, when, and what does not."""

from __future__ import annotations

import errno
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from chaos.clock import MonotonicClock, poll
from fixtures.local.addresses import Endpoint
from fixtures.local.network import accepts
from fixtures.local.relay import Weather

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"


@pytest.fixture
def there() -> Iterator[Endpoint]:
    """A server that says back all that it is told, and ends when it is told so."""
    with socket.create_server((HOST, 0), backlog=128) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=say_back, args=[connection], daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield Endpoint(HOST, server.getsockname()[1])
        server.shutdown(socket.SHUT_RDWR)


def say_back(connection: socket.socket) -> None:
    with connection:
        while told := connection.recv(1 << 16):
            connection.sendall(told)


@contextmanager
def relay(to: Endpoint, weather: Weather) -> Iterator[Endpoint]:
    with socket.create_server((HOST, 0)) as free:
        listen = Endpoint(HOST, free.getsockname()[1])
    command = (sys.executable, "-m", "fixtures.local.relay", f"--listen={listen}", f"--to={to}", *weather.arguments())
    with subprocess.Popen(command) as process:
        try:
            assert poll(MonotonicClock(), lambda: accepts(listen), 10)
            yield listen
        finally:
            process.kill()


def connected(to: Endpoint, limit_s: float = 10.0) -> socket.socket:
    return socket.create_connection((to.host, to.port), timeout=limit_s)


def said_back(connection: socket.socket, text: bytes) -> bytes:
    connection.sendall(text)
    connection.shutdown(socket.SHUT_WR)
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_in_good_weather_all_passes_both_ways_and_so_do_the_ends(there: Endpoint) -> None:
    text = bytes(range(256)) * 4000
    with relay(there, Weather()) as listen, connected(listen) as connection:
        assert said_back(connection, text) == text


def test_what_is_delayed_arrives_late_whole_and_in_order(there: Endpoint) -> None:
    text = bytes(range(256)) * 4000
    with relay(there, Weather(delay_ms=100)) as listen, connected(listen) as connection:
        began = time.monotonic()
        assert said_back(connection, text) == text
        assert time.monotonic() - began >= 0.2


def test_a_delay_is_each_pieces_own_not_the_sum_of_those_before(there: Endpoint) -> None:
    with relay(there, Weather(delay_ms=200)) as listen, connected(listen) as connection:
        began = time.monotonic()
        for _ in range(20):
            connection.sendall(b"piece")
            time.sleep(0.01)  # so that each is one of its own
        assert said_back(connection, b"") == b"piece" * 20
        assert 0.4 <= time.monotonic() - began < 4.0  # one after the other they would take 8 s


def test_a_share_of_the_connections_is_reset_and_the_others_pass(there: Endpoint) -> None:
    with relay(there, Weather(lose=0.5)) as listen:
        answers = [attempt(listen) for _ in range(60)]
    assert set(answers) == {"passed", "reset"}
    assert 10 <= answers.count("reset") <= 50  # outside that once in ten million


def attempt(to: Endpoint) -> str:
    try:
        with connected(to) as connection:
            return "passed" if said_back(connection, b"here") == b"here" else "ended"
    except OSError as error:  # it may come before this side knows that it is connected, or before it says its end
        if not isinstance(error, ConnectionError) and error.errno != errno.ENOTCONN:
            raise
        return "reset"


def test_where_all_is_lost_every_connection_is_reset_and_where_it_is_cut_none_is_answered(there: Endpoint) -> None:
    with relay(there, Weather(lose=1.0)) as listen:
        assert {attempt(listen) for _ in range(10)} == {"reset"}
    with relay(there, Weather(cut=True)) as listen, connected(listen, 0.5) as connection:
        connection.sendall(b"anybody there?")
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_where_nobody_listens_behind_it_a_connection_ends() -> None:
    with socket.create_server((HOST, 0)) as free:
        nobody = Endpoint(HOST, free.getsockname()[1])
    with relay(nobody, Weather()) as listen, connected(listen) as connection:
        assert connection.recv(1) == b""


def test_who_leaves_behind_it_ends_the_connection_before_it() -> None:
    with (
        socket.create_server((HOST, 0)) as server,
        relay(Endpoint(HOST, server.getsockname()[1]), Weather()) as listen,
        connected(listen) as connection,
    ):
        for _ in range(2):  # the first was to see whether the relay listens
            server.accept()[0].close()
        assert connection.recv(1) == b""


def test_an_address_that_cannot_be_had_is_said_in_one_line() -> None:
    with socket.create_server((HOST, 0)) as taken:
        listen = f"--listen={HOST}:{taken.getsockname()[1]}"
        command = (sys.executable, "-m", "fixtures.local.relay", listen, "--to=127.0.0.1:1")
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
