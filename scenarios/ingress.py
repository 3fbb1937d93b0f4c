"""Proving by their Envoys' own counters that traffic to another zone enters it at its ingress."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from chaos.claims import ENTERS_BY_INGRESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.mesh import Mesh
    from fixtures.proving import Prover


@contextmanager
def entering_by_ingress(prove: Prover, mesh: Mesh, zone: str, profile: str) -> Iterator[None]:
    """What happens in this context must have gone from ``zone`` to another zone, through that one's ingress."""
    before = {other: mesh.ingress_bytes(other) for other in mesh.zones if other != zone}
    yield
    passed = {other: mesh.ingress_bytes(other) - count for other, count in before.items()}
    evidence = ", ".join(f"the ingress of {other} passed on {count} bytes" for other, count in passed.items())
    prove.check(
        mesh, ENTERS_BY_INGRESS, zone, profile, holds=any(count > 0 for count in passed.values()), evidence=evidence
    )
