"""What an experiment does when: its phases, and a line for each thing done, for the result and for who looks on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chaos.model import NS_PER_S
from chaos.redaction import redacted
from chaos.result import LogEntry, Phase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.clock import Clock
    from chaos.observer import Observer


class Diary:
    """Kept while an experiment goes on. No secret gets into it."""

    def __init__(self, observer: Observer, clock: Clock) -> None:
        self.entries: list[LogEntry] = []
        self.phases: list[Phase] = []
        """Those that have ended."""
        self.phase = ""
        """The one that is under way."""
        self.certain: bool | None = None
        """Whether the phase that is under way has its answer; None while it waits for none."""
        self._observer = observer
        self._clock = clock
        self._since_ns = 0

    @property
    def elapsed_s(self) -> float:
        """Since the phase that is under way began."""
        return (self._clock.now_ns() - self._since_ns) / NS_PER_S

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """A phase, from its begin to its end, however it ends."""
        self.phase, self._since_ns = phase, self._clock.now_ns()
        self.certain = None
        try:
            with self._observer.phase(phase):
                yield
        finally:
            self.phases.append(Phase(self.phase, self._since_ns, self._clock.now_ns(), self.certain))

    def note(self, text: str) -> None:
        """What has just been done or found."""
        text = redacted(text)
        self.entries.append(LogEntry(self._clock.now_ns(), self.phase, text))
        self._observer.note(text)
