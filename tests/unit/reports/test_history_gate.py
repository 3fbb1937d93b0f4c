"""The gate: it sees what became worse, says at which rate it is wrong, and says when it can say nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import binom

from chaos.model import Lane, Verdict
from chaos.result import Expectation
from reports.history.gate import Left, Rule, compare, enough
from reports.history.record import NEVER, Bounds, Figure
from reports.history.telling import as_json, gate_lines
from tests.unit.reports.made_histories import USUAL, at, experiment, measured, night, nights, subject

if TYPE_CHECKING:
    from reports.history.record import PastRun

RULE = Rule(permutations=999)
PLAIN = tuple(10 + 0.1 * (n * 7 % 10) for n in range(30))


def told(history: object, rule: Rule = RULE) -> str:
    return "\n".join(gate_lines(compare(history, rule)))  # type: ignore[arg-type]


def test_a_slowdown_of_all_last_runs_alarms() -> None:
    gate = compare(at(*PLAIN, 12, 12.1, 12.2, 12, 12.3), RULE)
    (alarm,) = gate.alarms
    assert alarm.followed.figure is Figure.FAILOVER
    assert (alarm.runs_before, alarm.runs_last) == (30, 5)
    assert alarm.before == Bounds(10.4, 10.5)
    assert alarm.last == Bounds(12.1, 12.1)
    assert (alarm.worse_by.low_s, alarm.worse_by.high_s) == pytest.approx((1.6, 1.7))
    assert alarm.p <= RULE.false_alarms
    text = told(at(*PLAIN, 12, 12.1, 12.2, 12, 12.3))
    assert "gate: WORSE in 1 of 1 figure\n" in text
    assert "the last 5 values, from run night-030 on, against up to 30 before" in text
    assert "median 10.4-10.5 s before, now 12.1 s: worse by 1.60-1.70 s" in text


def test_what_became_better_never_alarms() -> None:
    assert not compare(at(*PLAIN, 8, 8.1, 8.2, 8, 8.3), RULE).alarms


def test_what_stayed_the_same_does_not_alarm_and_the_false_alarm_rate_is_stated() -> None:
    text = told(at(*PLAIN, *PLAIN[:5]))
    assert "gate: none of 1 figure is worse" in text
    assert "a false alarm, on whichever figure, in at most 1.00 % of such gates" in text


def test_one_bad_night_is_no_slowdown() -> None:
    assert not compare(at(*PLAIN, 10, 10, 10, 10, 60), RULE).alarms


def test_a_difference_that_nobody_feels_does_not_alarm() -> None:
    history = at(*(value / 100 for value in PLAIN), *[0.3] * 5)
    assert not compare(history, RULE).alarms
    assert compare(history, replace(RULE, least_s=0.1)).alarms


def test_a_failover_that_never_comes_any_more_alarms() -> None:
    gone = [night(30 + n, experiment(measured(NEVER), verdict=Verdict.FAIL)) for n in range(5)]
    (alarm,) = compare((*at(*PLAIN), *gone), RULE).alarms
    assert alarm.last == NEVER
    assert "median 10.4-10.5 s before, now never\n" in told((*at(*PLAIN), *gone))


def test_what_never_came_and_still_does_not_is_no_news() -> None:
    lows = [*(16 + n % 3 for n in range(30)), *[30] * 5]
    history = [night(n, experiment(measured(NEVER, outage=Bounds(low, low)))) for n, low in enumerate(lows)]
    assert not compare(history, RULE).alarms, "such an outage lasts until the suite repairs"


def test_without_enough_runs_the_gate_says_so_and_alarms_at_nothing() -> None:
    gate = compare(at(1, 2, 3, 60, 60, 60, 60, 60), RULE)
    assert not gate.alarms
    assert {reason for _, reason in gate.left} == {Left.TOO_FEW, Left.ALIKE}
    text = told(at(1, 2, 3, 60, 60, 60, 60, 60))
    assert text.startswith("gate: not enough data, so that nothing is said: 8 runs of the history can be used")
    assert "(to judge 1 figure takes about 9 runs)" in text
    assert told(()).startswith("gate: not enough data")


@pytest.mark.parametrize("figures", [1, 10, 150])
def test_enough_runs_are_those_with_which_a_figure_can_alarm_among_so_many(figures: int) -> None:
    runs = enough(figures, RULE)
    rng = np.random.default_rng(figures)
    values = rng.normal(10, 0.1, (runs, figures))
    values[-5:, 0] += 5
    series = [f"gateway-{number}" for number in range(figures)]
    history = [
        night(n, experiment(*(measured(Bounds(v, v), vantage=s) for v, s in zip(row, series, strict=True))))
        for n, row in enumerate(values)
    ]
    assert len(compare(history, replace(RULE, permutations=9_999)).alarms) == 1


def test_figures_that_were_the_same_in_every_run_are_not_compared() -> None:
    gate = compare(at(*PLAIN), RULE)
    assert (Left.ALIKE, Figure.TOTAL) in [(reason, followed.figure) for followed, reason in gate.left]
    assert "not compared: 2 figures: the same in every run" in told(at(*PLAIN))


def test_what_was_not_measured_lately_does_not_alarm_again_every_night() -> None:
    slow = at(*PLAIN, 12, 12, 12, 12, 12)
    others = [night(40 + n, experiment(measured(Bounds(1, 1)), of=subject("wrong-port"))) for n in range(5)]
    gate = compare((*slow, *others), RULE)
    assert not gate.alarms
    assert Left.NOT_LATELY in {reason for _, reason in gate.left}


def test_nights_that_say_nothing_are_no_nights() -> None:
    invalid = [night(50 + n, experiment(measured(Bounds(90, 90)), verdict=Verdict.INVALID)) for n in range(9)]
    gate = compare((*at(*PLAIN, *PLAIN[:5]), *invalid), RULE)
    assert replace(gate, silent=0) == compare(at(*PLAIN, *PLAIN[:5]), RULE)
    assert next(gate_lines(gate)) == (
        "gate: the newest 9 runs measured nothing (INFRA or INVALID) and cannot be judged"
    )


def test_of_what_a_night_repeated_its_median_counts_once() -> None:
    def repeated(*failovers: float) -> tuple[PastRun, ...]:
        once = [experiment(measured(Bounds(one, one))) for one in failovers]
        return tuple(night(number, *once) for number in range(30, 35))

    usual = at(*PLAIN)
    odd = compare((*usual, *repeated(60, 10, 10.2, 10.1, 10)), RULE)
    assert not odd.alarms, "the first repeat of each night was slow by luck"
    assert odd.compared[0].runs_last == 5
    assert compare((*usual, *repeated(10, 13, 13.2, 13.1, 13)), RULE).alarms


def test_vantages_that_nothing_may_happen_to_are_judged_by_their_run_alone() -> None:
    still = measured(vantage="gateway-zone2", outage=Bounds(1, 1), expectation=Expectation.UNTOUCHED)
    gate = compare([night(n, experiment(still)) for n in range(40)], RULE)
    assert (gate.compared, gate.left) == ((), ())


def test_a_new_version_of_the_engine_is_judged_and_named() -> None:
    newer = [
        replace(night(30 + n, experiment(measured(Bounds(12, 12)), of=subject(engine="Kuma 2.14.0")))) for n in range(5)
    ]
    gate = compare((*at(*PLAIN), *newer), RULE)
    assert len(gate.alarms) == 1
    assert gate.changes == ("Kuma: Kuma 2.13.10, Envoy 1.40.0 before run night-030, Kuma 2.14.0 from then on",)
    assert "changed: Kuma: " in told((*at(*PLAIN), *newer))


def test_other_conditions_are_another_series() -> None:
    three = replace(subject(), conditions=(("zones", "3"),))
    others = [night(30 + n, experiment(measured(Bounds(12, 12)), of=three)) for n in range(5)]
    assert not compare((*at(*PLAIN), *others), RULE).alarms


def test_the_same_history_gets_the_same_answer() -> None:
    history = nights(np.random.default_rng(3), 25)
    assert compare(history, RULE) == compare(history, RULE)


def test_what_would_be_caught_is_caught() -> None:
    rng = np.random.default_rng(11)
    usual = rng.gamma(4, 0.5, 30)
    (one,) = compare(at(*usual, *rng.choice(usual, 5)), RULE).compared
    assert one.caught_s is not None
    slowed = [rng.choice(usual, 5) + one.caught_s for _ in range(60)]
    caught = sum(bool(compare(at(*usual, *last), replace(RULE, permutations=399)).alarms) for last in slowed)
    assert binom.cdf(caught, 60, 0.8) > 1e-4, "what is said to be caught four times in five is"
    half = [rng.choice(usual, 5) + one.caught_s / 3 for _ in range(30)]
    assert sum(bool(compare(at(*usual, *last), RULE).alarms) for last in half) < 20, "and not half as much"


def test_the_gate_is_wrong_no_more_often_than_it_says() -> None:
    """Many figures, lanes that go together, INFRA: with no change, the rate of any alarm is the stated one."""
    rng, rule = np.random.default_rng(5), Rule(last=3, baseline=9, false_alarms=0.1, least_s=0.0, permutations=199)
    found = [
        bool(compare(nights(rng, 12, zones=["zone1"], usual=USUAL[:2], failed=0.1), rule).alarms) for _ in range(60)
    ]
    assert binom.sf(sum(found) - 1, len(found), rule.false_alarms) > 1e-4
    assert sum(found), "a gate that never alarms is no gate"


def test_lanes_that_go_together_do_not_make_the_gate_blind() -> None:
    history = [
        night(
            n,
            experiment(
                *(measured(Bounds(v, v), vantage=f"gateway-{g}", lane=lane) for g in range(20) for lane in Lane)
            ),
        )
        for n, v in enumerate([*PLAIN[:9], 12, 12, 12, 12, 12])
    ]
    assert len(compare(history, RULE).alarms) == 40, "the same luck forty times is luck once"


def test_as_json_a_gate_tells_what_it_compared() -> None:
    document = json.loads(as_json(compare(at(*PLAIN, 12, 12, 12, 12, 12), RULE)))
    (compared,) = document["compared"]
    assert compared["alarm"] is True
    assert compared["followed"]["figure"] == "failover"
    assert document["rule"]["false_alarms"] == 0.01
    assert document["runs"] == 35
