"""Meshes that are wrong in one way each, and ordinary failures, as they are seen; with the cause that is right.

UNKNOWN where a mesh is wrong in a way that no rule knows: any cause would be a wrong one there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chaos.diagnosis.cause import Cause
from chaos.diagnosis.clues import NOTHING, Balancer, Ingress, Member, Multizone, Service, Taken, Upstream, ZoneClues
from chaos.diagnosis.facts import Spans
from chaos.diagnosis.names import Named
from chaos.diagnosis.seen import Broken
from chaos.fault import Part
from chaos.model import Lane
from chaos.platform import Action, Kind
from chaos.result import Expectation, Outage
from chaos.slo import Objectives
from tests.unit.diagnosis.made import (
    RATE,
    ZONES,
    at_balancer,
    at_gateway,
    at_home,
    both_lanes,
    clues,
    failed_over,
    gone,
    ingress_of,
    no_failover,
    seconds,
    seen,
    stuck,
    taken,
    tally,
    unsteady,
    upstreams,
)

if TYPE_CHECKING:
    from chaos.diagnosis.seen import Felt, Seen

LOCAL = Upstream("127.20.1.101:1027", "zone1", 0, healthy=True, requests=400, errors=300, refused=0)
WRONG_PORT = Broken("zone1", Kind.SERVICE, Part.ECHO, Action.REDIRECT, seconds(0, 0.1))
NO_GATEWAY = Broken("zone1", Kind.GATEWAY, Part.GATEWAY, Action.DELETE, seconds(0, 0.1))
CLOSED = (Ingress("zone1", "127.20.1.20:10001", accepts=True), Ingress("zone2", "127.20.2.20:10001", accepts=False))
HALF = {"got_503": RATE, "zone2": RATE}


def _alone(**always: Any) -> Taken:
    """No gateway knows another zone."""
    own = {zone: {"upstreams": upstreams(zone)[:1]} for zone in ZONES}
    before = clues(**always, **own)
    during = clues(**always, zone1={"upstreams": (), "offered": ()}, zone2=own["zone2"])
    return Taken(before=before, during=during, after=before)


def _during(**zone1: Any) -> Taken:
    return replace(taken(), during=clues(zone1={**gone(), **zone1}))


def _kept(*up: Upstream, **more: Any) -> Taken:
    """In the end of the fault the gateway of zone 1 still has these."""
    return _during(upstreams=(*up, ingress_of("zone2")), offered=(LOCAL.address,), **more)


def _route_left_behind() -> Taken:
    own = {"backends": ("MeshService",), "upstreams": upstreams("zone1")[:1]}
    before = clues(zone1=own)
    return Taken(before=before, during=clues(zone1={**own, "upstreams": ()}), after=before)


def _no_locality_priority() -> Seen:
    beside = {zone: {"upstreams": tuple(replace(up, priority=0) for up in upstreams(zone))} for zone in ZONES}
    return unsteady(clue=clues(**beside), zone1=300, zone2=300, absences=150, run=2.0)


def _nothing_selected() -> Seen:
    empty = {zone: {"upstreams": ()} for zone in ZONES}
    return unsteady(clue=clues(multizone=Multizone((1027,), ()), **empty), got_503=600)


def _port_differs() -> Seen:
    empty = {zone: {"upstreams": ()} for zone in ZONES}
    return unsteady(clue=clues(multizone=Multizone((8027,), ZONES), **empty), got_503=600)


def _port_differs_in_one_zone() -> Seen:
    services = (Service("zone1", "Available", (1027,)), Service("zone2", "Available", (8027,)))
    return seen(*no_failover(), clues=_alone(services=services))


def _deleted_gateway(lane: Lane, spans: Spans) -> Felt:
    told = at_gateway("zone1", lane, broken=False, failback=seconds(1, 2))
    return replace(told, figures=replace(told.figures, expectation=Expectation.MAY_DIE), spans=spans)


def _balancer(notices_s: float | None) -> Seen:
    """The gateway of zone 1 is deleted, and every second user is sent there to the end."""
    members = tuple(Member(zone, healthy=True) for zone in ZONES)
    late = at_balancer(last=tally(None, zone2=RATE, got_REFUSED=RATE), failover=None)
    dead = Spans(at_home("zone1").before, *(tally("zone1", got_REFUSED=40),) * 2, *(tally("zone1", zone1=40),) * 2)
    gateways = both_lanes(lambda lane: _deleted_gateway(lane, dead))
    during = clues(balancer=Balancer(notices_s, members), zone1={"upstreams": None, "retried": None})
    return seen(late, *gateways, broken=(NO_GATEWAY,), clues=replace(taken(), during=during))


def _stale_on_the_way_home() -> Seen:
    away = {"zone2": 40}
    spans = replace(failed_over("zone1"), after=tally("zone1", zone2=400), ending=tally("zone1", **away))
    felt = both_lanes(lambda lane: at_gateway("zone1", lane, broken=True, spans=spans, failback=None))
    after = clues(zone1={**gone(), "answers": False, "offered": None})
    return seen(*felt, unsettled=True, clues=replace(taken(), after=after))


def _stale_but_talking() -> Seen:
    told = _stale_on_the_way_home()
    return replace(told, clues=replace(told.clues, after=clues(zone1={"upstreams": (ingress_of("zone2"),)})))


def _stale_while_broken() -> Seen:
    return seen(*no_failover(), clues=_kept(LOCAL, answers=False))


def _flapping() -> Seen:
    spans = replace(at_home("zone2"), broken=tally("zone2", absences=5, run=20, zone2=180, got_503=180))
    felt = both_lanes(lambda lane: replace(at_gateway("zone2", lane, broken=False, bad=180), spans=spans))
    return seen(*felt)


def _flapping_before() -> Seen:
    return unsteady(absences=7, run=20, zone1=160, got_503=160)


def _dead_zone_kept() -> Seen:
    """A third zone, of which nobody speaks any more, is one of two that take over."""
    dead = Upstream("127.20.3.20:10001", "zone3", 1, healthy=True, requests=0, errors=0, refused=0)
    during = clues(zone1={**gone(), "upstreams": (ingress_of("zone2"), replace(dead, refused=12))})
    before = clues(zone1={"upstreams": (*upstreams("zone1"), dead)})
    known = ZoneClues("zone3", online=False)
    before, during = (replace(moment, zones=(*moment.zones, known)) for moment in (before, during))
    return seen(*no_failover(zone2=20, got_TIMEOUT=20), clues=Taken(before=before, during=during, after=before))


def _kept_alive(lane: Lane) -> Seen:
    away = replace(failed_over("zone1"), after=tally("zone1", zone2=400), ending=tally("zone1", zone2=40))
    felt = at_gateway("zone1", lane, broken=True, spans=away, failback=None)
    return seen(felt)


def _connections_stay() -> Seen:
    """The gateway's own connections: both lanes use them."""
    after = clues(zone1={"upstreams": (LOCAL, ingress_of("zone2", connections=3))})
    one, other = _kept_alive(Lane.FRESH), _kept_alive(Lane.KEEPALIVE)
    felt = (*one.felt[1:2], *other.felt[2:3])
    return seen(*felt, clues=replace(taken(), after=after))


