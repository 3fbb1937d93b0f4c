"""The walkthrough, step by step, on a mesh of its own: who answers after each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.outlook import entered_zones
from chaos.watch import Pace
from fixtures.mesh import Backend
from scenarios.ingress import entering_by_ingress

if TYPE_CHECKING:
    from fixtures.mesh import Mesh
    from fixtures.proving import Prover

pytestmark = [pytest.mark.failover, pytest.mark.walkthrough]

_A_MOMENT = Pace(undisturbed=2.0)


def test_walkthrough(prove: Prover, bare_mesh: Mesh, profile: str) -> None:
    """Route to the zone's echo; add the multi-zone service; re-point the route; take echo away in one zone."""
    mesh = bare_mesh
    entered = entered_zones(mesh.vantages)
    first = entered[0]

    # An HTTPRoute to each zone's own echo: answered by the zone's own pods.
    prove(mesh, None, first, profile, claims=("zone-local-route",), step="1-route-to-own-echo", pace=_A_MOMENT)

    # The MeshMultiZoneService exists, but no route leads to it yet: nothing changes.
    mesh.apply_multizone()
    prove(mesh, None, first, profile, claims=("nearest-first",), step="2-multizone-service-applied", pace=_A_MOMENT)

    # The routes are re-pointed: still the nearest answers.
    for zone in entered:
        mesh.route(zone, Backend.MULTIZONE)
    prove(mesh, None, first, profile, claims=("nearest-first",), step="3-route-re-pointed", pace=_A_MOMENT)

    # The first zone no longer offers echo: another zone answers at its gateway, through its ingress.
    with entering_by_ingress(prove, mesh, first, profile):
        prove(mesh, "delete-service", first, profile, claims=("one-service-in-all-zones", "comes-home"), step="4")
