"""The stand-in's endpoints against a statement of Kuma's rules that goes through every possibility by force."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from fixtures.platforms.universal.standin.view import IngressAddress
from fixtures.platforms.universal.standin.xds.endpoints import endpoints_of, load_assignment
from tests.unit.standin.views import SECURED, echo, multi_zone, service, view

ZONES = ("zone1", "zone2", "zone3", "zone4")


@dataclass(frozen=True)
class World:
    """What there is: each zone's service state, its number of ingresses, and this zone's replicas."""

    available: dict[str, bool | None]
    ingresses: dict[str, int]
    replicas: tuple[tuple[str, str], ...]
    secured: bool
    locality_aware: bool


worlds = st.builds(
    World,
    available=st.fixed_dictionaries({zone: st.sampled_from([True, False, None]) for zone in ZONES}),
    ingresses=st.fixed_dictionaries({zone: st.integers(0, 2) for zone in ZONES}),
    replicas=st.lists(
        st.tuples(st.sampled_from(["Ready", "NotReady", "Ignored"]), st.sampled_from(["echo", "other"])), max_size=5
    ).map(tuple),
    secured=st.booleans(),
    locality_aware=st.booleans(),
)


def expected(world: World) -> set[tuple[str, str, int]]:
    """(address, zone, priority) of each endpoint, straight from the rules."""
    found = set()
    if world.available["zone1"] is not None:
        for number, (state, name) in enumerate(world.replicas, 1):
            if state == "Ready" and name == "echo":
                found.add((f"127.1.1.{number}", "zone1", 0))
    for zone in ZONES[1:]:
        if world.secured and world.available[zone]:
            for number in range(world.ingresses[zone]):
                found.add((f"127.1.9.{ZONES.index(zone) * 10 + number}", zone, 1 if world.locality_aware else 0))
    return found


@given(worlds)
def test_endpoints_are_those_of_the_rules(world: World) -> None:
    services = [service(zone, available=state) for zone, state in world.available.items() if state is not None]
    ingresses = tuple(
        IngressAddress(zone, f"127.1.9.{ZONES.index(zone) * 10 + number}", 10001)
        for zone in ZONES
        for number in range(world.ingresses[zone])
    )
    dataplanes = tuple(
        echo(f"echo-{n}", f"127.1.1.{n}", state, name) for n, (state, name) in enumerate(world.replicas, 1)
    )
    mesh = SECURED if world.secured else "{type: Mesh, name: default}"
    seen = view(*services, dataplanes=dataplanes, ingresses=ingresses, mesh=mesh)
    found = endpoints_of(seen, multi_zone(seen), locality_aware=world.locality_aware)
    assert {(e.address, e.zone, e.priority) for e in found} == expected(world)
    assert len(set(found)) == len(found)


@given(worlds)
def test_envoys_message_has_every_endpoint_once_and_never_two_zones_in_one_locality(world: World) -> None:
    seen = view(service("zone1"), dataplanes=tuple(echo(f"echo-{n}", f"127.1.1.{n}") for n in range(1, 4)))
    found = endpoints_of(seen, multi_zone(seen), locality_aware=world.locality_aware)
    localities = load_assignment("c", found)["endpoints"]
    assert sum(len(locality["lb_endpoints"]) for locality in localities) == len(found)
    names = [(locality["locality"]["zone"], locality["priority"]) for locality in localities]
    assert len(set(names)) == len(names)
