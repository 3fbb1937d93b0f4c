"""What the faults of an experiment, together, may do to each vantage."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from chaos.fault import Part
from chaos.result import Expectation

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chaos.fault import Stage
    from chaos.model import Vantage, Zone

NO_ZONES: frozenset[Zone] = frozenset()


@dataclass(frozen=True)
class Outlook:
    """What may happen to one vantage, and by which zones it is to be told."""

    expectation: Expectation
    faulty: frozenset[Zone] = NO_ZONES
    """Zones that cannot answer there: only what others answer is a failover."""
    returns: frozenset[Zone] = NO_ZONES
    """Zones that have to answer there again after the repair."""
    stage: int = 0
    """The number of the fault that brought it about, from 0: its injection is what lengths count from."""
    cause: int = 0
    """The number of the fault whose claim is tested: an entrance that is lost changes who may answer, not that somebody
    has to."""
    at_home: bool = False
    """Whether recovering takes home's own answers: what is left there is well."""


UNTOUCHED = Outlook(Expectation.UNTOUCHED)


def outlooks(vantages: Sequence[Vantage], zones: Iterable[Zone], stages: Sequence[Stage]) -> dict[str, Outlook]:
    """Each vantage's outlook, by its name, once all of ``stages`` are in effect in a mesh of these zones.

    A zone need not have a gateway, so a vantage, to answer for others. What the users of a gateway feel, those of the
    load balancer do who are sent there: a fault that concerns the one concerns the other.
    """
    entered, zones = frozenset(entered_zones(vantages)), frozenset(zones)
    found = {vantage.name: UNTOUCHED for vantage in vantages}
    for number, newest in enumerate(stages):
        together = _Together(zones, entered, stages[: number + 1])
        felt = False
        for vantage in sorted(vantages, key=lambda one: one.zone is None):  # gateways first
            former, now = found[vantage.name], together.at(vantage)
            moves = now.expectation in _MOVE
            follows = vantage.zone is None and felt and moves
            if follows or replace(now, stage=former.stage, cause=former.cause) != former:
                cause = former.cause if newest.fault.takes is Part.ENTRANCE else number
                found[vantage.name] = replace(now, stage=number, cause=cause)
                felt = felt or moves
            felt = felt or _closes(newest, vantage)
    return found


def _closes(stage: Stage, vantage: Vantage) -> bool:
    """Whether a fault closes this gateway: the load balancer has to move then, wherever it was answered before."""
    return vantage.zone == stage.zone and stage.fault.takes in _CLOSING


_CLOSING = (Part.GATEWAY, Part.ALL)
_MOVE = frozenset({Expectation.FAILS_OVER, Expectation.RECOVERS})
"""Where bad answers have to end in time."""


def entered_zones(vantages: Iterable[Vantage]) -> tuple[Zone, ...]:
    """The zones with a gateway: those whose users a load balancer sends there, and whose answers it is at home with."""
    return tuple(vantage.zone for vantage in vantages if vantage.zone is not None)


def _outlook(expectation: Expectation, faulty: frozenset[Zone], returns: frozenset[Zone], *, at_home: bool) -> Outlook:
    """Which zones are faulty matters only where another has to answer."""
    return Outlook(expectation, faulty if expectation in _MOVE else NO_ZONES, returns, at_home=at_home)


class _Together:
    """What several faults leave of a mesh."""

    def __init__(self, zones: frozenset[Zone], entered: frozenset[Zone], stages: Iterable[Stage]) -> None:
        self._zones = zones
        self._entered = entered
        self._stages = tuple(stages)

    def _lacking(self, *parts: Part) -> frozenset[Zone]:
        return frozenset(stage.zone for stage in self._stages if stage.fault.takes in parts)

    @cached_property
    def _mute(self) -> frozenset[Zone]:
        return self._lacking(Part.ECHO, Part.ALL)

    @cached_property
    def _closed(self) -> frozenset[Zone]:
        return self._lacking(*_CLOSING) & self._entered

    def at(self, vantage: Vantage) -> Outlook:
        """The outlook at a gateway, or at the load balancer."""
        if vantage.zone is None:
            return self._at_load_balancer()
        expectation = self._at_gateway(vantage.zone)
        if expectation is Expectation.UNTOUCHED:
            return UNTOUCHED
        home, at_home = frozenset({vantage.zone}), self._recovers_at_home(vantage.zone)
        closed_to_it = self._lacking(Part.ENTRANCE) - home
        unwell = NO_ZONES if at_home else self._mute | self._sick | closed_to_it
        return _outlook(expectation, unwell, home, at_home=at_home)

    def _recovers_at_home(self, zone: Zone) -> bool:
        return zone in self._lacking(Part.REPLICA) - self._mute - self._sick

    @cached_property
    def _sick(self) -> frozenset[Zone]:
        return self._lacking(Part.SHARE)

    def _at_gateway(self, zone: Zone) -> Expectation:
        return Expectation.MAY_DIE if zone in self._lacking(Part.GATEWAY_IN_TURN) else self._answered(zone)

    def _answered(self, zone: Zone) -> Expectation:
        """What users of a gateway feel of all but its own rollout."""
        if zone in self._closed | self._lacking(Part.STEADINESS):
            return Expectation.MAY_DIE
        if zone in self._mute | self._sick:
            others = self._zones - self._mute - self._lacking(Part.ENTRANCE) - {zone}
            return self._from_elsewhere(others, failing_over=zone in self._mute)
        if zone in self._lacking(Part.REPLICA):
            return Expectation.RECOVERS
        return Expectation.SERVED if zone in self._lacking(Part.ECHO_IN_TURN) else Expectation.UNTOUCHED

    def _from_elsewhere(self, others: frozenset[Zone], *, failing_over: bool) -> Expectation:
        """Whoever is answered by these zones feels what is wrong with any of them."""
        if not others - self._sick or others & self._lacking(Part.STEADINESS):
            return Expectation.MAY_DIE
        well = failing_over and not others & (self._sick | self._lacking(Part.REPLICA))
        return Expectation.FAILS_OVER if well else Expectation.RECOVERS

    def _at_load_balancer(self) -> Outlook:
        in_turn = self._lacking(Part.GATEWAY_IN_TURN)
        gateways = {self._answered(zone) for zone in self._entered - self._closed}
        hurt = self._lacking(Part.STEADINESS, Part.SHARE, Part.REPLICA, Part.ECHO_IN_TURN)
        bad = self._mute | self._closed | in_turn | hurt
        hit = bad & self._entered  # nobody is at home in a zone without a gateway
        expectation = self._worst(gateways, announced=bool(in_turn))
        # users of a gateway that is answered by the zone of a closed one are well served
        faulty = self._mute if Expectation.FAILS_OVER in gateways else self._mute | self._closed
        at_home = not (self._mute | self._closed | self._sick) and bool(hit & self._lacking(Part.REPLICA))
        return _outlook(expectation, faulty, hit, at_home=at_home) if hit else UNTOUCHED

    def _worst(self, gateways: set[Expectation], *, announced: bool) -> Expectation:
        """What users of all these gateways may feel, when whole zones' gateways are gone or ``announced`` to go."""
        if not gateways or Expectation.MAY_DIE in gateways:
            return Expectation.MAY_DIE
        if Expectation.RECOVERS in gateways:  # what its users feel would break a failover that is otherwise perfect
            return Expectation.RECOVERS
        if self._closed or Expectation.FAILS_OVER in gateways:
            return Expectation.FAILS_OVER
        return Expectation.SERVED if announced or Expectation.SERVED in gateways else Expectation.UNTOUCHED
