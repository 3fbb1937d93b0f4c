"""Allure's history file: a line of JSON for each run, oldest first, from which its trends are drawn.

Allure itself adds a line each time that a report is made. Here a run has one line however often its report is
made, at the time of the run, so that the report of an old run shows what went before it and nothing else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reports.archive import ArchiveError, write_whole

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "allure-history.jsonl"
LIMIT = 365
"""Runs that are kept: a year of nights."""


@dataclass(frozen=True)
class Point:
    """One run in the history: by its report's name, at its beginning."""

    name: str
    timestamp_ms: int
    line: str
    """All that Allure keeps of it."""


@dataclass(frozen=True)
class History:
    """A history file's points, oldest first, and how many of its lines are none."""

    points: tuple[Point, ...]
    damaged: int = 0

    def before(self, name: str, timestamp_ms: int) -> History:
        """The runs that began before another one."""
        earlier = (point for point in self.points if point.name != name and point.timestamp_ms < timestamp_ms)
        return History(tuple(earlier))

    def plus(self, point: Point) -> History:
        """With a further run, or with a run's new point in place of its former one; the oldest beyond LIMIT go."""
        others = (other for other in self.points if other.name != point.name)
        points = sorted((*others, point), key=lambda one: one.timestamp_ms)
        return History(tuple(points[-LIMIT:]))

    def text(self) -> str:
        """The file."""
        return "".join(f"{point.line}\n" for point in self.points)


def read(path: Path) -> History:
    """The history in a file; none where there is no file yet.

    Raises:
        ArchiveError: it cannot be read.
    """
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return History(())
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read: {error.strerror}") from error
    found = [_point(line) for line in lines if line.strip()]
    points = sorted((point for point in found if point), key=lambda point: point.timestamp_ms)
    return History(tuple(points), found.count(None))


def added(path: Path, name: str, timestamp_ms: int) -> Point:
    """The point of this name that Allure has added to a file, dated by the run; Allure notes when it made the report.

    Raises:
        ArchiveError: it has added none.
    """
    for point in read(path).points:
        if point.name == name:
            document: dict[str, Any] = json.loads(point.line)
            document["timestamp"] = timestamp_ms
            return Point(name, timestamp_ms, json.dumps(document, ensure_ascii=False))
    raise ArchiveError(f"Allure noted no run {name!r} in its history: please report this")


def write(history: History, path: Path) -> None:
    """Replace the file in one step.

    Raises:
        ArchiveError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ArchiveError(f"{path.parent} cannot be made: {error.strerror}") from error
    write_whole(path, history.text())


def _point(line: str) -> Point | None:
    try:
        document = json.loads(line)
        return Point(str(document["name"]), int(document["timestamp"]), line)
    except (ValueError, KeyError, TypeError):
        return None
