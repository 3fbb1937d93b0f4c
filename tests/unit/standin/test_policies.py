from __future__ import annotations

from typing import Any

import pytest

from fixtures.platforms.universal.standin.resources.base import Resource
from fixtures.platforms.universal.standin.resources.policies import MeshTimeout, TimeoutConf
from fixtures.platforms.universal.standin.resources.routing import MeshRetry, RetryConf
from fixtures.platforms.universal.standin.view import MeshView, Policy
from fixtures.platforms.universal.standin.xds.clusters import destination_cluster, is_locality_aware
from fixtures.platforms.universal.standin.xds.policies import Proxy, incoming, outgoing
from fixtures.platforms.universal.standin.xds.rbac import network_rbac
from tests.unit.standin.views import echo, edge, multi_zone, read, service, view

SIDECAR = Proxy(echo())
GATEWAY = Proxy(edge(), "edge")


def timeout(name: str, connect: str, target: str = "{kind: Mesh}", to: str = "{kind: Mesh}") -> Policy:
    spec = f"{{targetRef: {target}, to: [{{targetRef: {to}, default: {{connectionTimeout: {connect}}}}}]}}"
    return Policy(read(f"{{type: MeshTimeout, name: {name}, spec: {spec}}}", MeshTimeout))


def connect_time(proxy: Proxy, *policies: Policy) -> float | None:
    seen = view(service("zone1"), policies=policies)
    return outgoing(seen, MeshTimeout, proxy, multi_zone(seen), TimeoutConf).connection_timeout


def test_without_a_policy_nothing_is_set() -> None:
    assert connect_time(SIDECAR) is None


def test_the_first_name_in_the_alphabet_wins() -> None:
    assert connect_time(SIDECAR, timeout("b", "2s"), timeout("a", "1s"), timeout("c", "3s")) == 1


def test_a_zones_own_policy_outranks_one_from_global() -> None:
    own = Policy(timeout("z", "9s").resource, zone_origin=True)
    assert connect_time(SIDECAR, timeout("a", "1s"), own) == 9


def test_a_named_destination_outranks_the_mesh() -> None:
    named = timeout("z", "9s", to="{kind: MeshMultiZoneService, labels: {kuma.io/display-name: echo}}")
    other = timeout("y", "8s", to="{kind: MeshMultiZoneService, name: other}")
    service_of_that_name = timeout("x", "7s", to="{kind: MeshService, name: echo}")
    assert connect_time(SIDECAR, timeout("a", "1s"), named, other, service_of_that_name) == 9


def test_a_named_proxy_outranks_a_named_destination() -> None:
    named = timeout("a", "1s", to="{kind: MeshMultiZoneService, name: echo}")
    assert connect_time(SIDECAR, named, timeout("z", "9s", target="{kind: Dataplane, name: echo-1}")) == 9
    assert connect_time(SIDECAR, named, timeout("z", "9s", target="{kind: Dataplane, name: echo-2}")) == 1


def test_a_gateways_policy_is_for_that_gateway_only() -> None:
    policy = timeout("a", "1s", target="{kind: MeshGateway, name: edge}")
    assert (connect_time(GATEWAY, policy), connect_time(SIDECAR, policy)) == (1, None)


def test_proxy_types_choose_sidecars_or_gateways() -> None:
    policies = (
        timeout("a", "1s", target="{kind: Mesh, proxyTypes: [Sidecar]}"),
        timeout("b", "2s", target="{kind: Mesh, proxyTypes: [Gateway]}"),
    )
    assert (connect_time(SIDECAR, *policies), connect_time(GATEWAY, *policies)) == (1, 2)


def retry(name: str, default: str, to: str = "{kind: Mesh}") -> Policy:
    spec = f"{{to: [{{targetRef: {to}, default: {default}}}]}}"
    return Policy(read(f"{{type: MeshRetry, name: {name}, spec: {spec}}}", MeshRetry))


def test_policies_are_merged_field_by_field_and_lists_replaced_whole() -> None:
    seen = view(
        service("zone1"),
        policies=(
            retry("b", "{tcp: {maxConnectAttempt: 5}, http: {numRetries: 5, retryOn: [5xx, Reset]}}"),
            retry("a", "{http: {retryOn: [ConnectFailure]}}"),
        ),
    )
    conf = outgoing(seen, MeshRetry, SIDECAR, multi_zone(seen), RetryConf)
    assert conf.tcp
    assert conf.http
    assert (conf.tcp.max_connect_attempt, conf.http.num_retries, conf.http.retry_on) == (5, 5, ("ConnectFailure",))


def test_retries_for_one_service_reach_sidecars_but_no_builtin_gateway() -> None:
    """Kuma asks for a gateway's retries without saying for which service (meshretry/plugin/v1alpha1/plugin.go)."""
    one_service = "{kind: MeshMultiZoneService, labels: {kuma.io/display-name: echo}}"
    policies = (retry("b", "{http: {numRetries: 5}}"), retry("a", "{http: {numRetries: 8}}", one_service))
    seen = view(service("zone1"), policies=policies)

    def retries(proxy: Proxy) -> int | None:
        http = outgoing(seen, MeshRetry, proxy, multi_zone(seen), RetryConf).http
        return http.num_retries if http else None

    assert (retries(SIDECAR), retries(GATEWAY)) == (8, 5)


