"""Objectives and availability, whatever is given."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import SettingsError
from chaos.slo import Objectives, availability, burn_rate, parse_objectives
from tests.unit.made import seconds, series

NAMES = sorted(asdict(Objectives()))
PARTS = st.tuples(st.sampled_from([*NAMES, "speed", ""]), st.sampled_from(["=", "", "=="]), st.text(max_size=6))
TEXTS = st.text(max_size=30) | st.lists(PARTS.map("".join), max_size=4).map(",".join)
ANSWERS = st.lists(st.sampled_from(["zone1", "zone2", "bad"]), max_size=90)
OBJECTIVES = st.builds(Objectives, target=st.floats(1, 99.9999), window=st.floats(0.01, 400))


@given(TEXTS, st.floats(0.001, 1))
def test_any_text_is_either_objectives_that_can_be_met_or_one_line_about_the_option(text: str, period_s: float) -> None:
    refusal, found = "", None
    try:
        found = parse_objectives(text, sample_period_s=period_s)
    except SettingsError as error:
        refusal = str(error)
    if found is None:
        assert refusal.startswith("--slo: ")
        assert len(refusal.splitlines()) == 1
    else:
        assert 0 < found.target < 100
        assert 0 < found.allowance < 1
        assert found.budget_s > 0
        bounds = (found.failover, found.failback, found.outage, found.return_outage)
        assert all(2 * period_s <= bound < math.inf for bound in bounds)


@given(
    st.fixed_dictionaries({
        "failover": st.floats(0.2, 1e6), "failback": st.floats(0.2, 1e6), "outage": st.floats(0.2, 1e6),
        "return_outage": st.floats(0.2, 1e6), "target": st.floats(0.001, 99.999999), "window": st.floats(0.001, 1e6),
    })
)  # fmt: skip
def test_objectives_written_as_text_are_read_back(given_: dict[str, Any]) -> None:
    text = ",".join(f"{name}={value!r}" for name, value in given_.items())
    assert parse_objectives(text, sample_period_s=0.1) == Objectives(**given_)


@given(ANSWERS, OBJECTIVES)
def test_availability_agrees_with_counting_by_hand(answers: list[str], objectives: Objectives) -> None:
    counted = availability(series(answers), objectives)
    slices = [answers[start : start + 20] for start in range(0, len(answers), 20)]
    ratios = [sum(answer != "bad" for answer in part) / len(part) for part in slices]
    if not answers:
        assert counted.occurrences == counted.timeslices == counted.ratio_timeslices == 1
        return
    good = sum(answer != "bad" for answer in answers) / len(answers)
    assert counted.occurrences == pytest.approx(good)
    assert counted.ratio_timeslices == pytest.approx(sum(ratios) / len(ratios))
    assert counted.timeslices == pytest.approx(sum(r >= objectives.target / 100 for r in ratios) / len(ratios))


@given(ANSWERS, OBJECTIVES)
def test_the_burn_rate_is_what_failed_over_what_may_fail(answers: list[str], objectives: Objectives) -> None:
    rate = burn_rate(series(answers), objectives)
    bad = answers.count("bad") / len(answers) if answers else 0
    assert rate == pytest.approx(bad / (1 - objectives.target / 100))
    assert (rate == 0) == ("bad" not in answers)


@given(st.floats(0, 1e4), st.floats(0, 1e4), OBJECTIVES)
def test_a_longer_outage_costs_more_of_the_budget(one: float, other: float, objectives: Objectives) -> None:
    short, long = sorted((one, other))
    low, high = objectives.cost(seconds(short, long))
    assert 0 <= low <= high
    whole, _ = objectives.cost(seconds(objectives.budget_s, objectives.budget_s))
    assert whole == pytest.approx(1, rel=1e-6)
