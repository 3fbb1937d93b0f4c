"""What a timeline draws besides samples: its axes, marks, shades, and the events below the lanes."""

from __future__ import annotations

from dataclasses import dataclass

from reports.html.events import Source

COLUMNS = 1000
"""How wide the lanes are at most on a usual screen, in pixels."""
SUITE = "this suite"
"""The row of what was done."""
_ROWS = (SUITE, *Source)


@dataclass(frozen=True)
class Mark:
    """A moment that is drawn through all lanes."""

    x: float
    text: str
    label: str = ""
    """What is written above it."""
    confirmed: bool = False
    """Whether it is the end of an uncertain moment, not its begin."""
    line: int = 0
    """How many lines above the lowest its label is: labels of several faults may be too long for one."""


@dataclass(frozen=True)
class Shade:
    """A stretch of time: the fault certainly in effect, or possibly."""

    left: float
    right: float
    certain: bool


@dataclass(frozen=True)
class Dot:
    """An event, in its row below the lanes."""

    x: float
    row: str
    level: str
    text: str
    when: str


@dataclass(frozen=True)
class Frame:
    """What is drawn around and below the lanes."""

    lanes: tuple[str, ...]
    start: float
    end: float
    axis: str
    marks: tuple[Mark, ...]
    shades: tuple[Shade, ...]
    dots: tuple[Dot, ...]

    @property
    def rows(self) -> tuple[str, ...]:
        """The rows of events that are drawn: those that have any."""
        return tuple(row for row in _ROWS if any(dot.row == row for dot in self.dots))
