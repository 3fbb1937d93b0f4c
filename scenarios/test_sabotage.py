"""A mesh that is wrong on purpose must be caught by the ordinary experiment, and the reason must be named.

A suite that cannot fail is worthless. Each sabotage is one mistake that people really make, or one that Kuma made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fixtures.sabotaging import Saboteur

pytestmark = [pytest.mark.sabotage]


def test_a_mesh_that_is_wrong_is_caught(saboteur: Saboteur, sabotage: str) -> None:
    """The experiment does not pass on it, and the diagnosis says why it cannot."""
    saboteur(sabotage)
