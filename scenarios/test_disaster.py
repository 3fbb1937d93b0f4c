"""A zone's gateway, or all of the zone, is lost: users at the load balancer must be answered by another zone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.faults import fault as fault_named

if TYPE_CHECKING:
    from chaos.watch import Pace
    from fixtures.mesh import Mesh
    from fixtures.proving import Prover

pytestmark = [pytest.mark.failover, pytest.mark.disaster, pytest.mark.recovery]


@pytest.mark.inject("delete-gateway", "delete-cluster")
def test_users_are_moved_to_another_zone_and_come_home(
    prove: Prover, mesh: Mesh, fault: str, zone: str, profile: str, *, pace: Pace
) -> None:
    """The load balancer moves within the objective; the repaired zone serves its share again, without help."""
    prove(mesh, fault, zone, profile, claims=(fault_named(fault).claim, "nearest-first", "comes-home"), pace=pace)
