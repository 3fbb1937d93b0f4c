"""Objectives: read from text, impossible ones refused; availability in OpenSLO's three ways; budgets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from chaos.errors import SettingsError
from chaos.slo import Availability, BudgetingMethod, Objectives, availability, burn_rate, parse_objectives
from reports.archive import dump, load
from tests.unit.made import seconds, series
from tests.unit.reports.samples_of_results import delete_deployment

PERIOD_S = 0.05
COLUMNS = ("due_ns", "sent_ns", "done_ns", "outcome", "status", "zone", "home")


def parse(text: str, period_s: float = PERIOD_S) -> Objectives:
    return parse_objectives(text, sample_period_s=period_s)


@pytest.mark.parametrize("text", ["", " ", ",", " , "])
def test_what_is_not_named_keeps_its_default(text: str) -> None:
    assert parse(text) == Objectives()


def test_every_objective_can_be_named() -> None:
    assert parse(" failover=1, failback = 2,outage=3 ,return_outage=0.5,target=99.95,window=7,") == Objectives(
        failover=1, failback=2, outage=3, return_outage=0.5, target=99.95, window=7
    )


def test_the_last_of_several_counts() -> None:
    assert parse("failover=1,failover=2").failover == 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("failover", r"'failover' is not NAME=NUMBER with NAME one of failover, failback, outage, return_outage, targ"),
        ("speed=3", "'speed=3' is not NAME=NUMBER"),
        ("=3", "'=3' is not NAME=NUMBER"),
        ("Failover=3", "'Failover=3' is not NAME=NUMBER"),
        ("failover=soon", "'soon' in 'failover=soon' is not a number"),
        ("failover=", "'' in 'failover=' is not a number"),
        ("failover=1s", "'1s' in 'failover=1s' is not a number"),
        ("failover=1=2", "'1=2' in 'failover=1=2' is not a number"),
        ("failover=1;failback=2", "is not a number"),
        ("method=Timeslices", "'method=Timeslices' is not NAME=NUMBER .*; an OpenSLO file is given as FILE.yaml or"),
        ("timeslice=60", "'timeslice=60' is not NAME=NUMBER"),
    ],
)
def test_what_is_no_objective_is_refused_with_its_own_text(text: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint) as caught:
        parse(text)
    assert str(caught.value).startswith("--slo: ")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("target", ["0", "100", "-1", "100.1", "nan", "inf", "99.99999999999999999"])
def test_no_mesh_meets_a_target_of_everything_and_any_meets_one_of_nothing(target: str) -> None:
    with pytest.raises(SettingsError, match=r"--slo: target=.* is no objective; choose between 0 and 100"):
        parse(f"target={target}")


@pytest.mark.parametrize("window", ["0", "-30", "nan", "-inf"])
def test_a_window_without_days_is_none(window: str) -> None:
    with pytest.raises(SettingsError, match=r"--slo: window=.* is not a window; choose 30"):
        parse(f"window={window}")


def test_a_window_without_end_is_none() -> None:
    with pytest.raises(SettingsError, match=r"--slo: window=inf"):
        parse("window=inf")


@pytest.mark.parametrize("name", ["failover", "failback", "outage", "return_outage"])
@pytest.mark.parametrize("bound", ["0", "-1", "0.099", "nan", "inf", "-inf"])
def test_a_bound_that_no_probe_can_measure_is_refused_with_the_finest_that_can_be(name: str, bound: str) -> None:
    with pytest.raises(SettingsError, match=rf"--slo: {name}=.* with a sample every 0.05 s; choose at least 0.1 or"):
        parse(f"{name}={bound}")


def test_a_faster_probe_can_measure_finer_bounds() -> None:
    assert parse("outage=0.02", period_s=0.01).outage == 0.02


def test_three_nines_over_thirty_days_allow_2592_seconds_and_five_of_them_cost_0_19_percent() -> None:
    objectives = Objectives()
    assert objectives.budget_s == pytest.approx(2_592)
    low, high = objectives.cost(seconds(4.9, 5.0))
    assert low == pytest.approx(4.9 / 2_592)
    assert high == pytest.approx(5 / 2_592)
    assert f"{high:.2%}" == "0.19%"


def test_availability_counts_requests_good_slices_and_the_ratio_of_each_slice() -> None:
    """Three seconds of 20 samples: all good, half bad, one bad."""
    answers = ["zone1"] * 20 + ["zone1", "bad"] * 10 + ["zone1"] * 19 + ["bad"]
    counted = availability(series(answers), Objectives(target=95))
    assert counted.occurrences == pytest.approx(49 / 60)
    assert counted.timeslices == pytest.approx(2 / 3)
    assert counted.ratio_timeslices == pytest.approx(2.45 / 3)


def test_a_slice_without_a_sample_does_not_count() -> None:
    whole = series(["zone1"] * 20 + ["bad"] * 20 + ["zone1"] * 20)
    kept: dict[str, Any] = {name: np.delete(getattr(whole, name), slice(20, 40)) for name in COLUMNS}
    assert availability(replace(whole, **kept), Objectives()) == Availability(1.0, 1.0, 1.0)


def test_an_answer_from_another_zone_is_available() -> None:
    assert availability(series(["zone2"] * 20), Objectives()) == Availability(1.0, 1.0, 1.0)


def test_without_a_sample_nothing_is_held_against_the_mesh() -> None:
    assert availability(series([]), Objectives()) == Availability(1.0, 1.0, 1.0)
    assert burn_rate(series([]), Objectives()) == 0.0


def test_burning_as_fast_as_allowed_is_a_rate_of_one() -> None:
    answers = ["bad"] + ["zone1"] * 999
    assert burn_rate(series(answers), Objectives(target=99.9)) == pytest.approx(1)
    assert burn_rate(series(["bad"] * 10), Objectives(target=99.9)) == pytest.approx(1_000)


def test_what_was_archived_before_budgeting_methods_counted_requests() -> None:
    """Fields that an older result has not have the meaning that its figures were computed with."""
    older = json.loads(dump(delete_deployment()))
    for name in ("method", "timeslice", "timeslice_target", "name"):
        del older["result"]["objectives"][name]
    assert load(json.dumps(older)) == delete_deployment()


def test_an_archived_slo_keeps_how_it_is_budgeted() -> None:
    objectives = Objectives(method=BudgetingMethod.TIMESLICES, timeslice=60, timeslice_target=95, name="echo")
    assert load(dump(delete_deployment(objectives=objectives))).objectives == objectives
