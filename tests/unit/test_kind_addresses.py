"""``mesh-chaos kind``: addresses of load balancers from what docker and podman tell of their network; what is gone."""

from __future__ import annotations

import ipaddress
import itertools
import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from chaos.errors import InfraError
from fixtures.platforms.kind.addresses import ranges
from fixtures.platforms.kind.command import app

if TYPE_CHECKING:
    from pathlib import Path

DOCKER = """[{"Name": "mesh-chaos-nightly", "Id": "e1f0", "Created": "2026-08-21T10:07:11.000000000Z", "Scope": "local",
"Driver": "bridge", "EnableIPv4": true, "EnableIPv6": true, "IPAM": {"Driver": "default", "Options": {}, "Config":
[{"Subnet": "fc00:f853:ccd:e793::/64"}, {"Subnet": "172.18.0.0/16", "Gateway": "172.18.0.1"}]}, "Internal": false,
"Attachable": false, "Ingress": false, "ConfigFrom": {"Network": ""}, "ConfigOnly": false, "Containers": {},
"Options": {}, "Labels": {}}]"""
PODMAN = """[{"name": "mesh-chaos-nightly", "id": "ab12", "driver": "bridge", "network_interface": "podman1",
"subnets": [{"subnet": "10.89.0.0/24", "gateway": "10.89.0.1"}], "ipv6_enabled": false, "internal": false,
"dns_enabled": true, "ipam_options": {"driver": "host-local"}}]"""


def inspected(subnet: str) -> str:
    return json.dumps([{"IPAM": {"Config": [{"Subnet": subnet}]}}])


def networks(found: list[str]) -> list[tuple[int, int]]:
    ends = [one.split("-") for one in found]
    return [(int(ipaddress.ip_address(first)), int(ipaddress.ip_address(last))) for first, last in ends]


def test_each_cluster_gets_its_own_of_docker_s_network() -> None:
    assert ranges(DOCKER, 3) == [
        "172.18.128.1-172.18.128.254",
        "172.18.129.1-172.18.129.254",
        "172.18.130.1-172.18.130.254",
    ]


def test_podman_s_network_is_smaller() -> None:
    assert ranges(PODMAN, 3) == ["10.89.0.129-10.89.0.158", "10.89.0.161-10.89.0.190", "10.89.0.193-10.89.0.222"]


@given(prefix=st.integers(8, 24), count=st.integers(2, 21))
def test_ranges_are_apart_in_the_upper_half_and_hold_no_broadcast_address(prefix: int, count: int) -> None:
    subnet = ipaddress.ip_network((int(ipaddress.ip_address("10.64.0.0")), prefix), strict=False)
    try:
        found = networks(ranges(inspected(str(subnet)), count))
    except InfraError:
        assert subnet.num_addresses / 2 < 2 * count * 16  # too small indeed
        return
    assert len(found) == count
    assert all(first >= int(subnet[subnet.num_addresses // 2]) for first, _ in found)
    assert all(last < int(subnet.broadcast_address) and last - first >= 13 for first, last in found)
    assert all(one[1] < other[0] for one, other in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (inspected("172.18.0.0/28"), "the container network 172.18.0.0/28 is too small for load balancers in 3 clust"),
        (inspected("fc00::/64"), "the container network has no IPv4 subnet"),
        ("[]", "network inspect answers what cannot be understood: '[]'"),
        ("", "network inspect answers what cannot be understood: ''"),
        ('[{"IPAM": {"Config": [{}]}}]', "cannot be understood"),
    ],
)
def test_what_cannot_be_used_is_one_clear_line(text: str, complaint: str) -> None:
    with pytest.raises(InfraError) as caught:
        ranges(text, 3)
    assert complaint in str(caught.value)


def test_the_command_of_the_plan_answers_the_same() -> None:
    done = CliRunner().invoke(app, ["addresses", "3", "1"], input=DOCKER)
    assert (done.exit_code, done.output) == (0, "172.18.129.1-172.18.129.254\n")
    assert CliRunner().invoke(app, ["addresses", "3", "3"], input=DOCKER).exit_code == 10


def test_where_no_clusters_are_down_claims_no_success(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["down", str(tmp_path)])  # they are gone, or the folder is mistyped and they run
    assert done.exit_code == 10
    assert "they have been deleted, or it is another folder: see mesh-chaos kind list" in done.output
    text = " ".join(CliRunner().invoke(app, ["down", "--help"]).output.split())
    assert "until nothing is left; after that it ends with 10" in text
