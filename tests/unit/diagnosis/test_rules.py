"""Every rule on every mesh: it names its own cause, and is silent about all others."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos.diagnosis.cause import Cause
from chaos.diagnosis.reasoning import RANKS, diagnose
from chaos.diagnosis.rules import rules
from tests.unit.diagnosis.made import clues, no_failover, seen, taken
from tests.unit.diagnosis.wrong import CASES

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Seen

ALSO: dict[str, set[Cause]] = {
    "control plane hangs while broken": {Cause.DEAD_ENDPOINTS_KEPT},
    "the gateway's connections stay": set(),
}
"""What follows from the cause, and is of a lower rank."""


@pytest.mark.parametrize("name", CASES)
def test_the_cause_is_the_right_one_or_unknown(name: str) -> None:
    cause, made = CASES[name]
    found = diagnose(made)
    assert (found.cause, found.sentence) == (cause, found.sentence), found
    assert found.sentence
    assert "\n" not in found.sentence


@pytest.mark.parametrize("cause", sorted(rules()))
def test_a_rule_is_silent_about_every_mesh_that_is_wrong_otherwise(cause: Cause) -> None:
    spoken = {name: rules()[cause].diagnose(made) for name, (_, made) in CASES.items()}
    allowed = {name for name, (right, _) in CASES.items() if right is cause or cause in ALSO.get(name, ())}
    assert {name for name, sentence in spoken.items() if sentence} <= allowed, spoken


def test_every_cause_but_unknown_has_a_rule_a_rank_and_a_mesh_that_is_wrong_so() -> None:
    known = set(Cause) - {Cause.UNKNOWN}
    assert set(rules()) == known
    assert Counter(cause for rank in RANKS for cause in rank) == Counter(known)
    assert {cause for cause, _ in CASES.values()} >= known


@pytest.mark.parametrize("rule", sorted(rules()))
def test_nothing_is_said_of_a_mesh_with_which_all_is_well(rule: Cause) -> None:
    assert rules()[rule].diagnose(seen()) is None


def test_two_causes_of_the_same_rank_are_none() -> None:
    found = diagnose(_with_two_causes())
    assert found.cause is Cause.UNKNOWN
    assert found.sentence == "what was seen fits several causes: no-mtls, route-not-multizone"
    assert "the route of zone1 leads to MeshService, not to the MeshMultiZoneService" in found.evidence


def _with_two_causes() -> Seen:
    own = {"backends": ("MeshService",), "upstreams": ()}
    return seen(*no_failover(), clues=replace(taken(), before=clues(mtls=False, zone1=own), during=clues(zone1=own)))


def test_what_was_seen_of_zones_in_trouble_is_the_evidence() -> None:
    _, made = CASES["ingress where nobody listens"]
    found = diagnose(made)
    assert found.evidence == (
        f"before the fault the gateway's Envoy of zone1 had {_WELL}",
        f"at its end the gateway's Envoy of zone1 had {_ZONE2}",
        "at its end nobody listened at 127.20.2.20:10001, the ingress of zone2",
        f"in the end the gateway's Envoy of zone1 had {_WELL}",
    )


_ZONE2 = "127.20.2.20:10001 (zone2, priority 1, healthy)"
_WELL = f"127.20.1.101:1027 (zone1, priority 0, healthy), {_ZONE2}"
