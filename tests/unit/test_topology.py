"""Who is where: no two processes of a mesh, nor of two meshes, ever share an address and port."""

from __future__ import annotations

import ipaddress
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.local.addresses import BLOCKS, Endpoint
from fixtures.options import OPTIONS
from fixtures.platforms.universal import registering
from fixtures.platforms.universal.engine import EngineSettings
from fixtures.platforms.universal.engines import standin
from fixtures.platforms.universal.topology import WRONG_PORT, Topology

ZONES = st.integers(2, 20).map(lambda count: tuple(f"zone{number}" for number in range(1, count + 1)))
BLOCK = st.sampled_from(BLOCKS)
LOOPBACK = ipaddress.IPv4Network("127.0.0.0/8")


@given(ZONES, st.integers(1, 50), BLOCK)
def test_everything_in_a_mesh_has_an_address_and_port_of_its_own_on_loopback(
    zones: tuple[str, ...], replicas: int, block: int
) -> None:
    layout = Topology.of(zones, replicas, block)
    endpoints = [*layout.endpoints(), *standin.find(EngineSettings("standin", None, None)).endpoints(layout)]

    assert [endpoint for endpoint, count in Counter(endpoints).items() if count > 1] == []
    own = ipaddress.IPv4Network(f"127.{block}.0.0/16")
    assert all(ipaddress.ip_address(endpoint.host) in own and own.subnet_of(LOOPBACK) for endpoint in endpoints)
    assert all(1024 <= endpoint.port <= 65535 for endpoint in endpoints)
    assert len(endpoints) == 3 + len(zones) * (9 + 3 * replicas)


@given(ZONES, ZONES, st.integers(1, 50), st.integers(1, 50), st.lists(BLOCK, min_size=2, max_size=2, unique=True))
def test_meshes_of_two_blocks_share_no_address(
    one: tuple[str, ...], other: tuple[str, ...], few: int, many: int, blocks: list[int]
) -> None:
    hosts = [
        {endpoint.host for endpoint in Topology.of(zones, replicas, block).endpoints()}
        for zones, replicas, block in zip((one, other), (few, many), blocks, strict=True)
    ]
    assert hosts[0].isdisjoint(hosts[1])


@given(ZONES, st.integers(1, 50), BLOCK)
def test_nothing_listens_at_the_wrong_port(zones: tuple[str, ...], replicas: int, block: int) -> None:
    assert all(endpoint.port != WRONG_PORT for endpoint in Topology.of(zones, replicas, block).endpoints())


@given(ZONES, st.integers(1, 50))
def test_every_pod_proxy_and_node_has_a_name_of_its_own(zones: tuple[str, ...], replicas: int) -> None:
    mesh = Topology.of(zones, replicas, 20)
    pods = [replica for zone in mesh.zones for replica in zone.replicas]
    for names in ([pod.pod for pod in pods], [pod.proxy for pod in pods], [zone.node for zone in mesh.zones]):
        assert len(set(names)) == len(names)


def test_the_blocks_leave_what_others_use_alone_and_are_those_of_the_option() -> None:
    (option,) = (option for option in OPTIONS if option.name == "loopback-block")
    assert f"({BLOCKS[0]} to {BLOCKS[-1]})" in option.help
    for taken in ("127.0.0.1", "127.0.0.53", "127.0.1.1"):
        assert int(taken.split(".")[1]) not in BLOCKS


def test_the_plan_of_two_zones_is_as_the_readme_draws_it() -> None:
    mesh = Topology.of(("zone1", "zone2"), 2, 20)
    two = mesh.zone("zone2")

    assert str(mesh.global_control_plane) == "127.20.0.1:5681"
    assert mesh.load_balancer.url == "http://127.20.0.10:8080"
    assert [str(e) for e in (two.control_plane, two.gateway, two.ingress, two.egress)] == [
        "127.20.2.1:5681",
        "127.20.2.10:8080",
        "127.20.2.20:10001",
        "127.20.2.30:10002",
    ]
    assert [(pod.host, pod.proxy) for pod in two.replicas] == [
        ("127.20.2.101", "echo-zone2-1"),
        ("127.20.2.102", "echo-zone2-2"),
    ]
    assert two.node == "mesh-zone2"


def test_a_mesh_that_is_only_planned_has_a_letter_for_its_block() -> None:
    assert Topology.of(("a", "b"), 1).load_balancer == Endpoint("127.B.0.10", 8080)


def test_a_replicas_dataplane_offers_echo_and_has_what_the_profile_adds() -> None:
    (replica,) = Topology.of(("zone1",), 1, 20).zone("zone1").replicas
    dataplane = registering.echo_dataplane(replica, 9901, {"serviceProbe": {"tcp": {}}})
    (inbound,) = dataplane["networking"]["inbound"]

    assert (dataplane["type"], dataplane["name"], dataplane["mesh"]) == ("Dataplane", "echo-zone1-1", "default")
    assert inbound["tags"] == {"kuma.io/service": "echo", "kuma.io/protocol": "http"}
    assert (inbound["port"], inbound["serviceAddress"], inbound["servicePort"]) == (1027, replica.host, 8081)
    assert inbound["serviceProbe"] == {"tcp": {}}
    assert dataplane["networking"]["admin"] == {"port": 9901}


@pytest.mark.parametrize(
    ("make", "kind", "name"),
    [
        (registering.gateway_dataplane, "Dataplane", "edge-zone1"),
        (registering.ingress, "ZoneIngress", "ingress-zone1"),
        (registering.egress, "ZoneEgress", "egress-zone1"),
    ],
)
def test_a_zones_own_proxies_are_named_after_it(make: object, kind: str, name: str) -> None:
    assert callable(make)
    document = make(Topology.of(("zone1",), 1, 20).zone("zone1"), 9901)
    assert (document["type"], document["name"]) == (kind, name)
    assert document["networking"]["admin"] == {"port": 9901}
