"""MeshFaultInjection: which sidecars get which of Envoy's fault filters, and where among the others."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from fixtures.platforms.universal.standin.errors import ApiError
from fixtures.platforms.universal.standin.resources.dataplane import Dataplane
from fixtures.platforms.universal.standin.resources.faultinjection import MeshFaultInjection
from fixtures.platforms.universal.standin.resources.registry import parse_resource
from fixtures.platforms.universal.standin.snapshot import dataplane_snapshot
from fixtures.platforms.universal.standin.view import Policy
from fixtures.platforms.universal.standin.xds.faults import fractional
from tests.unit.standin.views import echo, edge, read, view

FAULT = "{abort: {httpStatus: 503, percentage: 90}, delay: {value: 300ms, percentage: 100}}"
SIDECARS = "{kind: Mesh, proxyTypes: [Sidecar]}"


def policy(fault: str = FAULT, target: str = SIDECARS, name: str = "f", *, zone: bool = True, **labels: Any) -> Policy:
    spec = {"targetRef": yaml.safe_load(target), "from": [{"targetRef": {"kind": "Mesh"}}]}
    spec["from"][0]["default"] = {"http": [yaml.safe_load(fault)]}
    document = {"type": "MeshFaultInjection", "mesh": "default", "name": name, "labels": labels, "spec": spec}
    return Policy(read(yaml.safe_dump(document), MeshFaultInjection), zone_origin=zone)


def in_kubernetes(**changed: Any) -> Dataplane:
    """An echo's Dataplane with a namespace and a pod's label."""
    document = echo().document()
    document["labels"] = {"k8s.kuma.io/namespace": "kong", **changed}
    document["networking"]["inbound"][0]["tags"]["app"] = "echo"
    return Dataplane.model_validate(document)


def filters(dataplane: Dataplane, *policies: Policy, mesh: str | None = None) -> list[str]:
    """The names of the HTTP filters of the only inbound."""
    return [one["name"] for one in http_filters(dataplane, *policies, **({"mesh": mesh} if mesh else {}))]


def http_filters(dataplane: Dataplane, *policies: Policy, **more: Any) -> list[dict[str, Any]]:
    snapshot = dataplane_snapshot(view(policies=policies, **more), dataplane, None)
    (inbound,) = (one for one in snapshot.listeners.values() if one["traffic_direction"] == "INBOUND")
    found: list[dict[str, Any]] = inbound["filter_chains"][0]["filters"][0]["typed_config"]["http_filters"]
    return found


def test_the_fault_comes_after_permission_and_right_before_the_router() -> None:
    found = filters(echo(), policy())
    assert found == ["envoy.filters.http.rbac", "envoy.filters.http.fault", "envoy.filters.http.router"]
    open_mesh = filters(echo(), policy(), mesh="{type: Mesh, name: default}")
    assert open_mesh == ["envoy.filters.http.fault", "envoy.filters.http.router"]


def test_without_a_policy_there_is_no_fault() -> None:
    assert filters(echo()) == ["envoy.filters.http.rbac", "envoy.filters.http.router"]


def test_it_is_the_filter_that_kuma_makes() -> None:
    """meshfaultinjection/plugin/v1alpha1/testdata/basic_listener_1.golden.yaml, without headers."""
    _, fault, _ = http_filters(echo(), policy())
    assert fault["typed_config"] == {
        "@type": "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault",
        "abort": {"http_status": 503, "percentage": {"numerator": 90, "denominator": "HUNDRED"}},
        "delay": {"fixed_delay": "0.3s", "percentage": {"numerator": 100, "denominator": "HUNDRED"}},
    }


def test_what_is_not_asked_for_is_not_in_it() -> None:
    _, fault, _ = http_filters(echo(), policy("{delay: {value: 1h, percentage: 100}}"))
    assert "abort" not in fault["typed_config"]
    assert fault["typed_config"]["delay"]["fixed_delay"] == "3600s"


@pytest.mark.parametrize(
    ("percentage", "numerator", "denominator"),
    [
        (90, 90, "HUNDRED"),
        (0, 0, "HUNDRED"),
        ("62.90", 6290, "TEN_THOUSAND"),
        ("33.3333", 333333, "MILLION"),
        ("33.33333", 333333, "MILLION"),
    ],
)
def test_percentages_are_written_as_kuma_writes_them(percentage: int | str, numerator: int, denominator: str) -> None:
    assert fractional(percentage) == {"numerator": numerator, "denominator": denominator}


def test_tags_choose_the_proxies_that_serve_them() -> None:
    faulty = policy(target="{kind: MeshSubset, tags: {app: echo}, proxyTypes: [Sidecar]}")
    assert "envoy.filters.http.fault" in filters(in_kubernetes(), faulty)
    assert "envoy.filters.http.fault" not in filters(echo(), faulty)


def test_a_workload_owners_policy_is_for_its_own_namespace() -> None:
    role: dict[str, Any] = {"kuma.io/policy-role": "workload-owner", "k8s.kuma.io/namespace": "kong"}
    assert "envoy.filters.http.fault" in filters(in_kubernetes(), policy(**role))
    elsewhere = in_kubernetes(**{"k8s.kuma.io/namespace": "other"})
    assert "envoy.filters.http.fault" not in filters(elsewhere, policy(**role))
    assert "envoy.filters.http.fault" in filters(elsewhere, policy(**{**role, "kuma.io/policy-role": "system"}))


def test_the_zones_own_policy_replaces_what_global_says() -> None:
    world = policy("{abort: {httpStatus: 500, percentage: 1}}", name="a", zone=False)
    _, fault, _ = http_filters(echo(), world, policy(name="z"))
    assert fault["typed_config"]["abort"]["http_status"] == 503


def test_a_gateway_has_none() -> None:
    snapshot = dataplane_snapshot(view(policies=(policy(),)), edge(), None)
    assert "fault" not in str(snapshot.listeners)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"target": "{kind: Mesh}"}, "select only Sidecar"),
        ({"target": "{kind: MeshSubset, tags: {app: echo}}"}, "select only Sidecar"),
        ({"target": "{kind: Mesh, proxyTypes: [Sidecar], tags: {app: echo}}"}, "tags: cannot be set for kind Mesh"),
        ({"fault": "{abort: {httpStatus: 503, percentage: 101}}"}, "must be in inclusive range [0, 100]"),
        ({"fault": "{abort: {httpStatus: 503, percentage: many}}"}, "must be a valid number"),
        ({"fault": "{abort: {httpStatus: 20, percentage: 1}}"}, "greater than or equal to 100"),
        ({"fault": "{responseBandwidth: {limit: 1Mbps, percentage: 1}}"}, "responseBandwidth: not a field"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_reason(wrong: dict[str, Any], reason: str) -> None:
    with pytest.raises(ApiError, match=re.escape(reason)):
        policy(**wrong)


def test_what_was_read_can_be_told_to_another_control_plane() -> None:
    made = policy().resource
    assert parse_resource(made.document()) == made
