"""Every fault is either explained exactly, before and after, or refused with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.faults import faults
from chaos.platform import Action, Kind
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.platform import PlannedKubernetes
from fixtures.platforms.kubernetes.possible import refusal

if TYPE_CHECKING:
    from chaos.fault import Fault

POSSIBLE = [fault for fault in faults().values() if refusal(fault.kind, fault.action) is None]
REFUSED = [fault for fault in faults().values() if fault not in POSSIBLE]
PLANNED = PlannedKubernetes(("zone1", "zone2"), Site("kong"), {})


@pytest.mark.parametrize("fault", POSSIBLE, ids=lambda fault: fault.name)
def test_what_is_possible_says_what_it_does_and_how_it_is_undone(fault: Fault) -> None:
    (target,) = PLANNED.find(fault.kind, "zone1")
    assert target.kind is fault.kind
    done, undone = PLANNED.explain(fault.action, target), PLANNED.explain(Action.PUT, target)
    assert "zone1" in done or "global" in done
    assert done != undone


@pytest.mark.parametrize("fault", REFUSED, ids=lambda fault: fault.name)
def test_what_is_not_possible_says_what_it_would_take(fault: Fault) -> None:
    reason = refusal(fault.kind, fault.action)
    assert reason is not None
    assert "on its node" in reason


def test_only_the_processes_of_a_pod_and_its_network_are_out_of_reach() -> None:
    assert {fault.name for fault in REFUSED} == {"pause-echo", "cut-link", "delay-link", "lose-link"}


def test_who_cannot_pause_is_told_what_looks_the_same() -> None:
    assert "hang-echo" in (refusal(Kind.WORKLOAD, Action.PAUSE) or "")


def test_what_makes_no_sense_is_refused_too() -> None:
    assert refusal(Kind.WORKLOAD, Action.ROLL) == "nobody has built a way to roll a workload there"
