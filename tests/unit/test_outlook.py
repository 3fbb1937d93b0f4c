"""What several faults together may do to each vantage."""

from __future__ import annotations

import pytest

from chaos.fault import Fault, Part, Stage
from chaos.model import LOAD_BALANCER, Vantage
from chaos.outlook import Outlook, outlooks
from chaos.platform import Kind
from chaos.result import Expectation


def at(of: list[tuple[Part, str]], zones: int = 2, gateways: int | None = None) -> dict[str, Outlook]:
    """Each vantage's outlook: of the load balancer ``lb``, of the gateways (the first ones, if few) by their zone."""
    every = [f"zone{number + 1}" for number in range(zones)]
    names = every[:gateways]
    vantages = [Vantage(LOAD_BALANCER, "http://lb"), *(Vantage(f"gateway-{n}", f"http://{n}", n) for n in names)]
    stages = [Stage(Fault(part, Kind.DEPLOYMENT, part, "comes-home"), zone) for part, zone in of]
    found = outlooks(vantages, every, stages)
    return {"lb": found[LOAD_BALANCER], **{name: found[f"gateway-{name}"] for name in names}}


def words(of: list[tuple[Part, str]], zones: int = 2, gateways: int | None = None) -> str:
    return " ".join(outlook.expectation.value for outlook in at(of, zones, gateways).values())


@pytest.mark.parametrize(
    ("faults", "zones", "expected"),
    [
        ([], 2, "untouched untouched untouched"),
        ([(Part.ECHO, "zone1")], 2, "fails-over fails-over untouched"),
        ([(Part.GATEWAY, "zone1")], 2, "fails-over may-die untouched"),
        ([(Part.ALL, "zone1")], 2, "fails-over may-die untouched"),
        ([(Part.NOTHING, "zone1")], 2, "untouched untouched untouched"),
        ([(Part.ENTRANCE, "zone1")], 2, "untouched untouched untouched"),
        ([(Part.SHARE, "zone1")], 2, "recovers recovers untouched"),
        ([(Part.STEADINESS, "zone1")], 2, "may-die may-die untouched"),
        ([(Part.ECHO_IN_TURN, "zone1")], 2, "served served untouched"),
        ([(Part.GATEWAY_IN_TURN, "zone1")], 2, "served may-die untouched"),
        ([(Part.ALL, "zone1"), (Part.ECHO, "zone2")], 2, "may-die may-die may-die"),
        ([(Part.ALL, "zone1"), (Part.ECHO, "zone2")], 3, "fails-over may-die fails-over untouched"),
        ([(Part.ALL, "zone1"), (Part.ALL, "zone2")], 3, "fails-over may-die may-die untouched"),
        ([(Part.ENTRANCE, "zone2"), (Part.ECHO, "zone1")], 2, "may-die may-die untouched"),
        ([(Part.ENTRANCE, "zone2"), (Part.ECHO, "zone1")], 3, "fails-over fails-over untouched untouched"),
        ([(Part.GATEWAY, "zone1"), (Part.ECHO, "zone2")], 2, "fails-over may-die fails-over"),
        ([(Part.NOTHING, "zone2"), (Part.ECHO, "zone1")], 2, "fails-over fails-over untouched"),
        ([(Part.ECHO, "zone1"), (Part.STEADINESS, "zone2")], 2, "may-die may-die may-die"),
        ([(Part.ECHO, "zone1"), (Part.STEADINESS, "zone2")], 3, "may-die may-die may-die untouched"),
        ([(Part.REPLICA, "zone1")], 2, "recovers recovers untouched"),
        ([(Part.ECHO, "zone1"), (Part.SHARE, "zone2")], 2, "may-die may-die may-die"),
        ([(Part.ECHO, "zone1"), (Part.REPLICA, "zone2")], 2, "recovers recovers recovers"),
        ([(Part.SHARE, "zone2"), (Part.ECHO, "zone1")], 3, "recovers recovers recovers untouched"),
        ([(Part.GATEWAY, "zone1"), (Part.SHARE, "zone2")], 2, "recovers may-die recovers"),
        ([(Part.ALL, "zone1"), (Part.SHARE, "zone2")], 3, "recovers may-die recovers untouched"),
        (
            [(Part.ECHO, "zone1"), (Part.SHARE, "zone2"), (Part.ENTRANCE, "zone2")],
            3,
            "recovers fails-over recovers untouched",
        ),
    ],
)
def test_what_may_happen_to_the_load_balancer_and_to_each_gateway(
    faults: list[tuple[Part, str]], zones: int, expected: str
) -> None:
    assert words(faults, zones) == expected


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ([(Part.ECHO, "zone1")], "fails-over fails-over"),
        ([(Part.ECHO, "zone2")], "untouched untouched"),
        ([(Part.ALL, "zone2")], "untouched untouched"),
        ([(Part.SHARE, "zone2")], "untouched untouched"),
        ([(Part.GATEWAY, "zone1")], "may-die may-die"),
        ([(Part.ECHO, "zone1"), (Part.ALL, "zone2")], "may-die may-die"),
        ([(Part.ECHO, "zone1"), (Part.SHARE, "zone2")], "may-die may-die"),
    ],
)
def test_a_zone_without_a_gateway_answers_for_others_and_has_no_users_of_its_own(
    faults: list[tuple[Part, str]], expected: str
) -> None:
    assert words(faults, gateways=1) == expected
    assert at(faults, gateways=1)["lb"].returns <= {"zone1"}


