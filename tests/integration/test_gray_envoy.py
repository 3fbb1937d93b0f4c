"""What each profile does in a real Envoy about a home that accepts and never answers, or that fails."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import httpx
import pytest

from chaos.platform import Action
from fixtures import behaviour
from fixtures.behaviour import GRAY, Behaviour
from fixtures.local.addresses import Endpoint
from fixtures.local.envoy import find_envoy
from fixtures.local.network import accepts
from fixtures.platforms.universal.standin.defaults import initial_policies
from fixtures.platforms.universal.standin.resources.registry import parse_resource
from fixtures.platforms.universal.standin.view import Policy
from fixtures.platforms.universal.standin.xds.clusters import destination_cluster
from fixtures.platforms.universal.standin.xds.messages import socket_address, typed
from fixtures.platforms.universal.standin.xds.policies import Proxy
from fixtures.platforms.universal.standin.xds.routes import outbound_routes
from fixtures.profiles import load_profile
from tests.integration.suite import until
from tests.unit.standin.views import edge, multi_zone, service, view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.platforms.universal.standin.resources.base import Json
    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy

PROBE_LIMIT_S = 2.0
"""The probe's own, unless its user says otherwise."""
GATEWAY, HOME, AWAY, ADMIN = (Endpoint(f"127.19.{number}.1", 18080) for number in range(1, 5))
"""In a block that no mesh takes."""


@dataclass(frozen=True)
class Gateway:
    """An Envoy with a profile's route, the zone's own echo at priority 0 and another's at priority 1."""

    home: Path
    """What says how the echo at home behaves."""

    def answer(self, limit_s: float = PROBE_LIMIT_S) -> str:
        """Who answers, or what comes instead."""
        try:
            answer = httpx.get(GATEWAY.url, timeout=limit_s, trust_env=False)
        except httpx.TransportError as error:
            return type(error).__name__
        return "home" if "Pod home" in answer.text else "away" if "Pod away" in answer.text else str(answer.status_code)


@pytest.fixture
def gateway(profile: str, traces: Traces, tmp_path: Path) -> Iterator[Gateway]:
    config, home = tmp_path / "envoy.json", tmp_path / "home"
    config.write_text(json.dumps(bootstrap(profile)))
    envoy = (find_envoy(None).path, "-c", config, "--concurrency", "1", "--use-dynamic-base-id", "-l", "error")
    commands = (envoy, echo(HOME, "home", f"--behaviour={home}"), echo(AWAY, "away"))
    processes = [subprocess.Popen(command, env=traces.environment()) for command in commands]
    try:
        until(lambda: all(map(accepts, (GATEWAY, HOME, AWAY))), 20, "all listen")
        assert Gateway(home).answer() == "home"
        yield Gateway(home)
    finally:
        for process in processes:
            process.kill()
            process.wait(10)


def echo(at: Endpoint, pod: str, *more: str) -> tuple[str, ...]:
    listen = (f"--address={at.host}", f"--port={at.port}", f"--pod={pod}")
    return (sys.executable, "-m", "fixtures.echo", *listen, *more)


def bootstrap(profile: str) -> Json:
    """Route and outlier detection are as the stand-in makes them from the profile; the rest is plain."""
    added = tuple(Policy(parse_resource(resource)) for resource in load_profile(profile).resources[4:])
    plain = view(service("zone1"), service("zone2"))
    seen = replace(plain, policies=(*map(Policy, initial_policies(plain.mesh)), *added))
    proxy = Proxy(edge(), "edge")
    route = outbound_routes(seen, proxy, multi_zone(seen), "echo")
    connections = typed(
        "extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix="edge",
        route_config=route,
        http_filters=[{"name": "router", "typed_config": typed("extensions.filters.http.router.v3.Router")}],
    )
    chain = {"filters": [{"name": "http", "typed_config": connections}]}
    listener = {"address": socket_address(GATEWAY.host, GATEWAY.port), "filter_chains": [chain]}
    localities = [
        {"priority": priority, "lb_endpoints": [{"endpoint": {"address": socket_address(at.host, at.port)}}]}
        for priority, at in enumerate((HOME, AWAY))
    ]
    cluster = {
        "name": "echo",
        "load_assignment": {"cluster_name": "echo", "endpoints": localities},
        "outlier_detection": destination_cluster(seen, proxy, multi_zone(seen), name="c").get("outlier_detection"),
    }
    return {
        "admin": {"address": socket_address(ADMIN.host, ADMIN.port)},
        "static_resources": {"listeners": [listener], "clusters": [cluster]},
    }


@pytest.mark.parametrize("profile", ["retry", "hardened"])
def test_who_never_answers_is_left_in_time_for_the_user_and_only_then(gateway: Gateway) -> None:
    behaviour.write(GRAY[Action.HANG], gateway.home)
    began = time.monotonic()
    assert gateway.answer() == "away"
    assert time.monotonic() - began >= 1.5

    behaviour.write(GRAY[Action.SLOW], gateway.home)
    assert gateway.answer() == "home"
    behaviour.write(Behaviour(delay_ms=1000), gateway.home)
    assert gateway.answer() == "home", "an answer that takes a second is no silence"


@pytest.mark.parametrize("profile", ["retry", "hardened"])
def test_nobody_gets_the_errors_of_a_home_that_mostly_fails(gateway: Gateway) -> None:
    behaviour.write(GRAY[Action.ERR], gateway.home)
    answers = [gateway.answer() for _ in range(40)]
    assert set(answers) <= {"home", "away"}
    assert answers.count("away") >= 20


@pytest.mark.parametrize("profile", ["page"])
def test_by_default_silence_and_errors_reach_the_user(gateway: Gateway) -> None:
    behaviour.write(GRAY[Action.HANG], gateway.home)
    assert gateway.answer() == "ReadTimeout"
    behaviour.write(GRAY[Action.ERR], gateway.home)
    answers = [gateway.answer() for _ in range(40)]
    assert set(answers) == {"home", "503"}
    behaviour.write(GRAY[Action.HANG], gateway.home)
    began = time.monotonic()
    assert gateway.answer(30) == "504"
    assert 5 <= time.monotonic() - began < 14, "a gateway's stream may be idle for 5 s (mesh-gateways-timeout-all)"


@pytest.mark.parametrize("profile", ["outlier-detection"])
def test_outliers_are_who_fails_and_not_who_keeps_users_waiting_until_they_leave(gateway: Gateway) -> None:
    behaviour.write(GRAY[Action.HANG], gateway.home)
    assert [gateway.answer(0.5) for _ in range(10)] == ["ReadTimeout"] * 10

    behaviour.write(Behaviour(errors=1), gateway.home)
    until(lambda: gateway.answer() == "away", 30, "home is ejected")
    began = time.monotonic()
    until(lambda: gateway.answer() == "503", 15, "home is tried again")
    assert time.monotonic() - began >= 4, "an ejection lasts 5 s"
