"""The stand-in with real Envoys: two zones, failover and failback, and nothing left behind."""

from __future__ import annotations

import re
import signal
import time
from functools import partial
from typing import TYPE_CHECKING

import psutil
import pytest

from tests.unit.standin.mesh import BLOCK, MULTIZONE, OUTLIERS, SERVICE, Mesh, echo_dataplane, policy, route_to, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.envoy


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    mesh = Mesh(tmp_path_factory.mktemp("standin"))
    try:
        mesh.control_plane()
        mesh.zone(1)
        mesh.zone(2)
        mesh.configure()
        for zone in (1, 2):
            until(partial(has_the_mesh, mesh, zone), 40, f"zone {zone} knows the mesh")
        yield mesh
    finally:
        mesh.close()


@pytest.fixture
def standin(up: Mesh) -> Mesh:
    """The mesh in its steady state, whatever the test before left."""
    for zone in (1, 2):
        for name in (f"app-{zone}", f"echo-{zone}"):
            if up.processes[name].poll() is not None:
                up.kill(*[n for n in (f"app-{zone}", f"echo-{zone}") if up.processes[n].poll() is None])
                up.echo(zone)
                break
    restore_resources(up)
    until(up.home, 40, "home")
    until(lambda: online(up) == [True, True], 40, "both zones are online")
    return up


def restore_resources(mesh: Mesh) -> None:
    """What a test that broke off may have left, and what the gateways may still have of the test before."""
    mesh.http.delete(f"http://{BLOCK}.0.1:5681/meshes/default/meshcircuitbreakers/hardened")
    for zone in (1, 2):
        mesh.put(zone, echo_dataplane(zone)).raise_for_status()
        until(partial(has_no_outlier_detection, mesh, zone))


def has_the_mesh(mesh: Mesh, zone: int) -> bool:
    return mesh.answers(zone) and mesh.api(zone, "/meshes/default").is_success


def has_no_outlier_detection(mesh: Mesh, zone: int) -> bool:
    return "outlier" not in mesh.api(zone, f"/meshes/default/dataplanes/edge-{zone}/xds").text


def online(mesh: Mesh) -> list[bool]:
    """Whether each zone that global has heard of is online, by name."""
    shown = mesh.api(0, "/zones+insights").json()["items"]
    return ["disconnectTime" not in zone["zoneInsight"]["subscriptions"][-1] for zone in shown]


def ingress_bytes(standin: Mesh, zone: int) -> int:
    stats = standin.api(zone, f"/zoneingresses/ingress-{zone}/stats").text
    found = re.search(r"^cluster\.default_echo___mzsvc_1027\.upstream_cx_tx_bytes_total: (\d+)$", stats, re.MULTILINE)
    return int(found.group(1)) if found else 0


def test_each_gateway_answers_from_its_own_zone_and_knows_the_other_as_priority_1(standin: Mesh) -> None:
    assert standin.hosts(1) == [("zone1", 0), ("zone2", 1)]
    assert standin.hosts(2) == [("zone1", 1), ("zone2", 0)]
    assert standin.http.get(f"http://{BLOCK}.1.10:8080/elsewhere").status_code == 404


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_killing_the_local_echo_moves_traffic_through_the_other_zones_ingress(
    standin: Mesh, number: signal.Signals
) -> None:
    before = ingress_bytes(standin, 2)
    standin.kill("app-1", "echo-1", number=number)
    until(lambda: standin.ask(1) == "zone2")
    assert ingress_bytes(standin, 2) > before
    assert standin.ask(2) == "zone2"
    standin.echo(1)
    until(lambda: standin.ask(1) == "zone1")


def test_the_lost_dataplane_stays_routed_until_it_is_deregistered(standin: Mesh) -> None:
    standin.kill("app-1", "echo-1")
    assert standin.api(1, "/meshes/default/dataplanes/echo-1").status_code == 200
    until(lambda: standin.api(1, "/meshes/default/dataplanes/echo-1").status_code == 404)


def test_a_wrong_port_without_a_service_probe_never_fails_over(standin: Mesh) -> None:
    standin.put(1, echo_dataplane(1, port=9999)).raise_for_status()
    until(lambda: standin.ask(1) == "503")
    end = time.monotonic() + 5
    while time.monotonic() < end:
        assert standin.ask(1) == "503"
    assert standin.ask(2) == "zone2"
    standin.put(1, echo_dataplane(1)).raise_for_status()
    until(lambda: standin.ask(1) == "zone1")


