"""The timeline of one experiment as a Bokeh plot: a document for BokehJS, which the page carries.

No colour is decided here: each model's ``tags`` say which of its properties takes which of the page's colours
(``fill_color=zone-0``), and the page gives them theirs, again when it turns dark or light. Nothing here is code for
the browser (``CustomJS``), so that the page's policy can forbid all but its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.embed import json_item
from bokeh.models import (
    BoxZoomTool,
    ColumnDataSource,
    FixedTicker,
    Grid,
    HoverTool,
    LinearAxis,
    PanTool,
    PlainText,
    Quad,
    Range1d,
    Scatter,
    Segment,
    Text,
    WheelZoomTool,
)
from bokeh.models.annotations import BoxAnnotation, Span
from bokeh.plotting import figure

from reports.html.frame import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bokeh.models.glyph import Glyph
    from bokeh.models.renderers import GlyphRenderer

    from reports.html.frame import Frame, Shade
    from reports.html.lanes import Columns, Drawn, Scale

    Document = dict[str, Any]

PATTERNS = (" ", "right_diagonal_line", "dot", "diagonal_cross", "horizontal_line", "left_diagonal_line")
"""Zones' patterns by Bokeh's names, in alphabetical order of the zones; the page's style sheet has the colours."""
MARKERS = ("circle", "square", "triangle", "diamond", "hex", "inverted_triangle")
_LANE, _ROW, _TOP, _AXIS, _LINE = 84, 24, 44, 46, 18
"""Heights in pixels: a lane, a row of events, the marks above, the axis below, a further line of labels."""
_LEVELS = {"info": ("circle", "ink"), "warning": ("triangle", "doubt"), "error": ("x", "bad")}
_SPAN = [("from", "@left{0.000} s"), ("until", "@right{0.000} s")]
_LETTER = 7.5
"""How wide a letter of a mark's label is, rather too many pixels than too few."""


def document(drawn: Drawn, frame: Frame) -> Document:
    """What ``Bokeh.embed.embed_item`` takes."""
    plot = _figure(frame, drawn.scale)
    _shades(plot, frame.shades)
    for index, zone in enumerate(drawn.zones):
        _band(plot, drawn.bands[zone], zone, index % len(PATTERNS))
    _wrong(plot, drawn)
    for index, zone in enumerate(drawn.zones):
        style = index % len(PATTERNS)
        if zone in drawn.good_dots:
            _dots(plot, drawn.good_dots[zone], zone, MARKERS[style], f"fill=zone-{style}", f"line=dot-{style}")
    for answer, columns in drawn.bad_dots.items():
        _dots(plot, columns, answer, "x", "line=bad")
    _labels(plot, drawn)
    _marks(plot, frame)
    _events(plot, frame)
    return dict(json_item(plot))


def _figure(frame: Frame, scale: Scale | None) -> figure:
    lanes, rows = len(frame.lanes), len(frame.rows)
    box = BoxZoomTool(dimensions="width")
    start, end = frame.start, frame.end
    top = _TOP + _LINE * max((mark.line for mark in frame.marks), default=0)
    plot = figure(
        height=top + lanes * _LANE + rows * _ROW + _AXIS,
        sizing_mode="stretch_width",
        x_range=Range1d(start=start, end=end, bounds=(start, end), min_interval=0.01, name="time"),
        y_range=Range1d(start=-lanes - rows * _ROW / _LANE, end=top / _LANE),
        toolbar_location=None,
        tools=[box, PanTool(dimensions="width"), WheelZoomTool(dimensions="width", modifiers={"ctrl": True})],
        active_drag=box,
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
        min_border_right=12,
    )
    _axes(plot, frame)
    if scale:
        _latency_axis(plot, lanes, scale)
    return plot


def _axes(plot: figure, frame: Frame) -> None:
    names = {-(lane + 0.5): name for lane, name in enumerate(frame.lanes)}
    names |= {_row_y(frame, row): row for row in frame.rows}
    plot.yaxis.ticker = FixedTicker(ticks=list(names))
    # plain text, which Bokeh does not search for formulas
    plot.yaxis.major_label_overrides = {at: PlainText(text=name) for at, name in names.items()}
    plot.yaxis.update(axis_line_color=None, major_tick_line_color=None, major_label_text_font_size="12px")
    plot.yaxis.tags = ["major_label_text_color=ink"]
    plot.xaxis.update(axis_label=frame.axis, axis_label_text_font_style="normal", minor_tick_line_color=None)
    texts, lines = ("major_label_text", "axis_label_text"), ("axis_line", "major_tick_line")
    plot.xaxis.tags = [*(f"{text}_color=ink" for text in texts), *(f"{line}_color=faint" for line in lines)]
    plot.ygrid.visible = False
    plot.xgrid.tags = ["grid_line_color=grid"]
    for lane in range(len(frame.lanes) + 1):
        plot.add_layout(Span(dimension="width", location=-lane, tags=["line_color=line"]))


