"""Who looks on while an experiment runs: a terminal, an Allure report, nobody."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chaos.model import SeriesKey


@dataclass(frozen=True)
class Answering:
    """The newest sample of one series."""

    key: SeriesKey
    answer: str
    """The zone that answered, or what came instead."""
    good: bool


@dataclass(frozen=True)
class Live:
    """What is to be seen at one moment of an experiment."""

    title: str
    phase: str
    elapsed_s: float
    """Since the phase began."""
    answering: tuple[Answering, ...]
    bad: int
    """Bad samples since the steady state began, in all series."""


class Observer(Protocol):
    """Is told what an experiment does. Must not raise and must not take long."""

    def phase(self, name: str) -> AbstractContextManager[None]:
        """A phase that lasts as long as the context."""
        ...

    def note(self, text: str) -> None:
        """Something worth a line in a log."""
        ...

    def live(self, live: Live) -> None:
        """The newest samples, a few times a second."""
        ...


class Observers:
    """Several observers as one."""

    def __init__(self, observers: Sequence[Observer]) -> None:
        self._observers = tuple(observers)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Tell every observer of the phase."""
        with ExitStack() as stack:
            for observer in self._observers:
                stack.enter_context(observer.phase(name))
            yield

    def note(self, text: str) -> None:
        """Tell every observer."""
        for observer in self._observers:
            observer.note(text)

    def live(self, live: Live) -> None:
        """Show every observer."""
        for observer in self._observers:
            observer.live(live)
