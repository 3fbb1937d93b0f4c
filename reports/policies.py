"""What policies make of each fault: policy set x fault -> takeover, outage, errors, blips.

Judged where the fault must be felt: at the faulty zone's gateway, or at the load balancer where the fault takes
the gateway itself away. Of the zones in which a fault was tried, and of both lanes, each figure is the worst.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.text import Text

from chaos.model import LOAD_BALANCER, Interval, Verdict
from chaos.result import Expectation
from reports.words import NO_FAULT, bad_share, plain, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chaos.model import Zone
    from chaos.result import Figures, Outage, Result

MEASURED = (Verdict.PASS, Verdict.FAIL)
"""INFRA and INVALID say nothing of the mesh."""
_HEADINGS = ("", "failover", "longest outage", "errors", "blips")
NEVER = "never"


@dataclass(frozen=True)
class Effect:
    """What users felt of one fault under one profile, at worst: each figure by itself, from any zone and lane."""

    fault: str
    profile: str
    zones: tuple[Zone, ...]
    """Where it was tried, and could be measured."""
    unmeasured: tuple[tuple[Zone, Verdict], ...] = ()
    """Where it was tried in vain: INFRA or INVALID."""
    failover: Interval | None = None
    """From injection until another zone answered steadily; None where that never happened in some zone or lane."""
    outage: Interval | None = None
    """The longest single outage; None where nothing was measured."""
    bad: int = 0
    """The most bad samples of a series, of ``samples`` since the steady state."""
    samples: int = 0
    blips: int | None = None
    """The most outages of a series that began after its failover, or after it was home again; None if unknown."""
    blip: Interval | None = None
    """The longest of those; None without any."""


def effects(results: Iterable[Result]) -> tuple[Effect, ...]:
    """Every fault under every profile that it was tried with, both in the order in which they were first run."""
    tried: dict[str, dict[str, list[Result]]] = {}
    for result in results:
        if result.fault not in NO_FAULT:
            tried.setdefault(result.fault, {}).setdefault(result.profile, []).append(result)
    return tuple(_effect(fault, profile, of) for fault, profiles in tried.items() for profile, of in profiles.items())


def _effect(fault: str, profile: str, results: Sequence[Result]) -> Effect:
    measured = [result for result in results if result.verdict in MEASURED]
    unmeasured = {(result.zone, result.verdict): None for result in results if result not in measured}
    felt = [figures for result in measured for figures in where_felt(result)]
    if not felt:
        return Effect(fault, profile, (), tuple(unmeasured))
    worst = max(felt, key=lambda figures: figures.bad)
    blips = [_blips(figures) for figures in felt]
    known = [one for one in blips if one is not None]
    return Effect(
        fault=fault,
        profile=profile,
        zones=tuple(dict.fromkeys(result.zone for result in measured)),
        unmeasured=tuple(unmeasured),
        failover=latest(figures.failover for figures in felt),
        outage=longest(figures.outage_longest for figures in felt),
        bad=worst.bad,
        samples=worst.samples,
        blips=max(map(len, known)) if len(known) == len(blips) else None,
        blip=longest(blip.length for one in known for blip in one) if any(known) else None,
    )


def where_felt(result: Result) -> list[Figures]:
    """The series at which a fault is judged: the gateway's in front of it, else the load balancer's."""
    felt = [figures for figures in result.figures if figures.expectation is Expectation.FAILS_OVER]
    at_gateway = [figures for figures in felt if figures.key.vantage != LOAD_BALANCER]
    return at_gateway or felt


def _blips(figures: Figures) -> tuple[Outage, ...] | None:
    """Those after the failover and those after home; None in results archived before they were counted."""
    moments = ((figures.failover, figures.blips), (figures.failback, figures.relapses))
    if any(moment is not None and counted is None for moment, counted in moments):
        return None
    return (figures.blips or ()) + (figures.relapses or ())


def latest(moments: Iterable[Interval | None]) -> Interval | None:
    """The latest moment; None if one of them never came."""
    known = list(moments)
    came = [moment for moment in known if moment is not None]
    return longest(came) if len(came) == len(known) else None


def longest(lengths: Iterable[Interval]) -> Interval:
    """The longest of some lengths, by its high end."""
    return max(lengths, key=lambda length: (length.high_ns, length.low_ns))


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


def _cells(effect: Effect) -> tuple[str, str, str, str]:
    """What is said of an effect, below all headings but the first."""
    if not effect.zones:
        return "-", "-", "-", "-"
    return (
        span(effect.failover) if effect.failover else NEVER,
        span(effect.outage) if effect.outage and effect.outage.high_ns else "none",
        f"{effect.bad:,} ({bad_share(effect.bad, effect.samples)})",
        _in_words(effect),
    )


def _in_words(effect: Effect) -> str:
    """How many blips, and how long the longest was."""
    if effect.blips is None:
        return "unknown"
    if effect.blip is None:
        return "none" if effect.failover else "-"
    return f"{effect.blips}, {span(effect.blip)}"
