"""What a timeline draws, as numpy columns: for each lane who answered, what was bad, outages, and latency.

Lane number r takes up [-(r + 1), -r] of the vertical axis: above who answered, below how fast, on a logarithmic
scale that all lanes share. The horizontal axis is in seconds (``moments.Moments.axis``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from chaos import timeline
from chaos.model import NS_PER_S
from reports.answers import spells
from reports.html.thinning import kept
from reports.words import plain, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy.typing as npt

    from chaos.model import SeriesKey, Zone
    from chaos.result import Figures, Outage
    from chaos.samples import Series
    from reports.answers import Spell
    from reports.html.moments import Moments

    Columns = dict[str, npt.NDArray[Any] | list[str]]

BAND, BAD_BAND, BRACKET = (0.16, 0.43), (0.13, 0.46), 0.06
"""How far below its lane's top things are: who answered, what was bad, outages."""
_LATENCY = (0.50, 0.94)
_MS = 1e6


@dataclass(frozen=True)
class Scale:
    """The latency axis of all lanes: decades of milliseconds."""

    low: int
    high: int

    def within(self, latency_ms: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """How far below its lane's top a latency is drawn."""
        floor = 10.0**self.low
        share = (np.log10(np.maximum(latency_ms, floor)) - self.low) / (self.high - self.low)
        below: npt.NDArray[np.float64] = _LATENCY[1] - share * (_LATENCY[1] - _LATENCY[0])
        return below

    def marks(self) -> Iterator[tuple[float, str]]:
        """Its decades: how far below the lane's top, and what they are called."""
        for decade in range(self.low, self.high + 1):
            below = float(self.within(np.array([10.0**decade]))[0])
            yield below, f"{10 ** (decade - 3):g} s" if decade >= 3 else f"{10.0**decade:g} ms"  # noqa: PLR2004


@dataclass(frozen=True)
class Drawn:
    """Everything that a timeline draws of the samples."""

    zones: tuple[Zone, ...]
    bands: Mapping[Zone, Columns]
    """left, right, bottom, top, answered, samples, bad"""
    wrong: Columns
    """left, right, top, bottom, answer, samples"""
    outages: Columns
    """left, right, y, length, samples"""
    labels: Columns
    """x, y, text"""
    good_dots: Mapping[Zone, Columns]
    """x, y, ms"""
    bad_dots: Mapping[str, Columns]
    scale: Scale | None
    undrawn: int
    """Good samples that are within what is drawn, and not drawn themselves."""


def drawn(
    every: Sequence[Figures], samples: Mapping[SeriesKey, Series], moments: Moments, columns: int, width_s: float
) -> Drawn:
    """All lanes of one experiment; ``samples`` may lack some or all, ``columns`` is the plot's width in pixels."""
    told = [spells(figures.segments) for figures in every]
    told_of = [judged(figures, samples[figures.key]) for figures in every if figures.key in samples]
    lanes = {figures.key: lane for lane, figures in enumerate(every)}
    scale = _scale(told_of)
    thinned = [_thinned(series, columns) for series in told_of]
    zones = sorted({zone for lane in told for spell in lane for zone in spell.zones})
    return Drawn(
        zones=tuple(zones),
        bands={zone: _bands(told, zone, moments) for zone in zones},
        wrong=_wrong(told, moments),
        outages=_outages(every, moments),
        labels=_labels(told, moments, width_s, columns),
        good_dots=_dots(thinned, lanes, scale, moments, good=True),
        bad_dots=_dots(thinned, lanes, scale, moments, good=False),
        scale=scale,
        undrawn=sum(map(len, told_of)) - sum(map(len, thinned)),
    )


def judged(figures: Figures, series: Series) -> Series:
    """The samples that the figures are about."""
    if not figures.segments:
        return series[:0]
    return series.between(figures.segments[0].first_due_ns, figures.segments[-1].last_due_ns + 1)


def latency_ms(series: Series) -> npt.NDArray[np.float64]:
    """From when each request was due until its outcome was known."""
    latency: npt.NDArray[np.float64] = (series.done_ns - series.due_ns) / _MS
    return latency


def _scale(judged: Iterable[Series]) -> Scale | None:
    every = [latency_ms(series) for series in judged if len(series)]
    if not every:
        return None
    latencies = np.maximum(np.concatenate(every), 0.1)
    low = math.floor(math.log10(float(latencies.min())))
    return Scale(low, max(low + 1, math.ceil(math.log10(float(latencies.max())))))


def _thinned(series: Series, columns: int) -> Series:
    take = kept(series.due_ns, series.done_ns - series.due_ns, series.zone, ~series.good, columns)
    names = ("due_ns", "sent_ns", "done_ns", "outcome", "status", "zone", "home")
    return replace(series, **{name: getattr(series, name)[take] for name in names})


def _dots(
    every: Iterable[Series], lanes: Mapping[SeriesKey, int], scale: Scale | None, moments: Moments, *, good: bool
) -> Mapping[str, Columns]:
    """Samples as dots, by who answered or by what came instead."""
    parts: dict[str, list[tuple[npt.NDArray[np.float64], ...]]] = {}
    for series in every:
        if scale is None or not len(series):
            continue
        latency = latency_ms(series)
        x, y = (series.due_ns - moments.zero_ns) / NS_PER_S, -lanes[series.key] - scale.within(latency)
        for answer, mask in _answers(series, good=good):
            parts.setdefault(answer, []).append((x[mask], y[mask], latency[mask]))
    return {answer: _columns(("x", "y", "ms"), parts[answer]) for answer in sorted(parts)}


def _answers(series: Series, *, good: bool) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    of = series.good if good else ~series.good
    states = np.where(series.good, series.zone, -1 - (series.outcome.astype(np.int64) * 1000 + series.status))
    for state in np.unique(states[of]):
        mask = of & (states == state)
        yield timeline.answer(series, int(np.flatnonzero(mask)[0])), mask


def _columns(names: Sequence[str], parts: Sequence[tuple[npt.NDArray[np.float64], ...]]) -> Columns:
    joined = zip(*parts, strict=True)
    return {name: np.concatenate(column).astype(np.float32) for name, column in zip(names, joined, strict=True)}


def _numbers(names: Sequence[str], rows: Sequence[tuple[float, ...]]) -> Columns:
    table = np.array(rows, np.float32).reshape(len(rows), len(names))
    return {name: table[:, index].copy() for index, name in enumerate(names)}


def _bands(told: Sequence[tuple[Spell, ...]], zone: Zone, moments: Moments) -> Columns:
    """Where a zone answered; of several that answered in turn each is as high as its share."""
    rows = [
        (*_span(spell, moments), *_share(lane, spell, zone), spell.zones[zone], spell.samples, spell.bad)
        for lane, of in enumerate(told)
        for spell in of
        if zone in spell.zones
    ]
    return _numbers(("left", "right", "top", "bottom", "answered", "samples", "bad"), rows)


def _span(spell: Spell, moments: Moments) -> tuple[float, float]:
    return moments.axis(spell.start_ns), moments.axis(spell.end_ns)


def _share(lane: int, spell: Spell, zone: Zone) -> tuple[float, float]:
    total, names = sum(spell.zones.values()), list(spell.zones)
    before = sum(spell.zones[name] for name in names[: names.index(zone)]) / total
    high = BAND[1] - BAND[0]
    top = -lane - BAND[0] - before * high
    return top, top - high * spell.zones[zone] / total


def _wrong(told: Sequence[tuple[Spell, ...]], moments: Moments) -> Columns:
    """Every run of bad samples, at its time."""
    parts = [(lane, part) for lane, of in enumerate(told) for spell in of for part in spell.parts if part.bad]
    rows = [
        (moments.axis(p.start_ns), moments.axis(p.end_ns), -r - BAD_BAND[0], -r - BAD_BAND[1], p.segment.samples)
        for r, p in parts
    ]
    columns = _numbers(("left", "right", "top", "bottom", "samples"), rows)
    return {**columns, "answer": [plain(part.segment.answer) for _, part in parts]}


def _outages(every: Sequence[Figures], moments: Moments) -> Columns:
    found = [(lane, outage) for lane, figures in enumerate(every) for outage in figures.outages]
    rows = [(moments.axis(o.first_due_ns), moments.axis(_until(o)), -r - BRACKET, o.samples) for r, o in found]
    return {**_numbers(("left", "right", "y", "samples"), rows), "length": [span(o.length) for _, o in found]}


def _until(outage: Outage) -> int:
    """When the first good sample after it was due, as far as its length tells: one period after the last bad one."""
    return outage.last_due_ns + (outage.length.high_ns - outage.length.low_ns) // 2


def _labels(told: Sequence[tuple[Spell, ...]], moments: Moments, width_s: float, columns: int) -> Columns:
    """The names of spells that are long enough for them."""
    letter_s = 8 * width_s / columns
    named = [
        (-lane - (BAND[0] + BAND[1]) / 2, spell, plain("+".join(spell.errors)) if spell.bad else spell.name)
        for lane, of in enumerate(told)
        for spell in of
    ]
    fitting = [
        (moments.axis((spell.start_ns + spell.end_ns) // 2), y, text)
        for y, spell, text in named
        if (len(text) + 2) * letter_s < (spell.end_ns - spell.start_ns) / NS_PER_S
    ]
    return {**_numbers(("x", "y"), [(x, y) for x, y, _ in fitting]), "text": [text for *_, text in fitting]}