def test_a_wrong_port_with_a_service_probe_fails_over_and_comes_home(standin: Mesh) -> None:
    standin.put(1, echo_dataplane(1, port=9999, probe=True)).raise_for_status()
    until(lambda: standin.ask(1) == "zone2")
    inbound = standin.api(1, "/meshes/default/dataplanes/echo-1").json()["networking"]["inbound"][0]
    assert inbound["state"] == "NotReady"
    standin.put(1, echo_dataplane(1, probe=True)).raise_for_status()
    until(lambda: standin.ask(1) == "zone1")
    standin.put(1, echo_dataplane(1)).raise_for_status()


def test_a_dead_workload_is_noticed_by_its_service_probe(standin: Mesh) -> None:
    standin.put(1, echo_dataplane(1, probe=True)).raise_for_status()
    standin.kill("app-1")
    until(lambda: standin.ask(1) == "zone2")


def test_a_zone_without_the_service_is_answered_by_the_other(standin: Mesh) -> None:
    withdrawn = echo_dataplane(1)
    withdrawn["networking"]["inbound"][0]["tags"]["kuma.io/service"] = "echo-withdrawn"
    standin.put(1, withdrawn).raise_for_status()
    until(lambda: standin.ask(1) == "zone2")
    until(lambda: standin.hosts(2) == [("zone2", 0)], what="zone 2 hears that zone 1 has no echo")
    standin.put(1, echo_dataplane(1)).raise_for_status()
    until(lambda: standin.ask(1) == "zone1")


def test_outlier_detection_makes_a_wrong_port_fail_over_and_come_home(standin: Mesh) -> None:
    standin.put(0, policy("MeshCircuitBreaker", {"outlierDetection": OUTLIERS})).raise_for_status()
    until(lambda: "outlier" in standin.api(1, "/meshes/default/dataplanes/edge-1/xds").text)
    standin.put(1, echo_dataplane(1, port=9999)).raise_for_status()
    until(lambda: standin.ask(1) == "zone2")
    standin.put(1, echo_dataplane(1)).raise_for_status()
    until(lambda: standin.ask(1) == "zone1")
    standin.http.delete(f"http://{BLOCK}.0.1:5681/meshes/default/meshcircuitbreakers/hardened").raise_for_status()


def test_repointing_the_route_loses_no_request(standin: Mesh) -> None:
    for backend in (SERVICE, MULTIZONE, SERVICE, MULTIZONE):
        standin.put(0, route_to(backend)).raise_for_status()
        end = time.monotonic() + 2.5
        while time.monotonic() < end:
            assert standin.ask(1) == "zone1"


def test_traffic_goes_on_while_a_zones_control_plane_is_away_and_after_it_is_back(standin: Mesh) -> None:
    standin.kill("cp-1")
    assert standin.ask(1) == "zone1"
    until(lambda: online(standin) == [False, True])
    standin.control_plane(1)
    until(lambda: standin.answers(1))
    end = time.monotonic() + 5
    while time.monotonic() < end:
        assert standin.ask(1) == "zone1"
    until(standin.home)


def test_a_zone_keeps_what_it_knows_while_global_is_away(standin: Mesh) -> None:
    standin.kill("cp-0")
    standin.kill("app-1", "echo-1")
    until(lambda: standin.ask(1) == "zone2")
    standin.control_plane()
    standin.configure()
    standin.echo(1)
    until(standin.home, 40)


def test_a_killed_proxy_leaves_no_envoy(standin: Mesh) -> None:
    envoy = standin.envoy_of("echo-1")
    standin.kill("echo-1")
    until(lambda: not envoy.is_running() or envoy.status() == psutil.STATUS_ZOMBIE)


def test_a_proxy_ends_when_its_envoy_does(standin: Mesh) -> None:
    standin.envoy_of("echo-1").kill()
    assert standin.processes["echo-1"].wait(5) == 1
    assert "standin dp: Envoy ended with signal 9" in (standin.folder / "echo-1.log").read_text()


def test_a_terminated_proxy_drains_and_ends_with_0(standin: Mesh) -> None:
    envoy = standin.envoy_of("echo-1")
    standin.kill("echo-1", number=signal.SIGTERM)
    assert standin.processes["echo-1"].returncode == 0
    assert not psutil.pid_exists(envoy.pid)


def test_a_dead_zone_stays_known_and_is_shown_offline(standin: Mesh) -> None:
    names = [name for name in standin.processes if name.endswith("-1")]
    standin.kill(*names)
    until(lambda: online(standin) == [False, True])
    services = standin.api(0, "/meshes/default/meshservices").json()["items"]
    states = {s["labels"]["kuma.io/zone"]: s["spec"]["state"] for s in services if "echo-" in s["name"]}
    assert states["zone1"] == "Available"
    assert standin.ask(2) == "zone2"
    standin.zone(1)
    until(standin.home, 40)
