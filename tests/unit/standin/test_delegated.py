"""What a delegated gateway's Envoy is told, and what its Dataplane may not ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from fixtures.platforms.universal.standin.errors import ApiError
from fixtures.platforms.universal.standin.meshservices import wanted_ports
from fixtures.platforms.universal.standin.resources.dataplane import Dataplane
from fixtures.platforms.universal.standin.resources.mesh import Mesh
from fixtures.platforms.universal.standin.resources.registry import parse_resource
from fixtures.platforms.universal.standin.store import Store
from tests.unit.standin.delegated import (
    CLUSTER,
    LOCAL,
    LOCAL_CLUSTER,
    MULTIZONE,
    NAME,
    mesh_of,
    policy,
    snapshot_of,
    text_of,
)
from tests.unit.standin.views import SECURED, echo, read

if TYPE_CHECKING:
    from fixtures.platforms.universal.standin.snapshot import Snapshot


def manager_of(snapshot: Snapshot, name: str = NAME) -> dict[str, Any]:
    (chain,) = snapshot.listeners[name]["filter_chains"]
    config: dict[str, Any] = chain["filters"][0]["typed_config"]
    return config


def action_of(snapshot: Snapshot) -> dict[str, Any]:
    (host,) = manager_of(snapshot)["route_config"]["virtual_hosts"]
    action: dict[str, Any] = host["routes"][0]["route"]
    return action


def test_it_listens_at_its_outbounds_and_nowhere_else() -> None:
    snapshot = snapshot_of(mesh_of("http"), MULTIZONE, LOCAL)
    assert set(snapshot.listeners) == {NAME, "outbound:127.201.1.30:21028"}
    assert set(snapshot.clusters) == {CLUSTER, LOCAL_CLUSTER}
    assert snapshot.routes == {}


def test_no_mesh_service_is_generated_of_it() -> None:
    store = Store(zone="zone1")
    store.put(read(text_of(MULTIZONE), Dataplane))
    store.put(echo())
    assert set(wanted_ports(store, read(SECURED, Mesh))) == {"echo"}


def test_a_mesh_service_by_name_is_the_zones_own() -> None:
    snapshot = snapshot_of(mesh_of("http"), LOCAL)
    (assignment,) = snapshot.endpoints.values()
    assert [e["locality"]["zone"] for e in assignment["endpoints"]] == ["zone1"]
    assert manager_of(snapshot)["route_config"]["name"] == "kri_msvc_default_zone1__echo_1027"


def test_a_mesh_service_of_another_zone_is_found_by_labels() -> None:
    other = "{kind: MeshService, labels: {kuma.io/display-name: echo, kuma.io/zone: zone2}, port: 1027}"
    (assignment,) = snapshot_of(mesh_of("http"), other).endpoints.values()
    assert [(e["locality"]["zone"], e["priority"]) for e in assignment["endpoints"]] == [("zone2", 1)]


def test_an_outbound_to_what_does_not_exist_yet_has_no_listener_and_harms_no_other() -> None:
    gone = "{kind: MeshService, name: gone, port: 1027}"
    other_port = "{kind: MeshService, name: echo, port: 1028}"
    assert list(snapshot_of(mesh_of("http"), gone, other_port, LOCAL).listeners) == ["outbound:127.201.1.30:21029"]


def test_policies_for_gateways_are_for_delegated_ones_too() -> None:
    for_sidecars = policy("MeshTimeout", "{http: {requestTimeout: 1s}}", "{kind: Mesh, proxyTypes: [Sidecar]}")
    for_gateways = policy("MeshTimeout", "{http: {requestTimeout: 2s}}", "{kind: Mesh, proxyTypes: [Gateway]}")
    assert action_of(snapshot_of(mesh_of("http", for_sidecars)))["timeout"] == "15s"
    assert action_of(snapshot_of(mesh_of("http", for_gateways)))["timeout"] == "2s"


def test_policies_for_a_mesh_gateway_are_not_for_delegated_ones() -> None:
    other = policy("MeshTimeout", "{http: {requestTimeout: 2s}}", "{kind: MeshGateway, name: kong}")
    assert action_of(snapshot_of(mesh_of("http", other)))["timeout"] == "15s"


def test_a_tcp_outbound_has_the_times_and_attempts_of_the_policies() -> None:
    times, retries = policy("MeshTimeout", "{idleTimeout: 0s}"), policy("MeshRetry", "{tcp: {maxConnectAttempt: 2}}")
    proxy = manager_of(snapshot_of(mesh_of("tcp", times, retries)))
    assert (proxy["idle_timeout"], proxy["max_connect_attempts"]) == ("0s", 2)


def test_retries_and_outlier_detection_are_those_of_the_policies() -> None:
    retries = policy("MeshRetry", "{http: {numRetries: 1, retryOn: [5xx]}}")
    outliers = policy("MeshCircuitBreaker", "{outlierDetection: {detectors: {totalFailures: {consecutive: 3}}}}")
    snapshot = snapshot_of(mesh_of("http", retries, outliers))
    assert action_of(snapshot)["retry_policy"]["num_retries"] == 1
    assert snapshot.clusters[CLUSTER]["outlier_detection"]["consecutive_5xx"] == 3


def test_without_locality_awareness_every_zone_has_priority_0() -> None:
    anywhere = policy("MeshLoadBalancingStrategy", "{localityAwareness: {disabled: true}}")
    localities = snapshot_of(mesh_of("http", anywhere)).endpoints[CLUSTER]["endpoints"]
    assert [(e["locality"]["zone"], e["priority"]) for e in localities] == [("zone1", 0), ("zone2", 0)]


CHECK = policy("MeshHealthCheck", "{interval: 2s, http: {path: /ready}, tcp: {}}")


@pytest.mark.parametrize("protocol", ["tcp", "http"])
def test_a_health_check_has_no_effect_on_a_service_of_several_zones(protocol: str) -> None:
    assert "health_checks" not in snapshot_of(mesh_of(protocol, CHECK)).clusters[CLUSTER]


def test_a_health_check_takes_effect_while_no_other_zone_is_available() -> None:
    (check,) = snapshot_of(mesh_of("http", CHECK, remote=False)).clusters[CLUSTER]["health_checks"]
    assert check["http_health_check"]["path"] == "/ready"


def test_a_health_check_of_a_mesh_service_is_that_of_its_protocol() -> None:
    (check,) = snapshot_of(mesh_of("http", CHECK), LOCAL).clusters[LOCAL_CLUSTER]["health_checks"]
    assert check["http_health_check"]["codec_client_type"] == "HTTP1"
    off = policy("MeshHealthCheck", "{http: {disabled: true}, tcp: {}}")
    (check,) = snapshot_of(mesh_of("http", off), LOCAL).clusters[LOCAL_CLUSTER]["health_checks"]
    assert check["tcp_health_check"] == {}
    other = policy("MeshHealthCheck", "{tcp: {}}")
    assert "health_checks" not in snapshot_of(mesh_of("http", other), LOCAL).clusters[LOCAL_CLUSTER]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            ("labels: {kuma.io/display-name: echo}", "name: echo"),
            "networking.outbound[0].backendRef.name: Kuma finds a MeshMultiZoneService for an outbound by labels only",
        ),
        (
            ("labels: {kuma.io/display-name: echo}, ", ""),
            "networking.outbound[0].backendRef.name: exactly one of name and labels must be set",
        ),
        (
            ("port: 1027", "port: 1027, weight: 2"),
            "networking.outbound[0].backendRef.weight: not a field of Dataplane that the stand-in supports",
        ),
        (("MeshMultiZoneService", "MeshExternalService"), "networking.outbound[0].backendRef.kind: Input should be"),
        ((f"backendRef: {MULTIZONE}", "tags: {kuma.io/service: e}"), "networking.outbound[0].tags: not a field of"),
        (("port: 21027", "port: 9901"), "networking.outbound[0].port: the admin interface has the same address and"),
        (("port: 21027", "port: 21028"), "networking.outbound[1].port: outbound[0] has the same address and port"),
        (("127.201.1.30, port: 21027", "10.0.0.1, port: 21027"), "networking.outbound[0].address: must be an address"),
        (("outbound: [", "inbound: [{port: 1, servicePort: 2, tags: {kuma.io/service: a}}], outbound: ["), "delegated"),
        (("kong}", "kong, kuma.io/protocol: http}"), 'networking.gateway.tags["kuma.io/protocol"]: other values'),
        (("DELEGATED", "BUILTIN"), "networking.outbound: outbound cannot be defined for builtin gateways"),
    ],
)
def test_what_an_outbound_cannot_have_is_refused_by_name(change: tuple[str, str], reason: str) -> None:
    with pytest.raises(ApiError) as refused:
        parse_resource(yaml.safe_load(text_of(MULTIZONE, LOCAL).replace(*change)))
    assert reason in str(refused.value)
