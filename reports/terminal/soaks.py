"""A soak in the terminal summary: what was tried, and what grew meanwhile."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from chaos.growth import worst
from chaos.redaction import redacted
from reports.soaks import HEADINGS, cells
from reports.terminal.console import show, wrapped
from reports.words import count, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from chaos.growth import Growth
    from reports.soaks import Soaked, Tried


def render(soaked: Soaked, console: Console) -> None:
    """Print what was tried, and what grew."""
    verdict = soaked.verdict.value if soaked.verdict else "stopped"
    show(console, Text.assemble((f"soak [{plain(soaked.profile)}]", "bold"), f"  {verdict}  seed {soaked.seed}"))
    show(console, Text(f"  {_lasted(soaked)}"))
    for line in (*_experiments_table(soaked.tried), *_growth(soaked.growths)):
        show(console, Text(f"  {line}"))
    if soaked.reason:
        wrapped(console, redacted(soaked.reason), "  ")


def _lasted(soaked: Soaked) -> str:
    quiet = f"{soaked.quiet_answers} answers in {soaked.quiet_s:.0f} s without a fault"
    meshes = "one mesh" if soaked.legs == 1 else f"{soaked.legs} meshes"
    return (
        f"{count(len(soaked.tried), 'experiment')} in {soaked.lasted_s:.0f} s (asked for: {soaked.duration_s:.0f} s) "
        f"on {meshes}; {quiet}"
    )


def _experiments_table(tried: Sequence[Tried]) -> list[str]:
    """How often each fault was tried, and what came of it."""
    outcomes: dict[str, Counter[str]] = {}
    for one in tried:
        outcomes.setdefault(one.fault, Counter())[one.outcome] += 1
    rows = [(fault, ", ".join(f"{n} {what}" for what, n in sorted(found.items()))) for fault, found in outcomes.items()]
    return _table([("fault", "outcomes"), *sorted(rows)]) if rows else []


def _growth(growths: Sequence[Growth]) -> list[str]:
    return _growth_table(growths) if any(one.trend for one in growths) else ["growth: too few experiments to judge it"]


def _growth_table(growths: Sequence[Growth]) -> list[str]:
    """Of each program and quantity the process that grew most."""
    rows = [cells(growth, judged, lives) for growth, judged, lives in worst(growths)]
    return _table([HEADINGS, *rows]) if rows else []


def _table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
