"""The global load balancer's configuration: what it asks its gateways, and that the real Envoy takes it."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.local.addresses import Endpoint
from fixtures.local.envoy import find_envoy
from fixtures.local.loadbalancer import GATEWAY_HEADER, Check, bootstrap
from fixtures.platforms.universal.topology import ADMIN_PORT, Topology

if TYPE_CHECKING:
    from pathlib import Path


def config(check: Check = Check.SHALLOW, zones: int = 2) -> dict[str, Any]:
    mesh = Topology.of(tuple(f"zone{number}" for number in range(1, zones + 1)), 1, 20)
    admin = Endpoint(mesh.load_balancer.host, ADMIN_PORT)
    return bootstrap(mesh.load_balancer, admin, (zone.gateway for zone in mesh.zones), check)


def cluster(document: dict[str, Any]) -> dict[str, Any]:
    (found,) = document["static_resources"]["clusters"]
    assert isinstance(found, dict)
    return found


@pytest.mark.envoy
@pytest.mark.parametrize("zones", [2, 20])
@pytest.mark.parametrize("check", Check)
def test_the_real_envoy_accepts_it(tmp_path: Path, check: Check, zones: int) -> None:
    file = tmp_path / "load-balancer.json"
    file.write_text(json.dumps(config(check, zones)))

    done = subprocess.run(
        [find_envoy(None).path, "--mode", "validate", "-c", file],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "OK" in done.stdout + done.stderr


def test_every_gateway_is_asked_every_second_and_two_answers_decide() -> None:
    for check, asked in ((Check.SHALLOW, "tcp_health_check"), (Check.DEEP, "http_health_check")):
        (health,) = cluster(config(check))["health_checks"]
        assert health["interval"] == "1s"
        assert (health["unhealthy_threshold"], health["healthy_threshold"]) == (2, 2)
        assert asked in health
    assert health["http_health_check"] == {"path": "/echo"}


def test_a_gateway_that_is_away_gets_no_traffic_even_when_all_are() -> None:
    assert cluster(config())["common_lb_config"]["healthy_panic_threshold"] == {"value": 0}
    assert cluster(config())["close_connections_on_host_health_failure"] is True


def test_each_lane_of_the_probe_meets_every_zone_for_the_choice_is_random() -> None:
    assert cluster(config())["lb_policy"] == "RANDOM"


def test_it_never_tries_again_so_that_users_get_what_the_gateway_answered() -> None:
    assert "retry" not in json.dumps(config())


def test_every_answer_names_the_gateway_that_served() -> None:
    text = json.dumps(config())
    assert GATEWAY_HEADER in text
    assert "%UPSTREAM_REMOTE_ADDRESS%" in text


def test_only_loopback_is_bound_and_asked() -> None:
    hosts = re.findall(r'"address": "([^"]+)"', json.dumps(config(zones=20)))
    assert len(hosts) == 22
    assert all(host.startswith("127.20.") for host in hosts)
