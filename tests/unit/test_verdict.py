"""From samples and moments to figures, where only single samples matter."""

from __future__ import annotations

from dataclasses import replace

from chaos.model import NS_PER_S, Interval
from chaos.outlook import Outlook
from chaos.result import Expectation
from chaos.slo import Objectives
from chaos.verdict import Happened, figures
from tests.unit.made import START_NS, series

MOVES = Outlook(Expectation.FAILS_OVER, faulty=frozenset({"zone1"}), returns=frozenset({"zone1"}))
SECOND = 20
"""Samples."""


def moment(low_s: float, high_s: float) -> Interval:
    return Interval(START_NS + round(low_s * NS_PER_S), START_NS + round(high_s * NS_PER_S))


def test_what_another_zone_answers_once_the_repair_began_was_not_a_failover() -> None:
    seen = series(["zone1"] * SECOND + ["bad"] * 3 * SECOND + ["zone2"] * SECOND + ["zone1"] * 4 * SECOND)
    repair = moment(4.0, 4.1)
    happened = Happened(moment(1.0, 1.2), repair, repair)
    one = figures(seen, MOVES, happened, Objectives(), SECOND)
    assert (one.away, one.away_while_faulty) == (SECOND, 0)

    later = Happened(moment(1.0, 1.2), moment(4.5, 4.6), moment(4.5, 4.6))
    assert figures(seen, MOVES, later, Objectives(), SECOND).away_while_faulty == SECOND // 2


def test_what_the_faulty_zone_answers_once_its_repair_began_does_not_break_the_failover() -> None:
    seen = series(["zone1"] * SECOND + ["zone2"] * 3 * SECOND + ["zone1"] * 4 * SECOND)
    hanging = 4 * SECOND - 1  # due before the repair; answered by the repaired zone
    answered = seen.zone.copy()
    answered[hanging] = answered[0]
    done = seen.done_ns.copy()
    done[hanging] += NS_PER_S
    repair = moment(4.0, 4.4)
    happened = Happened(moment(1.0, 1.2), repair, repair)

    one = figures(replace(seen, zone=answered, done_ns=done), MOVES, happened, Objectives(), SECOND)
    assert one.faulty_after_failover == 0

    early = figures(replace(seen, zone=answered), MOVES, happened, Objectives(), SECOND)
    assert early.faulty_after_failover == 1
