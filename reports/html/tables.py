"""The tables of one experiment: the same that its timeline shows, for reading, copying and screen readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.slo import BudgetingMethod
from reports.answers import absent, spells
from reports.glance import told
from reports.html.page import Table
from reports.injections import in_effect
from reports.words import bad_share, cost, plain, seconds, share, span
from reports.worst import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chaos.model import Interval
    from chaos.result import Figures, Outage, Result
    from chaos.slo import Objectives
    from reports.html.events import Event
    from reports.html.moments import Moments

_MOST = 200
"""Rows that are read by somebody; the rest is in the files."""
_DASH = "–"  # noqa: RUF001 - the sign for nothing


def figures(result: Result) -> Table | None:
    """Every series' figures, as intervals."""
    heading = (
        *("vantage", "lane", "may", "bad", "detect", "failover", "home again"),
        *("longest outage", "outages", "after failover", "available", "budget cost", "latency p50, p99"),
    )
    rows = tuple(_figures(one, result) for one in result.figures)
    tones = tuple("bad" if _wrong(one, result) else "" for one in result.figures)
    note = "Times count from the injection, home from when the target was whole again. Red: a finding is about it."
    if result.verdict not in MEASURED:
        note = f"{note} With {result.verdict} they say nothing of the mesh."
    return Table("Figures", heading, rows, tones, note) if rows else None


def _wrong(one: Figures, result: Result) -> bool:
    return any(finding.series == one.key for finding in result.findings)


def _figures(one: Figures, result: Result) -> tuple[str, ...]:
    missing = absent(one, result)
    return (
        plain(one.key.vantage),
        one.key.lane.value,
        one.expectation.value.replace("-", " "),
        f"{one.bad:,} of {one.samples:,} ({bad_share(one.bad, one.samples)})"
        + (f", {one.lost:,} lost" if one.lost else ""),
        _moment(one.detect),
        "never" if "no failover" in missing else _moment(one.failover),
        "never" if "not home again" in missing else _moment(one.failback),
        _length(one.outage_longest),
        f"{len(one.outages):,}: {span(one.outage_total)}" if one.outages else "none",
        _blips(one),
        share(one.availability.occurrences),
        cost(one.budget_cost),
        f"{one.latency_p50_ms:.1f} ms, {one.latency_p99_ms:.1f} ms",
    )


def _moment(moment: Interval | None) -> str:
    return _DASH if moment is None else span(moment)


def _length(length: Interval) -> str:
    return span(length) if length.high_ns else "none"


def _blips(one: Figures) -> str:
    if one.failover is None:
        return _DASH
    if one.blips is None:
        return "unknown"
    return (
        f"{len(one.blips):,}: longest {_length(max((b.length for b in one.blips), key=_high))}" if one.blips else "none"
    )


def _high(length: Interval) -> int:
    return length.high_ns


def done(result: Result, moments: Moments) -> Table | None:
    """What the suite did, when, with the moments that the timeline marks."""
    told_of = [*((e.at_ns, plain(e.phase), told(e.text)) for e in result.log), *_marked(result)]
    rows = tuple((moments.clock(at), moments.offset(at), phase, what) for at, phase, what in sorted(told_of))
    heading = ("time (UTC)", "on the timeline", "phase", "what")
    return Table("What was done, when", heading, rows, is_long=True) if rows else None


def _marked(result: Result) -> Iterator[tuple[int, str, str]]:
    """The ends of each uncertain moment."""
    injected = ((moment, "inject", name, "in effect") for name, moment in in_effect(result))
    named = (*injected, (result.restored, "restore", "repair", "confirmed"))
    for moment, phase, what, confirmed in named:
        if moment:
            yield moment.low_ns, phase, f"{what} requested"
            yield moment.high_ns, phase, f"{what} {confirmed}"
    if result.mended and result.restored and result.mended.low_ns > result.restored.low_ns:
        yield result.mended.low_ns, "restore", "last seen not to be repaired"


