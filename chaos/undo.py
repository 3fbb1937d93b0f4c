"""Putting things back, and proving that they are back: the same code in an experiment and after a crash."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from chaos.clock import poll
from chaos.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chaos.clock import Clock
    from chaos.platform import Platform, Record


@contextmanager
def patiently() -> Iterator[None]:
    """Ctrl-C, and SIGTERM, by which CI cancels a job, wait until everything is back; the third one does not."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    pressed: list[int] = []

    def press(number: int, _: object) -> None:
        pressed.append(number)
        if len(pressed) >= _INSISTING:
            raise KeyboardInterrupt

    former = {number: signal.signal(number, press) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
        if pressed:  # also where the repair itself failed: its error stays as the context
            raise KeyboardInterrupt


_INSISTING = 3
RESTORE_LIMIT_S = 60.0
"""How long what was put back may take until it is what it was. Starting a zone takes about 10 s."""


def restore(
    platform: Platform, records: Sequence[Record], clock: Clock, limit_s: float = RESTORE_LIMIT_S
) -> int | None:
    """Make every recorded target what it was, and wait until it is.

    A target that cannot be put back, or a mesh that does not answer, is tried again until ``limit_s`` has passed:
    nothing is given up because of something else. What is put back has ``limit_s`` from then on: putting it back, such
    as making a cluster anew, may take longer than that itself.

    Returns when something was last seen not to be what it was (monotonic ns), None where that was never seen.

    Raises:
        InfraError: something still differs then; the message says what, of every target.
    """
    undoing = [_Undoing(platform, record, clock) for record in records]
    if not (poll(clock, partial(_all_put, undoing), limit_s) and poll(clock, partial(_all_back, undoing), limit_s)):
        left = "; ".join(f"{one.record.target}: {one.reason}" for one in undoing if one.reason)
        raise InfraError(f"not restored after {limit_s:g} s: {left}")
    return max((one.differed_ns for one in undoing if one.differed_ns is not None), default=None)


def _all_put(undoing: Sequence[_Undoing]) -> bool:
    """Whether all have been put back, whether or not they are what they were yet."""
    return not [one for one in undoing if not one.is_back() and not one.put]


def _all_back(undoing: Sequence[_Undoing]) -> bool:
    """Whether all are back; every one is tried, whatever another says."""
    return not [one for one in undoing if not one.is_back()]


class _Undoing:
    """One target on its way back."""

    def __init__(self, platform: Platform, record: Record, clock: Clock) -> None:
        self.record = record
        self.differed_ns: int | None = None
        """When it was last asked about and was not what it was."""
        self._clock = clock
        self.reason: str | None = None
        """Why it is not what it was yet."""
        self.put = False
        """Whether it has been put back."""
        self._platform = platform

    def is_back(self) -> bool:
        """Put it back, once, and ask whether it is what it was."""
        asked_ns = self._clock.now_ns()
        try:
            if not self.put:
                self.differed_ns = self._platform.put(self.record)
                self.put = True
                asked_ns = self._clock.now_ns()
            self.reason = self._platform.difference(self.record)
        except InfraError as error:
            self.reason = str(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other targets must be tried, and this one again
            self.reason = f"{type(error).__name__}: {error}"
        if self.reason is not None:
            self.differed_ns = asked_ns
        return self.reason is None
