"""What a place where a mesh runs must offer so that faults can be injected into it and undone.

A platform is one package under ``fixtures/platforms``; a fault is written once against this Protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chaos.diagnosis.clues import Clues
    from chaos.model import Attribution, Vantage, Zone


class Kind(StrEnum):
    """What a fault can hit. The names are Kubernetes'; each platform says what it is there."""

    DEPLOYMENT = "deployment"
    """Every replica of a zone's ``echo`` with its data plane proxy."""
    SERVICE = "service"
    """That a zone offers ``echo``, and on which port."""
    GATEWAY = "gateway"
    """A zone's gateway."""
    CLUSTER = "cluster"
    """The whole zone: control plane, ingress, egress, gateway, echo."""
    INGRESS = "ingress"
    """A zone's ingress: the way into it from other zones."""
    EGRESS = "egress"
    """A zone's egress."""
    CONTROL_PLANE = "control-plane"
    """A zone's control plane."""
    GLOBAL = "global-control-plane"
    """The global control plane, whichever zone is asked for."""
    ZONE = "zone"
    """That global accepts a zone."""
    REPLICA = "replica"
    """One of a zone's several replicas of ``echo``, with its data plane proxy."""
    WORKLOAD = "workload"
    """The ``echo`` programs themselves, behind their data plane proxies."""
    LINK = "link"
    """The network between a zone's ingress and the other zones."""


class Action(StrEnum):
    """What is done to a target."""

    DELETE = "delete"
    REDIRECT = "redirect"
    """The service sends to a port number where nothing listens."""
    MISNAME = "misname"
    """The service sends to a port by a name that no pod has."""
    MOVE = "move"
    """The service is offered on another port than the one that is asked for."""
    MISSELECT = "misselect"
    """The service selects no pod."""
    DISABLE = "disable"
    """Global no longer accepts the zone."""
    PAUSE = "pause"
    """Its processes stand still: connections are accepted by the kernel, and nobody answers."""
    SLOW = "slow"
    """It answers late."""
    ERR = "err"
    """It answers a share of the requests with errors."""
    HANG = "hang"
    """It accepts connections and never answers."""
    FLAP = "flap"
    """It goes away and comes back, several times."""
    ROLL = "roll"
    """Its members are restarted one after the other, as a careful rollout does."""
    UPGRADE = "upgrade"
    """Its members are replaced by those of another version one after the other."""
    DELAY = "delay"
    """What passes takes longer."""
    LOSE = "lose"
    """A share of the connections breaks."""
    CUT = "cut"
    """Nothing passes any more."""
    PUT = "put"
    """The target is made what was recorded."""


@dataclass(frozen=True)
class Target:
    """One object of the mesh that a fault may touch."""

    kind: Kind
    zone: Zone
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name} in {self.zone}"


@dataclass(frozen=True)
class Record:
    """What is needed to put a target back: the platform's own JSON document, without server-set fields."""

    target: Target
    state: Mapping[str, object]


class PlannedPlatform(Protocol):
    """A mesh that may not be up yet: can be asked what would be done. Touches nothing."""

    @property
    def name(self) -> str:
        """The platform's name, as the ``--platform`` option takes it."""
        ...

    @property
    def zones(self) -> tuple[Zone, ...]:
        """Every zone of the mesh."""
        ...

    @property
    def vantages(self) -> tuple[Vantage, ...]:
        """The load balancer first, then each zone's gateway."""
        ...

    @property
    def preparation(self) -> str:
        """What is done before the first experiment, line by line; nothing where that needs no words."""
        ...

    def find(self, kind: Kind, zone: Zone) -> tuple[Target, ...]:
        """The targets of a kind in a zone; empty where there is none.

        Raises:
            SettingsError: there is no such zone.
        """
        ...

    def explain(self, action: Action, target: Target) -> str:
        """What ``action`` would do to ``target``, in words and exactly."""
        ...


class Platform(PlannedPlatform, Protocol):
    """A running mesh.

    Methods that ask or change it raise ``chaos.errors.InfraError`` when it does not answer.
    """

    def attribution(self) -> Attribution:
        """Which pod, node and gateway name belongs to which zone: of all that there are or were since it came up.

        Asked at every look at the samples, so it must be quick.
        """
        ...

    def record(self, target: Target) -> Record:
        """The target as it is now, complete enough to put it back from nothing."""
        ...

    def delete(self, record: Record) -> None:
        """Make the recorded target go away, as a user's mistake or a disaster would."""
        ...

    def disturb(self, record: Record, action: Action) -> None:
        """Do to the recorded target what ``action`` says (any but DELETE and PUT)."""
        ...

    def put(self, record: Record) -> int | None:
        """Make the target what ``record`` says; does nothing where it is so already.

        Returns when it was last seen not to be that meanwhile (monotonic ns), None where nobody looked: where this
        takes minutes, the target may be back long before it ends.
        """
        ...

    def gone(self, record: Record) -> str | None:
        """Proof, in words, that the target no longer exists; None while it may still."""
        ...

    def disturbed(self, record: Record, action: Action) -> str | None:
        """Proof, in words, that ``action`` was done to the target and lasts; else None."""
        ...

    def difference(self, record: Record) -> str | None:
        """How the target differs from ``record``, or why it is not ready yet; None when it is as it was."""
        ...

    def unsettled(self, zone: Zone) -> str | None:
        """Why the mesh has not taken a repaired zone in again, by what it shows of itself; None when it has."""
        ...

    def clues(self) -> Clues:
        """What the mesh shows of itself now, for a diagnosis.

        Unlike the others it never waits for what does not answer, and is silent about what it cannot see.
        """
        ...

    def worst_stall_ns(self, since_ns: int) -> int:
        """How late this machine woke a process of the mesh at worst since then, monotonic ns.

        0 where the mesh is on other machines, or was never held up much: the probe, which goes first, cannot tell.
        """
        ...

    def evidence(self, zone: Zone) -> Mapping[str, str]:
        """File name -> text of what the zone's client proxy believes (clusters, stats, config)."""
        ...

    def locator(self) -> Mapping[str, str]:
        """What ``mesh-chaos restore`` needs to reach this mesh from another process."""
        ...
