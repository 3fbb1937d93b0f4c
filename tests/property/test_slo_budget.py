"""What outages cost by each budgeting method, against every phase of the slices tried one by one."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos import budget, timeline
from chaos.result import total
from chaos.samples import Series  # noqa: TC001 - hypothesis reads the strategies' annotations
from chaos.slo import BudgetingMethod, Objectives, availability, burn_rate
from tests.unit.made import series

PERIOD_NS = 10
"""Samples so close that every nanosecond's phase can be tried."""
COLUMNS = ("due_ns", "sent_ns", "done_ns", "outcome", "status", "zone", "home")
SLICED = st.builds(
    Objectives,
    target=st.floats(1, 99.9999),
    window=st.floats(0.01, 400),
    method=st.sampled_from(BudgetingMethod),
    timeslice=st.integers(PERIOD_NS, 12 * PERIOD_NS).map(lambda length: length / 1e9),
    timeslice_target=st.none() | st.sampled_from([0.1, 25, 50, 75, 90, 95, 99.9, 100]),
)


@st.composite
def probed(draw: st.DrawFn) -> Series:
    """Up to 30 samples, some of them lost."""
    answers = draw(st.lists(st.sampled_from(["zone1", "zone2", "bad"]), max_size=30))
    lost = draw(st.sets(st.integers(0, 29), max_size=6))
    kept = [index for index in range(len(answers)) if index not in lost]
    whole = series(answers)
    due = 1_000 + np.arange(len(answers), dtype=np.int64) * PERIOD_NS
    moments = dict.fromkeys(COLUMNS[:3], due[kept])
    changed: dict[str, Any] = {name: getattr(whole, name)[kept] for name in COLUMNS} | moments
    return replace(whole, period_ns=PERIOD_NS, **changed)


def bad_runs(of: Series) -> list[tuple[list[int], int, int]]:
    """Each outage's bad samples, and the good ones before and after it, by due time."""
    due, good = of.due_ns.tolist(), of.good.tolist()
    found = []
    for is_good, group in groupby(range(len(due)), key=good.__getitem__):
        run = list(group)
        if not is_good:
            before = due[run[0] - 1] if run[0] else due[0] - PERIOD_NS
            after = due[run[-1] + 1] if run[-1] + 1 < len(due) else due[-1] + PERIOD_NS
            found.append(([due[i] for i in run], before, after))
    return found


def bad_slices_at(phase: int, bad: set[int], length: int, tolerated: int) -> int:
    """How many slices are bad if one begins at ``phase``, counting each nanosecond."""
    in_slice: dict[int, int] = {}
    for moment in bad:
        number = (moment - phase) // length
        in_slice[number] = in_slice.get(number, 0) + 1
    return sum(count > tolerated for count in in_slice.values())


@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=8),
    st.integers(1, 25),
    st.integers(0, 25),
)
def test_bad_slices_are_those_of_the_best_and_the_worst_phase(
    gaps_and_lengths: list[tuple[int, int]], length: int, tolerated: int
) -> None:
    spans, moment = [], 100
    for gap, span in gaps_and_lengths:
        spans.append((moment + gap, moment + gap + span))
        moment += gap + span
    bad = {moment for start, stop in spans for moment in range(start, stop)}
    counts = [bad_slices_at(phase, bad, length, tolerated) for phase in range(length)]

    assert budget.bad_slices(np.array(spans), length, tolerated) == (min(counts), max(counts))


@given(probed(), SLICED)
def test_what_is_spent_agrees_with_counting_each_nanosecond(of: Series, objectives: Objectives) -> None:
    runs = bad_runs(of)
    least = {moment for due, _, _ in runs for moment in range(due[0], due[-1] + 1)}
    most = {moment for _, before, after in runs for moment in range(before + 1, after)}
    found = budget.spent(of, objectives)

    if objectives.method is not BudgetingMethod.TIMESLICES:
        assert found.low_ns == sum(due[-1] - due[0] for due, _, _ in runs)
        assert found.high_ns == sum(after - before for _, before, after in runs)
        return
    length = objectives.slice_ns
    tolerated = round((1 - objectives.slice_ratio) * length)
    at = range(length)
    assert found.low_ns == length * min(bad_slices_at(phase, least, length, tolerated) for phase in at)
    assert found.high_ns == length * max(bad_slices_at(phase, most, length, tolerated) for phase in at)


@given(probed(), SLICED)
def test_what_really_happened_is_within_what_is_spent(of: Series, objectives: Objectives) -> None:
    """Wherever an outage truly began and ended between two samples, and wherever the slices truly lie."""
    if objectives.method is not BudgetingMethod.TIMESLICES:
        return
    found, length = budget.spent(of, objectives), objectives.slice_ns
    tolerated = round((1 - objectives.slice_ratio) * length)
    halfway = {
        moment
        for due, before, after in bad_runs(of)
        for moment in range((before + due[0]) // 2 + 1, (due[-1] + after) // 2)
    }
    for phase in (0, length // 3, length - 1):
        assert found.low_ns <= length * bad_slices_at(phase, halfway, length, tolerated) <= found.high_ns


@given(probed(), SLICED)
def test_outages_are_the_same_to_the_budget_as_to_the_timeline(of: Series, objectives: Objectives) -> None:
    if objectives.method is not BudgetingMethod.TIMESLICES:
        assert budget.spent(of, objectives) == total(outage.length for outage in timeline.outages(of))
    low, high = objectives.cost(budget.spent(of, objectives))
    assert 0 <= low <= high
    assert (high > 0) >= (objectives.method is not BudgetingMethod.TIMESLICES and bool((~of.good).any()))


@given(probed(), SLICED)
def test_availability_by_each_method_agrees_with_fractions_counted_by_hand(of: Series, objectives: Objectives) -> None:
    found = availability(of, objectives)
    slices: dict[int, list[bool]] = {}
    for due, good in zip(of.due_ns.tolist(), of.good.tolist(), strict=True):
        slices.setdefault((due - int(of.due_ns[0])) // objectives.slice_ns, []).append(good)
    ratios = [Fraction(sum(good), len(good)) for good in slices.values()]
    goal = objectives.target if objectives.timeslice_target is None else objectives.timeslice_target
    if not ratios:
        assert {found.by(method) for method in BudgetingMethod} == {1.0}
        return
    wanted = Fraction(repr(goal)) / 100
    assert found.by(BudgetingMethod.OCCURRENCES) == pytest.approx(float(of.good.mean()))
    assert found.by(BudgetingMethod.RATIO_TIMESLICES) == pytest.approx(float(sum(ratios) / len(ratios)))
    good_slices = sum(ratio >= wanted for ratio in ratios)
    assert found.by(BudgetingMethod.TIMESLICES) == pytest.approx(good_slices / len(ratios))


@given(probed(), SLICED)
def test_the_burn_rate_is_counted_by_the_method(of: Series, objectives: Objectives) -> None:
    bad = 1 - availability(of, objectives).by(objectives.method)
    assert burn_rate(of, objectives) * (1 - objectives.target / 100) == pytest.approx(bad)
