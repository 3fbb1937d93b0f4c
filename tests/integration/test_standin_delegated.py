"""Delegated gateways of the stand-in with real Envoys: what the gateway proper meets at its proxy's outbounds."""

from __future__ import annotations

import json
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.unit.standin.mesh import BLOCK, MULTIZONE, OUTLIERS, SERVICE, Mesh, echo_dataplane, policy, until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.envoy
HTTP, TCP, OWN = 21027, 21028, 21029
"""Where the outbounds are: an http and a tcp MMZS port, and the zone's own MeshService."""
BYTES = {"kind": "MeshMultiZoneService", "labels": {"kuma.io/display-name": "bytes"}}
BYTES_SERVICE = {
    "type": "MeshMultiZoneService",
    "name": "bytes",
    "mesh": "default",
    "spec": {"selector": {"meshService": {"matchLabels": {"kuma.io/display-name": "echo"}}}, "ports": [{"port": 1027}]},
}
LOST = {"ReadError", "RemoteProtocolError"}
"""What a client sees whose connection is closed without an answer."""


def kong(zone: int, backend: dict[str, Any] = MULTIZONE) -> dict[str, Any]:
    """A delegated gateway's Dataplane; ``backend`` is that of the http outbound."""
    host = f"{BLOCK}.{zone}.30"
    backends = {HTTP: backend, TCP: BYTES, OWN: SERVICE}
    outbound = [{"address": host, "port": p, "backendRef": {**b, "port": 1027}} for p, b in backends.items()]
    gateway = {"type": "DELEGATED", "tags": {"kuma.io/service": "kong"}}
    networking = {"address": host, "gateway": gateway, "outbound": outbound}
    return {"type": "Dataplane", "mesh": "default", "name": f"kong-{zone}", "networking": networking}


def url(zone: int, port: int) -> str:
    return f"http://{BLOCK}.{zone}.30:{port}/"


def ask(zone: int, port: int = HTTP) -> str:
    """Who answers on a new connection: a zone, or what went wrong."""
    try:
        answer = httpx.get(url(zone, port), trust_env=False, timeout=5)
    except httpx.TransportError as error:
        return type(error).__name__
    return answer.text if answer.status_code == 200 else str(answer.status_code)


def ask_until(wanted: str, port: int, what: str) -> set[str]:
    """Ask at zone 1 until ``wanted`` answers; returns what else did before."""
    others: set[str] = set()

    def answered() -> bool:
        answer = ask(1, port)
        others.update({answer} - {wanted})
        return answer == wanted

    until(answered, what=what)
    return others


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    mesh = Mesh(tmp_path_factory.mktemp("standin"))
    try:
        mesh.control_plane()
        for zone in (1, 2):
            mesh.zone(zone)
            mesh.proxy(zone, kong(zone))
        mesh.configure()
        mesh.put(0, BYTES_SERVICE).raise_for_status()
        yield mesh
    finally:
        mesh.close()


@pytest.fixture
def standin(up: Mesh) -> Mesh:
    """The mesh in its steady state, whatever the test before left."""
    for kind in ("meshcircuitbreakers", "meshhealthchecks"):
        up.http.delete(f"http://{BLOCK}.0.1:5681/meshes/default/{kind}/hardened")
    for zone in (1, 2):
        alive = [name for name in (f"app-{zone}", f"echo-{zone}") if up.processes[name].poll() is None]
        if len(alive) < 2:
            up.kill(*alive)
            up.echo(zone)
        for resource in (kong(zone), echo_dataplane(zone)):
            up.put(zone, resource).raise_for_status()
    until(lambda: home(up), 40, "home")
    return up


def home(mesh: Mesh) -> bool:
    return all(at_home(mesh, zone) for zone in (1, 2))


