"""What a tool takes from the machine, with everything that it has started."""

from __future__ import annotations

import contextlib

import psutil


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and its descendants so far, in user and kernel mode (to 10 ms)."""
    total = 0.0
    for process in tree(pid):
        with contextlib.suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    return total


def resident_mb(pid: int) -> float:
    """Megabytes that a process has in memory."""
    return float(psutil.Process(pid).memory_info().rss) / 1e6


def tree(pid: int) -> list[psutil.Process]:
    """A process and its descendants; none if it has ended."""
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
