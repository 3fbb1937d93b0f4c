"""A mesh of real Envoys behind a delegated gateway: who answers, re-pointing, losing it and its zone, nothing left."""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest
import yaml

from chaos import undo
from chaos.clock import MonotonicClock
from chaos.errors import InfraError
from chaos.platform import Kind
from fixtures.mesh import Backend
from fixtures.platforms.universal.bringup import attach, bring_up
from fixtures.platforms.universal.gateways import shipped
from tests.integration.suite import brought_up, command_of, start_pytest, until
from tests.integration.test_universal import answering, at_home, broken, gateway, in_effect, settings, target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.platforms.universal.platform import Universal
    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy


@pytest.fixture(scope="module")
def up(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universal]:
    wanted = replace(settings(tmp_path_factory.mktemp("logs")), gateway="envoy")
    with brought_up(lasting_traces, wanted) as mesh:
        yield mesh


@pytest.fixture
def mesh(up: Universal) -> Universal:
    for zone in up.zones:
        up.route(zone, Backend.MULTIZONE)
    until(lambda: at_home(up), 40, "the mesh is as the test before found it")
    return up


def test_each_zones_users_are_answered_at_home_by_an_envoy_of_the_gateways_own(
    mesh: Universal, lasting_traces: Traces
) -> None:
    assert at_home(mesh)
    assert answering(mesh.topology.zone("zone1").gateway.url + "/other") == "404"
    programs = [p for p in lasting_traces.processes() if any("gateway-app-zone1/" in part for part in command_of(p))]
    connections = [c for program in programs for c in program.net_connections("inet")]
    plan = mesh.topology.zone("zone1").gateway
    assert {c.laddr for c in connections if c.status == psutil.CONN_LISTEN} == {(plan.host, plan.port)}


def test_results_say_which_gateway_it_was(mesh: Universal) -> None:
    assert mesh.engine.endswith(", gateway envoy")


def test_only_loopback_is_bound_and_only_in_the_meshs_own_block(mesh: Universal, lasting_traces: Traces) -> None:
    bound = lasting_traces.listening()
    assert all(address.startswith(f"127.{mesh.topology.block}.") for address in bound), bound


@pytest.mark.parametrize("kind", [Kind.DEPLOYMENT, Kind.GATEWAY, Kind.CLUSTER])
def test_what_is_deleted_is_answered_for_by_the_other_zone_until_it_is_put_back(mesh: Universal, kind: Kind) -> None:
    broken(mesh, kind)


def test_the_gateway_and_its_proxy_go_and_come_together(mesh: Universal) -> None:
    record = mesh.record(target(Kind.GATEWAY))
    plan = mesh.topology.zone("zone1")
    mesh.delete(record)
    until(lambda: mesh.gone(record), 15, "gone")
    proof = mesh.gone(record)
    assert proof is not None
    assert all(str(endpoint) in proof for endpoint in (plan.gateway, plan.outbound))
    assert all(f"{name}-zone1 (pid " in proof for name in ("edge", "gateway-app"))
    undo.restore(mesh, [record], MonotonicClock(), limit_s=40)


def test_it_can_be_pointed_at_the_zones_own_echo_and_back_without_an_error(mesh: Universal) -> None:
    for backend in (Backend.SERVICE, Backend.MULTIZONE):
        mesh.route("zone1", backend)
        assert {gateway(mesh, "zone1") for _ in range(20)} == {"mesh-zone1"}
        mesh.route("zone1", backend)


def test_pointed_at_the_zones_own_echo_it_does_not_fail_over_until_it_is_re_pointed(mesh: Universal) -> None:
    mesh.route("zone1", Backend.SERVICE)
    record = mesh.record(target(Kind.SERVICE))
    mesh.delete(record)
    until(lambda: gateway(mesh, "zone1") not in {"mesh-zone1", "mesh-zone2"}, 15, "nobody answers")
    mesh.route("zone1", Backend.MULTIZONE)
    until(lambda: gateway(mesh, "zone1") == "mesh-zone2", 15, "the other zone answers")
    undo.restore(mesh, [record], MonotonicClock(), limit_s=40)


@pytest.mark.parametrize("kind", [Kind.GATEWAY, Kind.CLUSTER])
def test_a_gateway_that_is_put_back_leads_where_it_led(mesh: Universal, kind: Kind) -> None:
    mesh.route("zone1", Backend.SERVICE)
    record = mesh.record(target(kind))
    mesh.delete(record)
    undo.restore(mesh, [record], MonotonicClock(), limit_s=40)
    until(lambda: at_home(mesh), 20, "home again")
    api = mesh._running.zone_api("zone1")
    dataplane = api.resource({"type": "Dataplane", "mesh": "default", "name": "edge-zone1"})
    assert dataplane is not None
    assert [o["backendRef"]["kind"] for o in dataplane["networking"]["outbound"]] == ["MeshService"]


def test_it_can_be_repaired_from_elsewhere(mesh: Universal) -> None:
    record = mesh.record(target(Kind.GATEWAY))
    mesh.delete(record)
    other = attach(mesh.locator())
    undo.restore(other, [record], MonotonicClock(), limit_s=40)
    other.route("zone1", Backend.SERVICE)
    other.close()
    assert gateway(mesh, "zone1") == "mesh-zone1"


def recipe(folder: Path, command: str) -> Path:
    """The shipped Envoy, started by a shell that is no more than its parent, as Kong's is."""
    file = folder / "mine.yaml"
    given = yaml.safe_load(shipped("envoy").read_text())
    file.write_text(yaml.safe_dump({**given, "command": ["sh", "-c", command]}))
    return file


def test_a_gateway_that_ends_by_itself_is_told_with_its_last_words(here: Traces, tmp_path: Path) -> None:
    file = recipe(tmp_path, "echo no licence for ${zone} >&2; exit 3")
    with pytest.raises(InfraError, match=r"gateway-app-zone\d ended while the mesh came up: sh ended with code 3"):
        bring_up(replace(settings(tmp_path), gateway=str(file)), lambda _: None)
    assert "no licence for zone1" in (tmp_path / "gateway-app-zone1.log").read_text()
    here.assert_nothing_left()


def test_kill_9_in_the_middle_of_a_fault_leaves_nothing_of_a_users_gateway(traces: Traces, tmp_path: Path) -> None:
    file = recipe(tmp_path, "${envoy} -c ${folder}/envoy.yaml --disable-hot-restart & wait")
    one = ("-m", "failover", "--engine=standin", "--fault=delete-service", "--zone=zone1", "--replicas=1")
    run = start_pytest(traces, tmp_path / "artifacts", *one, f"--gateway={file}")
    with in_effect(run):
        assert any("gateway-app-zone1/" in part for p in traces.processes() for part in command_of(p))
        run.kill(signal.SIGKILL)
        run.finish()
        traces.assert_nothing_left()
    assert traces.listening() == set()
