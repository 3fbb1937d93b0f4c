"""Several faults, one after the other: what is left of the mesh must serve users, and all must come home."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.composition.proof import claims_of

if TYPE_CHECKING:
    from chaos.composition import Composition
    from chaos.watch import Pace
    from fixtures.mesh import Mesh
    from fixtures.proving import Prover

pytestmark = [pytest.mark.composition, pytest.mark.beyond]


def test_what_is_left_of_the_mesh_serves_users_and_all_comes_home(
    prove: Prover, mesh: Mesh, composition: Composition, profile: str, *, pace: Pace
) -> None:
    """Each fault is watched before the next one; all are put back at the end, the last one first."""
    first = composition.stages[0]
    claims = claims_of(composition, mesh.vantages, mesh.zones)
    prove(mesh, first.fault.name, first.zone, profile, claims=claims, pace=pace, composition=composition)
