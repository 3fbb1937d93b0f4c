"""What a history says of each fault: how sure it is, and what it does not count."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from chaos.model import Verdict
from chaos.result import Expectation
from reports.history.record import NEVER, Bounds, Figure
from reports.history.review import Wanted, review
from reports.history.telling import as_json, review_lines
from tests.unit.reports.made_histories import at, experiment, measured, night, subject

ALL = Wanted()


def told(*history: object, wanted: Wanted = ALL) -> str:
    return "\n".join(review_lines(review(history, wanted)))  # type: ignore[arg-type]


def test_without_a_run_a_review_says_so() -> None:
    assert told().splitlines()[0] == "0 runs in the history"


def test_a_median_comes_with_its_interval_and_the_confidence_that_is_achieved() -> None:
    ((one,),) = [s.figures[:1] for s in review(at(10, 11, 12, 13, 14, 15, 16), ALL).subjects[0].series]
    assert (one.figure, one.values) == (Figure.FAILOVER, 7)
    assert one.median == Bounds(13, 13)
    assert one.interval is not None
    assert one.interval.bounds == Bounds(10, 16)
    assert one.interval.confidence == pytest.approx(1 - 2 / 2**7)
    assert one.worst == Bounds(16, 16)


def test_with_fewer_than_six_values_no_interval_is_invented() -> None:
    text = told(*at(10, 11, 12, 13, 14))
    assert "failover        12.0 s          -                         14.0 s" in text
    assert "-: no interval of 95 % confidence: that takes 6 values" in text
    assert "10.0-15.0 s (96.8 %)" in told(*at(10, 11, 12, 13, 14, 15))


def test_ends_of_values_widen_what_is_said_of_them() -> None:
    history = [night(n, experiment(measured(Bounds(10 + n, 12 + 2 * n)))) for n in range(6)]
    one = review(history, ALL).subjects[0].series[0].figures[0]
    assert one.median == Bounds(12, 18), "of an even number both middle values are medians"
    assert one.worst == Bounds(15, 22)
    assert one.interval is not None
    assert one.interval.bounds == Bounds(10, 22)


def test_no_failure_in_twenty_runs_is_a_rate_below_13_9_per_cent() -> None:
    assert "0 of 20 runs failed: rate below 13.9 % (95 %)" in told(*at(*range(20)))


def test_what_failed_counts_against_the_mesh_and_what_is_documented_does_not() -> None:
    failed = experiment(measured(NEVER), verdict=Verdict.FAIL)
    text = told(*at(*range(19)), night(19, failed))
    assert "1 of 20 runs failed: rate below 21.6 % (95 %)" in text
    assert "never, in 1 of 20" in text
    documented = [night(n, replace(failed, documented=True)) for n in range(20)]
    assert "20 of 20 runs failed as documented, 0 otherwise: rate below 13.9 % (95 %)" in told(*documented)


def test_nights_that_say_nothing_are_counted_and_enter_no_figure() -> None:
    broken = [night(9 + n, experiment(measured(Bounds(99, 99)), verdict=v)) for n, v in enumerate((Verdict.INFRA,) * 2)]
    lagged = night(12, experiment(measured(Bounds(99, 99)), verdict=Verdict.INVALID))
    text = told(*at(1, 2, 3), *broken, lagged)
    assert "0 of 3 runs failed" in text
    assert "not counted, for they say nothing of the mesh: 2 INFRA, 1 INVALID" in text
    assert "99" not in text


def test_a_subject_of_which_no_run_says_anything_is_named_all_the_same() -> None:
    text = told(night(0, experiment(verdict=Verdict.INVALID)))
    assert "delete-deployment zone1 [hardened]: no run says anything" in text


def test_a_new_version_of_the_engine_is_shown_by_itself() -> None:
    newer = [night(9 + n, experiment(measured(Bounds(5, 5)), of=subject(engine="Kuma 2.14.0"))) for n in range(2)]
    text = told(*at(1, 2, 3), *newer)
    assert text.count("delete-deployment zone1 [hardened]") == 2
    assert text.index("engine: Kuma 2.13.10") < text.index("0 of 3 runs") < text.index("engine: Kuma 2.14.0")
    assert "not in all runs, night-009 to night-010" in text


def test_what_a_fault_costs_is_the_outage_times_the_events_of_a_month() -> None:
    history = [night(n, experiment(measured(Bounds(1, 1), outage=Bounds(25.92, 51.84)))) for n in range(3)]
    (once,) = review(history, ALL).subjects[0].series
    assert once.cost is not None
    assert (once.cost.median.low_s, once.cost.median.high_s) == pytest.approx((0.01, 0.02))
    (often,) = review(history, Wanted(events_per_month=4)).subjects[0].series
    assert often.cost is not None
    assert (often.cost.worst.low_s, often.cost.worst.high_s) == pytest.approx((0.04, 0.08))
    assert "budget cost     4.00-8.00 %     (4 a month, 99.9 %)       4.00-8.00 %" in told(
        *history, wanted=Wanted(events_per_month=4)
    )


def test_the_budget_is_that_of_the_newest_runs_objective() -> None:
    strict = experiment(measured(Bounds(1, 1), outage=Bounds(25.92, 25.92)), target=99.99)
    history = [night(0, replace(strict, target=99.0)), night(1, strict)]
    (series,) = review(history, ALL).subjects[0].series
    assert series.cost is not None
    assert series.cost.median.high_s == pytest.approx(0.1)


def test_vantages_that_nothing_may_happen_to_are_one_line_until_something_does() -> None:
    still = measured(vantage="gateway-zone2", expectation=Expectation.UNTOUCHED)
    history = [night(n, experiment(still)) for n in range(3)]
    assert "  gateway-zone2 fresh: untouched in 3 runs" in told(*history)
    hurt = measured(outage=Bounds(1, 2), vantage="gateway-zone2", expectation=Expectation.UNTOUCHED)
    text = told(*history, night(3, experiment(hurt, verdict=Verdict.FAIL)))
    assert "gateway-zone2 fresh: felt in 1 of 4 runs" in text
    assert "total outage    0.00 s          -                         1.00-2.00 s" in text


def test_a_review_is_of_what_is_wanted_only() -> None:
    history = [night(n, experiment(measured(Bounds(n, n))), experiment(of=subject("wrong-port"))) for n in range(8)]
    assert [one.subject.fault for one in review(history, Wanted(fault="wrong-port")).subjects] == ["wrong-port"]
    assert review(history, Wanted(profile="page")).subjects == ()
    newest = review(history, Wanted(last=2))
    assert (newest.runs, newest.first, newest.subjects[0].runs) == (2, "night-006", 2)


def test_names_from_outside_cannot_change_the_terminal() -> None:
    text = told(night(0, experiment(measured(vantage="gate\x1b[2Jway"), of=subject("evil\nfault"))))
    assert "\x1b" not in text
    assert "evil fault" in text


def test_a_review_fits_a_terminal() -> None:
    assert max(map(len, told(*at(*range(10, 30))).splitlines())) <= 100


def test_as_json_nothing_that_never_came_is_a_number() -> None:
    history = [night(n, experiment(measured(NEVER))) for n in range(7)]
    document = json.loads(as_json(review(history, ALL)))
    (figure, *_) = document["subjects"][0]["series"][0]["figures"]
    assert figure["figure"] == "failover"
    assert (figure["never"], figure["median"]) == (7, {"low_s": None, "high_s": None})
    assert figure["interval"]["confidence"] == pytest.approx(0.984375)
    assert document["subjects"][0]["failure_rate_below"] == pytest.approx(0.3482, abs=1e-4)
