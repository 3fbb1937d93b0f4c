"""Which faults cannot be in effect together: one takes away what the other is done to, or what shows that it lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.platform import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.fault import Stage

_OF_A_CLUSTER = frozenset(Kind) - {Kind.GLOBAL, Kind.ZONE}
_LOST_WITH = {
    Kind.CLUSTER: _OF_A_CLUSTER,
    Kind.DEPLOYMENT: frozenset({Kind.DEPLOYMENT, Kind.SERVICE, Kind.REPLICA, Kind.WORKLOAD}),
    Kind.CONTROL_PLANE: frozenset({Kind.CONTROL_PLANE, Kind.SERVICE}),
    Kind.GLOBAL: frozenset({Kind.GLOBAL, Kind.ZONE}),
    Kind.INGRESS: frozenset({Kind.INGRESS, Kind.LINK}),
}
"""What is gone with a target, or can no longer be changed and compared: what a zone offers is asked of its control
plane, which zones are admitted of global."""


def contradiction(stages: Sequence[Stage]) -> tuple[int, str] | None:
    """The number of the first fault, from 0, that contradicts one before it, and why."""
    for number, later in enumerate(stages):
        for earlier in stages[:number]:
            if why := _why(earlier, later):
                return number, why
    return None


def _why(earlier: Stage, later: Stage) -> str | None:
    """Why two faults cannot be in effect together; a global control plane is the same one in every zone."""
    kinds = earlier.fault.kind, later.fault.kind
    if earlier.zone != later.zone and Kind.GLOBAL not in kinds:
        return None
    if kinds[0] == kinds[1]:
        return f"{earlier} has the same target"
    if kinds[1] in _LOST_WITH.get(kinds[0], ()):
        return f"with {earlier} its target is gone, or can no longer be changed: leave one out"
    if kinds[0] in _LOST_WITH.get(kinds[1], ()):
        return f"{earlier} could no longer be shown to last: leave one out"
    return None
