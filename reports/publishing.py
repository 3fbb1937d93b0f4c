"""The files that a run leaves for people and for other programs, all made from ``reports.run.Run``.

A further report is a module with ``FILE_NAME`` and ``render``, named in ``REPORTS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from reports import digest, html, markdown, openmetrics
from reports.archive import ArchiveError, write_whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from reports.run import Run


class Report(Protocol):
    """A kind of report: a module of this package."""

    FILE_NAME: str
    """What its file is called in the run's folder."""

    def render(self, run: Run) -> str:
        """The whole file."""
        ...


REPORTS: tuple[Report, ...] = (markdown, html, digest, openmetrics)


def publish(run: Run, reports: Sequence[Report] = REPORTS) -> Iterator[Path | ArchiveError]:
    """Write every report into the run's folder, one after the other; one that cannot be made keeps no other from it.

    Yields each file, or why there is none.
    """
    for report in reports:
        path = run.folder / report.FILE_NAME
        try:
            write_whole(path, report.render(run))
        except ArchiveError as error:
            yield error
        except Exception as error:  # noqa: BLE001 - a report that breaks must not hide the verdict, nor the others
            yield ArchiveError(f"{path} cannot be made ({type(error).__name__}: {error}): please report this")
        else:
            yield path
