"""Zones that nobody is to get into from elsewhere, and who was answered there all the same.

At a gateway that nobody has to answer, this is the one thing that its samples can show to be wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.claims import ENTERS_BY_INGRESS
from chaos.fault import Part
from chaos.model import NS_PER_S, Verdict
from chaos.platform import Kind
from chaos.result import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chaos.fault import Fault, Stage
    from chaos.model import Zone
    from chaos.result import Injection
    from chaos.samples import Series
    from chaos.watch import Pace


def closed(stages: Sequence[Stage], zone: Zone) -> Iterator[int]:
    """The numbers of the faults that close another zone to those who come by the gateway of this one.

    That a zone is disabled, a gateway learns from its zone's control plane, and that one from global: where either is
    taken away too, the gateway may go on as before.
    """
    deaf = any(_deafens(stage, zone) for stage in stages)
    for number, stage in enumerate(stages):
        told = stage.fault.kind is Kind.ZONE
        if stage.fault.takes is Part.ENTRANCE and stage.zone != zone and not (told and deaf):
            yield number


def _deafens(stage: Stage, zone: Zone) -> bool:
    kind = stage.fault.kind
    return kind is Kind.GLOBAL or (kind is Kind.CONTROL_PLANE and stage.zone == zone)


def lasting_s(stages: Sequence[Stage], pace: Pace) -> float:
    """How long the newest of these faults is watched at the least.

    A zone that may have answered others when it was closed has to be seen closed once ``pace.lasting`` is over.
    """
    later = len(stages) > 1 and stages[-1].fault.takes is Part.ENTRANCE
    return pace.lasting + pace.hold if later else pace.lasting


def intrusions(
    series: Series, zone: Zone, stages: Sequence[Stage], injections: Sequence[Injection], *, repair_ns: int, pace: Pace
) -> Iterator[Finding]:
    """Where the gateway of ``zone`` was answered by one that was closed to it, until the repair.

    A fault has had its time after ``pace.lasting``, in which control planes react.
    """
    for number in closed(stages, zone):
        fault, other, moment = stages[number].fault, stages[number].zone, injections[number].moment
        if moment is None:
            continue
        late = series.between(moment.high_ns + round(pace.lasting * NS_PER_S), repair_ns)
        count = int((late.answered_by(other) & (late.done_ns < repair_ns)).sum())
        if count:
            text = f"{other} answered {count} samples, though nobody was to get into it ({fault.name})"
            yield Finding(Verdict.FAIL, text, series.key, claim_of(fault))


def claim_of(fault: Fault) -> str:
    """The claim that is broken where somebody gets into a zone that this fault closed."""
    return fault.claim if fault.kind is Kind.ZONE else ENTERS_BY_INGRESS