def test_lengths_count_from_the_fault_that_concerns_a_vantage() -> None:
    found = at([(Part.ALL, "zone1"), (Part.ECHO, "zone2")], zones=3)
    assert {name: outlook.stage for name, outlook in found.items()} == {"lb": 1, "zone1": 0, "zone2": 1, "zone3": 0}
    assert at([(Part.ECHO, "zone1"), (Part.NOTHING, "zone1")])["zone1"].stage == 0


def test_only_a_zone_that_can_answer_proves_a_failover() -> None:
    found = at([(Part.ALL, "zone1"), (Part.ECHO, "zone2")], zones=3)
    assert found["zone2"].faulty == {"zone1", "zone2"}
    assert found["lb"].faulty == {"zone1", "zone2"}


def test_the_zone_of_a_closed_gateway_may_answer_those_who_come_by_another() -> None:
    assert at([(Part.GATEWAY, "zone1")])["lb"].faulty == {"zone1"}
    assert at([(Part.GATEWAY, "zone1"), (Part.ECHO, "zone2")])["lb"].faulty == {"zone2"}


def test_each_gateway_has_to_come_home_to_its_own_zone_and_the_load_balancer_to_all_that_were_hit() -> None:
    found = at([(Part.ALL, "zone1"), (Part.ECHO, "zone2")], zones=3)
    assert {name: outlook.returns for name, outlook in found.items()} == {
        "lb": {"zone1", "zone2"},
        "zone1": {"zone1"},
        "zone2": {"zone2"},
        "zone3": set(),
    }


ENTRANCE_GONE = [(Part.ENTRANCE, "zone2"), (Part.ECHO, "zone1")]


def test_a_zone_that_nobody_gets_into_cannot_answer_for_another_and_answers_its_own() -> None:
    found = at(ENTRANCE_GONE, zones=3)
    assert found["zone1"].faulty == {"zone1", "zone2"}
    assert found["lb"].faulty == {"zone1"}, "who comes by its gateway is at home there"
    assert at([*ENTRANCE_GONE, (Part.ECHO, "zone2")], zones=4)["zone2"].faulty == {"zone1", "zone2"}
    assert at([(Part.ECHO, "zone1"), (Part.ENTRANCE, "zone1")])["zone1"].faulty == {"zone1"}


def test_who_may_be_answered_by_a_zone_whose_entrance_is_lost_has_to_move_again() -> None:
    found = at(ENTRANCE_GONE[::-1], zones=3)
    assert {name: outlook.stage for name, outlook in found.items()} == {"lb": 1, "zone1": 1, "zone2": 0, "zone3": 0}
    assert {outlook.expectation for outlook in (found["lb"], found["zone1"])} == {Expectation.FAILS_OVER}


def test_that_it_has_to_move_at_all_is_still_what_the_fault_before_promised() -> None:
    found = at(ENTRANCE_GONE[::-1], zones=3)
    assert {found[name].cause for name in ("lb", "zone1")} == {0}
    assert {at(ENTRANCE_GONE, zones=3)[name].cause for name in ("lb", "zone1")} == {1}


def test_an_entrance_that_nobody_needs_moves_nobody() -> None:
    for faults in (
        [(Part.GATEWAY, "zone1"), (Part.ENTRANCE, "zone2")],
        [(Part.ECHO, "zone1"), (Part.ENTRANCE, "zone1")],
    ):
        assert at(faults, zones=3)["lb"].stage == 0, faults


def test_users_of_the_load_balancer_recover_from_what_its_gateways_have_to_move_for() -> None:
    found = at([(Part.SHARE, "zone2"), (Part.ECHO, "zone1"), (Part.ENTRANCE, "zone2")], zones=3)
    assert found["lb"].expectation is Expectation.RECOVERS
    assert (found["lb"].stage, found["zone1"].stage) == (2, 2)