def at_home(mesh: Mesh, zone: int) -> bool:
    priorities = [(f"zone{other}", 0 if other == zone else 1) for other in (1, 2)]
    return (
        [ask(zone, port) for port in (HTTP, TCP, OWN)] == [f"zone{zone}"] * 3
        and mesh.hosts(zone, "kong") == mesh.hosts(zone, "kong", "bytes") == priorities
        and not {"outlier_detection", "health_checks"} & cluster_of(mesh, zone, "default_echo___mzsvc_1027").keys()
        and http_outbound_leads_to(mesh, zone, "default_echo___mzsvc_1027")
    )


def listeners(mesh: Mesh, zone: int) -> dict[str, Any]:
    """What a gateway's Envoy listens on: listeners by name."""
    found = mesh.api(zone, f"/meshes/default/dataplanes/kong-{zone}/xds").json()["configs"]
    return {each["name"]: each["active_state"] for dump in found for each in dump.get("dynamic_listeners", [])}


def cluster_of(mesh: Mesh, zone: int, name: str) -> dict[str, Any]:
    found = mesh.api(zone, f"/meshes/default/dataplanes/kong-{zone}/xds").json()["configs"]
    clusters = [each["cluster"] for dump in found for each in dump.get("dynamic_active_clusters", [])]
    return next((cluster for cluster in clusters if cluster["name"] == name), {})


def http_outbound_leads_to(mesh: Mesh, zone: int, cluster: str) -> bool:
    return f'"cluster": "{cluster}"' in json.dumps(listeners(mesh, zone)[f"outbound:{BLOCK}.{zone}.30:{HTTP}"])


def stat(mesh: Mesh, path: str, name: str) -> int:
    text = mesh.api(int(path[-1]), f"{path}/stats").text
    found = re.search(rf"^{re.escape(name)}: (\d+)$", text, re.MULTILINE)
    return int(found.group(1)) if found else 0


def sent_by_ingress(mesh: Mesh, service: str) -> int:
    """How many bytes zone 2's ingress has forwarded to the zone's own sidecars."""
    return stat(mesh, "/zoneingresses/ingress-2", f"cluster.default_{service}___mzsvc_1027.upstream_cx_tx_bytes_total")


def test_it_listens_at_its_outbounds_only_and_offers_nothing_itself(standin: Mesh) -> None:
    assert set(listeners(standin, 1)) == {f"outbound:{BLOCK}.1.30:{port}" for port in (HTTP, TCP, OWN)}
    shown = standin.api(1, "/meshes/default/meshservices").json()["items"]
    assert {service["labels"]["kuma.io/display-name"] for service in shown} == {"echo"}


@pytest.mark.parametrize(("port", "service", "meanwhile"), [(HTTP, "echo", {"503"}), (TCP, "bytes", LOST)])
def test_without_the_local_service_the_other_zone_answers_until_it_is_back(
    standin: Mesh, port: int, service: str, meanwhile: set[str]
) -> None:
    before = sent_by_ingress(standin, service)
    standin.kill("app-1", "echo-1")
    failures = ask_until("zone2", port, "zone 2 answers")
    assert failures
    assert failures <= meanwhile
    assert sent_by_ingress(standin, service) > before
    assert ask(2, port) == "zone2"
    standin.echo(1)
    assert ask_until("zone1", port, "zone 1 answers again") <= {"zone2"}


def test_http_is_tried_again_and_still_in_the_zone(standin: Mesh) -> None:
    retries = partial(
        stat, standin, "/meshes/default/dataplanes/kong-1", "cluster.default_echo___mzsvc_1027.upstream_rq_retry"
    )
    before = retries()
    standin.kill("app-1", "echo-1")
    assert ask(1) == "503"
    assert retries() >= before + 5


def test_a_kept_connection_comes_home_through_an_http_outbound_only(standin: Mesh) -> None:
    with httpx.Client(trust_env=False, timeout=5) as kept:

        def both() -> list[str]:
            return [kept.get(url(1, port)).text for port in (HTTP, TCP)]

        standin.kill("app-1", "echo-1")
        ask_until("zone2", HTTP, "http fails over")
        ask_until("zone2", TCP, "tcp fails over")
        assert both() == ["zone2", "zone2"]
        standin.echo(1)
        ask_until("zone1", TCP, "new connections come home")
        until(lambda: both()[0] == "zone1")
        assert both() == ["zone1", "zone2"]


