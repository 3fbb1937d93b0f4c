"""The report of a run for people: one HTML file with everything in it, which opens from disk without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.html.building import page_of
from reports.html.writing import write

if TYPE_CHECKING:
    from reports.run import Run

FILE_NAME = "report.html"


def render(run: Run) -> str:
    """The whole file; its links lead into the run's folder."""
    return write(page_of(run))