def _hidden_by_retries() -> Seen:
    failing = (replace(LOCAL, requests=640, errors=640), ingress_of("zone2", requests=640))
    return unsteady(clue=clues(zone1={"upstreams": failing, "retried": 640}), zone2=600)


def _replica_hidden() -> Seen:
    """Two looks at the steady state, thirty requests of one replica apart, all of which failed."""
    well = replace(LOCAL, address="127.20.1.102:1027", requests=60, errors=0)
    first, now = (
        clues(zone1={"upstreams": (well, replace(LOCAL, requests=count, errors=count)), "retried": count})
        for count in (10, 40)
    )
    return seen(carried_out=False, broken=(), repair=None, clues=Taken(first=first, before=now))


def _wrong_name() -> Seen:
    told = unsteady(got_BAD_ANSWER=600)
    return replace(told, names=(Named("gateway-zone1", "echo-zone1-1", "zone1", "mesh-zone2", "zone2", True, 600),))


def _wrong_zone() -> Seen:
    """Pod and node agree that they are zone 2's, but nothing was sent there."""
    own = (replace(LOCAL, requests=640, errors=0), ingress_of("zone2", requests=0))
    return unsteady(clue=clues(zone1={"upstreams": own}), zone2=600)


def _one_replica(answer: str, errors: int) -> Seen:
    own = upstreams("zone1", replicas=2)
    failing = (replace(own[0], requests=300, errors=errors), replace(own[1], requests=300, errors=0), own[2])
    answers: dict[str, Any] = {"zone1": 300, f"got_{answer}": 300}
    told = unsteady(clue=clues(zone1={"upstreams": failing}), absences=150, run=2.0, **answers)
    return replace(told, names=(Named("gateway-zone1", "echo-zone1-1", "zone1", "mesh-zone1", "zone1", True, 300),))


