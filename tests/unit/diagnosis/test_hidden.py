"""A replica that fails while retries make users happy: told by what Envoy counts between two looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from chaos.diagnosis.clues import NOTHING, Clues, Upstream, ZoneClues
from chaos.diagnosis.hidden import hidden
from chaos.model import Verdict
from tests.unit.simulation import Onlooker, SimulatedMesh, VirtualClock, start_probe
from tests.unit.test_experiment import experiment

if TYPE_CHECKING:
    from pathlib import Path

WELL = Upstream("127.20.1.101:1027", "zone1", 0, healthy=True, requests=500, errors=3)
BROKEN = Upstream("127.20.1.102:1027", "zone1", 0, healthy=True, requests=900, errors=800)
INGRESS = Upstream("127.20.2.20:10001", "zone2", 1, healthy=True, requests=100, errors=100)


def look(*upstreams: Upstream) -> Clues:
    return Clues(zones=(ZoneClues("zone1", upstreams=upstreams), ZoneClues("zone2")))


def later(one: Upstream, requests: int, errors: int) -> Upstream:
    assert one.requests is not None
    assert one.errors is not None
    return replace(one, requests=one.requests + requests, errors=one.errors + errors)


def test_a_replica_that_fails_all_it_is_sent_is_named() -> None:
    (said,) = hidden(look(WELL, BROKEN), look(later(WELL, 60, 0), later(BROKEN, 31, 31)))

    assert said == (
        "127.20.1.102:1027 of zone1 failed 31 of 31 requests of its gateway in the steady state, and retries hid that"
    )


@pytest.mark.parametrize(
    ("requests", "errors"),
    [(9, 9), (30, 0), (30, 26), (0, 0)],
    ids=["too few to say", "none failed", "some failed", "not asked: balanced by hash"],
)
def test_what_is_no_proof_is_not_told(requests: int, errors: int) -> None:
    assert hidden(look(BROKEN), look(later(BROKEN, requests, errors))) == ()


def test_what_failed_before_the_first_look_is_over() -> None:
    """Another experiment on the same mesh broke it: Envoy counts from the first request on."""
    assert hidden(look(replace(BROKEN, errors=900)), look(later(replace(BROKEN, errors=900), 40, 0))) == ()


def test_counters_that_began_anew_say_nothing() -> None:
    assert hidden(look(BROKEN), look(replace(BROKEN, requests=40, errors=40))) == ()


def test_other_zones_are_not_home() -> None:
    assert hidden(look(INGRESS), look(later(INGRESS, 40, 40))) == ()


@pytest.mark.parametrize("first", [NOTHING, look(), look(replace(BROKEN, errors=None))])
def test_what_could_not_be_seen_says_nothing(first: Clues) -> None:
    assert hidden(first, look(later(BROKEN, 40, 40))) == ()


@dataclass
class WithClues(SimulatedMesh):
    """A mesh whose second replica answers ``failing`` of 40 requests with errors between two looks."""

    failing: int = 0
    looks: int = 0

    def clues(self) -> Clues:
        self.looks += 1
        return look(WELL, later(BROKEN, 40 * self.looks, self.failing * self.looks))


def test_nothing_is_injected_into_a_mesh_that_is_not_whole(tmp_path: Path) -> None:
    mesh = WithClues(VirtualClock(), failing=40)

    result = experiment(tmp_path).run(mesh, start_probe(mesh), Onlooker(), mesh.clock)

    assert result.verdict is Verdict.INFRA
    (finding,) = result.findings
    assert finding.text.startswith("no steady state: 127.20.1.102:1027 of zone1 failed 40 of 40 requests")
    assert finding.text.endswith("retries hid that: repair it first")
    assert "delete" not in mesh.calls


def test_a_mesh_that_shows_nothing_of_the_kind_is_tried(tmp_path: Path) -> None:
    mesh = WithClues(VirtualClock(), failing=4)

    assert experiment(tmp_path).run(mesh, start_probe(mesh), Onlooker(), mesh.clock).verdict is Verdict.PASS
