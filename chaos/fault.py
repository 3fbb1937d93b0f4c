"""What a fault is: an action on a kind of target, and what it takes from users."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chaos.platform import Action

if TYPE_CHECKING:
    from chaos.model import Zone
    from chaos.platform import Kind, Platform, Record


class Part(StrEnum):
    """What of a zone a fault takes from users; ``chaos.outlook`` says what that means at each vantage."""

    ECHO = "echo"
    """Its answers: the zone's gateway has to be answered by another zone."""
    GATEWAY = "gateway"
    """Its gateway: whoever asks there is lost, the load balancer has to use another."""
    ALL = "all"
    """All of it."""
    ENTRANCE = "entrance"
    """The way into it from other zones."""
    SHARE = "share"
    """A share of its answers: others have to give them once the mesh has noticed."""
    REPLICA = "replica"
    """One of several replicas: the others have to answer once the mesh has noticed."""
    STEADINESS = "steadiness"
    """That its answers can be relied on: nobody promises any while the fault lasts."""
    ECHO_IN_TURN = "echo in turn"
    """One of its replicas after the other: nobody may notice."""
    GATEWAY_IN_TURN = "gateway in turn"
    """Its gateway for a moment, announced: nobody at the load balancer may notice."""
    NOTHING = "nothing"
    """Nothing that users would notice."""


@dataclass(frozen=True)
class Fault:
    """Something that can be done to one zone, proved to be done, and undone.

    Undoing is the same for every fault: each recorded target is made what it was (``chaos.undo``).
    """

    name: str
    """The name that options and reports use."""
    kind: Kind
    """What is hit: every target of this kind in the zone."""
    takes: Part
    claim: str
    """The claim that this fault tests (``chaos.claims``)."""
    action: Action = Action.DELETE
    """What is done to each target."""

    def inject(self, platform: Platform, record: Record) -> None:
        """Do it to the recorded target."""
        if self.action is Action.DELETE:
            platform.delete(record)
        else:
            platform.disturb(record, self.action)

    def effective(self, platform: Platform, record: Record) -> str | None:
        """Proof, in words, that it is done and lasts; None while it may not be."""
        if self.action is Action.DELETE:
            return platform.gone(record)
        return platform.disturbed(record, self.action)


@dataclass(frozen=True)
class Stage:
    """One fault in one zone, of the faults of an experiment."""

    fault: Fault
    zone: Zone

    def __str__(self) -> str:
        return f"{self.fault.name} {self.zone}"
