"""What policies make of each fault, as a table in the terminal summary."""

from __future__ import annotations

from itertools import groupby
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.text import Text

from reports.policies import effects, felt_in_words
from reports.words import plain, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chaos.result import Result
    from reports.policies import Effect

_HEADINGS = ("", "failover", "longest outage", "errors", "blips")


def policy_lines(results: Iterable[Result]) -> Iterator[Text]:
    """The table, a line each and an empty one after it; nothing where no two profiles can be compared."""
    found = effects(results)
    if len({effect.profile for effect in found}) < 2:  # noqa: PLR2004 - to compare takes two
        return
    yield Text("what policies make of each fault", "bold")
    yield Text("(the worst of zones and lanes, at the gateway in front of the fault, or at the")
    yield Text("load balancer where the fault takes that gateway away)")
    yield from _table(found)
    yield Text()


def _table(found: Sequence[Effect]) -> Iterator[Text]:
    rows = [(effect, ("  " + _name(effect), *_cells(effect))) for effect in found]
    columns = list(zip(_HEADINGS, *(cells for _, cells in rows), strict=True))
    widths = [max(map(len, column)) for column in columns]
    yield _line(_HEADINGS, widths, "dim")
    for fault, group in groupby(rows, key=lambda row: row[0].fault):
        yield Text(plain(fault))
        for effect, cells in group:
            yield _line(cells, widths, _colour(effect))
            if effect.unmeasured:
                missing = ", ".join(f"{plain(zone)} {verdict}" for zone, verdict in effect.unmeasured)
                yield Text(f"    not measured: {missing}", "yellow")


def _line(cells: Iterable[str], widths: Iterable[int], style: str) -> Text:
    return Text("  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip(), style)


def _colour(effect: Effect) -> str:
    if not effect.zones:
        return "yellow"
    return "red" if effect.failover is None else "" if effect.blips else "green"


def _name(effect: Effect) -> str:
    return plain(PurePath(effect.profile).name or effect.profile)


def _cells(effect: Effect) -> tuple[str, ...]:
    """What is said of an effect, below all headings but the first."""
    return (*felt_in_words(effect), _in_words(effect)) if effect.zones else ("-", "-", "-", "-")


def _in_words(effect: Effect) -> str:
    """How many blips, and how long the longest was."""
    if effect.blips is None:
        return "unknown"
    if effect.blip is None:
        return "none" if effect.failover else "-"
    return f"{effect.blips}, {span(effect.blip)}"
