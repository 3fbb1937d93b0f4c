"""Faults that the walkthrough has not: what a mesh must not even notice, what it must get over, and planned work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.faults import fault as fault_named

if TYPE_CHECKING:
    from chaos.watch import Pace
    from fixtures.mesh import Mesh
    from fixtures.meshes import Meshes
    from fixtures.proving import Prover

pytestmark = [pytest.mark.beyond]


@pytest.mark.control_plane
@pytest.mark.inject("kill-control-plane", "kill-global", "roll-control-plane")
def test_traffic_goes_on_without_control_planes(
    prove: Prover, mesh: Mesh, fault: str, zone: str, profile: str, *, pace: Pace
) -> None:
    """Nobody notices, and what is changed on global afterwards arrives in every zone."""
    prove(mesh, fault, zone, profile, claims=("control-planes-dispensable", "comes-home"), pace=pace)


@pytest.mark.inject("kill-ingress", "kill-egress", "disable-zone")
def test_what_joins_zones_is_not_missed_at_home(
    prove: Prover, mesh: Mesh, fault: str, zone: str, profile: str, *, pace: Pace
) -> None:
    """A zone that others cannot reach, or that cannot reach them by its egress, serves its own users."""
    prove(mesh, fault, zone, profile, claims=(fault_named(fault).claim, "comes-home"), pace=pace)


@pytest.mark.gray
@pytest.mark.inject("pause-echo", "hang-echo", "err-echo", "slow-echo")
def test_a_workload_that_runs_and_does_not_serve_is_made_up_for(
    prove: Prover, mesh: Mesh, fault: str, zone: str, profile: str, *, pace: Pace
) -> None:
    """No control plane hears of it, users are to be served all the same, and home again after the repair."""
    prove(mesh, fault, zone, profile, claims=(fault_named(fault).claim, "nearest-first", "comes-home"), pace=pace)


@pytest.mark.network
@pytest.mark.inject("cut-link", "delay-link", "lose-link")
def test_a_bad_network_between_zones_is_not_felt_at_home(
    prove: Prover, mesh: Mesh, fault: str, zone: str, profile: str, *, pace: Pace
) -> None:
    """Every zone's own users are served by the zone."""
    prove(mesh, fault, zone, profile, claims=(fault_named(fault).claim, "nearest-first", "comes-home"), pace=pace)


@pytest.mark.replicas(2)
@pytest.mark.inject("kill-replica")
def test_the_other_replicas_make_up_for_a_lost_one(
    prove: Prover, mesh: Mesh, fault: str, zone: str, profile: str, *, pace: Pace
) -> None:
    """After the objective for a failover nobody feels it any more."""
    prove(mesh, fault, zone, profile, claims=("lost-replica-recovers", "nearest-first", "comes-home"), pace=pace)


@pytest.mark.inject("flap-echo")
def test_a_flapping_zone_disturbs_no_other_and_comes_home_once_it_is_steady(
    prove: Prover, mesh: Mesh, fault: str, zone: str, profile: str, *, pace: Pace
) -> None:
    """Nobody promises the zone's own users anything meanwhile."""
    prove(mesh, fault, zone, profile, claims=("nearest-first", "comes-home"), pace=pace)


@pytest.mark.rollout
@pytest.mark.replicas(2)
@pytest.mark.inject("roll-echo", "upgrade-echo", "roll-gateway")
def test_a_careful_rollout_fails_no_request(
    prove: Prover, mesh: Mesh, fault: str, zone: str, profile: str, *, pace: Pace, meshes: Meshes
) -> None:
    """Replicas of echo one after the other, and a gateway after the load balancer was told."""
    prove(mesh, fault, zone, profile, claims=("rollouts-benefit", "nearest-first", "comes-home"), pace=pace)
    meshes.discard(mesh)  # a replica that was started out of sight is so again for a control plane that is restarted
