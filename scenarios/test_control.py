"""No fault is injected: nothing may be found. A suite that finds something here would cry wolf every night."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fixtures.mesh import Mesh
    from fixtures.proving import Prover

pytestmark = [pytest.mark.failover, pytest.mark.control]


def test_nothing_is_found_where_nothing_is_broken(prove: Prover, mesh: Mesh, profile: str) -> None:
    """Every vantage is answered by its own zone all the time."""
    prove(mesh, None, mesh.zones[0], profile, claims=("nearest-first",))