def _outage_of(length_s: float, bound_s: float) -> Seen:
    length = seconds(length_s, length_s + 0.1)
    outage = Outage(0, length.low_ns, length, 9)
    felt = both_lanes(lambda lane: at_gateway("zone1", lane, broken=True, outages=(outage,)))
    return seen(*felt, objectives=Objectives(outage=bound_s))


def _cached() -> Seen:
    return seen(*no_failover(zone1=40), clues=_during(upstreams=(ingress_of("zone2", requests=0),)))


def _crashed_gateway() -> Seen:
    """The Envoy of zone 2's gateway dies by itself, in the middle of an experiment in zone 1."""
    spans = replace(at_home("zone2"), broken=tally("zone2", got_REFUSED=360), last=tally("zone2", got_REFUSED=40))
    felt = both_lanes(lambda lane: replace(at_gateway("zone2", lane, broken=False, bad=360), spans=spans))
    during = clues(zone1=gone(), zone2={"upstreams": None, "retried": None})
    return seen(*felt, clues=replace(taken(), during=during))


def _own_outage() -> Seen:
    """Echo of zone 2 is away for a while, once, by somebody else's doing: nobody is left to take over."""
    spans = replace(at_home("zone2"), broken=tally("zone2", absences=1, run=100, zone2=100, got_503=260))
    felt = both_lanes(lambda lane: replace(at_gateway("zone2", lane, broken=False, bad=260), spans=spans))
    return seen(*felt, *no_failover())


def _readmitted() -> Seen:
    """Outlier detection: zone 2 takes over, and each re-admission of the endpoint is felt."""
    spans = replace(failed_over("zone1"), broken=tally("zone1", absences=1, run=15, zone2=330, got_503=30))
    felt = both_lanes(lambda lane: at_gateway("zone1", lane, broken=True, spans=spans, bad_after_failover=30))
    ejected = replace(LOCAL, healthy=False)
    return seen(*felt, broken=(WRONG_PORT,), clues=_kept(ejected))


def _wrong_port() -> Seen:
    """503 to the end: nothing looks at the workload's port."""
    return seen(*no_failover(), broken=(WRONG_PORT,), clues=_kept(LOCAL))


def _broken_before(**zone1: Any) -> Seen:
    """Echo of zone 1 was not there to begin with, and the mesh does what it should."""
    return unsteady(clue=clues(zone1={**gone(), **zone1}), zone2=600)


def _blind_to_all(made: Seen) -> Seen:
    """The same, and nothing of the mesh can be seen."""
    return replace(made, clues=Taken(), names=())


def _slow_deregistration(delay_s: float | None, objective_s: float = 15.0) -> Seen:
    waiting = _kept(LOCAL, deregistration_s=delay_s)
    return seen(*no_failover(), objectives=Objectives(failover=objective_s), clues=waiting)


def _no_permission() -> Seen:
    return unsteady(clue=clues(permissions=0), got_403=600)


