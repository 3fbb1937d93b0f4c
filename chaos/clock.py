"""Time as a parameter, so that tests can run an hour-long experiment in a millisecond."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, TypeVar

from chaos.model import NS_PER_S

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Clock(Protocol):
    """A monotonic clock that can also wait."""

    def now_ns(self) -> int:
        """Nanoseconds on a clock that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        ...

    def asleep_ns(self) -> int:
        """For how long the machine has been suspended so far, which passes for everybody else but not on this clock."""
        ...


class MonotonicClock:
    """The machine's own clock (CLOCK_MONOTONIC: the same for every process of the machine)."""

    def now_ns(self) -> int:
        """Nanoseconds since an arbitrary start, shared by all processes of this machine."""
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        time.sleep(seconds)

    def asleep_ns(self) -> int:
        """How much CLOCK_BOOTTIME is ahead: it alone counts the time of a suspension.

        Of three looks the quickest counts: on a busy machine a process may have to wait between the two clocks.
        """
        return min(_look() for _ in range(3))[1]


def _look() -> tuple[int, int]:
    """How long it took to see both clocks, and how much CLOCK_BOOTTIME is ahead."""
    before_ns = time.monotonic_ns()
    boot_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    took_ns = time.monotonic_ns() - before_ns
    return took_ns, boot_ns - before_ns


def poll(clock: Clock, condition: Callable[[], T], limit_s: float, every_s: float = 0.05) -> T:
    """Ask ``condition`` until it answers something true or ``limit_s`` has passed; its last answer."""
    deadline = clock.now_ns() + int(limit_s * NS_PER_S)
    while not (answer := condition()) and clock.now_ns() < deadline:
        clock.sleep(every_s)
    return answer
