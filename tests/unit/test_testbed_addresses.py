"""Where everything of a test bed listens."""

from __future__ import annotations

from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import SettingsError
from fixtures.platforms.kubernetes.testbed.addresses import MOST_ZONES, ZoneAddresses, container_address


def test_a_zones_addresses() -> None:
    zone = ZoneAddresses(77, 2)
    assert str(zone.control_plane) == "127.77.2.1:5681"
    assert str(zone.api_server) == "127.77.2.2:6443"
    assert str(zone.controller_manager) == "127.77.2.2:10257"
    assert zone.services == IPv4Network("127.77.202.0/25")
    assert zone.virtual_ips == IPv4Network("127.77.202.128/25")
    assert zone.pod_ips[0] == "127.77.2.10"
    assert zone.pod_ips[-1] == "127.77.2.250"
    assert container_address("127.77.2.10") == "127.77.102.10"


def test_global_is_number_zero() -> None:
    assert str(ZoneAddresses(20, 0).api_server) == "127.20.0.2:6443"


@pytest.mark.parametrize("number", [-1, MOST_ZONES + 1])
def test_a_zone_that_has_no_room_is_refused(number: int) -> None:
    with pytest.raises(SettingsError, match=f"room for 55 zones, not for a zone number {number}"):
        ZoneAddresses(20, number)


@given(numbers=st.sets(st.integers(0, MOST_ZONES), min_size=2, max_size=2), block=st.integers(20, 219))
def test_no_two_clusters_share_an_address(numbers: set[int], block: int) -> None:
    one, other = (_taken(ZoneAddresses(block, number)) for number in numbers)
    assert one.isdisjoint(other)


@given(number=st.integers(0, MOST_ZONES))
def test_no_address_of_a_cluster_has_two_uses(number: int) -> None:
    zone = ZoneAddresses(20, number)
    pods = set(zone.pod_ips)
    containers = {container_address(ip) for ip in pods}
    servers = {endpoint.host for endpoint in zone.endpoints()}
    services = {str(ip) for network in (zone.services, zone.virtual_ips) for ip in network}
    uses = [pods, containers, servers, services]
    assert len(set().union(*uses)) == sum(map(len, uses))


def _taken(zone: ZoneAddresses) -> set[str]:
    networks = {str(ip) for network in (zone.services, zone.virtual_ips) for ip in network}
    containers = {container_address(ip) for ip in zone.pod_ips}
    return {*zone.pod_ips, *containers, *networks, *(endpoint.host for endpoint in zone.endpoints())}