_MANY: dict[str, tuple[Cause, Seen]] = {
    "no locality priority": (Cause.NO_LOCALITY_PRIORITY, _no_locality_priority()),
    "mTLS off": (Cause.NO_MTLS, seen(*no_failover(), clues=_alone(mtls=False))),
    "route left behind": (Cause.ROUTE_NOT_MULTIZONE, seen(*no_failover(), clues=_route_left_behind())),
    "selector matches nothing": (Cause.SELECTOR_MATCHES_NOTHING, _nothing_selected()),
    "port differs": (Cause.PORT_MISMATCH, _port_differs()),
    "port differs in the other zone": (Cause.PORT_MISMATCH, _port_differs_in_one_zone()),
    "ingress away": (
        Cause.INGRESS_UNREACHABLE,
        seen(*no_failover(), clues=_alone(ingresses=(Ingress("zone1", "127.20.1.20:10001", accepts=True),))),
    ),
    "ingress where nobody listens": (
        Cause.INGRESS_UNREACHABLE,
        seen(*no_failover(), clues=replace(taken(), during=clues(zone1=gone(), ingresses=CLOSED))),
    ),
    "ingress that cannot be reached from the gateway only": (
        Cause.INGRESS_UNREACHABLE,
        seen(*no_failover(), clues=_during(upstreams=(ingress_of("zone2", requests=0, refused=40),))),
    ),
    "no permission": (Cause.NO_PERMISSION, _no_permission()),
    "load balancer without checks": (Cause.BALANCER_BLIND, _balancer(None)),
    "load balancer with slow checks": (Cause.BALANCER_SLOW, _balancer(60.0)),
    "control plane hangs on the way home": (Cause.STALE_CONTROL_PLANE, _stale_on_the_way_home()),
    "control plane tells nothing": (Cause.STALE_CONTROL_PLANE, _stale_but_talking()),
    "control plane hangs while broken": (Cause.STALE_CONTROL_PLANE, _stale_while_broken()),
    "flapping": (Cause.FLAPPING, _flapping()),
    "flapping from the beginning": (Cause.FLAPPING, _flapping_before()),
    "wrong port under page": (Cause.DEAD_ENDPOINTS_KEPT, _wrong_port()),
    "vanished and kept for good": (Cause.DEAD_ENDPOINTS_KEPT, _slow_deregistration(10.0)),
    "dead zone kept": (Cause.DEAD_ENDPOINTS_KEPT, _dead_zone_kept()),
    "users' connections stay": (Cause.KEPT_ALIVE_STAYS_AWAY, _kept_alive(Lane.KEEPALIVE)),
    "the gateway's connections stay": (Cause.KEPT_ALIVE_STAYS_AWAY, _connections_stay()),
    "zone hidden by retries": (Cause.RETRIES_HIDE, _hidden_by_retries()),
    "replica hidden by retries": (Cause.RETRIES_HIDE, _replica_hidden()),
    "pod names another zone's node": (Cause.MISATTRIBUTED_ECHO, _wrong_name()),
    "echo names another zone": (Cause.MISATTRIBUTED_ECHO, _wrong_zone()),
    "one replica answers 404": (Cause.ONE_REPLICA_WRONG, _one_replica("404", 0)),
    "one replica answers 500": (Cause.ONE_REPLICA_WRONG, _one_replica("500", 300)),
    "a long outage": (Cause.OUTAGE_TOO_LONG, _outage_of(10.4, 5)),
    "slow deregistration": (Cause.OUTAGE_TOO_LONG, _slow_deregistration(25.0)),
    "cached answers": (Cause.CACHED_ANSWER, _cached()),
}
"""What a rule has to recognise."""
_OTHERS: dict[str, Seen] = {
    "no failover, and nothing is wrong that is known": seen(*no_failover(), clues=_during()),
    "a gateway crashed": _crashed_gateway(),
    "an outage of somebody's own": _own_outage(),
    "outlier detection readmits": _readmitted(),
    "echo was broken before": _broken_before(),
    "vanished and kept, nobody knows for how long it may be": _slow_deregistration(None),
    "an outage that may be too long": _outage_of(4.95, 5),
    "a way home that took long": seen(at_gateway("zone1", broken=True, failback=seconds(20, 20.2))),
    "nothing comes home": seen(at_gateway("zone1", broken=True, spans=stuck("zone1"), failback=None)),
    "only new connections stay away": _kept_alive(Lane.FRESH),
    "a load balancer that is late for no known reason": replace(
        _balancer(2.0), clues=replace(taken(), during=clues(zone1={"upstreams": None}))
    ),
    "bad answers at the load balancer only": seen(at_balancer(failover=None, last=tally(None, **HALF))),
    "not an experiment": seen(*no_failover(), carried_out=False, clues=_kept(LOCAL)),
    "503 without a steady state": unsteady(got_503=600),
    "timeouts on a busy machine": unsteady(absences=1, run=30, zone1=560, got_TIMEOUT=40),
    "timeouts in bursts": unsteady(absences=6, run=30, zone1=400, got_TIMEOUT=200),
    "everybody is silent": seen(
        *no_failover(),
        clues=replace(taken(), during=replace(NOTHING, zones=tuple(ZoneClues(z, answers=False) for z in ZONES))),
    ),
    **{f"{name}, unseen": _blind_to_all(made) for name, (_, made) in _MANY.items()},
}
"""What no rule knows."""
_FELT = {
    "flapping": Cause.FLAPPING,
    "flapping from the beginning": Cause.FLAPPING,
    "users' connections stay": Cause.KEPT_ALIVE_STAYS_AWAY,
    "a long outage": Cause.OUTAGE_TOO_LONG,
}
"""What users felt is proof enough of these."""

CASES: dict[str, tuple[Cause, Seen]] = {
    **_MANY,
    **{name: (_FELT.get(name.removesuffix(", unseen"), Cause.UNKNOWN), made) for name, made in _OTHERS.items()},
}
