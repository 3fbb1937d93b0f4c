from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from fixtures.platforms.universal.standin.dp.envoy import EnvoyError, check_binary, plain
from fixtures.platforms.universal.standin.dp.http import RefusedError, Server, Stream, open_stream
from fixtures.platforms.universal.standin.dp.main import main
from fixtures.platforms.universal.standin.dp.probes import Probe, Prober, Target
from fixtures.platforms.universal.standin.dp.xds import DiscoveryServer, Response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def server(answer: bytes) -> Server:
    """Answers one request with these bytes."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        connection.recv(65536)
        connection.sendall(answer)
        connection.close()
        listening.close()

    threading.Thread(target=serve, daemon=True).start()
    return Server("127.0.0.1", listening.getsockname()[1])


def test_messages_are_taken_from_chunks_however_they_are_cut() -> None:
    ours, theirs = socket.socketpair()
    stream = Stream(ours, b"")
    wire = b'8\r\n{"a":1}\n\r\n9\r\n{"b":2}\n{\r\n7\r\n"c":3}\n\r\n0\r\n\r\n'
    taken = []
    for byte in wire:
        theirs.sendall(bytes([byte]))
        taken += stream.take()
    assert taken == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert stream.ended


def test_taking_never_waits_whatever_time_limit_the_connection_had() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    whole = Stream(ours, b'8\r\n{"a":1}\n\r\n')
    assert ours.gettimeout() == 0
    assert whole.take() == [{"a": 1}]  # came with the answer's head; nothing more is on its way
    theirs.close()
    ours.close()


def test_a_broken_stream_has_ended() -> None:
    ours, theirs = socket.socketpair()
    stream = Stream(ours, b"")
    assert stream.take() == []
    assert not stream.ended
    theirs.close()
    assert stream.take() == []
    assert stream.ended


def test_a_refusal_has_its_fields_and_reasons() -> None:
    body = b'{"status": 400, "invalid_parameters": [{"field": "name", "reason": "must be set"}]}'
    answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with pytest.raises(RefusedError, match=r"^name: must be set$"):
        open_stream(server(answer), "/", {}, 1)


def test_an_answer_that_is_no_document_is_shown() -> None:
    answer = b"HTTP/1.1 500 Oops\r\nContent-Length: 5\r\n\r\nsorry"
    with pytest.raises(RefusedError, match=r"^500 sorry$"):
        open_stream(server(answer), "/", {}, 1)


class FakeEnvoy:
    """Asks a discovery server as Envoy does, from this process."""

    def __init__(self, pid: int | None = None) -> None:
        self.selector = selectors.DefaultSelector()
        self.server = DiscoveryServer(self.selector, lambda: pid or os.getpid())
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect("\0" + self.server.path[1:])
        self.socket.settimeout(0.05)

    def ask(self, kind: str, *names: str, version: str = "") -> None:
        body = json.dumps({"resource_names": names, "version_info": version}).encode()
        head = f"POST /v3/discovery:{kind} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
        self.socket.sendall(head.encode() + body)

    def hear(self) -> str | None:
        """The text of an answer; None when there is none, that is: the request is held."""
        for _ in range(3):
            for key, _ in self.selector.select(0):
                key.data()
        try:
            return self.socket.recv(65536).partition(b"\r\n\r\n")[2].decode()
        except TimeoutError:
            return None


@pytest.fixture
def envoy() -> Iterator[FakeEnvoy]:
    fake = FakeEnvoy()
    yield fake
    fake.socket.close()
    fake.server.close()


def test_a_request_is_held_until_there_is_something_newer(envoy: FakeEnvoy) -> None:
    envoy.server.update({"clusters": Response("1", "one")})
    envoy.ask("clusters")
    assert envoy.hear() == "one"
    envoy.ask("clusters", version="1")
    assert envoy.hear() is None
    envoy.server.update({"clusters": Response("1", "one")})
    assert envoy.hear() is None
    envoy.server.update({"clusters": Response("2", "two")})
    assert envoy.hear() == "two"


def test_what_envoy_refused_is_not_offered_again(envoy: FakeEnvoy) -> None:
    envoy.server.update({"listeners": Response("0", "bad from the beginning")})
    envoy.ask("listeners")
    assert envoy.hear() == "bad from the beginning"
    envoy.ask("listeners")
    assert envoy.hear() is None
    envoy.server.update({"listeners": Response("1", "one")})
    assert envoy.hear() == "one"
    envoy.server.update({"listeners": Response("2", "bad")})
    envoy.ask("listeners", version="1")
    assert envoy.hear() == "bad"
    envoy.ask("listeners", version="1")
    assert envoy.hear() is None
    envoy.server.update({"listeners": Response("3", "good")})
    assert envoy.hear() == "good"


def test_a_new_subscription_is_sent_what_an_older_one_was(envoy: FakeEnvoy) -> None:
    envoy.server.update({"endpoints/c": Response("1", "one")})
    for _ in range(2):
        envoy.ask("endpoints", "c")
        assert envoy.hear() == "one"


def test_an_unknown_name_waits_but_clusters_are_none_at_first(envoy: FakeEnvoy) -> None:
    envoy.ask("clusters")
    assert json.loads(envoy.hear() or "") == {"version_info": "0", "resources": []}
    envoy.ask("routes", "r")
    assert envoy.hear() is None
    envoy.server.update({"routes/r": Response("1", "one")})
    assert envoy.hear() == "one"
    envoy.server.forget({})
    envoy.ask("routes", "r")
    assert envoy.hear() is None


def test_only_its_own_envoy_is_answered() -> None:
    stranger = FakeEnvoy(pid=1)
    stranger.server.update({"secrets/identity": Response("1", "key")})
    stranger.ask("secrets", "identity")
    with pytest.raises(ConnectionResetError):
        stranger.hear()
    stranger.server.close()


def run(selector: selectors.BaseSelector, tick: Callable[[float], None], done: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not done():
        assert time.monotonic() < end
        tick(time.monotonic())
        for key, _ in selector.select(0.01):
            key.data()


def test_a_probe_sees_a_port_that_listens_and_one_that_does_not() -> None:
    selector = selectors.DefaultSelector()
    listening = socket.create_server(("127.0.0.1", 0))
    probe = Probe(Target("127.0.0.1", listening.getsockname()[1], 0.01, 1, 1, 2), selector)
    run(selector, probe.tick, lambda: probe.healthy is True)
    listening.close()
    run(selector, probe.tick, lambda: probe.healthy is False)
    probe.close()


def test_a_report_counts_what_is_not_known_yet_as_healthy_and_comes_at_the_interval() -> None:
    selector = selectors.DefaultSelector()
    prober = Prober(selector)
    assert prober.due() == float("inf")
    times = {"interval": 1, "timeout": 1, "healthyThreshold": 1, "unhealthyThreshold": 1}
    before = time.monotonic()
    prober.configure({"interval": 5, "eager": False, "targets": [{"address": "127.0.0.1", "port": 1, **times}]})
    assert before + 5 <= prober.report_due <= time.monotonic() + 5
    assert prober.report(100) == {"1": True}
    assert prober.report_due == 105
    run(selector, prober.tick, lambda: prober.report(100) == {"1": False})
    prober.configure({"interval": 5, "eager": False, "targets": []})
    assert prober.report(100) == {}
    prober.close()


def test_envoys_reason_is_shown_without_its_dump() -> None:
    line = "[2026-11-24 10:29:46.780][26111][critical][main] [source/server/server.cc:449] error `cannot bind"
    assert plain(f"{line} '127.1.1.1:1'` initializing config 'a dump") == "error `cannot bind '127.1.1.1:1'`"


def test_a_missing_envoy_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvoyError, match=r"no Envoy at .*; see --binary-path"):
        check_binary(str(tmp_path / "envoy"))
    (tmp_path / "envoy").write_text("")
    with pytest.raises(EnvoyError, match="not executable"):
        check_binary(str(tmp_path / "envoy"))


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"--binary-path": "/nonexistent"}, "standin dp: no Envoy at /nonexistent; see --binary-path"),
        ({"--dataplane-file": "/nonexistent"}, "standin dp: /nonexistent: No such file or directory"),
        ({"--cp-address": "https://127.0.0.1:1"}, "standin dp: --cp-address must be http://127.x.y.z:port"),
        ({"--drain-time": "fast"}, "standin dp: not a duration: 'fast'"),
    ],
)
def test_what_cannot_work_ends_with_1_and_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, str], line: str
) -> None:
    file = tmp_path / "dp.yaml"
    file.write_text("")
    given = {
        "--cp-address": "http://127.0.0.1:1",
        "--dataplane-file": str(file),
        "--binary-path": sys.executable,
        "--config-dir": str(tmp_path / "c"),
        **change,
    }
    assert main(["run", *(f"{flag}={value}" for flag, value in given.items())]) == 1
    error = capsys.readouterr().err
    assert error.startswith(line)
    assert error.count("\n") == 1


def test_a_proxy_imports_no_more_than_the_standard_library() -> None:
    module = "fixtures.platforms.universal.standin"
    code = (
        "import sys, types\n"
        "package = types.ModuleType('fixtures.platforms.universal')\n"  # other engines' modules are not its business
        "import fixtures.platforms\n"
        "package.__path__ = [fixtures.platforms.__path__[0] + '/universal']\n"
        "sys.modules['fixtures.platforms.universal'] = package\n"
        f"import {module}.dp.main\n"
        "print(sorted(sys.modules.keys() & {'asyncio', 'pydantic', 'yaml', 'httpx', 'ssl', 'email', 'dataclasses'}))"
    )
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run([sys.executable, "-c", code], env=plain, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_first_good_report_need_not_wait_when_the_control_plane_is_eager() -> None:
    selector = selectors.DefaultSelector()
    prober = Prober(selector)
    times = {"interval": 0.01, "timeout": 1, "healthyThreshold": 1, "unhealthyThreshold": 1}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        target = {"address": "127.0.0.1", "port": listening.getsockname()[1], **times}
        message = {"interval": 5, "eager": True, "targets": [target]}
        prober.configure(message)
        run(selector, prober.tick, lambda: prober.report_due <= time.monotonic())
        prober.report(100)
        prober.configure(message)
        prober.tick(101)
        assert prober.report_due == 105
    prober.close()


def test_a_check_given_up_in_the_same_round_as_its_result_is_only_given_up() -> None:
    selector = selectors.DefaultSelector()
    prober = Prober(selector)
    times = {"interval": 0.01, "timeout": 1, "healthyThreshold": 1, "unhealthyThreshold": 1}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        target = {"address": "127.0.0.1", "port": listening.getsockname()[1], **times}
        prober.configure({"interval": 5, "eager": False, "targets": [target]})
        prober.tick(time.monotonic())
        ready = selector.select(1)
        prober.configure({"interval": 5, "eager": False, "targets": []})
        for key, _ in ready:
            key.data()
    assert prober.report(time.monotonic()) == {}
