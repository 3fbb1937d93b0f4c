"""The timeline of one experiment as a picture: who answered when, what was broken, and for how long.

One self-contained SVG with its own background, so that it reads the same on a white and on a dark
page. Zones differ by colour (Okabe and Ito's, made for the colour-blind) *and* by pattern; what is
bad is red, higher than everything else, and named. Every bad sample is drawn.
"""

from __future__ import annotations

import io
import re
import textwrap
from typing import TYPE_CHECKING, Any

from chaos.model import NS_PER_S, Interval, Verdict
from reports.answers import spells
from reports.bars import BAD, FAINT, HATCH, INK, PAPER, Canvas, Scale, Style, draw_row, label_width
from reports.extent import extent
from reports.injections import in_effect
from reports.verdicts import expected, reason, surprising
from reports.words import day_and_time, plain, title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from chaos.model import Zone
    from chaos.result import Result

FILE_NAME = "timeline.svg"
_STYLES = (
    Style("#56b4e9", ""),
    Style("#e69f00", "////"),
    Style("#009e73", "...."),
    Style("#cc79a7", "xxxx"),
    Style("#f0e442", "----"),
    Style("#0072b2", "\\\\\\\\"),
)
"""By zone, zones in alphabetical order; repeated after the sixth."""
_VERDICTS = {Verdict.PASS: "#00734f", Verdict.FAIL: BAD, Verdict.INFRA: "#8a5a00", Verdict.INVALID: "#8a5a00"}
_BROKEN, _BETWEEN, _EDGE = "#e4e0d4", "#f5f2ea", "#8c8470"
_SETTINGS: Any = {
    "svg.fonttype": "none",  # text stays text: it can be searched, read aloud and enlarged
    "svg.hashsalt": "mesh-chaos",  # the same result makes the same picture
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9.0,
    "hatch.linewidth": 0.7,
}
_WIDTH, _ROW, _RIGHT, _BELOW = 12.0, 0.7, 1.8, 0.62
"""In inches, as is all that measures the page."""
_HEAD, _LINE, _FLAGS = 0.66, 0.19, 0.4
_POINTS = 72.0
_COLUMNS, _OTHERS, _LEGEND = 5, 3, 0.2
_WRAP, _MOST_REASONS = 150, 3


def timeline_svg(result: Result) -> str:
    """The picture of ``result``; the same text for the same result."""
    import matplotlib as mpl  # noqa: PLC0415 - takes half a second, and most runs never draw
    from matplotlib.figure import Figure  # noqa: PLC0415 - the same

    with mpl.rc_context():
        mpl.rcdefaults()  # a user's matplotlibrc is for the user's own pictures
        mpl.rcParams.update(_SETTINGS)
        figure = Figure(facecolor=PAPER)
        _draw(result, figure)
        text = io.StringIO()
        about: dict[str, Any] = {
            "Date": None,
            "Title": f"{title(result)}: {result.verdict}, who answered when",
        }
        figure.savefig(text, format="svg", metadata=about)
    return _standalone(text.getvalue())


def _standalone(svg: str) -> str:
    """Without the document type, which names an address on the network; announced as one image."""
    svg = re.sub(r"<!DOCTYPE[^>]*>\s*", "", svg, count=1)
    return svg.replace("<svg ", '<svg role="img" ', 1)


