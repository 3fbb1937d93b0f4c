"""How late a machine wakes an ordinary process."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from chaos.model import NS_PER_S
from fixtures.local.stalls import Stalls
from tests.integration.suite import until


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> Stalls:
    """One whose own thread does not watch."""
    monkeypatch.setattr(Stalls, "_watch", lambda _: None)
    return Stalls()


def test_the_worst_since_a_moment_counts_and_a_little_late_is_nothing(quiet: Stalls) -> None:
    quiet.note(0, 900)
    quiet.note(1_000 * NS_PER_S, 1_000 * NS_PER_S + 300_000_000)
    quiet.note(2_000 * NS_PER_S, 2_000 * NS_PER_S + 49_000_000)
    assert quiet.worst_ns(0) == 300_000_000
    assert quiet.worst_ns(1_000 * NS_PER_S + 300_000_000) == 300_000_000
    assert quiet.worst_ns(1_000 * NS_PER_S + 300_000_001) == 0


def test_what_stands_still_for_a_while_is_noticed_by_its_own_alarm() -> None:
    """A process that is stopped is not woken either."""
    program = (
        "from fixtures.local.stalls import Stalls; import sys; s = Stalls(); print('up', flush=True);"
        "sys.stdin.readline(); print(s.worst_ns(0), flush=True)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGSTOP)
        stopped = time.monotonic() + 0.4
        until(lambda: time.monotonic() > stopped, 5, "0.4 s have passed")
        process.send_signal(signal.SIGCONT)
        resumed = time.monotonic() + 0.2
        until(lambda: time.monotonic() > resumed, 5, "its alarm has come")
        process.stdin.write(b"\n")
        process.stdin.flush()
        worst_ns = int(process.stdout.readline())
    assert 300_000_000 < worst_ns < 10 * NS_PER_S