def test_incoming_limits_come_from_from() -> None:
    spec = "{from: [{targetRef: {kind: Mesh}, default: {http: {requestTimeout: 3s}}}]}"
    policy = Policy(read(f"{{type: MeshTimeout, name: a, spec: {spec}}}", MeshTimeout))
    conf = incoming(view(policies=(policy,)), MeshTimeout, SIDECAR, TimeoutConf)
    assert conf.http
    assert conf.http.request_timeout == 3


def permission(*rules: str) -> Policy:
    spec = f"{{from: [{', '.join(rules)}]}}"
    return Policy(read(f"{{type: MeshTrafficPermission, name: p, spec: {spec}}}", Resource))


ALLOW_ALL = "{targetRef: {kind: Mesh}, default: {action: Allow}}"
DENY_ALL = "{targetRef: {kind: Mesh}, default: {action: Deny}}"


def rule(service_name: str, action: str) -> str:
    return (
        f"{{targetRef: {{kind: MeshSubset, tags: {{kuma.io/service: {service_name}}}}}, default: {{action: {action}}}}}"
    )


def principal(service_name: str) -> dict[str, Any]:
    return {"authenticated": {"principal_name": {"exact": f"spiffe://default/{service_name}"}}}


@pytest.mark.parametrize(
    ("rules", "principals"),
    [
        ([], None),
        ([ALLOW_ALL], {"any": True}),
        ([ALLOW_ALL, DENY_ALL], None),
        ([rule("web", "Allow")], {"or_ids": {"ids": [principal("web")]}}),
        ([rule("web", "Allow"), rule("web", "Deny")], None),
        ([ALLOW_ALL, rule("web", "Deny")], {"not_id": {"or_ids": {"ids": [principal("web")]}}}),
        ([DENY_ALL, rule("web", "Allow")], {"or_ids": {"ids": [principal("web")]}}),
    ],
)
def test_permissions_are_by_identity_and_nobody_passes_without_one(rules: list[str], principals: object) -> None:
    policies = (permission(*rules),) if rules else ()
    made = network_rbac(view(policies=policies), SIDECAR, "localhost_8081")["typed_config"]["rules"]["policies"]
    assert made == (
        {"MeshTrafficPermission": {"permissions": [{"any": True}], "principals": [principals]}} if principals else {}
    )


def policy_to(kind: str, default: str, labels: str = "{}") -> Policy:
    spec = f"{{to: [{{targetRef: {{kind: Mesh}}, default: {default}}}]}}"
    return Policy(read(f"{{type: {kind}, name: p, labels: {labels}, spec: {spec}}}", Resource))


def cluster(proxy: Proxy, *policies: Policy) -> dict[str, Any]:
    seen: MeshView = view(service("zone1"), service("zone2"), policies=policies)
    return destination_cluster(seen, proxy, multi_zone(seen), name="c")


def test_a_cluster_without_policies_is_as_kumas() -> None:
    made = cluster(GATEWAY)
    assert (made["type"], made["connect_timeout"], made["lb_policy"]) == ("EDS", "5s", "ROUND_ROBIN")
    assert not {"outlier_detection", "health_checks", "common_lb_config"} & made.keys()
    assert made["transport_socket"]["typed_config"]["sni"].endswith(".echo.1027.default.mzms")


def test_outlier_detection_has_only_the_detectors_that_are_asked_for() -> None:
    detection = (
        "{interval: 1s, baseEjectionTime: 5s, maxEjectionPercent: 100, detectors: {totalFailures: {consecutive: 3}}}"
    )
    made = cluster(GATEWAY, policy_to("MeshCircuitBreaker", f"{{outlierDetection: {detection}}}"))["outlier_detection"]
    assert (made["interval"], made["base_ejection_time"], made["max_ejection_percent"]) == ("1s", "5s", 100)
    assert (made["consecutive_5xx"], made["enforcing_consecutive_5xx"]) == (3, 100)
    assert made["enforcing_consecutive_gateway_failure"] == 0


def test_a_builtin_gateway_ignores_health_checks() -> None:
    assert "health_checks" not in cluster(GATEWAY, policy_to("MeshHealthCheck", "{http: {path: /ready}}"))


def test_locality_awareness_is_turned_off_for_sidecars_and_on_gateways_only_when_enforced() -> None:
    default = "{localityAwareness: {disabled: true}}"
    plain = policy_to("MeshLoadBalancingStrategy", default)
    enforced = policy_to("MeshLoadBalancingStrategy", default, "{standin/builtin-gateways: enforced}")

    def aware(proxy: Proxy, *policies: Policy) -> bool:
        seen = view(service("zone1"), policies=policies)
        return is_locality_aware(seen, proxy, multi_zone(seen))

    assert aware(SIDECAR)
    assert not aware(SIDECAR, plain)
    assert aware(GATEWAY, plain)
    assert not aware(GATEWAY, enforced)
