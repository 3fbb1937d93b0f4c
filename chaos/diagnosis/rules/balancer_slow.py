"""A load balancer notices that a gateway is gone after so many failed checks, each an interval apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause
from chaos.diagnosis.troubles import Trouble
from chaos.fault import Part

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Seen
    from chaos.model import Zone

CAUSE = Cause.BALANCER_SLOW


def diagnose(seen: Seen) -> str | None:
    """Where users of the load balancer got away too late, and its checks cannot do it within the objective."""
    balancer, zone, bound = seen.clues.during.balancer, goes_on_using(seen), seen.objectives.failover
    if balancer is None or zone is None or balancer.notices_s is None or balancer.notices_s <= bound:
        return None
    return (
        f"the load balancer's checks need {balancer.notices_s:g} s to take out the gateway of {zone}, "
        f"and the objective is {bound:g} s"
    )


def goes_on_using(seen: Seen) -> Zone | None:
    """The zone whose gateway the experiment took, and to which the load balancer sends users all the same."""
    balancer = seen.clues.during.balancer
    late = (Trouble.NO_FAILOVER, Trouble.UNHELD, Trouble.LATE_FAILOVER)
    bad = any(seen.troubled(one, *late) and one.spans.last.bad for one in seen.balancers())
    if balancer is None or not bad:
        return None
    gone = (one.zone for one in seen.broken if one.takes in {Part.GATEWAY, Part.ALL})
    return next((zone for zone in gone if balancer.uses(zone)), None)
