"""Being on time on a busy machine: the probe's process goes ahead of every other, where it may.

A nice value does not do that: where Linux groups processes by session (sched_autogroup, on by default), it counts only
among the processes of one session, and the mesh has another. SCHED_RR does: the probe runs as soon as it is woken. What
it takes so is a few percent of one core (``docs/benchmarks.md``), in pieces below 0.2 ms. One that does not stop
running, since it cannot keep up or by a defect, becomes an ordinary process again (RLIMIT_RTTIME).

It takes CAP_SYS_NICE or RLIMIT_RTPRIO; without them the probe is as punctual as the machine lets it be, and says so by
its lag.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from pathlib import Path

_NICE = -10
"""Where SCHED_RR is refused; and for what follows it."""
_LOWEST = 1
"""Of the real-time priorities: behind whatever else the machine has of these."""
_LONGEST_RUN_US = 500_000
"""A backlog of a second at 1,000 samples/s, three times over."""


def go_first() -> None:
    """Put this process, with every thread that it starts from now on, ahead of all ordinary ones, where it may."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    if not hasattr(os, "SCHED_RR") or not hasattr(resource, "RLIMIT_RTTIME"):  # not on Linux
        return
    signal.signal(signal.SIGXCPU, lambda *_: go_along())
    _, most = resource.getrlimit(resource.RLIMIT_RTTIME)
    with contextlib.suppress(OSError, ValueError):  # the limit first: no real-time process without it
        resource.setrlimit(resource.RLIMIT_RTTIME, (_LONGEST_RUN_US, most))
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_LOWEST))


def go_along() -> None:
    """Make every thread of this process an ordinary one again."""
    if hasattr(os, "SCHED_OTHER"):
        for thread in Path("/proc/self/task").iterdir():
            with contextlib.suppress(OSError):  # it has ended
                os.sched_setscheduler(int(thread.name), os.SCHED_OTHER, os.sched_param(0))
