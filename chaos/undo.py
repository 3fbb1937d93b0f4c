"""Putting things back, and proving that they are back: the same code in an experiment and after a crash."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from chaos.clock import poll
from chaos.errors import InfraError, StillGoing
from chaos.model import NS_PER_S, Interval

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from chaos.clock import Clock
    from chaos.model import Zone
    from chaos.platform import Platform, Record


@contextmanager
def patiently() -> Iterator[None]:
    """Ctrl-C, and what else ends a run (``ending``), wait until everything is back; the third one does not."""
    with _Signals() as signals:
        signals.held = True
        yield


def mended(breaking: Callable[[], None], repair: Callable[[], None]) -> None:
    """Carry out ``breaking``; whatever ends it, ``repair`` is carried out, patiently.

    The first Ctrl-C ends it. A second one that comes before the repair has begun must not end that, so that both are
    taken by the same hands: between two handlers there would be a moment without a repair. No context manager, for
    one could be interrupted as its ``__exit__`` begins, before that has got as far as the repair.
    """
    with _Signals() as signals:
        try:
            try:
                breaking()
            finally:
                signals.held = True
        finally:
            repair()


def ending() -> Iterator[signal.Signals]:
    """The signals that end a run, but for those that somebody has made sure do not (``nohup``).

    Ctrl-C; SIGTERM, by which CI cancels a job; SIGHUP, when the terminal is closed or the connection to it is lost.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            yield number


class _Signals:
    """The signals that end a run while something is broken: the first is a Ctrl-C, unless they are ``held``.

    Whoever had them before is not asked: some end the process at once (coverage does), without a repair.
    """

    def __init__(self) -> None:
        self.held = False
        self._through = False
        self._pressed = 0
        self._former: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._former = {number: signal.signal(number, self._press) for number in ending()}
        return self

    def _press(self, *_: object) -> None:
        if not self.held and not self._through:
            self._through = True
            raise KeyboardInterrupt
        self._pressed += 1
        if self._pressed >= _INSISTING:
            raise KeyboardInterrupt

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        for number, handler in self._former.items():
            signal.signal(number, handler)
        if (self._pressed or self._through) and kind is not KeyboardInterrupt:
            raise KeyboardInterrupt  # also where the repair failed: its error stays as the context


_INSISTING = 3
RESTORE_LIMIT_S = 60.0
"""How long what was put back may take until it is what it was. Starting a zone takes about 10 s."""
GOING_LIMIT_S = 900.0
"""How much longer is waited for what is still on its way out: whoever has to let it go may be down (a Gateway's
finalizer waits for its operator, which waits for a cloud). Once that lets go there would be nobody to make it again."""


def restore(
    platform: Platform,
    records: Sequence[Record],
    clock: Clock,
    limit_s: float = RESTORE_LIMIT_S,
    say: Callable[[str], None] = lambda _: None,
) -> dict[Zone, Interval]:
    """Make every recorded target what it was, and wait until it is.

    A target that cannot be put back, or a mesh that does not answer, is tried again until ``limit_s`` has passed:
    nothing is given up because of something else. What is put back has ``limit_s`` from then on: putting it back, such
    as making a cluster anew, may take longer than that itself. What is still on its way out has 15 minutes more, and
    ``say`` is told of it.

    Returns between which moments all of each zone became what it was (monotonic ns): something was not put back yet, or
    seen to differ; all was known to be.

    Raises:
        InfraError: something still differs then; the message says what, of every target.
    """
    undoing = [_Undoing(platform, record, clock) for record in records]
    began_ns = clock.now_ns()
    put = poll(clock, partial(_all_put, undoing), limit_s)
    if not put and (going := _left([one for one in undoing if one.going])):
        with suppress(Exception):  # whoever looked on may be gone: that must not keep anything broken
            say(f"waits up to {GOING_LIMIT_S / 60:g} minutes more, for only then it can be put back: {going}")
        put = poll(clock, partial(_nothing_goes, undoing), GOING_LIMIT_S) and _all_put(undoing)
    if not (put and poll(clock, partial(_all_back, undoing), limit_s)):
        waited_s = max(limit_s, round((clock.now_ns() - began_ns) / NS_PER_S))
        raise InfraError(f"not restored after {waited_s:g} s: {_left(undoing)}")
    mended: dict[Zone, Interval] = {}
    for one in undoing:
        former = mended.get(one.record.target.zone, Interval(0, 0))
        mended[one.record.target.zone] = Interval(
            max(former.low_ns, one.differed_ns), max(former.high_ns, one.confirmed_ns)
        )
    return mended


def whole(mended: Mapping[Zone, Interval], zones: Collection[Zone] = ()) -> Interval | None:
    """When all of these zones were mended, as ``restore`` says it of each; every one where none of these was broken."""
    these = [mended[zone] for zone in zones if zone in mended] or list(mended.values())
    return Interval(max(m.low_ns for m in these), max(m.high_ns for m in these)) if these else None


def _left(undoing: Sequence[_Undoing]) -> str:
    return "; ".join(f"{one.record.target}: {one.reason}" for one in undoing if one.reason)


def _nothing_goes(undoing: Sequence[_Undoing]) -> bool:
    """Whether nothing is on its way out any more; what is not put back yet is tried."""
    _all_put(undoing)
    return not any(one.going for one in undoing)


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
        self.differed_ns = clock.now_ns()
        """Until when it was not known to be what it was: put back later, or asked about and different."""
        self.confirmed_ns = self.differed_ns
        """When it was first asked about after that and was what it was."""
        self._clock = clock
        self.reason: str | None = None
        """Why it is not what it was yet."""
        self.put = False
        """Whether it has been put back."""
        self.going = False
        """Whether it is still on its way out, so that it cannot be put back."""
        self._platform = platform

    def is_back(self) -> bool:
        """Put it back, once, and ask whether it is what it was."""
        asked_ns = self._clock.now_ns()
        self.going = False
        try:
            if not self.put:
                self.differed_ns = self._platform.put(self.record) or asked_ns
                self.put = True
                asked_ns = self._clock.now_ns()
            self.reason = self._platform.difference(self.record)
        except InfraError as error:
            self.reason, self.going = str(error), isinstance(error, StillGoing)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other targets must be tried, and this one again
            self.reason = f"{type(error).__name__}: {error}"
        if self.reason is not None:
            self.differed_ns = asked_ns
        elif self.confirmed_ns <= self.differed_ns:
            self.confirmed_ns = self._clock.now_ns()
        return self.reason is None
