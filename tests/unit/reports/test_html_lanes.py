"""What a timeline draws: every bad sample in its lane at its time, whoever answered beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from chaos.model import Outcome
from reports.html.folder import Folder, series_of
from reports.html.lanes import Scale, drawn
from reports.html.moments import Moments
from tests.unit.reports import samples_of_results as samples
from tests.unit.reports.run_folders import run_of

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.result import Result
    from reports.html.lanes import Drawn


def shown(folder: Path, result: Result, columns: int = 50) -> Drawn:
    run = run_of(folder, result)
    (read,) = run.results
    return drawn(read.figures, series_of(Folder.of(read, folder)), Moments.of(read), columns, 25.0)


@pytest.mark.parametrize("columns", [1, 50, 1000])
def test_every_bad_sample_is_drawn_however_thin_the_rest_is(tmp_path: Path, columns: int) -> None:
    result = samples.delete_deployment()
    what = shown(tmp_path, result, columns)
    bad = [(s.answer, s.samples) for f in result.figures for s in f.segments if s.outcome is not Outcome.OK]
    wanted = {answer: sum(number for name, number in bad if name == answer) for answer, _ in bad}
    assert {answer: len(dots["x"]) for answer, dots in what.bad_dots.items()} == wanted
    assert sum(np.asarray(what.wrong["samples"])) == sum(wanted.values())


def test_nothing_is_thinned_where_there_is_room(tmp_path: Path) -> None:
    result = samples.delete_deployment()
    what = shown(tmp_path, result, 1000)
    dots = [*what.good_dots.values(), *what.bad_dots.values()]
    assert sum(len(columns["x"]) for columns in dots) == sum(figures.samples for figures in result.figures)
    assert what.undrawn == 0


def test_dots_are_within_their_lane_and_at_their_time(tmp_path: Path) -> None:
    what = shown(tmp_path, samples.delete_deployment(), 1000)
    x, y = (np.asarray(what.bad_dots["RESET"][name]) for name in ("x", "y"))
    assert ((y > -4) & (y < -3)).all()  # gateway-zone1/keepalive is the fourth lane
    assert x.min() == pytest.approx(0.1, abs=0.06)
    assert x.max() == pytest.approx(1.0, abs=0.06)


def test_zones_that_answer_in_turn_share_the_lanes_height_by_their_share(tmp_path: Path) -> None:
    bands = shown(tmp_path, samples.delete_deployment()).bands
    first = {zone: (float(np.asarray(b["top"])[0]), float(np.asarray(b["bottom"])[0])) for zone, b in bands.items()}
    assert first["zone1"][1] == pytest.approx(first["zone2"][0])
    assert first["zone1"][0] - first["zone1"][1] == pytest.approx(first["zone2"][0] - first["zone2"][1])


def test_every_outage_is_drawn_with_its_length(tmp_path: Path) -> None:
    result = samples.delete_deployment()
    outages = shown(tmp_path, result).outages
    assert len(outages["length"]) == sum(len(figures.outages) for figures in result.figures)
    assert sum(np.asarray(outages["samples"])) == sum(figures.bad for figures in result.figures)


def test_decades_are_named_in_the_unit_that_people_use() -> None:
    marks = list(Scale(-1, 4).marks())
    assert [name for _, name in marks] == ["0.1 ms", "1 ms", "10 ms", "100 ms", "1 s", "10 s"]
    below = [at for at, _ in marks]
    assert below == sorted(below, reverse=True)
