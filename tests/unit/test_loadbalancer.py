"""The global load balancer's configuration: what it asks its gateways, and that the real Envoy takes it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from chaos.model import GATEWAY_HEADER
from fixtures.local.envoy import find_envoy
from fixtures.local.loadbalancer import Check, admin, assign, bootstrap
from fixtures.platforms.universal.topology import Topology

GATEWAYS = "load-balancer-gateways.json"


def layout(zones: int = 2) -> Topology:
    return Topology.of(tuple(f"zone{number}" for number in range(1, zones + 1)), 1, 20)


def config(check: Check = Check.SHALLOW, folder: Path = Path("/nowhere")) -> dict[str, Any]:
    mesh = layout()
    return bootstrap(mesh.load_balancer, admin(mesh.load_balancer), folder / GATEWAYS, check)


def cluster(document: dict[str, Any]) -> dict[str, Any]:
    (found,) = document["static_resources"]["clusters"]
    assert isinstance(found, dict)
    return found


@pytest.mark.envoy
@pytest.mark.parametrize("check", Check)
def test_the_real_envoy_accepts_it(tmp_path: Path, check: Check) -> None:
    file = tmp_path / "load-balancer.json"
    file.write_text(json.dumps(config(check, tmp_path)))
    assign((zone.gateway for zone in layout().zones), tmp_path)

    done = subprocess.run(
        [find_envoy(None).path, "--mode", "validate", "-c", file],
        capture_output=True,
        text=True,
        timeout=180,
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


def test_it_leaves_an_idle_connection_before_any_gateway_does() -> None:
    """Else it sends a request on one that the gateway is closing: 503 after up to 1 s, seen once in six runs."""
    (options,) = cluster(config())["typed_extension_protocol_options"].values()
    kept_s = int(options["common_http_protocol_options"]["idle_timeout"].removesuffix("s"))
    nginx, kuma = 75, 300  # keepalive_timeout of nginx, and so of Kong; idleTimeout of a builtin gateway
    assert kept_s < min(nginx, kuma)


def test_every_answer_names_the_gateway_that_served() -> None:
    text = json.dumps(config())
    assert GATEWAY_HEADER in text
    assert "%UPSTREAM_REMOTE_ADDRESS%" in text


def test_only_loopback_is_bound_and_asked(tmp_path: Path) -> None:
    mesh = layout(20)
    assign((zone.gateway for zone in mesh.zones), tmp_path)
    text = json.dumps(config()) + (tmp_path / GATEWAYS).read_text()
    hosts = re.findall(r'"address": "([^"]+)"', text)
    assert len(hosts) == 22
    assert all(host.startswith("127.20.") for host in hosts)


def test_a_gateway_that_drains_is_still_known_and_gets_nothing_new(tmp_path: Path) -> None:
    mesh = layout()
    gateways = [zone.gateway for zone in mesh.zones]

    def states() -> list[str]:
        assigned = json.loads((tmp_path / GATEWAYS).read_text())
        (locality,) = assigned["resources"][0]["endpoints"]
        return [endpoint["health_status"] for endpoint in locality["lb_endpoints"]]

    assign(gateways, tmp_path, draining=gateways[:1])
    assert states() == ["DRAINING", "UNKNOWN"]
    assign(gateways, tmp_path)
    assert states() == ["UNKNOWN", "UNKNOWN"]
    assert len(list(tmp_path.iterdir())) == 1
