"""One row of the timeline picture: who answered, what was bad and for how long, and the figures beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaos.model import NS_PER_S
from chaos.result import total
from reports.answers import absent, spells
from reports.words import count, plain, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from matplotlib.axes import Axes

    from chaos.model import Zone
    from chaos.result import Figures, Result
    from reports.answers import Spell, Timed

PAPER, INK, FAINT, BAD = "#ffffff", "#1a1a1a", "#5f5f5f", "#c00018"
HATCH = INK + "80"
"""Patterns are half ink, so that they do not drown the colour below."""
_HIGH = 0.42
"""A bar's height, as a part of its row's; a bad one is higher."""
_BAD_HIGH = 0.52
_BRACKET = 0.31
"""How far above its row's middle an outage's bracket is."""
_BLIP = 0.0016
"""The least width that a bad sample is drawn with, as a part of the time axis."""
_BOLD_PT, _NAME_PT, _SMALL_PT = 9.0, 8.5, 7.5
_EMS, _BOLD_EMS = 0.56, 0.72
"""The width of an average letter of DejaVu Sans, the widest font that a reader is likely to have."""


@dataclass(frozen=True)
class Style:
    """How a zone is drawn."""

    colour: str
    hatch: str


@dataclass(frozen=True)
class Scale:
    """The time axis: monotonic nanoseconds to seconds, and how many of these a text takes up."""

    zero_ns: int
    start_ns: int
    end_ns: int
    points: float
    """The length of the axis on paper."""

    def at(self, ns: int) -> float:
        """Where a moment is on the axis."""
        return (ns - self.zero_ns) / NS_PER_S

    @property
    def seconds(self) -> float:
        """The length of the axis."""
        return (self.end_ns - self.start_ns) / NS_PER_S

    def room(self, text: str, size: float, ems: float = _EMS) -> float:
        """The seconds that ``text`` takes up, rather too many than too few."""
        return len(text) * size * ems / self.points * self.seconds


@dataclass(frozen=True)
class Canvas:
    """Where rows are drawn."""

    axes: Axes
    result: Result
    scale: Scale
    styles: Mapping[Zone, Style]


def draw_row(canvas: Canvas, figures: Figures, row: int) -> None:
    """Draw one series as row number ``row``."""
    told = spells(figures.segments)
    for spell in told:
        _good(canvas, spell, row)
    for spell in told:
        _bad(canvas, spell, row)
    _outages(canvas, figures, row)
    _margins(canvas, figures, row)


def _good(canvas: Canvas, spell: Spell, row: int) -> None:
    """The zones of a spell, one above the other if they answered in turn, each as high as its share."""
    answered, top = sum(spell.zones.values()), row - _HIGH / 2
    where = [(canvas.scale.at(spell.start_ns), _seconds(spell))]
    for zone, number in spell.zones.items():
        style, high = canvas.styles[zone], _HIGH * number / answered
        canvas.axes.broken_barh(
            where,
            (top, high),
            facecolor=style.colour,
            hatch=style.hatch,
            edgecolor=HATCH,
            linewidth=0,
            zorder=2,
        )
        top += high
    if not spell.bad:
        _name(canvas, spell, row, spell.name)


def _bad(canvas: Canvas, spell: Spell, row: int) -> None:
    """Every bad segment of a spell at its time, wide enough to be seen, and what came instead."""
    bars = [_bar(canvas.scale, part) for part in spell.parts if part.bad]
    if not bars:
        return
    canvas.axes.broken_barh(bars, (row - _BAD_HIGH / 2, _BAD_HIGH), facecolor=BAD, linewidth=0, zorder=3)
    _name(canvas, spell, row, plain("+".join(spell.errors)))


def _bar(scale: Scale, part: Timed) -> tuple[float, float]:
    left, width = scale.at(part.start_ns), (part.end_ns - part.start_ns) / NS_PER_S
    wider = max(0.0, _BLIP * scale.seconds - width)
    return left - wider / 2, width + wider


def _name(canvas: Canvas, spell: Spell, row: int, text: str) -> None:
    """What came, in the middle of a spell that is long enough."""
    if canvas.scale.room(text, _BOLD_PT, _BOLD_EMS) > _seconds(spell):
        return
    ink, paper = (PAPER, BAD) if spell.bad else (INK, PAPER)
    middle = canvas.scale.at((spell.start_ns + spell.end_ns) // 2)
    patch = {"facecolor": paper, "edgecolor": "none", "pad": 1.2}
    canvas.axes.text(
        middle,
        row,
        text,
        ha="center",
        va="center",
        color=ink,
        fontsize=_BOLD_PT,
        fontweight="bold",
        bbox=patch,
        zorder=5,
    )


def _seconds(spell: Spell) -> float:
    return (spell.end_ns - spell.start_ns) / NS_PER_S


def _outages(canvas: Canvas, figures: Figures, row: int) -> None:
    """A bracket over each bad stretch, with what came instead and how long no good answer did.

    Longer ones get their label first. One that would run into another is shortened or left out;
    its bracket is not.
    """
    y, taken = row - _BRACKET, list[tuple[float, float]]()
    for stretch in sorted(_stretches(spells(figures.segments)), key=_length, reverse=True):
        left, right = canvas.scale.at(stretch[0].start_ns), canvas.scale.at(stretch[-1].end_ns)
        canvas.axes.plot([left, left, right, right], [y + 0.04, y, y, y + 0.04], color=BAD, linewidth=1, zorder=4)
        for text in _labels(figures, stretch):
            room = canvas.scale.room(text, _SMALL_PT)
            at = min(left, canvas.scale.at(canvas.scale.end_ns) - room)
            if all(at + room <= start or end <= at for start, end in taken):
                canvas.axes.text(at, y - 0.02, text, color=BAD, fontsize=_SMALL_PT, va="bottom", zorder=6)
                taken.append((at, at + room))
                break


def _length(stretch: list[Spell]) -> int:
    return stretch[-1].end_ns - stretch[0].start_ns


def _stretches(told: tuple[Spell, ...]) -> Iterator[list[Spell]]:
    """Spells with bad samples that follow each other without a break."""
    stretch: list[Spell] = []
    for spell in told:
        if spell.bad:
            stretch.append(spell)
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def _labels(figures: Figures, stretch: list[Spell]) -> tuple[str, str]:
    """``503: outage 10.2-10.4 s``, and shorter; outages with good answers between are counted and added up."""
    start, end = stretch[0].start_ns, stretch[-1].end_ns
    within = [outage for outage in figures.outages if start <= outage.first_due_ns < end]
    errors = plain("+".join(dict.fromkeys(error for spell in stretch for error in spell.errors)))
    length = span(total(outage.length for outage in within))
    what = "outage" if len(within) == 1 else f"{count(len(within), 'outage')}, together"
    return f"{errors}: {what} {length}", length


def label_width(figures: Figures) -> float:
    """The points that the names left of a row take up."""
    return len(figures.key.vantage) * _NAME_PT * _BOLD_EMS + 16


def _margins(canvas: Canvas, figures: Figures, row: int) -> None:
    """Left who was asked and how, right what it comes to."""
    _beside(canvas, row, plain(figures.key.vantage), -8, 5, weight="bold")
    _beside(canvas, row, plain(figures.key.lane), -8, -6, colour=FAINT)
    lines = [(f"{figures.bad:,} of {figures.samples:,} bad", BAD if figures.bad else INK)]
    lines += [(f"failover {span(figures.failover)}", INK)] if figures.failover else []
    lines += [(f"home {span(figures.failback)}", INK)] if figures.failback else []
    lines += [(text, BAD) for text in absent(figures, canvas.result)]
    for index, (text, colour) in enumerate(lines):
        _beside(canvas, row, text, 8, 11 * ((len(lines) - 1) / 2 - index), colour=colour)


def _beside(
    canvas: Canvas, row: int, text: str, x: float, y: float, *, colour: str = INK, weight: str = "normal"
) -> None:
    """A text left or right of a row, ``x`` and ``y`` points from the middle of the row's end."""
    canvas.axes.annotate(
        text,
        (0 if x < 0 else 1, row),
        xycoords=("axes fraction", "data"),
        xytext=(x, y),
        textcoords="offset points",
        ha="right" if x < 0 else "left",
        va="center",
        color=colour,
        fontsize=_NAME_PT,
        fontweight=weight,
        annotation_clip=False,
    )
