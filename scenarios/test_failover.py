"""Something inside a zone breaks: its gateway must be answered by another zone, and by its own after the repair."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.faults import fault as fault_named

if TYPE_CHECKING:
    from fixtures.mesh import Mesh
    from fixtures.proving import Prover

pytestmark = [pytest.mark.failover, pytest.mark.recovery]


@pytest.mark.inject("delete-deployment", "delete-service", "wrong-port")
def test_the_mesh_reroutes_to_another_zone_and_comes_home(
    prove: Prover, mesh: Mesh, fault: str, zone: str, profile: str
) -> None:
    """Another zone answers within the objective, home again after the repair, without help."""
    elsewhere = [other for other in mesh.zones if other != zone]
    before = {other: mesh.ingress_bytes(other) for other in elsewhere}
    prove(mesh, fault, zone, profile, claims=(fault_named(fault).claim, "nearest-first", "comes-home"))
    passed = {other: mesh.ingress_bytes(other) - before[other] for other in elsewhere}
    prove.check(
        mesh,
        "enters-by-ingress",
        zone,
        profile,
        holds=any(passed.values()),
        evidence=", ".join(f"the ingress of {other} passed on {count} bytes" for other, count in passed.items()),
    )
