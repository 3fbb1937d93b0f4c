"""The workload answers as kong/go-echo does, on every port that it was given."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from chaos.clock import MonotonicClock, poll
from fixtures import behaviour
from fixtures.behaviour import WELL, Behaviour

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "127.0.0.1"


@pytest.fixture
def ports() -> tuple[int, int]:
    with socket.create_server((HOST, 0)) as first, socket.create_server((HOST, 0)) as second:
        return first.getsockname()[1], second.getsockname()[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "behaviour"


@pytest.fixture
def echo(ports: tuple[int, int], file: Path, request: pytest.FixtureRequest) -> Iterator[None]:
    listen = (f"--address={HOST}", *(f"--port={port}" for port in ports), f"--behaviour={file}")
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
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert "address already in use" in ended.stderr


@pytest.fixture
def client(echo: None, ports: tuple[int, int]) -> Iterator[httpx.Client]:
    """One connection, which is there before the workload's behaviour changes."""
    with httpx.Client(base_url=f"http://{HOST}:{ports[0]}", trust_env=False, timeout=10) as client:
        assert client.get("/").is_success
        yield client


def test_it_answers_late_while_it_is_told_so(client: httpx.Client, file: Path) -> None:
    behaviour.write(Behaviour(delay_ms=200), file)
    began = time.monotonic()
    assert "on Pod echo-1" in client.get("/").text
    assert time.monotonic() - began >= 0.2

    behaviour.write(WELL, file)
    assert client.get("/", timeout=0.2).is_success


def test_a_share_of_its_answers_is_an_error_while_it_is_told_so(client: httpx.Client, file: Path) -> None:
    behaviour.write(Behaviour(errors=0.5), file)
    answers = [client.get("/").status_code for _ in range(100)]
    assert set(answers) == {200, 503}
    assert 20 <= answers.count(503) <= 80  # outside that once in a billion

    behaviour.write(Behaviour(errors=1.0), file)
    assert {client.get("/").status_code for _ in range(20)} == {503}

    behaviour.write(WELL, file)
    assert {client.get("/").status_code for _ in range(20)} == {200}


def test_it_accepts_and_never_answers_while_it_is_told_so(client: httpx.Client, file: Path) -> None:
    behaviour.write(Behaviour(hangs=True), file)
    for _ in range(2):  # on the connection that was there, then on a new one
        with pytest.raises(httpx.ReadTimeout):
            client.get("/", timeout=0.3)

    behaviour.write(WELL, file)
    assert client.get("/").is_success


def test_a_behaviour_is_what_was_written_and_well_where_nothing_is(file: Path) -> None:
    assert behaviour.read(None) == behaviour.read(file) == WELL
    behaviour.write(Behaviour(delay_ms=1, errors=0.25, hangs=True), file)
    assert behaviour.read(file) == Behaviour(delay_ms=1, errors=0.25, hangs=True)
    behaviour.write(WELL, file)
    assert list(file.parent.iterdir()) == []


def test_of_a_change_that_was_killed_nothing_is_left_once_it_is_undone(file: Path) -> None:
    file.with_name(f"{file.name}.new").write_text("{")
    behaviour.write(WELL, file)
    assert not list(file.parent.iterdir())
