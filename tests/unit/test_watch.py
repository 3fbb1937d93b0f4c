"""When a watch may end: only once its answer is certain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos import watch
from chaos.model import NS_PER_S, Interval, Lane, SeriesKey
from chaos.outlook import Outlook
from chaos.result import Expectation
from chaos.watch import Pace
from tests.unit.made import START_NS, ZONES, series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chaos.samples import Series

PACE = Pace(hold=1.0, steadily=1.0, fewest=20)
K = 20
"""The samples of one second."""


def at(second: float) -> Interval:
    moment = START_NS + round(second * NS_PER_S)
    return Interval(moment, moment)


def every(*these: Series) -> dict[SeriesKey, Series]:
    return {one.key: one for one in these}


def outlook(expectation: Expectation) -> Outlook:
    return Outlook(expectation, faulty=frozenset({"zone1"}), returns=frozenset({"zone1"}))


def expected(of: dict[SeriesKey, Series], expectation: Expectation) -> dict[SeriesKey, Outlook]:
    return dict.fromkeys(of, outlook(expectation))


@pytest.mark.parametrize(("rate_hz", "k"), [(1, 20), (10, 20), (20, 40), (500, 1000)])
def test_k_samples_last_two_seconds_and_are_never_fewer_than_chance_can_make(rate_hz: int, k: int) -> None:
    assert Pace().consecutive(series([], rate_hz=rate_hz)) == k


def test_a_mesh_is_steady_since_the_last_k_samples_were_at_home_everywhere() -> None:
    here = series(["bad"] * 5 + ["zone1"] * K)
    there = series(["zone2"] * (K + 5), "zone2")
    assert watch.steady_since(every(here, there), ZONES, PACE) == START_NS + 5 * NS_PER_S // 20


@pytest.mark.parametrize(
    "answers",
    [
        [],
        ["zone1"] * (K - 1),
        ["zone1"] * K + ["bad"],
        ["zone1"] * K + ["zone2"],
        (["zone1"] * (K - 1) + ["bad"]) * 3,
    ],
)
def test_it_is_not_steady_while_any_series_is_not(answers: list[str]) -> None:
    there = series(["zone2"] * 100, "zone2")
    assert watch.steady_since(every(series(answers), there), ZONES, PACE) is None


def test_without_a_series_nothing_is_steady() -> None:
    assert watch.steady_since({}, ZONES, PACE) is None


def test_the_load_balancer_is_steady_only_when_it_has_used_every_zone() -> None:
    one_sided = series(["zone1"] * 60, None)
    both = series(["zone1", "zone2"] * 30, None)
    assert watch.steady_since(every(one_sided), ZONES, PACE) is None
    assert watch.steady_since(every(both), ZONES, PACE) is not None
    assert watch.steady_since(every(both), (*ZONES, "zone3"), PACE) is None


def outage(away: int) -> list[str]:
    """A second at home, a second of errors, then the other zone."""
    return ["zone1"] * 20 + ["bad"] * 20 + ["zone2"] * away


def test_a_failover_has_to_hold_before_it_is_believed() -> None:
    for away, done in ((K - 1, False), (K, False), (K + 1, True)):
        seen = every(series(outage(away)))
        assert watch.took_effect(seen, expected(seen, Expectation.FAILS_OVER), at(1), PACE) is done


def test_a_failover_is_waited_for_in_every_series_that_must() -> None:
    slow = series(outage(0), lane=Lane.KEEPALIVE)
    seen = every(series(outage(60)), slow)
    must = expected(seen, Expectation.FAILS_OVER)
    assert not watch.took_effect(seen, must, at(1), PACE)
    assert watch.took_effect(seen, {**must, slow.key: outlook(Expectation.MAY_DIE)}, at(1), PACE)
    assert watch.took_effect(seen, {**must, slow.key: outlook(Expectation.UNTOUCHED)}, at(1), PACE)


@pytest.mark.parametrize(
    ("answers", "too_late"),
    [
        (["zone1"] * 20 + ["bad"] * 20, False),
        (["zone1"] * 20 + ["bad"] * 41, False),
        (["zone1"] * 20 + ["bad"] * 42, True),
        (["zone1"] * 100, True),
        (["zone1"] * 20 + ["bad"] * 38 + ["zone2"] * 19, False),
        (["zone1"] * 20 + ["bad"] * 42 + ["zone2"] * 19, True),
        (["zone1"] * 20 + ["bad"] * 60 + ["zone2"] * 60, False),
        (["zone1"] * 20 + ["bad"] * 20 + ["zone2"] * 10 + ["bad"] * 40, True),
        ([], False),
    ],
    ids=[
        "early",
        "at the bound",
        "past the bound",
        "never broke",
        "under way in time",
        "under way too late",
        "done, late",
        "broke off",
        "nothing seen",
    ],
)
def test_a_watch_ends_when_a_failover_in_time_has_become_impossible(answers: list[str], too_late: bool) -> None:
    """The fault is in effect at 1 s and the objective is 2 s."""
    seen = every(series(answers))
    for expectation in set(Expectation) - {Expectation.RECOVERS}:
        missed = watch.missed_effect(seen, expected(seen, expectation), at(1), PACE, bound_s=2)
        assert missed is (too_late and expectation is Expectation.FAILS_OVER)


@pytest.mark.parametrize(
    ("answers", "late"),
    [
        (["zone1"] * 20 + ["bad"] * 40, False),
        (["zone1"] * 20 + ["bad", "zone1"] * 40, True),
        (["zone1"] * 20 + ["bad"] * 40 + ["zone1"] * 60, False),
        ([], False),
    ],
    ids=["in time so far", "still now and then", "over in time", "nothing seen"],
)
def test_a_watch_ends_when_a_recovery_in_time_has_become_impossible(answers: list[str], *, late: bool) -> None:
    """The fault is in effect at 1 s and the objective is 2 s."""
    seen = every(series(answers))
    assert watch.missed_effect(seen, expected(seen, Expectation.RECOVERS), at(1), PACE, bound_s=2) is late


def test_whatever_is_certain_already_everybody_is_watched_until_what_comes_late_has_come() -> None:
    """A control plane that reacts after 10 s may break what had failed over within one, or what was untouched."""
    for watched, done in ((PACE.lasting - 0.1, False), (PACE.lasting + 0.1, True)):
        seen = every(series(["zone1"] * round((1 + watched) * 20)))
        assert watch.lasted(seen, at(1), PACE) is done


def test_a_recovery_is_believed_once_nothing_bad_was_seen_for_a_while() -> None:
    for good, done in ((K - 1, False), (K, True)):
        seen = every(series(["zone1"] * 15 * 20 + ["bad"] + ["zone1"] * good))
        assert watch.took_effect(seen, expected(seen, Expectation.RECOVERS), at(0), PACE) is done


def since(seen: Mapping[SeriesKey, Series]) -> dict[SeriesKey, Interval]:
    """All were mended at 1 s."""
    return dict.fromkeys(seen, at(1))


def returning(home: int) -> list[str]:
    """Two seconds of the other zone, then home again."""
    return ["zone2"] * 40 + ["zone1"] * home


@pytest.mark.parametrize("expectation", [Expectation.FAILS_OVER, Expectation.MAY_DIE])
def test_the_way_home_has_to_hold_for_all_that_had_to_leave_or_die(expectation: Expectation) -> None:
    for home, done in ((0, False), (K, False), (K + 1, True)):
        seen = every(series(returning(home)))
        assert watch.came_home(seen, expected(seen, expectation), since(seen), PACE) is done


def test_where_nobody_moved_all_are_watched_after_the_repair_for_as_long_as_after_a_fault() -> None:
    for watched, done in ((PACE.lasting - 0.1, False), (PACE.lasting + 0.1, True)):
        seen = every(series(["zone1"] * round((1 + watched) * 20)))
        assert watch.came_home(seen, expected(seen, Expectation.UNTOUCHED), since(seen), PACE) is done


def test_home_is_not_reached_while_the_other_zone_still_answers_now_and_then() -> None:
    seen = every(series([*returning(60), "zone2"]))
    assert not watch.came_home(seen, expected(seen, Expectation.FAILS_OVER), since(seen), PACE)
