"""An experiment of several faults: every report says each of them, where and when."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from chaos.result import Injection, Result
from reports import digest, markdown
from reports.html.moments import Moments
from reports.html.tables import done
from reports.html.timelines import _marks, _shades
from reports.injections import in_effect, injections, sequence
from reports.picture import timeline_svg
from reports.run import About, Run
from reports.terminal.summary import render_one
from tests.unit.reports.samples_of_results import delete_deployment, infra, moment

FIRST = Injection("delete-cluster", "zone1", moment(5.0, 5.3), "all of zone1 is gone")
SECOND = Injection("delete-deployment", "zone2", moment(11.0, 11.8), "echo of zone2 is gone")


def double(*found: Injection) -> Result:
    first = (found or (FIRST, SECOND))[0]
    given = found or (FIRST, SECOND)
    return replace(delete_deployment(), fault="double-fault", injected=first.moment, injections=given)


def test_one_fault_is_called_the_fault_and_several_by_their_names() -> None:
    assert [name for name, _ in in_effect(delete_deployment())] == ["fault"]
    assert [name for name, _ in in_effect(double())] == ["delete-cluster zone1", "delete-deployment zone2"]
    assert sequence(double()) == "delete-cluster zone1, then delete-deployment zone2"
    assert sequence(delete_deployment()) == ""


def test_a_result_from_before_there_were_several_has_its_one() -> None:
    old = replace(delete_deployment(), injections=())
    assert injections(old) == (Injection(old.fault, old.zone, old.injected, old.effect),)
    assert injections(infra()) == ()


def test_one_that_never_took_effect_is_told_and_not_drawn() -> None:
    found = double(FIRST, replace(SECOND, moment=None, effect=""))
    assert [name for name, _ in in_effect(found)] == ["delete-cluster zone1"]
    assert sequence(found).endswith("delete-deployment zone2")


def test_the_picture_has_a_flag_for_each() -> None:
    picture = timeline_svg(double())
    assert "delete-cluster zone1 injected, in effect within 0.30 s" in picture
    assert "delete-deployment zone2 injected, in effect within 0.80 s" in picture


def test_the_page_marks_and_shades_each() -> None:
    result = double()
    moments = Moments.of(result)
    assert [(mark.text, mark.line) for mark in _marks(result, moments) if mark.label] == [
        ("delete-cluster zone1 requested", 2),
        ("delete-deployment zone2 requested", 1),
        ("repair requested", 0),
    ]
    assert sum(not shade.certain for shade in _shades(result, moments, 60.0)) == 3
    table = done(result, moments)
    assert table is not None
    assert [row[3] for row in table.rows if "delete-deployment zone2 " in row[3]] == [
        "delete-deployment zone2 requested",
        "delete-deployment zone2 in effect",
    ]


def test_terminal_markdown_and_json_name_each() -> None:
    stream = io.StringIO()
    render_one(double(), Console(file=stream, width=200))
    assert "injected: delete-cluster zone1, then delete-deployment zone2" in stream.getvalue()
    run = Run(Path("20261129T020000"), About(0.0, 0, {}), (double(),))
    assert "delete-cluster zone1, then delete-deployment zone2" in markdown.render(run)
    (experiment,) = json.loads(digest.render(run))["experiments"]
    assert [one["fault"] for one in experiment["injections"]] == ["delete-cluster", "delete-deployment"]
    assert experiment["injections"][1]["after"]["low_s"] == 5.7
