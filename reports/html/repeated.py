"""What repeated experiments come to, as tables of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.html.page import Table
from reports.html.sections import TONES
from reports.repeats import repeats
from reports.words import span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.repeats import Repeats
    from reports.run import Run

_NOT_FINISHED = "not finished"
_NOTE = (
    "Of each repeat the worst of its lanes and vantages. The true median lies between two order statistics with the "
    "confidence that is told, whatever the distribution."
)


def repeated(run: Run) -> tuple[Table, ...]:
    """The outcomes, and the figures where there are any; nothing for a run that repeated nothing."""
    found = repeats(run.results)
    tables = (_outcomes(found), _figures(found))
    return tuple(table for table in tables if table.rows)


def _outcomes(found: Iterable[Repeats]) -> Table:
    heading = ("experiment", "outcome", "repeats", "what is proven")
    rows = tuple((one.title, one.outcome or _NOT_FINISHED, one.counts, one.statement) for one in found)
    tones = tuple(TONES[one.outcome] if one.outcome else "doubt" for one in found)
    return Table("What the repeats of each experiment come to", heading, rows, tones, is_long=True)


def _figures(found: Iterable[Repeats]) -> Table:
    heading = ("experiment", "figure", "values", "median", "worst", "where the true median lies")
    rows = tuple(
        (one.title, figure.name, f"{figure.values}", span(figure.median), span(figure.worst), figure.known)
        for one in found
        for figure in one.figures
    )
    return Table("Figures over the repeats", heading, rows, note=_NOTE if rows else "")
