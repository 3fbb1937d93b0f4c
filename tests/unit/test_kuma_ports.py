"""The ports that real Kuma binds on 127.0.0.1 or on every address: no two of a machine's meshes may share one."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import SettingsError
from fixtures.local.addresses import BLOCKS, Endpoint
from fixtures.local.network import first_busy
from fixtures.platforms.universal.kuma.ports import PER_BLOCK, Purpose, ports, where
from fixtures.platforms.universal.topology import Topology

EPHEMERAL = 32_768
"""Linux' default net.ipv4.ip_local_port_range begins here."""
READINESS_MOST = 65_353

BLOCK = st.sampled_from(BLOCKS)


@given(BLOCK, BLOCK, st.integers(2, 3), st.integers(1, 4))
def test_two_meshes_on_one_machine_share_no_port(one: int, other: int, zones: int, replicas: int) -> None:
    names = tuple(f"zone{n}" for n in range(zones))
    mine, theirs = (set(ports(Topology.of(names, replicas, block)).values()) for block in (one, other))
    assert one == other or not mine & theirs


@given(BLOCK, st.integers(2, 6), st.integers(1, 2))
def test_every_port_of_a_mesh_is_different_and_can_be_bound(block: int, zones: int, replicas: int) -> None:
    names = tuple(f"zone{n}" for n in range(zones))
    found = list(ports(Topology.of(names, replicas, block)).values())
    assert len(set(found)) == len(found)
    assert all(1024 <= port < EPHEMERAL < READINESS_MOST for port in found)


def test_every_proxy_has_its_admin_and_readiness_port_and_every_control_plane_its_own() -> None:
    layout = Topology.of(("a", "b"), 2, 20)
    found = ports(layout)
    for zone in layout.zones:
        assert all((host, purpose) in found for host in zone.proxies for purpose in (Purpose.ADMIN, Purpose.READINESS))
        assert (zone.control_plane.host, Purpose.DP_SERVER) in found
    assert (layout.global_control_plane.host, Purpose.KDS) in found


def test_no_port_is_one_that_a_mesh_has_at_addresses_of_its_own() -> None:
    """Kuma's control planes listen at every address: with :10002 taken at one, they could not start."""
    own = {endpoint.port for endpoint in Topology.of(("a", "b"), 1, 20).endpoints()}
    assert not own & {port for block in BLOCKS for port in ports(Topology.of(("a", "b"), 2, block)).values()}


def test_what_kuma_binds_to_every_address_must_be_free_at_every_address() -> None:
    with socket.socket() as other:
        other.bind(("127.77.0.9", 0))
        other.listen()
        assert first_busy([Endpoint(where(Purpose.KDS), other.getsockname()[1])]) is not None


def test_a_mesh_too_large_for_one_block_is_refused_with_what_to_do() -> None:
    with pytest.raises(SettingsError, match=f"has {PER_BLOCK}: use fewer --zones or --replicas"):
        ports(Topology.of(("a", "b"), 50, 20))
