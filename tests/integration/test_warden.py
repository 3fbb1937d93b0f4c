"""A gateway's program with all that it starts, however it or its warden ends: nothing of the tree is left."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.integration.suite import ROOT, command_of, until

if TYPE_CHECKING:
    from tests.integration.suite import Traces

TREE = "sleep 1001 & setsid sleep 1002 & (sleep 1003 &) ; sleep 1004 & wait"
"""A master with workers, one in a session of its own, one whose parent has ended, as a daemon's."""
SLEEPS = {"1001", "1002", "1003", "1004"}


def start(traces: Traces, *program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        (sys.executable, "-m", "fixtures.platforms.universal.gateways.warden", *program),
        cwd=ROOT,
        env=traces.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )


def sleeping(traces: Traces) -> set[str]:
    commands = (command_of(process) for process in traces.processes())
    return {command[1] for command in commands if command[:1] == ["sleep"]}


@pytest.fixture
def warden(traces: Traces) -> subprocess.Popen[str]:
    """A warden whose program has started all of its own."""
    process = start(traces, "sh", "-c", TREE)
    until(lambda: sleeping(traces) == SLEEPS, 20, "the tree is up")
    return process


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_of_the_tree_outlives_the_warden(
    traces: Traces, warden: subprocess.Popen[str], number: signal.Signals
) -> None:
    warden.send_signal(number)
    assert warden.wait(10) == -number
    traces.assert_nothing_left()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_of_the_tree_outlives_the_inner_of_the_two(
    traces: Traces, warden: subprocess.Popen[str], number: signal.Signals
) -> None:
    (inner,) = psutil.Process(warden.pid).children()
    inner.send_signal(number)
    assert warden.wait(10) != 0
    traces.assert_nothing_left()


def test_nothing_of_the_tree_outlives_the_program_and_its_end_is_told(
    traces: Traces, warden: subprocess.Popen[str]
) -> None:
    (program,) = (process for process in traces.processes() if command_of(process)[:2] == ["sh", "-c"])
    program.kill()
    _, said = warden.communicate(timeout=60)
    assert (warden.returncode, said) == (128 + signal.SIGKILL, "sh ended with signal 9\n")
    traces.assert_nothing_left()


@pytest.mark.parametrize(
    ("program", "code", "line"),
    [
        (("sh", "-c", "exit 3"), 3, "sh ended with code 3\n"),
        (("sh", "-c", "exit 0"), 0, "sh ended with code 0\n"),
        (("/no/such/gateway", "start"), 127, "/no/such/gateway cannot be started: No such file or directory\n"),
    ],
)
def test_it_ends_as_its_program_does(traces: Traces, program: tuple[str, ...], code: int, line: str) -> None:
    process = start(traces, *program)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (code, line)
