"""What a fault is, and the two ways of the walkthrough to break something: delete it, or misconfigure it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from chaos.platform import Action
from chaos.result import Expectation

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.model import Vantage, Zone
    from chaos.platform import Kind, Platform, Record

    Sight = Callable[[Vantage, Zone], Expectation]


class Fault(Protocol):
    """Something that can be broken in one zone, proved to be broken, and put back.

    Putting back is the same for every fault: each recorded target is made what it was
    (``chaos.undo``).
    """

    @property
    def name(self) -> str:
        """The name that options and reports use."""
        ...

    @property
    def kind(self) -> Kind:
        """What is hit: every target of this kind in the zone."""
        ...

    @property
    def action(self) -> Action:
        """What is done to each target, for the plan."""
        ...

    @property
    def claim(self) -> str:
        """The walkthrough's claim that this fault tests."""
        ...

    def expectation(self, vantage: Vantage, zone: Zone) -> Expectation:
        """What this fault in ``zone`` may do to ``vantage``."""
        ...

    def inject(self, platform: Platform, record: Record) -> None:
        """Break the recorded target."""
        ...

    def effective(self, platform: Platform, record: Record) -> str | None:
        """Proof, in words, that it is broken; None while it may not be."""
        ...


@dataclass(frozen=True)
class Deletion:
    """The target goes away."""

    name: str
    kind: Kind
    claim: str
    expectation: Sight
    action: Action = Action.DELETE

    def inject(self, platform: Platform, record: Record) -> None:
        """Delete the recorded target."""
        platform.delete(record)

    def effective(self, platform: Platform, record: Record) -> str | None:
        """Proof that it is gone."""
        return platform.gone(record)


@dataclass(frozen=True)
class Misdirection:
    """The service no longer leads to its pods; ``action`` says in which way."""

    name: str
    kind: Kind
    claim: str
    expectation: Sight
    action: Action

    def inject(self, platform: Platform, record: Record) -> None:
        """Misconfigure the recorded service."""
        platform.misdirect(record, self.action)

    def effective(self, platform: Platform, record: Record) -> str | None:
        """Proof that it is misconfigured."""
        return platform.misdirected(record, self.action)


def inside(vantage: Vantage, zone: Zone) -> Expectation:
    """A fault behind the gateway: whoever asks through that gateway must be answered by another zone."""
    return Expectation.FAILS_OVER if vantage.zone in {None, zone} else Expectation.UNTOUCHED


def at_the_edge(vantage: Vantage, zone: Zone) -> Expectation:
    """A fault that takes the gateway itself away: judged at the load balancer."""
    if vantage.zone == zone:
        return Expectation.MAY_DIE
    return Expectation.FAILS_OVER if vantage.zone is None else Expectation.UNTOUCHED
