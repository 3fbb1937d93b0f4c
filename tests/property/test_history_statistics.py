"""Statistics over runs against brute force: every permutation, sums of fractions, and luck asked many times."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations
from statistics import median as plain_median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from reports.history.permutation import Comparison, judge, least_p, scores, tail
from reports.history.record import NEVER, Bounds
from reports.history.statistics import budget_share, failure_rate_below, fewest, median, median_interval, worst

ENDS = st.integers(0, 12).map(float) | st.just(math.inf)
VALUES = st.tuples(ENDS, ENDS).map(lambda ends: Bounds(*sorted(ends)))
SEVERAL = st.lists(VALUES, min_size=1, max_size=9)


def heads_below(count: int, coins: int, chance: Fraction = Fraction(1, 2)) -> Fraction:
    """The probability that fewer than ``count`` of so many coins show heads."""
    return sum(
        (math.comb(coins, heads) * chance**heads * (1 - chance) ** (coins - heads) for heads in range(count)),
        Fraction(0),
    )


@given(SEVERAL, st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99]))
def test_the_interval_of_a_median_is_the_narrowest_pair_of_ranks_that_is_sure_enough(
    values: list[Bounds], confidence: float
) -> None:
    found = median_interval(values, confidence)
    sure = [rank for rank in range(1, len(values) // 2 + 1) if 1 - 2 * heads_below(rank, len(values)) >= confidence]
    if not sure:
        assert found is None
        return
    assert found is not None
    rank = max(sure)
    assert found.confidence == pytest.approx(float(1 - 2 * heads_below(rank, len(values))))
    assert found.bounds.low_s == sorted(value.low_s for value in values)[rank - 1]
    assert found.bounds.high_s == sorted(value.high_s for value in values)[len(values) - rank]


@given(st.floats(0.5, 0.999))
def test_the_fewest_values_for_an_interval_are_those_from_which_there_is_one(confidence: float) -> None:
    least = fewest(confidence)
    assert 1 - 2 * heads_below(1, least) >= confidence
    assert 1 - 2 * heads_below(1, least - 1) < confidence


@given(SEVERAL, st.data())
def test_whatever_the_true_values_are_their_median_is_within_that_of_the_intervals(
    values: list[Bounds], data: st.DataObject
) -> None:
    finite = [value for value in values if value != NEVER]
    true = [data.draw(st.floats(value.low_s, min(value.high_s, 99.0))) for value in finite]
    if true:
        found = median(finite)
        assert found.low_s <= plain_median(true) <= found.high_s
        assert worst(finite).low_s <= max(true) <= worst(finite).high_s


@pytest.mark.parametrize("values", [6, 11, 20])
def test_the_interval_holds_the_true_median_as_often_as_it_says(values: int) -> None:
    draws = np.random.default_rng(values).exponential(size=(2_000, values))  # its median is log 2
    found = [median_interval([Bounds(value, value) for value in row]) for row in draws]
    held = sum(one is not None and one.bounds.low_s <= math.log(2) <= one.bounds.high_s for one in found)
    assert found[0] is not None
    assert 1e-6 < binom.cdf(held, len(found), found[0].confidence) < 1 - 1e-6


@given(st.integers(1, 30), st.data(), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_failure_rate_is_below_the_one_that_so_few_failures_would_be_unlikely_for(
    runs: int, data: st.DataObject, confidence: float
) -> None:
    failures = data.draw(st.integers(0, runs))
    bound = failure_rate_below(failures, runs, confidence)
    if failures == runs:
        assert bound == 1
    else:
        assert float(heads_below(failures + 1, runs, Fraction(bound))) == pytest.approx(1 - confidence, rel=1e-6)


@given(st.floats(0, 1e4), st.floats(0, 1e4), st.floats(1, 99.9999), st.floats(0, 100))
def test_the_share_of_the_budget_grows_with_the_outage_and_with_the_events(
    one: float, other: float, target: float, events: float
) -> None:
    spent = Bounds(*sorted((one, other)))
    share = budget_share(spent, target, events)
    assert 0 <= share.low_s <= share.high_s
    once = budget_share(spent, target, 1)
    assert share.high_s == pytest.approx(events * once.high_s)


@given(SEVERAL)
def test_a_value_scores_more_than_another_only_for_what_is_beyond_it(values: list[Bounds]) -> None:
    def worse(one: Bounds, other: Bounds) -> int:
        lows = (one.low_s > other.low_s) - (one.low_s < other.low_s)
        return lows + (one.high_s > other.high_s) - (one.high_s < other.high_s)

    beyond = [sum(worse(value, other) for other in values) for value in values]
    assert scores(values).tolist() == [number - min(beyond) for number in beyond]


@given(SEVERAL, st.data())
def test_a_p_value_is_the_share_of_all_choices_that_are_at_least_as_bad(
    values: list[Bounds], data: st.DataObject
) -> None:
    every = scores(values)
    last = data.draw(st.integers(1, len(values)))
    sums = [int(sum(chosen)) for chosen in combinations(every.tolist(), last)]
    shares = tail(every, last)
    assert len(shares) == max(sums) + 1
    for reached, share in enumerate(shares):
        assert share == pytest.approx(sum(one >= reached for one in sums) / len(sums))
    assert least_p(Comparison(tuple(range(len(values))), every, last)) == pytest.approx(shares[-1])


@given(st.lists(st.lists(st.integers(0, 6).map(float), min_size=7, max_size=7), min_size=1, max_size=3))
@settings(max_examples=25)
def test_adjusted_p_values_are_those_of_all_permutations_of_the_runs(rows: list[list[float]]) -> None:
    last, most = 3, 4_999
    comparisons = [Comparison(tuple(range(7)), scores([Bounds(x, x) for x in row]), last) for row in rows]
    tails = [tail(one.scores, last) for one in comparisons]

    def p_values(chosen: tuple[int, ...]) -> list[float]:
        return [t[one.scores[list(chosen)].sum()] for one, t in zip(comparisons, tails, strict=True)]

    observed = p_values((4, 5, 6))
    by_luck = [p_values(chosen) for chosen in combinations(range(7), last)]
    expected, floor = [0.0] * len(rows), 0.0
    order = sorted(range(len(rows)), key=observed.__getitem__)
    for place, index in enumerate(order):
        rest = order[place:]
        as_small = sum(min(luck[i] for i in rest) <= observed[index] * (1 + 1e-9) for luck in by_luck)
        floor = max(floor, as_small / len(by_luck))
        expected[index] = floor
    assert judge(comparisons, 0.1, most).adjusted == pytest.approx(expected, abs=0.04)


@given(st.lists(st.lists(st.floats(0, 9), min_size=9, max_size=9), min_size=1, max_size=6))
@settings(max_examples=25)
def test_the_smallest_p_value_alarms_exactly_below_the_level(rows: list[list[float]]) -> None:
    comparisons = [Comparison(tuple(range(9)), scores([Bounds(x, x) for x in row]), 3) for row in rows]
    judged = judge(comparisons, 0.05, 199)
    smallest = min(tail(one.scores, 3)[one.scores[-3:].sum()] for one in comparisons)
    assert (judged.adjusted.min() <= 0.05) == (smallest < judged.level)


@given(st.lists(st.floats(0, 9), min_size=6, max_size=9, unique=True), st.integers(1, 20))
def test_a_comparison_by_itself_and_the_same_one_many_times_get_the_same_p_value(row: list[float], copies: int) -> None:
    one = Comparison(tuple(range(len(row))), scores([Bounds(x, x) for x in row]), 2)
    alone, together = judge([one], 0.1, 199), judge([one] * copies, 0.1, 199)
    assert set(together.adjusted.tolist()) == set(alone.adjusted.tolist()), "what moves together counts once"
