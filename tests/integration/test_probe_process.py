# ruff: noqa: PT012, SIM117 - the error may come at any call inside the probe's block, and on leaving it
"""The real process, against a server that misbehaves, and in trouble of its own."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest

from chaos.errors import InvalidRun, SamplesError, SettingsError
from chaos.model import Attribution, Lane, Outcome, SeriesKey, Vantage
from chaos.probe import Probe, complaint, health
from chaos.samples import read_samples
from tests.probe_server import HOST, Server, deaf, refusing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from chaos.samples import Series

KNOWN = Attribution({"echo-1": "zone1"}, {"mesh-zone1": "zone1"}, {"gateway-zone1": "zone1"})
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "samples.arrow"


def wait_for(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def samples_of(probe: Probe) -> dict[SeriesKey, Series]:
    probe.log.poll()
    return probe.log.series(KNOWN)


def until_each_has(probe: Probe, count: int) -> None:
    def enough() -> bool:
        every = samples_of(probe)
        return bool(every) and all(len(series) >= count for series in every.values())

    wait_for(enough)


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_each_trouble_is_told_apart_while_all_go_on_at_once(server: Server, path: Path) -> None:
    troubles = {
        "/ok": Outcome.OK,
        "/503": Outcome.HTTP_ERROR,
        "/reset": Outcome.RESET,
        "/hole": Outcome.TIMEOUT,
        "/garbage": Outcome.BAD_ANSWER,
        "/slow": Outcome.OK,
        "/closing": Outcome.OK,
        "deaf": Outcome.TIMEOUT,
        "refusing": Outcome.REFUSED,
    }
    with refusing() as refused, deaf() as dropped:
        urls = {"deaf": dropped, "refusing": refused}
        vantages = [Vantage(name, urls.get(name) or server.url(name), "zone1") for name in troubles]
        # slowly: /closing closes 20 ms after its answer, on a busy machine later, and must have by the next request
        with Probe.start(vantages, path=path, rate_hz=5, timeout_s=0.5, flush_s=0.05) as probe:
            until_each_has(probe, 10)
            assert probe.alive()
            probe.stop()
            assert not probe.alive()
            every = probe.log.whole(KNOWN)
    for key, series in every.items():
        assert set(series.outcome.tolist()) == {troubles[key.vantage]}, key
        assert series.lost == 0
    assert complaint(health(every), every) is None
    kept = read_samples(path, KNOWN)
    assert {key: len(series) for key, series in kept.items()} == {key: len(s) for key, s in every.items()}


def test_the_load_balancers_gateway_header_can_be_another(server: Server, path: Path) -> None:
    vantages = [Vantage("load-balancer", server.url("/ok"))]
    with Probe.start(vantages, path=path, flush_s=0.05, gateway_header="Content-Length") as probe:
        until_each_has(probe, 2)
        assert set(samples_of(probe)[SeriesKey("load-balancer", Lane.FRESH)].outcome.tolist()) == {Outcome.BAD_ANSWER}


def test_a_black_hole_does_not_hold_up_the_schedule(server: Server, path: Path) -> None:
    vantages = [Vantage("hole", server.url("/hole"), "zone1"), Vantage("ok", server.url("/ok"), "zone1")]
    with Probe.start(vantages, path=path, rate_hz=100, timeout_s=1.0, flush_s=0.05) as probe:
        process = psutil.Process(probe.pid)
        until_each_has(probe, 50)
        most = 0
        for _ in range(20):
            most = max(most, process.num_fds())
            until_each_has(probe, len(samples_of(probe)[SeriesKey("hole", Lane.FRESH)]) + 5)
        probe.stop()
        every = probe.log.whole(KNOWN)
    assert most < 2 * 100 * 1.0 + 64  # two hanging series of 100/s for 1 s, and no more
    assert all(series.lost == 0 for series in every.values())
    assert all(np.median(series.sent_ns - series.due_ns) < 20e6 for series in every.values())
    hole = every[SeriesKey("hole", Lane.KEEPALIVE)]
    assert set(hole.outcome.tolist()) == {Outcome.TIMEOUT}
    assert np.median(hole.done_ns - hole.sent_ns) < 1.5e9, "some may be late where the machine halts for a moment"


def test_it_goes_ahead_of_every_other_process_where_it_may(server: Server, path: Path) -> None:
    with Probe.start([Vantage("ok", server.url("/ok"))], path=path) as probe:
        until_each_has(probe, 1)
        there = os.sched_getscheduler(probe.pid)
        try:
            os.sched_setscheduler(probe.pid, os.SCHED_RR, os.sched_param(1))
        except PermissionError:
            pytest.skip("needs CAP_SYS_NICE or RLIMIT_RTPRIO")
        assert there == os.SCHED_RR


@pytest.mark.parametrize("answer", ["/ok", "/slow"], ids=["at-once", "later"])
def test_stopping_is_prompt_where_answers_are(server: Server, path: Path, answer: str) -> None:
    with Probe.start([Vantage("ok", server.url(answer))], path=path, timeout_s=30, flush_s=0.05) as probe:
        until_each_has(probe, 1)
        began = time.monotonic()
        probe.stop()
        assert time.monotonic() - began < 10
        probe.stop()
        assert gone(probe.pid)


def test_interrupts_do_not_end_it(server: Server, path: Path) -> None:
    with Probe.start([Vantage("ok", server.url("/ok"))], path=path, flush_s=0.05) as probe:
        os.kill(probe.pid, signal.SIGINT)
        until_each_has(probe, len(samples_of(probe).get(SeriesKey("ok", Lane.FRESH), ())) + 5)


def test_killed_it_is_an_invalid_run_but_its_samples_stay(server: Server, path: Path) -> None:
    with pytest.raises(InvalidRun, match=r"ended by itself with signal 9"):
        with Probe.start([Vantage("ok", server.url("/ok"))], path=path, flush_s=0.05) as probe:
            until_each_has(probe, 3)
            os.kill(probe.pid, signal.SIGKILL)
            with pytest.raises(InvalidRun):
                until_each_has(probe, 10_000)
            for ask in (probe.check, probe.alive, probe.log.poll, probe.stop):
                with pytest.raises(InvalidRun, match="ended by itself"):
                    ask()
            probe.check()
    assert len(read_samples(path, KNOWN)[SeriesKey("ok", Lane.FRESH)]) >= 3


def test_a_process_that_does_not_end_is_killed(server: Server, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaos.probe.handle._FINISH_S", 0.1)
    with pytest.raises(InvalidRun, match="did not end within"):
        with Probe.start([Vantage("ok", server.url("/ok"))], path=path, timeout_s=0.1) as probe:
            os.kill(probe.pid, signal.SIGSTOP)
            probe.stop()
    assert gone(probe.pid)


def test_a_process_that_does_not_start_is_killed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaos.probe.handle._START_S", 0.0)
    with pytest.raises(InvalidRun, match="did not start within"):
        Probe.start([Vantage("ok", f"http://{HOST}:1/")], path=path)
    # what an earlier test's mesh left to be reaped is a zombie, and has no command line
    alive = [child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE]
    assert not [child for child in alive if "chaos.probe" in child.cmdline()]


def test_the_error_of_the_experiment_comes_first(server: Server, path: Path) -> None:
    with pytest.raises(KeyError, match="first"):
        with Probe.start([Vantage("ok", server.url("/ok"))], path=path) as probe:
            os.kill(probe.pid, signal.SIGKILL)
            raise KeyError("first")


def test_a_file_that_cannot_be_written_is_told_at_the_start(server: Server, tmp_path: Path) -> None:
    vantages = [Vantage("ok", server.url("/ok"))]
    with pytest.raises(SamplesError, match=r"cannot be written to .*missing.*: No such file.*--artifacts"):
        Probe.start(vantages, path=tmp_path / "missing" / "samples")
    with pytest.raises(SamplesError, match="No space left on device"):
        Probe.start(vantages, path=Path("/dev/full"))


def test_a_disk_that_fills_up_is_told_at_the_next_poll(server: Server, path: Path) -> None:
    with pytest.raises(SamplesError, match=r"File too large; free the disk"):
        with Probe.start([Vantage("ok", server.url("/ok"))], path=path, flush_s=0.02) as probe:
            resource.prlimit(probe.pid, resource.RLIMIT_FSIZE, (8192, 8192))
            until_each_has(probe, 10_000)
    assert len(read_samples(path, KNOWN)[SeriesKey("ok", Lane.FRESH)]) > 0
    assert gone(probe.pid)


def test_what_cannot_be_probed_is_refused(server: Server, path: Path) -> None:
    with pytest.raises(SettingsError, match="https is not supported"):
        Probe.start([Vantage("ok", "https://127.0.0.1/")], path=path)
    with pytest.raises(SettingsError, match="rate_hz"):
        Probe.start([Vantage("ok", server.url("/ok"))], path=path, rate_hz=0)
    with pytest.raises(SettingsError, match=r"open files, but only \d+ are allowed"):
        Probe.start([Vantage("ok", server.url("/ok"))], path=path, rate_hz=1e6, timeout_s=1e4)


def test_want_of_descriptors_ends_it_with_the_reason(server: Server, path: Path) -> None:
    with pytest.raises(InvalidRun, match="Too many open files"):
        with Probe.start([Vantage("h", server.url("/hole"))], path=path, rate_hz=100, flush_s=0.02) as probe:
            resource.prlimit(probe.pid, resource.RLIMIT_NOFILE, (24, 24))
            until_each_has(probe, 10_000)


PARENT = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from chaos.model import Vantage
from chaos.probe import Probe
probe = Probe.start([Vantage("ok", sys.argv[2])], path=Path(sys.argv[3]), flush_s=0.05)
print(probe.pid, flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("behaviour", ["/ok", "/hole"])
def test_it_ends_with_its_parent_however_that_ends(server: Server, path: Path, behaviour: str) -> None:
    command = [sys.executable, "-c", PARENT, str(ROOT), server.url(behaviour), str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        asked = server.requests[behaviour]
        wait_for(lambda: server.requests[behaviour] > asked + 5)
        parent.kill()
    wait_for(lambda: gone(pid), 2)
    read_samples(path, KNOWN)


def test_nothing_is_left_open_in_this_process(server: Server, path: Path) -> None:
    before = psutil.Process().num_fds()
    for _ in range(3):
        with Probe.start([Vantage("ok", server.url("/ok"))], path=path) as probe:
            until_each_has(probe, 1)
    wait_for(lambda: psutil.Process().num_fds() <= before)
    assert not [child for child in psutil.Process().children() if child.pid == probe.pid]
