"""Time as a parameter, so that tests can run an hour-long experiment in a millisecond."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """A monotonic clock that can also wait."""

    def now_ns(self) -> int:
        """Nanoseconds on a clock that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        ...


class MonotonicClock:
    """The machine's own clock (CLOCK_MONOTONIC: the same for every process of the machine)."""

    def now_ns(self) -> int:
        """Nanoseconds since an arbitrary start, shared by all processes of this machine."""
        return time.monotonic_ns()

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        time.sleep(seconds)
