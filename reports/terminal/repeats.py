"""Repeats in the terminal summary: one block and a few lines for an experiment, however often it was repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from reports.repeats import repeats
from reports.terminal.console import show, wrapped
from reports.words import count, span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from chaos.model import Verdict
    from chaos.result import Result
    from reports.repeats import Repeated


def show_repeats(results: Sequence[Result], console: Console, colours: dict[Verdict, str]) -> None:
    """Print what the repeats of each experiment come to."""
    for one in repeats(results):
        outcome = (one.outcome.value, colours[one.outcome]) if one.outcome else ("NOT FINISHED", "bold yellow")
        show(console, Text.assemble((f"repeats of {one.title}", "bold"), "  ", outcome))
        wrapped(console, f"{one.counts}: {one.statement}", "  ")
        for figure in one.figures:
            wrapped(console, f"{figure.name}: {_told(figure)}", "    ")
        show(console, Text())


def _told(figure: Repeated) -> str:
    if not figure.worst.high_s:
        return f"none in {count(figure.values, 'run')}"
    return f"median {span(figure.median)}, worst {span(figure.worst)}; true median: {figure.known}"
