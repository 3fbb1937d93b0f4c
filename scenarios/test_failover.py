"""Something inside a zone breaks: its gateway must be answered by another zone, and by its own after the repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.faults import fault as fault_named
from scenarios.ingress import entering_by_ingress

if TYPE_CHECKING:
    from chaos.watch import Pace
    from fixtures.mesh import Mesh
    from fixtures.proving import Prover

pytestmark = [pytest.mark.failover, pytest.mark.recovery]


@pytest.mark.inject(
    "delete-deployment", "delete-service", "wrong-port", "wrong-port-name", "wrong-service-port", "wrong-selector"
)
def test_the_mesh_reroutes_to_another_zone_and_comes_home(
    prove: Prover, mesh: Mesh, fault: str, zone: str, profile: str, *, pace: Pace
) -> None:
    """Another zone answers within the objective, home again after the repair, without help."""
    with entering_by_ingress(prove, mesh, zone, profile):
        prove(mesh, fault, zone, profile, claims=(fault_named(fault).claim, "nearest-first", "comes-home"), pace=pace)