def _latency_axis(plot: figure, lanes: int, scale: Scale) -> None:
    """On the right, in each lane: the first and the last decade, and a thin line for each."""
    decades = list(scale.marks())
    named = {-lane - below: name for lane in range(lanes) for below, name in (decades[0], decades[-1])}
    axis = LinearAxis(axis_line_color=None, major_tick_line_color=None)
    axis.update(ticker=FixedTicker(ticks=list(named)))
    axis.major_label_overrides = {at: PlainText(text=name) for at, name in named.items()}
    axis.update(major_label_text_font_size="10px", tags=["major_label_text_color=faint"])
    plot.add_layout(axis, "right")
    every = FixedTicker(ticks=[-lane - below for lane in range(lanes) for below, _ in decades])
    plot.add_layout(Grid(dimension=1, ticker=every, grid_line_dash=[2, 4], tags=["grid_line_color=line"]))


def _row_y(frame: Frame, row: str) -> float:
    return -len(frame.lanes) - (frame.rows.index(row) + 0.5) * _ROW / _LANE


def _shades(plot: figure, shades: Iterable[Shade]) -> None:
    for shade in shades:
        box = BoxAnnotation(left=shade.left, right=shade.right, top=0, line_color=None, fill_alpha=1, level="underlay")
        box.tags = ["fill_color=fault" if shade.certain else "fill_color=between"]
        if not shade.certain:
            box.update(hatch_pattern="right_diagonal_line", hatch_scale=10, hatch_weight=0.8)
            box.tags = [*box.tags, "hatch_color=uncertain"]
        plot.add_layout(box)


def _band(plot: figure, columns: Columns, zone: str, style: int) -> None:
    quad = Quad(hatch_pattern=PATTERNS[style], hatch_scale=7, hatch_weight=1, line_color=None)
    told = [("answered", "@answered of @samples requests"), ("bad among them", "@bad")]
    shown = _add(plot, columns, quad, [("answer", "$name"), *_SPAN, *told], f"fill=zone-{style}", "hatch=pattern")
    shown.name = zone


def _wrong(plot: figure, drawn: Drawn) -> None:
    """What was bad, wide enough to be seen, with a line for each outage above."""
    told = [*_SPAN, ("bad requests", "@samples")]
    _add(plot, drawn.wrong, Quad(line_width=1.5), [("came instead", "@answer"), *told], "fill=bad", "line=bad")
    line = Segment(x0="left", x1="right", y0="y", y1="y", line_width=4)
    _add(plot, drawn.outages, line, [("outage", "@length"), *told], "line=bad")


def _labels(plot: figure, drawn: Drawn) -> None:
    text = Text(text_align="center", text_baseline="middle", text_font_size="12px")
    text.update(padding=3)
    _add(plot, drawn.labels, text, [], "text=on-band", "background_fill=band-label")


def _dots(plot: figure, columns: Columns, name: str, marker: str, *colours: str) -> None:
    told = [("answer", "$name"), ("due at", "@x{0.000} s"), ("after", "@ms{0,0.0} ms")]
    _add(plot, columns, Scatter(marker=marker, size=5), told, *colours).name = name


def _marks(plot: figure, frame: Frame) -> None:
    for mark in frame.marks:
        dash = "solid" if mark.confirmed else "dashed"
        plot.add_layout(Span(dimension="height", location=mark.x, line_dash=dash, tags=["line_color=mark"]))
    columns = {"x": [mark.x for mark in frame.marks], "text": [mark.text for mark in frame.marks]}
    columns |= {"y": [0.1] * len(frame.marks)}
    told = [("moment", "@text"), ("at", "@x{0.000} s")]
    _add(plot, columns, Scatter(marker="inverted_triangle", size=9), told, "fill=mark", "line=mark")
    for mark in (mark for mark in frame.marks if mark.label):
        right = mark.x + len(mark.label) * _LETTER * (frame.end - frame.start) / COLUMNS > frame.end
        text = Text(text_align="right" if right else "left", x_offset=-8 if right else 8, text_baseline="middle")
        text.text_font_size = "12px"
        _add(plot, {"x": [mark.x], "y": [0.3 + mark.line * _LINE / _LANE], "text": [mark.label]}, text, [], "text=ink")


def _events(plot: figure, frame: Frame) -> None:
    for level, (marker, colour) in _LEVELS.items():
        dots = [dot for dot in frame.dots if dot.level == level]
        columns: Columns = {"text": [dot.text for dot in dots], "when": [dot.when for dot in dots]}
        where = {"x": [dot.x for dot in dots], "y": [_row_y(frame, dot.row) for dot in dots]}
        told = [("at", "@when"), ("event", "@text")]
        if dots:
            _add(plot, {**columns, **where}, Scatter(marker=marker, size=8), told, f"fill={colour}", f"line={colour}")


def _add(
    plot: figure, columns: Mapping[str, Any], glyph: Glyph, told: list[tuple[str, str]], *colours: str
) -> GlyphRenderer[Any]:
    """Draw ``columns``; each colour is a property's first part and a name of the style sheet's."""
    taken = glyph.properties() & columns.keys()
    glyph.update(**{name: name for name in taken}, tags=[colour.replace("=", "_color=") for colour in colours])
    shown = plot.add_glyph(ColumnDataSource(data=dict(columns)), glyph)
    if told:
        plot.add_tools(HoverTool(renderers=[shown], tooltips=told, point_policy="follow_mouse"))
    return shown
