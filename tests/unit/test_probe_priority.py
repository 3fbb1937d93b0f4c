"""Ahead of every other process while there is something to be on time for, and never for longer."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_MAY = "import os; os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))"


def said(program: str) -> list[str]:
    """What a program says in a process of its own; it may change its own scheduling only."""
    preface = "import os, threading, time\nfrom chaos.probe import priority\n"
    done = subprocess.run(
        [sys.executable, "-c", preface + program], check=False, cwd=ROOT, capture_output=True, text=True, timeout=180
    )
    assert not done.returncode, done.stderr
    return done.stdout.split()


def may_go_first() -> bool:
    return not subprocess.run([sys.executable, "-c", _MAY], capture_output=True, check=False).returncode


privileged = pytest.mark.skipif(not may_go_first(), reason="needs CAP_SYS_NICE or RLIMIT_RTPRIO")


@privileged
def test_every_thread_goes_first_and_then_along_with_the_others() -> None:
    heard = said("""
priority.go_first()
there, over = threading.Event(), threading.Event()
thread = threading.Thread(target=lambda: (there.set(), over.wait()))
thread.start(); there.wait()
say = lambda: print(*(os.sched_getscheduler(task) for task in (os.getpid(), thread.native_id)))
say(); priority.go_along(); say(); over.set()
""")
    assert heard == [str(os.SCHED_RR)] * 2 + [str(os.SCHED_OTHER)] * 2


@privileged
def test_one_that_does_not_stop_running_goes_along_before_it_takes_a_core_from_the_mesh() -> None:
    heard = said("""
priority.go_first()
end = time.thread_time() + 5
while os.sched_getscheduler(0) == os.SCHED_RR and time.thread_time() < end: pass
print(os.sched_getscheduler(0), time.thread_time() < end)
""")
    assert heard == [str(os.SCHED_OTHER), "True"]


def test_one_that_may_not_goes_along_and_says_nothing() -> None:
    heard = said("""
def refuse(*_): raise PermissionError(1, "not permitted")
os.setpriority = os.sched_setscheduler = refuse
priority.go_first(); priority.go_along()
print(os.sched_getscheduler(0))
""")
    assert heard == [str(os.sched_getscheduler(0))], "as whoever started it"
