"""What a probe saw while nothing was broken: bad answers, and those of another zone, count only then."""

from __future__ import annotations

from dataclasses import replace

from chaos.model import NS_PER_S, Interval
from chaos.quiet import quiet
from tests.unit.made import START_NS, series

PERIOD_NS = NS_PER_S // 20


def step(number: float) -> int:
    """The moment of a sample."""
    return START_NS + int(number * PERIOD_NS)


def told(answers: list[str], *disturbed: tuple[float, float], home: str | None = "zone1") -> tuple[str, ...]:
    one = series(answers, home)
    return quiet({one.key: one}, [Interval(step(low), step(high)) for low, high in disturbed]).disturbances


WELL = ["zone1"] * 10


def test_a_mesh_that_answers_well_is_quiet_and_how_long_is_told() -> None:
    one = series(WELL * 2)
    found = quiet({one.key: one}, [])
    assert (found.answers, found.seconds, found.disturbances) == (20, 1.0, ())


def test_time_in_faults_is_not_counted_and_lanes_are_not_added_up() -> None:
    one, other = series(WELL * 2), series(WELL * 2, "zone1")
    found = quiet({one.key: one, replace(other.key, vantage="other"): other}, [Interval(step(5), step(15))])
    assert (found.answers, found.seconds) == (20, 0.5)


def test_a_bad_answer_and_one_of_another_zone_are_disturbances_and_say_when() -> None:
    assert told([*WELL, "bad", *WELL]) == ("gateway-zone1/fresh was answered by 503 0.5 s after the probe had begun",)
    assert told([*WELL, "zone2", *WELL]) == (
        "gateway-zone1/fresh was answered by zone2 0.5 s after the probe had begun",
    )


def test_behind_the_load_balancer_any_zone_may_answer() -> None:
    assert told(["zone1", "zone2"] * 5, home=None) == ()


def test_what_happens_in_a_fault_is_none() -> None:
    assert told([*WELL, "bad", "zone2", *WELL], (10, 12)) == ()


def test_a_request_under_way_when_the_fault_came_belongs_to_it_and_one_due_when_it_had_ended_does_not() -> None:
    """Each request takes 2 ms, 0.04 of a period."""
    answers = [*WELL, "bad", *WELL]
    assert told(answers, (10.02, 20)) == ()
    assert len(told(answers, (10.1, 20))) == 1
    assert told(answers, (2, 10.01)) == ()
    assert len(told(answers, (2, 10))) == 1


def test_many_disturbances_are_told_in_few_words() -> None:
    found = told(["bad"] * 50)
    assert len(found) == 6
    assert found[-1] == "and 45 more"
