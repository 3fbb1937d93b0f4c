"""From an experiment and its samples to its timeline: marks, shades, events, and notes on what cannot be drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.errors import SamplesError
from chaos.samples import FILE_NAME, ended
from reports.extent import extent
from reports.glance import told
from reports.html.events import MOST, foremost
from reports.html.folder import series_of
from reports.html.frame import SUITE, Dot, Frame, Mark, Shade
from reports.html.lanes import drawn, judged
from reports.html.page import Timeline
from reports.injections import in_effect
from reports.words import count, plain, span, title

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chaos.model import Interval, SeriesKey
    from chaos.result import Result
    from chaos.samples import Series
    from reports.html.events import Event
    from reports.html.folder import Folder
    from reports.html.moments import Moments

_LEAST_NS = 1_000_000
"""How long the axis is at least."""


def timeline_of(result: Result, folder: Folder, moments: Moments, events: Sequence[Event], columns: int) -> Timeline:
    """The timeline; one without samples shows who answered and no latency, and says so."""
    from reports.html.plot import document  # noqa: PLC0415 - Bokeh takes a second, and only a report needs it

    if not result.figures:
        return Timeline(None, "", notes=(_nothing(folder),))
    samples, notes = _samples(result, folder)
    start, end = map(moments.axis, extent(result, _LEAST_NS))
    foremost_events, left_out = foremost(events)
    what = drawn(result.figures, samples, moments, columns, end - start)
    frame = Frame(
        lanes=tuple(f"{plain(figures.key.vantage)}\n{figures.key.lane}" for figures in result.figures),
        start=start,
        end=end,
        axis=f"seconds since {'the injection was asked for' if result.injected else 'the first sample'}",
        marks=_marks(result, moments),
        shades=_shades(result, moments, end),
        dots=(*_done(result, moments), *(_dot(event, moments) for event in foremost_events)),
    )
    if what.undrawn:
        notes.append(f"Thinned: {count(what.undrawn, 'good sample')} not drawn; every bad one and every extreme is.")
    if left_out:
        notes.append(f"{count(left_out, 'logged line')} not drawn (at most {MOST} of a kind): see the logs.")
    if not events:
        notes.append("No log of control planes or Envoys is here for this time, only what this suite did.")
    return Timeline(
        document(what, frame),
        _label(result),
        what.zones,
        tuple((mark.text, mark.x) for mark in frame.marks if not mark.confirmed),
        tuple(notes),
    )


def _nothing(folder: Folder) -> str:
    if folder.has(FILE_NAME):
        return f"There is no timeline: no sample could be judged. What was asked is in {FILE_NAME}."
    return "There is no timeline: nothing was sampled here."


def _samples(result: Result, folder: Folder) -> tuple[Mapping[SeriesKey, Series], list[str]]:
    try:
        found = series_of(folder)
    except SamplesError as error:
        path = "" if folder.path is None else f"{folder.path}/"
        return {}, [f"No latency is shown: {plain(str(error)).replace(path, '')}."]
    counts = {one.key: len(judged(one, found[one.key])) if one.key in found else 0 for one in result.figures}
    lacking = [str(one.key) for one in result.figures if one.samples and not counts[one.key]]
    fewer = [str(one.key) for one in result.figures if 0 < counts[one.key] < one.samples]
    file = "the file" if folder.path is None or ended(folder.path / FILE_NAME) else "the file, which is cut short"
    notes = [f"No sample of {plain(', '.join(lacking))} is in {file}."] if lacking else []
    return found, [*notes, *([f"Samples of {plain(', '.join(fewer))} are missing from {file}."] if fewer else [])]


def _marks(result: Result, moments: Moments) -> tuple[Mark, ...]:
    """Requested and confirmed, of the fault and of its repair; and when the target was last seen not to be whole."""
    faults = in_effect(result)
    lines = range(len(faults), 0, -1) if len(faults) > 1 else [0]
    found = [
        mark
        for (name, moment), line in zip(faults, lines, strict=False)
        for mark in _pair(moment, name, "in effect", moments, line)
    ]
    if result.restored:
        found += _pair(result.restored, "repair", "confirmed", moments)
    whole = result.mended
    if whole and result.restored and whole.low_ns > result.restored.low_ns:
        found.append(Mark(moments.axis(whole.low_ns), "last seen not to be repaired", confirmed=True))
    return tuple(found)


def _pair(moment: Interval, what: str, confirmed: str, moments: Moments, line: int = 0) -> list[Mark]:
    """The begin of an uncertain moment, with what is written above it, and its end."""
    first, last = moments.axis(moment.low_ns), moments.axis(moment.high_ns)
    label = f"{what} requested, {confirmed} within {last - first:.2f} s"
    return [Mark(first, f"{what} requested", label, line=line), Mark(last, f"{what} {confirmed}", confirmed=True)]


def _shades(result: Result, moments: Moments, end: float) -> tuple[Shade, ...]:
    """When faults were in effect: for certain, and perhaps."""
    found = [(moments.axis(moment.low_ns), moments.axis(moment.high_ns)) for _, moment in in_effect(result)]
    if not found:
        return ()
    repair = result.restored
    mending, mended = (moments.axis(repair.low_ns), moments.axis(repair.high_ns)) if repair else (end, end)
    uncertain = ((left, right, False) for left, right in (*found, (mending, mended)))
    stretches = ((found[0][1], mending, True), *uncertain)
    return tuple(Shade(left, right, certain) for left, right, certain in stretches if left < right)


def _done(result: Result, moments: Moments) -> list[Dot]:
    return [
        Dot(moments.axis(e.at_ns), SUITE, "info", told(f"{e.phase}: {e.text}"), moments.clock(e.at_ns))
        for e in result.log
    ]


def _dot(event: Event, moments: Moments) -> Dot:
    text = f"{event.who}: {event.text}"
    return Dot(moments.axis(event.at_ns), event.source, event.level, text, moments.clock(event.at_ns))


def _label(result: Result) -> str:
    """What the plot shows, in a sentence."""
    bad = sum(figures.bad for figures in result.figures)
    every = sum(figures.samples for figures in result.figures)
    lasted = ""
    if result.injected and result.restored:
        lasted = f", the fault lasted {span(result.restored.since(result.injected))}"
    lanes = count(len(result.figures), "lane")
    return (
        f"Timeline of {title(result)}: {lanes}, {bad:,} of {every:,} requests bad{lasted}. "
        "The tables below say the same in words."
    )
