"""Tests that were made again: each report names them, how often and why, and nothing in the text does anything."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from reports import digest, html, markdown, openmetrics, terminal
from reports.again import made_again
from reports.glance import run_verdict
from reports.run import Superseded
from tests.unit.reports.test_glance import PASSED, run

if TYPE_CHECKING:
    from reports.run import Run

LAGGED, SLEPT = "INVALID: the probe lagged", "INVALID: the machine slept"
AGAIN = (
    Superseded("scenarios/test_x.py::test_a[zone1]", LAGGED, ("a",)),
    Superseded("scenarios/test_x.py::test_b", "INVALID: <b>late</b>\nhttp://u:secret@h", ()),
    Superseded("scenarios/test_x.py::test_a[zone1]", SLEPT, ("a-2",)),
)


def made(again: tuple[Superseded, ...]) -> Run:
    night = run(*PASSED)
    return replace(night, about=replace(night.about, again=again))


NIGHT = made(AGAIN)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ((LAGGED, SLEPT), f"{LAGGED}; {SLEPT}"),
        ((LAGGED, LAGGED), LAGGED),
        ((LAGGED, SLEPT, LAGGED), f"{LAGGED}; {SLEPT}"),
    ],
)
def test_a_test_is_told_once_with_all_that_it_said(said: tuple[str, ...], why: str) -> None:
    (one,) = made_again(Superseded("t", message, ()) for message in said)
    assert (one.times, one.why) == (len(said), why)


def test_it_takes_no_run_its_verdict() -> None:
    assert run_verdict(NIGHT) is run_verdict(made(()))


def test_the_terminal_has_a_line_for_each() -> None:
    stream = io.StringIO()
    terminal.again.render(AGAIN, Console(file=stream, width=80))
    first, second = stream.getvalue().splitlines()
    assert first == f"scenarios/test_x.py::test_a[zone1] was made again 2 times: {LAGGED}; {SLEPT}"
    assert second.startswith("scenarios/test_x.py::test_b was made again 1 time: INVALID: <b>late</b> http://")
    assert "secret" not in second


def test_the_job_summary_has_a_section() -> None:
    rows = markdown.render(NIGHT).partition("\n## Made again\n")[2].partition("\n## ")[0].splitlines()
    first, second = (row for row in rows if row.startswith("- "))
    assert first == rf"- 2 times: test\_a\[zone1\]: {LAGGED}; {SLEPT}"
    assert second.startswith(r"- 1 time: test\_b: INVALID: &lt;b&gt;late")


def test_the_page_has_a_list() -> None:
    page = html.render(NIGHT)
    assert f"test_a[zone1] was made again 2 times: {LAGGED}; {SLEPT}" in page
    assert "&lt;b&gt;late&lt;/b&gt;" in page
    assert "secret" not in page


def test_other_programs_are_told_of_each_attempt() -> None:
    found = json.loads(digest.render(NIGHT))["again"]
    assert found[0] == {"test": AGAIN[0].test, "message": LAGGED, "folders": ["a"]}
    assert [one["folders"] for one in found] == [["a"], [], ["a-2"]]


def test_a_dashboard_is_told_of_how_many_tests() -> None:
    assert "mesh_chaos_run_tests_made_again 2.0" in openmetrics.render(NIGHT)
    assert "mesh_chaos_run_tests_made_again 0.0" in openmetrics.render(made(()))


def test_a_run_in_which_nothing_was_made_again_says_nothing_of_it() -> None:
    assert "ade again" not in markdown.render(made(()))
    assert "ade again" not in html.render(made(()))