def answers(result: Result, moments: Moments) -> Table:
    """Who answered, stretch by stretch: the timeline's lanes in words."""
    found = [(figures, spell) for figures in result.figures for spell in spells(figures.segments)]
    rows = tuple(
        (
            plain(str(of.key)),
            moments.clock(spell.start_ns),
            moments.offset(spell.start_ns),
            seconds(spell.end_ns - spell.start_ns),
            spell.name,
            f"{spell.samples:,}",
            f"{spell.bad:,}",
        )
        for of, spell in found[:_MOST]
    )
    heading = ("lane", "from (UTC)", "on the timeline", "for", "answered by", "requests", "bad")
    tones = tuple("bad" if spell.bad else "" for _, spell in found[:_MOST])
    bad = sum(spell.bad for _, spell in found[_MOST:])
    more = f"{len(found) - _MOST:,} more stretches with {bad:,} bad requests: see result.json." if found[_MOST:] else ""
    return Table("Who answered, in words", heading, rows, tones, more)


def outages(result: Result, moments: Moments) -> Table:
    """Every outage, longest first."""
    found = [(figures, outage) for figures in result.figures for outage in figures.outages]
    found.sort(key=lambda pair: pair[1].length.high_ns, reverse=True)
    rows = tuple(_outage(of, outage, moments) for of, outage in found[:_MOST])
    left = sum(outage.samples for _, outage in found[_MOST:])
    more = f"{len(found) - _MOST:,} shorter ones with {left:,} bad requests: see result.json." if found[_MOST:] else ""
    heading = ("lane", "first bad (UTC)", "on the timeline", "length", "bad requests")
    return Table("Outages, longest first", heading, rows, note=more or ("" if rows else "There was none."))


def _outage(of: Figures, outage: Outage, moments: Moments) -> tuple[str, ...]:
    first = outage.first_due_ns
    return (
        plain(str(of.key)),
        moments.clock(first),
        moments.offset(first),
        span(outage.length),
        f"{outage.samples:,}",
    )


def logged(events: Sequence[Event], moments: Moments) -> Table:
    """What control planes, Envoys and their proxies logged meanwhile."""
    rows = tuple((moments.clock(e.at_ns), moments.offset(e.at_ns), e.who, e.text) for e in events[:_MOST])
    tones = tuple("" if e.level == "info" else "bad" for e in events[:_MOST])
    more = f"{len(events) - _MOST:,} more lines: see the logs." if len(events) > _MOST else ""
    heading = ("time (UTC)", "on the timeline", "who", "what")
    return Table("What control planes and Envoys logged", heading, rows, tones, more, is_long=True)


def _counted(goal: Objectives) -> str:
    if goal.method is BudgetingMethod.OCCURRENCES:
        return f"requests ({goal.method})"
    return f"slices of {goal.timeslice:g} s, good from {100 * goal.slice_ratio:g} % ({goal.method})"


def judged_by(result: Result) -> Table:
    """The objectives, and whether the probe could be trusted."""
    goal, probe = result.objectives, result.probe
    rows = [
        ("failover within", f"{goal.failover:g} s"),
        ("home again within", f"{goal.failback:g} s"),
        ("longest outage", f"{goal.outage:g} s"),
        ("outages after the repair began", f"{goal.return_outage:g} s"),
        ("availability (shown, not judged)", f"{goal.target:g} % over {goal.window:g} days: {goal.budget_s:,.0f} s"),
        ("burn rate and budget are counted in", _counted(goal)),
        *([("as promised by the SLO", plain(goal.name))] if goal.name else []),
    ]
    if probe:
        lag = f"99 % at most {probe.lag_p99_ms:.1f} ms late, the latest {probe.lag_max_ms:.1f} ms"
        rows.append(("the probe", f"{probe.samples:,} samples, {probe.lost:,} lost, {lag}"))
    return Table("What it was judged by", ("objective", "bound"), tuple(rows))
