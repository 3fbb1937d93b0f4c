"""Wakes an event loop at an exact moment.

Event loops round their timers to 1 ms (epoll_wait(2) takes milliseconds; uvloop keeps them too), which
is as long as the period at 1,000 samples/s. On Linux a timerfd(2) wakes the loop within
tens of microseconds; elsewhere the loop's own timer has to do.
"""

from __future__ import annotations

import ctypes
import os
import time
from typing import TYPE_CHECKING, Protocol

from chaos.model import NS_PER_S

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

_libc = ctypes.CDLL(None, use_errno=True)
_TFD_TIMER_ABSTIME = 1


class Alarm(Protocol):
    """Calls its ``ring`` in the event loop at the moment set last; set again, it forgets the former."""

    def set(self, at_ns: int) -> None:
        """Ring at ``at_ns`` (monotonic ns), at once if that has passed."""
        ...

    def close(self) -> None:
        """Never ring again."""
        ...


class _Itimerspec(ctypes.Structure):
    """struct itimerspec: interval, then first expiry."""

    _fields_ = (
        ("interval_s", ctypes.c_long),
        ("interval_ns", ctypes.c_long),
        ("value_s", ctypes.c_long),
        ("value_ns", ctypes.c_long),
    )


class TimerfdAlarm:
    """An alarm of the Linux kernel, exact to tens of microseconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], object]) -> None:
        self._loop = loop
        self._ring = ring
        self._spec = _Itimerspec(0, 0, 0, 0)
        self._fd = _libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        loop.add_reader(self._fd, self._expired)

    def set(self, at_ns: int) -> None:
        """Ring at ``at_ns`` (monotonic ns), at once if that has passed."""
        self._spec.value_s, self._spec.value_ns = divmod(at_ns, NS_PER_S)
        _libc.timerfd_settime(self._fd, _TFD_TIMER_ABSTIME, ctypes.byref(self._spec), None)

    def _expired(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:  # set anew after the loop had seen it expire: nothing is due
            return
        self._ring()

    def close(self) -> None:
        """Never ring again."""
        self._loop.remove_reader(self._fd)
        os.close(self._fd)


class LoopAlarm:
    """An alarm by the event loop's own timer, for systems without timerfd; late by up to 1 ms."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ring: Callable[[], object]) -> None:
        self._loop = loop
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None

    def set(self, at_ns: int) -> None:
        """Ring at ``at_ns`` (monotonic ns), at once if that has passed."""
        self.close()
        self._timer = self._loop.call_later(max(0, at_ns - time.monotonic_ns()) / NS_PER_S, self._ring)

    def close(self) -> None:
        """Never ring again."""
        if self._timer is not None:
            self._timer.cancel()


def alarm(loop: asyncio.AbstractEventLoop, ring: Callable[[], object]) -> Alarm:
    """The most exact alarm that this system has."""
    return TimerfdAlarm(loop, ring) if hasattr(_libc, "timerfd_create") else LoopAlarm(loop, ring)