def _draw(result: Result, figure: Figure) -> None:
    notes, styles = _notes(result), _styles(result)
    legend = -(-(len(styles) + _OTHERS) // _COLUMNS)
    flags = _FLAGS + _LINE * _levels(result)
    above, below = _HEAD + _LINE * len(notes) + flags, _BELOW + _LEGEND * legend
    left = min(_WIDTH / 3, max((label_width(figures) for figures in result.figures), default=0) / _POINTS + 0.2)
    height = above + _ROW * max(1, len(result.figures)) + below
    figure.set_size_inches(_WIDTH, height)
    box = (left / _WIDTH, below / height, 1 - (left + _RIGHT) / _WIDTH, 1 - (above + below) / height)
    canvas = Canvas(figure.add_axes(box), result, _scale(result, _POINTS * _WIDTH * box[2]), styles)
    _axis(canvas, result)
    _fault(canvas, result)
    for row, figures in enumerate(result.figures):
        draw_row(canvas, figures, row)
    if not result.figures:
        canvas.axes.text(0.5, 0.5, "no samples", transform=canvas.axes.transAxes, ha="center", color=FAINT)
    _headline(figure, result, notes, height)
    _legend(figure, result, styles)


def _scale(result: Result, points: float) -> Scale:
    """Zero where the injection was asked for."""
    start, end = extent(result, least_ns=1)
    zero = result.injected.low_ns if result.injected else start
    return Scale(zero, start, end, points)


def _styles(result: Result) -> dict[Zone, Style]:
    told = (spell for figures in result.figures for spell in spells(figures.segments))
    zones = sorted({zone for spell in told for zone in spell.zones})
    return {zone: _STYLES[index % len(_STYLES)] for index, zone in enumerate(zones)}


def _axis(canvas: Canvas, result: Result) -> None:
    axes, scale, rows = canvas.axes, canvas.scale, max(1, len(result.figures))
    axes.set_xlim(scale.at(scale.start_ns), scale.at(scale.end_ns))
    axes.set_ylim(rows - 0.5, -0.62)
    axes.set_yticks([])
    axes.set_facecolor(PAPER)
    axes.tick_params(colors=INK)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.set_xlabel(f"seconds since {'the injection' if result.injected else 'the first sample'}", color=INK)
    axes.grid(axis="x", color="#d9d9d9", linewidth=0.6, zorder=0)
    for row in range(1, rows):
        if result.figures[row].key.vantage != result.figures[row - 1].key.vantage:
            axes.axhline(row - 0.5, color="#8c8c8c", linewidth=0.9, zorder=1)


def _fault(canvas: Canvas, result: Result) -> None:
    """The faults' shade: striped while it is uncertain whether one is in effect, even while it is."""
    found = in_effect(result)
    if not found:
        return
    end_ns = canvas.scale.end_ns
    repair = result.restored or Interval(end_ns, end_ns)
    broken, mending = canvas.scale.at(found[0][1].high_ns), canvas.scale.at(repair.low_ns)
    canvas.axes.axvspan(broken, mending, facecolor=_BROKEN, edgecolor="none", zorder=0.5)
    for moment in (*(moment for _, moment in found), repair):
        left, right = canvas.scale.at(moment.low_ns), canvas.scale.at(moment.high_ns)
        canvas.axes.axvspan(left, right, fc=_BETWEEN, ec=_EDGE, hatch="////", linewidth=0, zorder=0.5)
        for x in (left, right):
            canvas.axes.axvline(x, color=_EDGE, linewidth=0.9, zorder=1.5)
    for number, (name, moment) in enumerate(found):
        text = f"{name} injected, in effect within {_length(moment)}"
        _flag(canvas, canvas.scale.at(moment.low_ns), text, max(0, _levels(result) - number))
    if result.restored:
        _flag(canvas, mending, f"repaired, confirmed within {_length(result.restored)}")


def _levels(result: Result) -> int:
    """How many lines of flags there are above the lowest one: several faults are too near each other for one."""
    return len(in_effect(result)) if len(in_effect(result)) > 1 else 0


def _length(moment: Interval) -> str:
    return f"{(moment.high_ns - moment.low_ns) / NS_PER_S:.2f} s"


def _flag(canvas: Canvas, x: float, text: str, level: int = 0) -> None:
    """A mark over the rows, ``level`` lines higher; near the right end its text is on its left."""
    fits = x + canvas.scale.room(text, 8.5) < canvas.scale.at(canvas.scale.end_ns)
    canvas.axes.annotate(
        f"▼ {text}" if fits else f"{text} ▼",
        (x, 1),
        xycoords=canvas.axes.get_xaxis_transform(),
        xytext=(-4 if fits else 4, 4 + _POINTS * _LINE * level),
        textcoords="offset points",
        ha="left" if fits else "right",
        fontsize=8.5,
        color=INK,
        annotation_clip=False,
    )


def _notes(result: Result) -> list[str]:
    """The lines under the headline: where and when, the fault's proof, the reasons for the verdict."""
    started = day_and_time(result.started_unix_s)
    first = "  |  ".join(part for part in (f"{result.platform}/{result.engine}", started, result.effect) if part)
    reasons = [
        f"{finding.series}: {finding.text}" if finding.series else finding.text
        for finding in result.findings
        if result.verdict is not Verdict.PASS
    ]
    left = len(reasons) - _MOST_REASONS
    told = [first, *reasons[:_MOST_REASONS], *([f"and {left} more findings"] if left > 0 else [])]
    if result.diagnosis is not None:
        told.append(str(result.diagnosis))
    if expected(result) or surprising(result):
        told.append(f"documented as false in {result.profile}: {reason(result)}")
    return [line for note in told for line in textwrap.wrap(plain(note), _WRAP)]


def _headline(figure: Figure, result: Result, notes: list[str], height: float) -> None:
    left, top = 0.25 / _WIDTH, 1 - 0.34 / height
    badge = {"facecolor": _VERDICTS[result.verdict], "edgecolor": "none", "pad": 5}
    verdict = result.verdict + (", as documented" if expected(result) else "")
    big: dict[str, Any] = {"fontsize": 13, "fontweight": "bold", "va": "center"}
    figure.text(left, top, verdict, color=PAPER, bbox=badge, **big)
    beside = (0.62 + 0.108 * len(verdict)) / _WIDTH
    figure.text(beside, top, title(result), color=INK, **big)
    for index, note in enumerate(notes):
        y = 1 - (_HEAD + _LINE * (index + 0.5)) / height
        figure.text(0.25 / _WIDTH, y, note, color=INK if index else FAINT, fontsize=8.5, va="center")


def _legend(figure: Figure, result: Result, styles: Mapping[Zone, Style]) -> None:
    from matplotlib.patches import Patch  # noqa: PLC0415 - see timeline_svg

    def patch(label: str, colour: str, hatch: str = "") -> Patch:
        return Patch(facecolor=colour, hatch=hatch, edgecolor=HATCH, linewidth=0, label=label)

    handles = [patch(f"answered by {plain(zone)}", style.colour, style.hatch) for zone, style in styles.items()]
    handles.append(patch("bad: no answer, or a wrong one", BAD))
    if result.injected:
        handles.append(patch("fault in effect", _BROKEN))
        handles.append(patch("being injected or repaired", _BETWEEN, "////"))
    figure.legend(handles=handles, loc="lower left", ncols=_COLUMNS, frameon=False, fontsize=8.5)
