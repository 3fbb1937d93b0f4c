"""The claims at the end of the terminal summary: a column for each profile, or a list where columns do not fit."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from reports.terminal.console import show, wrapped
from reports.verdicts import Standing
from reports.words import name, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from reports.verdicts import ClaimVerdict

    Row = tuple[ClaimVerdict, ...]
    """One claim under every profile."""

_COLOURS = {
    Standing.PASS: "green",
    Standing.FAIL: "bold red",
    Standing.FALSE_AS_DOCUMENTED: "cyan",
    Standing.SURPRISE: "bold magenta",
    Standing.INFRA: "yellow",
    Standing.INVALID: "yellow",
    Standing.NOT_RUN: "dim",
}


def show_claims(verdicts: Sequence[ClaimVerdict], console: Console) -> None:
    """Print the claims that were run, each with its evidence; the others in one line."""
    rows = [tuple(row) for _, row in groupby(verdicts, lambda verdict: verdict.claim.id)]
    run = [row for row in rows if any(verdict.evidence for verdict in row)]
    heading, *lines = _table(run) if run else [Text()]
    fits = max(map(len, (heading, *lines))) <= console.width
    if run:
        show(console, heading if fits else Text("claims", "bold"))
    for row, line in zip(run, lines, strict=True):
        if fits:
            show(console, line)
        else:
            _list(row, console)
        wrapped(console, f"by {_evidence(row)}", "    ", "dim")
        _reasons(row, console)
    if idle := [row[0].claim.id for row in rows if row not in run]:
        wrapped(console, f"not run: {', '.join(idle)}", "")


def _table(run: Sequence[Row]) -> list[Text]:
    """A heading, and a line for each claim."""
    label = max(len(row[0].claim.id) for row in run)
    cell = max(len(text) for row in run for v in row for text in (plain(v.profile), v.standing.value))
    profiles = "  ".join(f"{plain(verdict.profile):<{cell}}" for verdict in run[0])
    lines = [Text(f"{'claim':<{label}}  {profiles}", "bold")]
    for row in run:
        cells = (Text(f"  {v.standing.value:<{cell}}", _COLOURS[v.standing]) for v in row)
        lines.append(Text.assemble(f"{row[0].claim.id:<{label}}", *cells))
    for line in lines:
        line.rstrip()
    return lines


def _list(row: Row, console: Console) -> None:
    """A claim with the profiles under which it stands alike."""
    show(console, Text(row[0].claim.id))
    for standing in dict.fromkeys(verdict.standing for verdict in row):
        profiles = ", ".join(plain(verdict.profile) for verdict in row if verdict.standing is standing)
        wrapped(console, f"{standing.value}: {profiles}", "  ", _COLOURS[standing])


def _reasons(row: Row, console: Console) -> None:
    for verdict in row:
        if verdict.reason and verdict.evidence:
            wrapped(console, f"documented as false in {verdict.profile}: {verdict.reason}", "    ", "dim")


def _evidence(row: Iterable[ClaimVerdict]) -> str:
    """The experiments that are a claim's evidence under any profile: ``wrong-port zone1 zone2``."""
    zones: dict[str, dict[str, None]] = {}
    for result in (result for verdict in row for result in verdict.evidence):
        zones.setdefault(name(result), {})[plain(result.zone)] = None
    return ", ".join(" ".join((tried, *where)).strip() for tried, where in zones.items())
