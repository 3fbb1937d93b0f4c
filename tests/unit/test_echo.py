"""The workload answers as kong/go-echo does, on every port that it was given."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from chaos.clock import MonotonicClock, poll

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"


@pytest.fixture
def ports() -> tuple[int, int]:
    with socket.create_server((HOST, 0)) as first, socket.create_server((HOST, 0)) as second:
        return first.getsockname()[1], second.getsockname()[1]


@pytest.fixture
def echo(ports: tuple[int, int], request: pytest.FixtureRequest) -> Iterator[None]:
    listen = (f"--address={HOST}", *(f"--port={port}" for port in ports))
    named = ("--node=mesh-zone1", "--pod=echo-1", *getattr(request, "param", ()))
    with subprocess.Popen((sys.executable, "-m", "fixtures.echo", *listen, *named)) as process:
        assert poll(MonotonicClock(), lambda: all(_accepts(port) for port in ports), 10.0)
        yield
        process.terminate()
        assert process.wait(5.0) == 0


def _accepts(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex((HOST, port)) == 0


@pytest.mark.usefixtures("echo")
def test_every_port_answers_any_path(ports: tuple[int, int]) -> None:
    answers = [httpx.get(f"http://{HOST}:{port}/{port}", trust_env=False).text for port in ports]
    said = ("connected to node mesh-zone1", "on Pod echo-1", "In namespace kong", f"With IP address {HOST}")
    for text in answers:
        assert [words in line for words, line in zip(said, text.splitlines(), strict=True)] == 4 * [True]


@pytest.mark.parametrize("echo", [("--ip=127.0.0.9", "--namespace=")], indirect=True)
@pytest.mark.usefixtures("echo")
def test_it_says_the_ip_that_it_was_told_and_leaves_out_what_is_empty(ports: tuple[int, int]) -> None:
    text = httpx.get(f"http://{HOST}:{ports[0]}/", trust_env=False).text
    assert text.endswith("Running on Pod echo-1.\nWith IP address 127.0.0.9.\n")


def test_a_port_that_cannot_be_had_is_said_in_one_line() -> None:
    with socket.create_server((HOST, 0)) as taken:
        command = (sys.executable, "-m", "fixtures.echo", f"--address={HOST}", f"--port={taken.getsockname()[1]}")
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "address already in use" in ended.stderr
