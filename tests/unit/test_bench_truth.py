"""Whether the suite's intervals hold the truth is a check that can fail."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.outages.script import SLOW_S, Happened, Kind
from benchmarks.outages.truth import strictly, violations
from chaos.model import NS_PER_S, Interval, Outcome
from tests.unit import made

PERIOD_S = 0.05
ANSWERS = ["zone1"] * 100 + ["bad"] * 10 + ["zone1"] * 100
"""Due every 50 ms: good until 4.95 s, bad from 5.0 to 5.45 s, good from 5.5 s on."""


def outage(start_s: float, end_s: float, kind: Kind = Kind.ERROR) -> Happened:
    start, end = (round((1000 + at_s) * NS_PER_S) for at_s in (start_s, end_s))
    return Happened(kind, Interval(start, start + 1000), Interval(end, end + 1000))


def wrong(*outages: Happened, answers: list[str] = ANSWERS) -> list[str]:
    return [violation.what for violation in violations(made.series(answers), outages)]


@pytest.mark.parametrize("start_s", [4.951, 4.99, 5.001])
@pytest.mark.parametrize("end_s", [5.451, 5.49, 5.501])
def test_an_edge_may_be_wherever_no_sample_says_otherwise(start_s: float, end_s: float) -> None:
    assert wrong(outage(start_s, end_s)) == []


@pytest.mark.parametrize(
    ("start_s", "end_s", "what"),
    [
        (4.949, 5.48, ["start"]),  # a sample due later was good
        (5.01, 5.48, ["start"]),  # one that had ended before was bad
        (4.98, 5.449, ["end"]),
        (4.98, 5.51, ["end"]),
        (4.9, 5.6, ["start", "end", "length"]),
    ],
)
def test_an_edge_that_a_sample_excludes_is_a_violation(start_s: float, end_s: float, what: list[str]) -> None:
    assert wrong(outage(start_s, end_s)) == what


def test_an_outage_that_was_not_found_or_not_there_is_a_violation() -> None:
    assert wrong(outage(4.98, 5.48), outage(8.0, 8.2)) == ["not found"]
    assert wrong() == ["an outage that was none"]


def test_an_answer_in_the_midst_is_a_violation_unless_it_came_when_that_was_over() -> None:
    pieces = made.series([*ANSWERS[:108], "zone1", *ANSWERS[109:]])
    assert [one.what for one in violations(pieces, [outage(4.98, 5.48)])] == ["answered in the midst"]
    pieces = replace(pieces, done_ns=pieces.done_ns + np.where(np.arange(len(pieces)) == 108, 90_000_000, 0))
    assert violations(pieces, [outage(4.98, 5.48)]) == ()


def test_one_shorter_than_two_periods_may_be_missed() -> None:
    assert wrong(outage(4.98, 5.48), outage(8.01, 8.04)) == []


def test_slow_answers_and_those_of_another_zone_are_outages_too() -> None:
    of = made.series(["zone1", "zone1", "zone2", "bad"])
    slow = replace(of, done_ns=of.done_ns + np.array([0, round(SLOW_S * NS_PER_S), 0, 0]))
    assert strictly(slow).outcome.tolist() == [Outcome.OK, Outcome.TIMEOUT, Outcome.BAD_ANSWER, Outcome.HTTP_ERROR]
