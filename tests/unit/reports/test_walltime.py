"""Where a run's time went."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from chaos.model import NS_PER_S
from chaos.result import Phase, Result
from reports.markdown import render as render_page
from reports.run import Timing
from reports.terminal.walltime import render
from reports.walltime import in_words, together, wall_times
from tests.unit.reports.run_folders import ABOUT, run_of
from tests.unit.reports.samples_of_results import result
from tests.unit.reports.test_markdown import rows

if TYPE_CHECKING:
    from pathlib import Path


def watched(name: str, *lasted_s: float) -> Result:
    """An experiment in the folder ``name`` with phases that lasted so long, and half a second between two of them."""
    phases, at = [], 0.0
    for length in lasted_s:
        phases.append(Phase("watch", int(at * NS_PER_S), int((at + length) * NS_PER_S)))
        at += length + 0.5
    return replace(result(), artifacts=f"/artifacts/{name}", phases=tuple(phases))


def test_what_is_in_no_phase_and_no_bring_up_is_ours() -> None:
    (one,) = wall_times([Timing("a", 4.0, 12.0, 0.5, ("one",))], [watched("one", 3.0, 7.0)])
    assert (one.bring_up_s, one.watched_s, one.ours_s) == (4.0, 10.0, 2.5)
    assert one.total_s == 16.5
    assert one.share == pytest.approx(2.5 / 16.5)
    assert in_words(one) == "16.5 s: bring-up 4.0 s, watched 10.0 s, ours 2.5 s (15.2%)"


def test_a_test_may_have_several_experiments() -> None:
    results = [watched("one", 5.0), watched("two", 5.0)]
    (one,) = wall_times([Timing("a", 0.0, 11.0, 0.0, ("one", "two"))], results)
    assert (one.watched_s, one.ours_s) == (10.0, 1.0)


def test_a_check_beside_an_experiment_takes_no_time() -> None:
    check = replace(result(), artifacts="/artifacts/check", phases=(), started_ns=5, ended_ns=5)
    (one,) = wall_times([Timing("a", 0.0, 11.0, 0.0, ("one", "check"))], [watched("one", 10.0), check])
    assert (one.watched_s, one.ours_s) == (10.0, 1.0)


def test_what_was_not_timed_is_left_out_rather_than_called_ours() -> None:
    times = [
        Timing("old", 0.0, 9.0, 0.0, ("old",)),
        Timing("none", 0.0, 9.0, 0.0, ()),
        Timing("gone", 0, 9, 0, ("x",)),
    ]
    assert wall_times(times, [replace(result(), artifacts="/artifacts/old")]) == ()


def test_the_sum_is_told_and_each_test_with_too_much_of_ours() -> None:
    times = [Timing("good", 4.0, 20.0, 0.0, ("good",)), Timing("bad", 0.0, 20.0, 0.0, ("bad",))]
    every = wall_times(times, [watched("good", 19.5), watched("bad", 10.0)])
    assert [one.name for one in every] == ["bad", "good"]
    assert together(every).ours_s == pytest.approx(10.5)
    out = io.StringIO()
    render(every, Console(file=out, width=200))
    assert out.getvalue().splitlines() == [
        "time of 2 tests: 44.0 s: bring-up 4.0 s, watched 29.5 s, ours 10.5 s (23.9%)",
        "  more than 10% ours in bad: 20.0 s: watched 10.0 s, ours 10.0 s (50.0%)",
    ]


def test_nothing_is_told_where_nothing_was_timed() -> None:
    out = io.StringIO()
    render((), Console(file=out))
    assert not out.getvalue()


def test_the_page_of_a_run_has_a_row_for_each_test(tmp_path: Path) -> None:
    about = replace(ABOUT, times=(Timing("scenarios/test_x.py::test_a[b|c]", 4.0, 11.0, 0.0, ("experiment-0",)),))
    page = render_page(run_of(tmp_path, replace(result(), phases=watched("x", 10.0).phases), about=about))
    heading, _, row = rows(page, "Where the time went")
    assert heading == ["test", "bring-up", "watched", "ours", "share"]
    assert row == [r"test\_a\[b&#124;c\]", "4.0 s", "10.0 s", "1.0 s", "6.7%"]
    assert "Where the time went" not in render_page(run_of(tmp_path))
