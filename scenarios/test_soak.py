"""Fault after fault in random order for a long time: what each alone does not show, such as what is left each time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fixtures.soaking import Soak

pytestmark = [pytest.mark.soak]


@pytest.mark.replicas(2)
@pytest.mark.usefixtures("mesh")
def test_soak(soak: Soak) -> None:
    """Every experiment passes, the mesh is quiet whenever nothing is broken, and nothing grows."""
    soak()
