"""Repeats against brute force: every sequence of verdicts, and every way in which so many coins can fall."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.model import Verdict
from chaos.result import Repeat, Result
from reports.history.record import Bounds
from reports.history.statistics import median_interval
from reports.repeats import Repeats, repeats
from tests.unit.reports import samples_of_results as samples

BASE = samples.result()
SHOWN = {verdict: replace(BASE, verdict=verdict) for verdict in Verdict}


def made(verdicts: tuple[Verdict, ...], planned: int) -> Repeats:
    numbered: list[Result] = [
        replace(SHOWN[verdict], repeat=Repeat(number, planned)) for number, verdict in enumerate(verdicts, 1)
    ]
    (found,) = repeats(numbered)
    return found


def until_certain(verdicts: tuple[Verdict, ...]) -> tuple[Verdict, ...]:
    """What is run of them: nothing after the first FAIL."""
    end = verdicts.index(Verdict.FAIL) + 1 if Verdict.FAIL in verdicts else len(verdicts)
    return verdicts[:end]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_whatever_is_left_out_changes_no_outcome(count: int) -> None:
    for verdicts in product(Verdict, repeat=count):
        assert made(until_certain(verdicts), count).outcome is made(verdicts, count).outcome, verdicts


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=70).map(tuple), st.integers(0, 3))
def test_only_all_that_passed_are_a_pass_and_only_they_have_a_rate(verdicts: tuple[Verdict, ...], missing: int) -> None:
    found = made(verdicts, len(verdicts) + missing)
    whole = not missing and set(verdicts) == {Verdict.PASS}
    assert (found.outcome is Verdict.PASS) == whole
    assert (found.failure_rate_below is not None) == whole
    assert ("failure rate below" in found.statement) == whole
    assert (found.outcome is Verdict.FAIL) == (Verdict.FAIL in verdicts)
    assert found.passed == verdicts.count(Verdict.PASS)
    assert sum(number for _, number in found.verdicts) == found.ran == len(verdicts)


@given(st.permutations(list(Verdict)))
def test_the_order_in_which_workers_end_changes_nothing(verdicts: list[Verdict]) -> None:
    numbered = [replace(SHOWN[one], repeat=Repeat(number, 4)) for number, one in enumerate(Verdict, 1)]
    (found,) = repeats(sorted(numbered, key=lambda one: verdicts.index(one.verdict)))
    assert (found.outcome, found.verdicts) == (Verdict.FAIL, tuple((verdict, 1) for verdict in reversed(Verdict)))


@pytest.mark.parametrize("runs", range(1, 13))
def test_at_the_rate_that_is_stated_no_failure_at_all_would_be_seen_one_time_in_twenty(runs: int) -> None:
    rate = made((Verdict.PASS,) * runs, runs).failure_rate_below
    assert rate is not None
    chances = (math.prod(rate if failed else 1 - rate for failed in way) for way in product([True, False], repeat=runs))
    unseen = [chance for chance, way in zip(chances, product([True, False], repeat=runs), strict=True) if not any(way)]
    assert sum(unseen) == pytest.approx(0.05)
    assert rate == pytest.approx(1 - 0.05 ** (1 / runs))


@pytest.mark.parametrize("count", range(1, 13))
def test_the_true_median_is_within_as_often_as_is_said(count: int) -> None:
    """Each value is below the true median, or above it, like a coin: so many of all ways to fall cover it."""
    covered, sure = 0, 0.0
    for way in product([-1, 1], repeat=count):
        values = [Bounds(side * (1 + place), side * (1 + place)) for place, side in enumerate(way)]
        found = median_interval(values)
        covered += found is not None and found.bounds.low_s < 0 < found.bounds.high_s
        sure = found.confidence if found else 0.0
    assert covered / 2**count == pytest.approx(sure)
    assert sure == 0 or sure >= 0.95
    assert (sure == 0) == (count < 6)
