"""What was seen of the mesh where it matters, a line each: so that a diagnosis can be checked, also an unknown one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.clues import NOTHING
from chaos.diagnosis.troubles import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.diagnosis.clues import Clues
    from chaos.diagnosis.seen import Seen
    from chaos.model import Zone


def lines(seen: Seen) -> tuple[str, ...]:
    """For every zone whose gateway is in trouble what its Envoy had, and what else was out of the ordinary."""
    taken = seen.clues
    moments = {"before the fault": taken.before, "at its end": taken.during, "in the end": taken.after}
    if not seen.steady:
        moments = {"without a steady state": taken.before}
    return tuple(line for when, clues in moments.items() if clues != NOTHING for line in _at(seen, when, clues))


def _at(seen: Seen, when: str, clues: Clues) -> Iterator[str]:
    for zone in _in_trouble(seen):
        if (upstreams := clues.zone(zone).upstreams) is not None:
            yield f"{when} the gateway's Envoy of {zone} had {', '.join(map(str, upstreams)) or 'no endpoint'}"
    yield from (f"{when} {unusual}" for unusual in _unusual(clues))


def _unusual(clues: Clues) -> Iterator[str]:
    """What is not as in a mesh that is well."""
    yield from (f"the control plane of {one.zone} did not answer" for one in clues.zones if one.answers is False)
    yield from (f"global showed {one.zone} offline" for one in clues.zones if one.online is False)
    for ingress in clues.ingresses or ():
        if ingress.accepts is False:
            yield f"nobody listened at {ingress.address}, the ingress of {ingress.zone}"
    if clues.balancer is not None and (out := [one.zone for one in clues.balancer.members if not one.healthy]):
        yield f"the load balancer had taken out the gateway of {' and '.join(out)}"


def _in_trouble(seen: Seen) -> tuple[Zone, ...]:
    return tuple(dict.fromkeys((*seen.restless, *seen.zones_with(*Trouble))))
