"""What is seen of meshes that are well or wrong, made: each says what users felt and what the mesh showed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chaos.diagnosis.clues import (
    MULTIZONE,
    Balancer,
    Clues,
    Ingress,
    Member,
    Multizone,
    Service,
    Taken,
    Upstream,
    ZoneClues,
)
from chaos.diagnosis.facts import Answered, Spans, Tally
from chaos.diagnosis.seen import Broken, Felt, Seen
from chaos.fault import Part
from chaos.model import LOAD_BALANCER, NS_PER_S, Interval, Lane, SeriesKey
from chaos.platform import Action, Kind
from chaos.result import Expectation, Figures
from chaos.slo import Availability, Objectives

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.model import Zone

ZONES = ("zone1", "zone2")
OTHER = {"zone1": "zone2", "zone2": "zone1"}
RATE = 20
"""Samples a second."""


def seconds(low: float, high: float) -> Interval:
    return Interval(int(low * NS_PER_S), int(high * NS_PER_S))


QUICK = seconds(0.1, 0.2)
REPAIR = seconds(18.0, 18.2)
"""The fault was in effect at 0, and lasted for as long as its failover is watched."""


def tally(home: Zone | None = None, *, absences: int = 0, run: float = 20.0, **answers: int) -> Tally:
    """Who answered how often; ``home`` None is the load balancer, where every zone is home."""
    told = {name.removeprefix("got_"): count for name, count in answers.items()}
    good = {name: count for name, count in told.items() if name.startswith("zone")}
    at_home = sum(count for name, count in good.items() if home in {None, name})
    return Tally(
        samples=sum(told.values()),
        home=at_home,
        away=sum(good.values()) - at_home,
        answers=tuple(Answered(name, count, name in good) for name, count in sorted(told.items(), key=lambda i: -i[1])),
        absences=absences,
        absence=run if absences else 0.0,
        presence=run,
    )


def figures(vantage: str, lane: Lane, expectation: Expectation, **other: Any) -> Figures:
    """Of a series with which all is well, but for ``other``."""
    moves, leaves = expectation is Expectation.FAILS_OVER, expectation is not Expectation.UNTOUCHED
    well = Figures(
        key=SeriesKey(vantage, lane),
        expectation=expectation,
        samples=900,
        bad=0,
        away=0,
        lost=0,
        detect=QUICK if leaves else None,
        failover=seconds(10, 10.4) if moves else None,
        failback=seconds(2, 2.2) if leaves else None,
        outages=(),
        bad_after_failover=0,
        faulty_after_failover=0,
        late_away=0,
        return_outage=Interval(0, 0),
        availability=Availability(1.0, 1.0, 1.0),
        burn_rate=0.0,
        budget_cost=(0.0, 0.0),
        latency_p50_ms=2.0,
        latency_p99_ms=9.0,
        segments=(),
    )
    return replace(well, **other)


def at_gateway(zone: Zone, lane: Lane = Lane.FRESH, *, broken: bool, spans: Spans | None = None, **other: Any) -> Felt:
    """A gateway of a zone whose echo is broken, or is not."""
    expectation = Expectation.FAILS_OVER if broken else Expectation.UNTOUCHED
    return Felt(
        figures(f"gateway-{zone}", lane, expectation, **other),
        zone,
        (zone,) if broken else (),
        spans or (failed_over(zone) if broken else at_home(zone)),
    )


def at_home(zone: Zone | None) -> Spans:
    two = tally(zone, **{zone or "zone1": 2 * RATE})
    long = tally(zone, **{zone or "zone1": 18 * RATE})
    return Spans(two, long, two, long, two)


def failed_over(zone: Zone) -> Spans:
    """503 for ten seconds, then the other zone, then home."""
    other, two = OTHER[zone], 2 * RATE
    broken = tally(zone, got_503=10 * RATE, **{other: 8 * RATE})
    home = tally(zone, **{zone: two})
    return Spans(home, broken, tally(zone, **{other: two}), tally(zone, **{other: 10, zone: 15 * RATE}), home)


def stuck(zone: Zone, **last: int) -> Spans:
    """The same answers for as long as the fault lasts, by default 503."""
    newest = last or {"got_503": 2 * RATE}
    home = tally(zone, **{zone: 2 * RATE})
    broken = {name: 9 * count for name, count in newest.items()}
    return Spans(home, tally(zone, **broken), tally(zone, **newest), tally(zone, **{zone: 15 * RATE}), home)


def at_balancer(*, expectation: Expectation = Expectation.FAILS_OVER, last: Tally | None = None, **other: Any) -> Felt:
    spans = at_home(None)
    faulty = ("zone1",) if expectation is Expectation.FAILS_OVER else ()
    told = figures(LOAD_BALANCER, Lane.FRESH, expectation, **other)
    return Felt(told, None, faulty, replace(spans, last=last or spans.last))


def upstreams(zone: Zone, *, replicas: int = 1, requests: int = 100) -> tuple[Upstream, ...]:
    own = (
        Upstream(f"127.20.{zone[-1]}.{100 + n}:1027", zone, 0, healthy=True, requests=requests, errors=0, refused=0)
        for n in range(1, replicas + 1)
    )
    return (*own, ingress_of(OTHER[zone]))


def ingress_of(zone: Zone, **other: Any) -> Upstream:
    entrance = Upstream(
        f"127.20.{zone[-1]}.20:10001", zone, 1, healthy=True, requests=0, errors=0, refused=0, connections=0
    )
    return replace(entrance, **other)


def zone_clues(zone: Zone, **other: Any) -> ZoneClues:
    well = ZoneClues(
        zone,
        answers=True,
        online=True,
        offered=(f"127.20.{zone[-1]}.101:1027",),
        backends=(MULTIZONE,),
        upstreams=upstreams(zone),
        retried=0,
        deregistration_s=10.0,
    )
    return replace(well, **other)


def clues(**other: Any) -> Clues:
    """A mesh with which all is well, but for ``other``; ``zone1={...}`` changes what is seen of a zone."""
    zones = tuple(zone_clues(zone, **other.pop(zone, {})) for zone in ZONES)
    well = Clues(
        zones=zones,
        ingresses=tuple(Ingress(zone, f"127.20.{zone[-1]}.20:10001", accepts=True) for zone in ZONES),
        services=tuple(Service(zone, "Available", (1027,)) for zone in ZONES),
        multizone=Multizone((1027,), ZONES),
        mtls=True,
        permissions=1,
        balancer=Balancer(2.0, tuple(Member(zone, healthy=True) for zone in ZONES)),
    )
    return replace(well, **other)


def gone() -> dict[str, Any]:
    """What is seen of a zone whose echo was taken out: its gateway has the other zone only."""
    return {"upstreams": (ingress_of("zone2", requests=400),), "offered": ()}


def taken(**always: Any) -> Taken:
    """Clues of an experiment that deletes the deployment in zone 1; ``always`` is seen at each moment."""
    during = {**always, "zone1": {**gone(), **always.get("zone1", {})}}
    return Taken(before=clues(**always), during=clues(**during), after=clues(**always))


DELETED = Broken("zone1", Kind.DEPLOYMENT, Part.ECHO, Action.DELETE, seconds(0, 0.1))


def seen(*felt: Felt, **other: Any) -> Seen:
    """An experiment that deletes the deployment in zone 1; whatever is not named went as it should."""
    named = {(one.figures.key.vantage, one.figures.key.lane): one for one in _as_it_should()}
    named |= {(one.figures.key.vantage, one.figures.key.lane): one for one in felt}
    whole = Seen(
        steady=True,
        carried_out=True,
        unsettled=False,
        broken=(DELETED,),
        repair=REPAIR,
        objectives=Objectives(),
        felt=tuple(named.values()),
        clues=taken(),
    )
    return replace(whole, **other)


def _as_it_should() -> tuple[Felt, ...]:
    lanes = tuple(Lane)
    return (
        at_balancer(),
        *(at_gateway("zone1", lane, broken=True) for lane in lanes),
        *(at_gateway("zone2", lane, broken=False) for lane in lanes),
    )


def both_lanes(make: Callable[[Lane], Felt]) -> tuple[Felt, ...]:
    return tuple(map(make, Lane))


def no_failover(**last: int) -> tuple[Felt, ...]:
    """Zone 1's gateway, in both lanes, was answered by nobody else."""
    return both_lanes(lambda lane: at_gateway("zone1", lane, broken=True, spans=stuck("zone1", **last), failover=None))


def unsteady(zone: Zone = "zone1", *, clue: Clues | None = None, **answers: Any) -> Seen:
    """The steady state was not reached, for a zone's gateway was answered so."""
    spans = Spans(before=tally(zone, **answers), ending=tally(zone, **answers))
    felt = both_lanes(lambda lane: replace(at_gateway(zone, lane, broken=False), spans=spans))
    everything = seen(*felt, steady=False, carried_out=False, broken=(), repair=None)
    return replace(everything, clues=Taken(before=clue or clues()))
