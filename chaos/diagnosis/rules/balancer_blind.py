"""A load balancer without health checks goes on sending users to a gateway that is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause
from chaos.diagnosis.rules.balancer_slow import goes_on_using

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Seen

CAUSE = Cause.BALANCER_BLIND


def diagnose(seen: Seen) -> str | None:
    """Where users of the load balancer did not get away from a gateway that it does not check."""
    balancer, zone = seen.clues.during.balancer, goes_on_using(seen)
    if balancer is None or zone is None or balancer.notices_s is not None:
        return None
    return f"the load balancer does not check its gateways, and goes on sending users to that of {zone}, which is gone"
