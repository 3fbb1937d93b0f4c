"""What an outage costs by each budgeting method, in numbers that can be checked by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from chaos import budget
from chaos.model import NS_PER_S
from chaos.openslo import read_objectives
from chaos.slo import BudgetingMethod, Objectives, availability, burn_rate
from reports.words import cost
from tests.unit.made import seconds, series

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "echo-slo.yaml"
SLICED = Objectives(method=BudgetingMethod.TIMESLICES)


def outage(samples: int, before: int = 40, after: int = 40) -> list[str]:
    """20 samples a second."""
    return ["zone1"] * before + ["bad"] * samples + ["zone1"] * after


@pytest.mark.parametrize("method", [BudgetingMethod.OCCURRENCES, BudgetingMethod.RATIO_TIMESLICES])
def test_the_time_of_an_outage_is_spent_where_requests_or_ratios_are_counted(method: BudgetingMethod) -> None:
    """Four bad samples: from the first to the last 0.15 s, from the good one before to the good one after 0.25 s."""
    objectives = Objectives(method=method)
    assert budget.spent(series(outage(4)), objectives) == seconds(0.15, 0.25)
    assert objectives.cost(seconds(0.15, 0.25)) == pytest.approx((0.15 / 2_592, 0.25 / 2_592))


def test_a_fifth_of_a_second_spends_a_whole_slice_or_two_where_slices_are_counted() -> None:
    assert budget.spent(series(outage(4)), SLICED) == seconds(1, 2)
    minutes = replace(SLICED, timeslice=60, timeslice_target=100)
    assert budget.spent(series(outage(4)), minutes) == seconds(60, 120)


def test_a_slice_that_tolerates_the_outage_is_not_spent() -> None:
    """Of a minute 3 s may be bad, at 95 %: an outage of 2.95 to 3.05 s may or may not be more."""
    minutes = replace(SLICED, timeslice=60, timeslice_target=95)
    assert budget.spent(series(outage(4)), minutes) == seconds(0, 0)
    assert budget.spent(series(outage(60)), minutes) == seconds(0, 60)
    assert budget.spent(series(outage(61)), minutes) == seconds(0, 60), "split between two minutes both are good"


def test_a_long_outage_spends_every_minute_it_fills_and_those_at_its_ends() -> None:
    """130 s: three minutes have more than 3 s of it, or four if it lies in them as 5, 60, 60 and 5."""
    minutes = replace(SLICED, timeslice=60, timeslice_target=95)
    assert budget.spent(series(outage(2_600)), minutes) == seconds(180, 240)


def test_several_outages_within_a_slice_spend_it_once() -> None:
    apart = outage(4, after=4) + outage(4, before=0)
    assert budget.spent(series(apart), replace(SLICED, timeslice=60)) == seconds(60, 120)


def test_one_bad_request_makes_a_slice_bad_that_tolerates_none() -> None:
    strict = replace(SLICED, timeslice_target=100)
    assert budget.spent(series(outage(1)), strict) == seconds(1, 2)


def test_without_an_outage_nothing_is_spent() -> None:
    for method in BudgetingMethod:
        for answers in ([], ["zone1"] * 20, ["zone2"] * 20):
            assert budget.spent(series(answers), Objectives(method=method)) == seconds(0, 0)


def test_openslo_s_own_sums() -> None:
    """https://github.com/OpenSLO/OpenSLO/tree/main/examples: 99.95 % of a week's, 95 % of two weeks' minutes."""
    week = Objectives(method=BudgetingMethod.TIMESLICES, target=99.95, window=7, timeslice=60, timeslice_target=95)
    assert week.budget_s == pytest.approx(5 * 60 + 2.4)
    fortnight = replace(week, target=95, window=14)
    assert fortnight.budget_s == pytest.approx((16 * 60 + 48) * 60)


def test_the_burn_rate_counts_requests_bad_slices_or_mean_ratios() -> None:
    """Three slices, the last one cut short: 1 of 20, none of 20 and 5 of 10 samples are bad."""
    answers = ["bad", *["zone1"] * 39, *["bad", "zone1"] * 5]
    objectives = Objectives(target=90, timeslice_target=95)
    rates = {method: burn_rate(series(answers), replace(objectives, method=method)) for method in BudgetingMethod}
    assert rates == {
        BudgetingMethod.OCCURRENCES: pytest.approx(6 / 50 / 0.1),
        BudgetingMethod.TIMESLICES: pytest.approx(1 / 3 / 0.1),
        BudgetingMethod.RATIO_TIMESLICES: pytest.approx((0.05 + 0 + 0.5) / 3 / 0.1),
    }


def test_a_slice_that_reaches_its_target_exactly_is_good() -> None:
    """999 of 1,000, at 99.9 %: as binary fractions 99.9 / 100 is more than 0.999."""
    answers = ["bad"] + ["zone1"] * 999
    assert availability(series(answers, rate_hz=1_000), Objectives()).timeslices == 1


def test_a_slice_has_a_length_and_a_target_of_its_own() -> None:
    """Two seconds of 20 samples, half of the first bad: of one slice of 2 s a quarter is, of two of 1 s a half."""
    answers = ["bad"] * 10 + ["zone1"] * 30
    assert availability(series(answers), Objectives(timeslice_target=75)).timeslices == 0.5
    assert availability(series(answers), Objectives(timeslice_target=75, timeslice=2)).timeslices == 1
    assert availability(series(answers), Objectives(timeslice=2)).timeslices == 0
    assert Objectives(timeslice=0.25).slice_ns == NS_PER_S // 4


@pytest.mark.parametrize(
    ("name", "spent", "told"),
    [
        ("echo-availability", (10.8, 10.9), "0.83-0.85 %"),
        ("echo-minutes", (60, 120), "2.48-4.97 %"),
        ("echo-mean-minute", (10.8, 10.9), "0.44-0.46 %"),
    ],
)
def test_the_sums_of_the_documentation(name: str, spent: tuple[float, float], told: str) -> None:
    """docs/slo.md, one event, three budgets."""
    objectives = read_objectives(f"{EXAMPLE}#{name}", sample_period_s=0.05)
    found = budget.spent(series(outage(217)), objectives)
    assert found == seconds(*spent)
    assert cost(objectives.cost(found)) == told
