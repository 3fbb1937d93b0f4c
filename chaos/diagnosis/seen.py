"""All that rules may look at of one experiment: what users felt, and what the mesh showed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chaos.diagnosis.clues import Taken
from chaos.diagnosis.facts import Spans  # noqa: TC001 - what is kept on disk is read back by the annotations
from chaos.diagnosis.names import Named  # noqa: TC001 - as above
from chaos.diagnosis.troubles import Trouble, troubles
from chaos.fault import Part  # noqa: TC001 - as above
from chaos.model import NS_PER_S, Interval, Zone
from chaos.platform import Action, Kind
from chaos.result import Figures  # noqa: TC001 - as above
from chaos.slo import Objectives  # noqa: TC001 - as above

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Broken:
    """One fault of the experiment."""

    zone: Zone
    kind: Kind
    takes: Part
    action: Action
    moment: Interval | None
    """[request sent, effect confirmed]; None where its effect was never proved."""

    @property
    def vanishes(self) -> bool:
        """Whether the workloads themselves are gone, with their proxies: nobody can answer there."""
        return self.action is Action.DELETE and self.kind in {Kind.DEPLOYMENT, Kind.CLUSTER}


@dataclass(frozen=True)
class Felt:
    """One series: what it was to show, and what it did."""

    figures: Figures
    zone: Zone | None
    """The gateway's zone, None for the load balancer."""
    faulty: tuple[Zone, ...]
    """Zones that the experiment's faults keep from answering there."""
    spans: Spans


@dataclass(frozen=True)
class Seen:
    """One experiment as a rule sees it."""

    steady: bool
    """Whether the steady state was reached."""
    carried_out: bool
    """Whether it was an experiment at all, so that its objectives are judged."""
    unsettled: bool
    """Whether the mesh did not show the repaired zone as before."""
    broken: tuple[Broken, ...]
    repair: Interval | None
    """[first request sent, restoration confirmed]."""
    objectives: Objectives
    felt: tuple[Felt, ...]
    names: tuple[Named, ...] = ()
    """Who was named in the answers before anything was broken."""
    clues: Taken = field(default_factory=Taken)

    def gateways(self) -> Iterator[tuple[Zone, Felt]]:
        """Every series of a gateway, with its zone."""
        return ((one.zone, one) for one in self.felt if one.zone is not None)

    def balancers(self) -> Iterator[Felt]:
        """Every series of the load balancer."""
        return (one for one in self.felt if one.zone is None)

    def troubled(self, one: Felt, *kinds: Trouble) -> bool:
        """Whether an objective of these kinds is broken there; nothing is where there was no experiment."""
        return self.carried_out and not troubles(one.figures, self.objectives).isdisjoint(kinds)

    def zones_with(self, *kinds: Trouble) -> tuple[Zone, ...]:
        """Zones whose gateway broke an objective of these kinds, in any lane."""
        return tuple(dict.fromkeys(zone for zone, one in self.gateways() if self.troubled(one, *kinds)))

    @property
    def stuck(self) -> tuple[Zone, ...]:
        """Zones whose gateway no other zone took over."""
        return self.zones_with(Trouble.NO_FAILOVER)

    @property
    def restless(self) -> tuple[Zone, ...]:
        """Zones whose gateway kept the steady state from being reached: in its newest samples it was not at home."""
        if self.steady:
            return ()
        away = (zone for zone, one in self.gateways() if one.spans.ending.home < one.spans.ending.samples)
        return tuple(dict.fromkeys(away))

    def taken_from(self, zone: Zone, *parts: Part) -> bool:
        """Whether a fault of the experiment takes one of these parts of a zone."""
        return any(one.zone == zone and one.takes in parts for one in self.broken)

    def lasted_s(self, zone: Zone) -> float:
        """For how long a zone's fault was in effect at least; 0 where it had none."""
        moments = [one.moment for one in self.broken if one.zone == zone and one.moment]
        if not moments or self.repair is None:
            return 0.0
        return max(0, self.repair.low_ns - max(moment.high_ns for moment in moments)) / NS_PER_S
