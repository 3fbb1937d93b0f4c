"""What watches the server: one module a tool, which starts it and turns its own output into columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.outages.watched import Watched


class MissingTool(Exception):  # noqa: N818 - that is what is wrong
    """The tool cannot be had here; the message says why."""


@dataclass(frozen=True)
class Task:
    """What a tool is to do.

    Args:
        url: what to ask.
        rate_hz: requests a second.
        timeout_s: seconds that a request may take.
        limit_s: after this long it may end by itself; it is stopped before.
        folder: where its files may be.
    """

    url: str
    rate_hz: int
    timeout_s: float
    limit_s: float
    folder: Path

    @property
    def period_ns(self) -> int:
        """From one request to the next."""
        return round(1e9 / self.rate_hz)


class Watch(Protocol):
    """A tool that is watching."""

    @property
    def pid(self) -> int:
        """Its process, whose descendants are its too."""
        ...

    def stop(self) -> Sequence[Watched]:
        """Let it end; what it saw."""
        ...


class Watcher(Protocol):
    """A tool."""

    name: str

    def start(self, task: Task) -> Watch:
        """Let it watch.

        Raises:
            MissingTool: it cannot be had here.
        """
        ...
