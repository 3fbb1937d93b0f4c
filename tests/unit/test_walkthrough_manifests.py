"""The walkthrough's objects as a cluster gets them."""

from __future__ import annotations

from typing import Any

import pytest

from chaos.errors import SettingsError
from fixtures.mesh import Backend
from fixtures.platforms.kubernetes.walkthrough import global_objects, route_objects, without_gateway, zone_objects
from fixtures.profiles import load_profile, profile_names

Document = dict[str, Any]


def zone(
    namespace: str = "kong", replicas: int = 1, backend: Backend = Backend.MULTIZONE, *, probe: bool = False
) -> dict[tuple[str, str], Document]:
    """(kind, name) -> object."""
    objects = zone_objects(namespace, replicas, backend, probe=probe)
    return {(one["kind"], one["metadata"]["name"]): one for one in objects}


def container(**chosen: Any) -> Document:
    (only,) = zone(**chosen)["Deployment", "echo"]["spec"]["template"]["spec"]["containers"]
    found: Document = only
    return found


def backend_of(objects: list[Document]) -> str:
    route = objects[-1]
    assert route["kind"] == "HTTPRoute"
    (rule,) = route["spec"]["rules"]
    (ref,) = rule["backendRefs"]
    return f"{ref['name']}:{ref['port']}"


def test_a_zone_gets_what_the_walkthrough_says_in_an_order_that_can_be_applied() -> None:
    assert list(zone()) == [
        ("Namespace", "kong"),
        ("Service", "echo"),
        ("Deployment", "echo"),
        ("GatewayConfiguration", "kong-configuration"),
        ("GatewayClass", "kong"),
        ("Gateway", "kong"),
        ("Service", "echo-mmzs-service"),
        ("HTTPRoute", "echo"),
    ]


def test_a_zone_that_no_user_enters_gets_echo_and_nothing_of_a_gateway() -> None:
    left = without_gateway(zone_objects("kong", 1, Backend.MULTIZONE, probe=False))
    assert [(one["kind"], one["metadata"]["name"]) for one in left] == [
        ("Namespace", "kong"),
        ("Service", "echo"),
        ("Deployment", "echo"),
        ("Service", "echo-mmzs-service"),
    ]


def test_pods_of_the_namespace_get_a_sidecar() -> None:
    assert zone()["Namespace", "kong"]["metadata"]["labels"]["kuma.io/sidecar-injection"] == "enabled"


def test_the_gateways_pod_is_a_gateway_to_the_mesh() -> None:
    options = zone()["GatewayConfiguration", "kong-configuration"]["spec"]["dataPlaneOptions"]
    template = options["deployment"]["podTemplateSpec"]
    assert template["metadata"]["annotations"] == {"kuma.io/gateway": "enabled"}


def test_the_route_leads_to_the_zones_own_echo_or_to_all_zones() -> None:
    assert backend_of(route_objects("kong", Backend.SERVICE)) == "echo:1027"
    assert backend_of(route_objects("kong", Backend.MULTIZONE)) == "echo-mmzs-service:1027"


def test_the_service_that_the_re_pointed_route_needs_comes_before_it() -> None:
    service, route = route_objects("kong", Backend.MULTIZONE)
    assert service["spec"]["externalName"] == "echo.mzsvc.mesh.local"
    assert service["metadata"]["name"] == route["spec"]["rules"][0]["backendRefs"][0]["name"]


def test_echo_says_who_it_is() -> None:
    paths = {one["name"]: one["valueFrom"]["fieldRef"]["fieldPath"] for one in container()["env"]}
    assert paths == {
        "NODE_NAME": "spec.nodeName",
        "POD_NAME": "metadata.name",
        "POD_NAMESPACE": "metadata.namespace",
        "POD_IP": "status.podIP",
    }


def test_replicas_are_settable() -> None:
    assert zone(replicas=3)["Deployment", "echo"]["spec"]["replicas"] == 3


def test_only_a_profile_that_wants_one_has_a_readiness_probe() -> None:
    assert "readinessProbe" not in container()
    assert container(probe=True)["readinessProbe"]["tcpSocket"] == {"port": 1027}


def test_another_namespace_is_used_throughout() -> None:
    objects = zone("chaos").values()
    assert {one["metadata"]["namespace"] for one in objects if "namespace" in one["metadata"]} == {"chaos"}
    assert zone("chaos")["Namespace", "chaos"]
    assert zone("chaos")["GatewayClass", "kong"]["spec"]["parametersRef"]["namespace"] == "chaos"


def test_every_object_says_whose_it_is() -> None:
    everything = [*zone().values(), *global_objects(load_profile("hardened").resources)]
    assert {one["metadata"]["labels"]["app.kubernetes.io/managed-by"] for one in everything} == {"mesh-chaos"}


def of_kind(kind: str, profile: str = "page") -> Document:
    (only,) = (one for one in global_objects(load_profile(profile).resources) if one["kind"] == kind)
    return only


def test_a_mesh_is_cluster_scoped_and_its_fields_are_its_spec() -> None:
    mesh = of_kind("Mesh")
    assert "namespace" not in mesh["metadata"]
    assert mesh["spec"]["meshServices"] == {"mode": "Exclusive"}
    assert mesh["spec"].keys() == {"meshServices", "mtls"}


def test_a_policy_is_in_the_control_planes_namespace_and_names_its_mesh_by_label() -> None:
    metadata = of_kind("MeshRetry", "hardened")["metadata"]
    assert (metadata["namespace"], metadata["labels"]["kuma.io/mesh"]) == ("kuma-system", "default")


def test_a_spec_is_as_in_universal_form() -> None:
    (universal,) = (one for one in load_profile("page").resources if one["type"] == "MeshMultiZoneService")
    assert of_kind("MeshMultiZoneService")["spec"] == universal["spec"]


@pytest.mark.parametrize("profile", profile_names())
def test_what_the_gateway_api_does_is_left_out(profile: str) -> None:
    kinds = {one["kind"] for one in global_objects(load_profile(profile).resources)}
    assert {"Mesh", "MeshTrafficPermission", "MeshMultiZoneService"} <= kinds
    assert kinds.isdisjoint({"MeshGateway", "MeshHTTPRoute"})


def test_labels_of_the_users_own_are_kept() -> None:
    (made,) = global_objects(
        [{"type": "MeshTimeout", "name": "t", "mesh": "default", "labels": {"team": "a"}, "spec": {}}]
    )
    assert made["metadata"]["labels"]["team"] == "a"


def test_a_resource_without_a_spec_is_refused_by_name() -> None:
    with pytest.raises(SettingsError, match="TrafficPermission 'old' has no spec"):
        global_objects([{"type": "TrafficPermission", "name": "old", "mesh": "default", "sources": []}])