def test_a_put_of_its_dataplane_points_an_outbound_elsewhere_and_loses_no_request(standin: Mesh) -> None:
    for backend, cluster in 2 * ((SERVICE, "default_echo__zone1_msvc_1027"), (MULTIZONE, "default_echo___mzsvc_1027")):
        standin.put(1, kong(1, backend)).raise_for_status()
        answers: list[str] = []
        until(lambda c=cluster, a=answers: a.append(ask(1)) or http_outbound_leads_to(standin, 1, c))  # type: ignore[misc]
        assert {*answers, *(ask(1) for _ in range(20))} == {"zone1"}


def test_an_outbound_to_the_zones_own_service_does_not_fail_over_until_it_is_repointed(standin: Mesh) -> None:
    standin.put(1, kong(1, SERVICE)).raise_for_status()
    until(lambda: http_outbound_leads_to(standin, 1, "default_echo__zone1_msvc_1027"))
    standin.kill("app-1", "echo-1")
    ask_until("zone2", TCP, "the other outbound fails over")
    assert [ask(1) for _ in range(20)] == ["503"] * 20
    standin.put(1, kong(1)).raise_for_status()
    ask_until("zone2", HTTP, "the re-pointed outbound fails over")


def test_the_other_zones_coming_and_going_loses_no_request(standin: Mesh) -> None:
    answers: list[str] = []

    def knows(wanted: list[tuple[str, int]]) -> bool:
        answers.extend(ask(1, port) for port in (HTTP, TCP))
        return standin.hosts(1, "kong") == wanted

    standin.kill("app-2", "echo-2")
    until(lambda: knows([("zone1", 0)]), what="zone 2 is no longer known")
    standin.echo(2)
    until(lambda: knows([("zone1", 0), ("zone2", 1)]), what="zone 2 is known again")
    assert set(answers) == {"zone1"}


HEALTH_CHECK = {
    "interval": "500ms",
    "timeout": "500ms",
    "unhealthyThreshold": 1,
    "healthyThreshold": 1,
    "noTrafficInterval": "500ms",
    "http": {"path": "/"},
}


def test_outlier_detection_makes_a_wrong_port_fail_over_and_come_home(standin: Mesh) -> None:
    standin.put(0, policy("MeshCircuitBreaker", {"outlierDetection": OUTLIERS})).raise_for_status()
    until(lambda: "outlier_detection" in cluster_of(standin, 1, "default_echo___mzsvc_1027"))
    standin.put(1, echo_dataplane(1, port=9999)).raise_for_status()
    assert ask_until("zone2", HTTP, "zone 2 answers") <= {"zone1", "503"}
    standin.put(1, echo_dataplane(1)).raise_for_status()
    ask_until("zone1", HTTP, "zone 1 answers again")


def test_a_health_check_sees_the_zones_own_service_fail_and_moves_no_multi_zone_traffic(standin: Mesh) -> None:
    def checked() -> str:
        clusters = standin.api(1, "/meshes/default/dataplanes/kong-1/clusters").text
        (flags,) = re.findall(r"__zone1_msvc_1027::.*::health_flags::(.*)", clusters)
        return str(flags)

    standin.put(0, policy("MeshHealthCheck", HEALTH_CHECK)).raise_for_status()
    until(lambda: "health_checks" in cluster_of(standin, 1, "default_echo__zone1_msvc_1027"))
    standin.put(1, echo_dataplane(1, port=9999)).raise_for_status()
    until(lambda: "failed_active_hc" in checked(), what="the zone's own service fails its check")
    assert [ask(1) for _ in range(20)] == ["503"] * 20
