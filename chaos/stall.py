"""When a machine is too busy for the mesh on it: what fails then says nothing of the mesh."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.model import NS_PER_S

if TYPE_CHECKING:
    from chaos.platform import Platform
    from chaos.samples import SampleLog

_WAKINGS = 8
"""Of processes for one request: load balancer, gateway, sidecar and echo, on its way there and on its way back."""


def held_up(mesh: Platform, log: SampleLog, since_ns: int) -> str | None:
    """What to say of a machine that held up the mesh since then (monotonic ns); None where that fails no request.

    ``log`` has the schedule by which requests were sent. What is woken an eighth of the probe's time limit late at each
    stop has no answer within that limit. What passed there all the same was served in time.
    """
    if log.schedule is None:  # nothing was sent yet
        return None
    worst_ns = mesh.worst_stall_ns(since_ns)
    if worst_ns < log.schedule.timeout_ns // _WAKINGS:
        return None
    return (
        f"this machine was too busy for the mesh on it, so what failed says nothing: a process of the mesh was woken "
        f"{worst_ns / NS_PER_S:.2f} s late, and a request waits for {_WAKINGS} wakings. Give it more "
        "cores, or run less beside it"
    )
