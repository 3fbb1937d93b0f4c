"""What the test bed's gateway operator makes of Gateways, and what it tells them of themselves."""

from __future__ import annotations

from typing import Any

import yaml

from fixtures.mesh import Backend
from fixtures.platforms.kubernetes.testbed.operator.deployment import deployment_of, merged
from fixtures.platforms.kubernetes.testbed.operator.reconciler import Apply, Status, World, changes
from fixtures.platforms.kubernetes.walkthrough import zone_objects

Document = dict[str, Any]
NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"
ADDRESS = "127.1.1.9"


def cluster(**without: str) -> dict[str, Document]:
    """The walkthrough's objects as an API server has them, by kind; ``without`` names what is not there."""
    objects = yaml.safe_load(yaml.safe_dump(zone_objects("kong", 1, Backend.SERVICE, probe=False)))
    for one in objects:
        one["metadata"] |= {"uid": f"uid-{one['kind']}", "generation": 3, "resourceVersion": "7"}
    return {one["kind"]: one for one in objects if one["kind"] not in without}


def pod(*, ready: bool = True, gateway: str = "kong", **metadata: str) -> Document:
    labels = {"gateway.networking.k8s.io/gateway-name": gateway}
    conditions = [{"type": "Ready", "status": str(ready)}]
    meta = {"namespace": "kong", "name": "kong-dataplane-1", "labels": labels, **metadata}
    return {"metadata": meta, "status": {"podIP": ADDRESS, "conditions": conditions}}


def keyed(*objects: Document | None) -> dict[tuple[str, str], Document]:
    there = [one for one in objects if one is not None]
    return {(one["metadata"].get("namespace", ""), one["metadata"]["name"]): one for one in there}


def world(objects: dict[str, Document], *pods: Document) -> World:
    return World(
        classes=keyed(objects.get("GatewayClass")),
        configurations=keyed(objects.get("GatewayConfiguration")),
        gateways=keyed(objects.get("Gateway")),
        routes=keyed(objects.get("HTTPRoute")),
        services=keyed(objects.get("Service")),
        pods=keyed(*pods),
    )


def applied(objects: dict[str, Document], *pods: Document) -> list[Document]:
    found = changes(world(objects, *pods), ADDRESS, NOW)
    return [change.document for change in found if isinstance(change, Apply)]


def told(objects: dict[str, Document], *pods: Document, now: str = NOW) -> dict[str, Document]:
    """Kind -> the status that is written."""
    found = changes(world(objects, *pods), ADDRESS, now)
    return {change.about["kind"]: change.status for change in found if isinstance(change, Status)}


def facts(conditions: list[Document]) -> dict[str, tuple[str, str]]:
    return {one["type"]: (one["status"], one["reason"]) for one in conditions}


def test_a_gateway_becomes_a_deployment_that_goes_with_it() -> None:
    (deployment,) = applied(cluster())
    assert deployment["metadata"]["name"] == "kong-dataplane"
    (owner,) = deployment["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"], owner["blockOwnerDeletion"]) == ("Gateway", "uid-Gateway", True)


def test_the_configurations_pod_template_is_merged_in() -> None:
    (deployment,) = applied(cluster())
    template = deployment["spec"]["template"]
    assert template["metadata"]["annotations"] == {"kuma.io/gateway": "enabled", "mesh-chaos/pod-ip": ADDRESS}
    (container,) = template["spec"]["containers"]
    assert container["image"] == "kong/kong-gateway:3.9"
    assert container["readinessProbe"]["httpGet"] == {"path": "/status/ready", "port": 8100}


def test_a_deployment_selects_its_own_pods() -> None:
    (deployment,) = applied(cluster())
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert labels["gateway.networking.k8s.io/gateway-name"] == "kong"


def test_without_an_address_the_pod_asks_for_none() -> None:
    made = deployment_of(cluster()["Gateway"], None, None)
    assert made["spec"]["template"]["metadata"]["annotations"] == {}


def test_merging_goes_by_name_in_lists_and_adds_what_is_new() -> None:
    base = {"containers": [{"name": "proxy", "image": "a", "ports": [1]}]}
    over = {"containers": [{"name": "proxy", "image": "b"}, {"name": "more", "image": "c"}]}
    assert merged(base, over) == {
        "containers": [{"name": "proxy", "image": "b", "ports": [1]}, {"name": "more", "image": "c"}]
    }


def test_classes_of_other_controllers_are_left_alone() -> None:
    objects = cluster()
    objects["GatewayClass"]["spec"]["controllerName"] = "example.com/other"
    assert list(changes(world(objects), ADDRESS, NOW)) == []


def test_a_gateway_that_is_being_deleted_gets_no_deployment() -> None:
    objects = cluster()
    objects["Gateway"]["metadata"]["deletionTimestamp"] = NOW
    assert applied(objects) == []


def test_a_gateway_without_its_configuration_is_refused_and_says_what_is_missing() -> None:
    objects = cluster(GatewayConfiguration="")
    assert applied(objects) == []
    accepted, programmed = told(objects)["Gateway"]["conditions"]
    assert (accepted["status"], accepted["reason"]) == ("False", "InvalidParameters")
    assert accepted["message"] == "no GatewayConfiguration kong/kong-configuration"
    assert programmed["status"] == "False"


def test_a_class_is_accepted() -> None:
    assert facts(told(cluster())["GatewayClass"]["conditions"]) == {"Accepted": ("True", "Accepted")}


def test_a_gateway_with_a_ready_pod_is_programmed_at_its_ip() -> None:
    status = told(cluster(), pod())["Gateway"]
    assert status["addresses"] == [{"type": "IPAddress", "value": ADDRESS}]
    assert facts(status["conditions"])["Programmed"] == ("True", "Programmed")
    (listener,) = status["listeners"]
    assert (listener["name"], listener["attachedRoutes"]) == ("http", 1)


def test_a_gateway_is_not_programmed_by_a_pod_that_is_not_ready_or_leaves_or_is_anothers() -> None:
    for useless in (pod(ready=False), pod(deletionTimestamp=NOW), pod(gateway="other"), pod(namespace="other")):
        assert facts(told(cluster(), useless)["Gateway"]["conditions"])["Programmed"] == ("False", "Pending")


def test_a_gateways_address_outlives_its_pod() -> None:
    objects = cluster()
    objects["Gateway"]["status"] = told(objects, pod())["Gateway"]
    status = told(objects)["Gateway"]
    assert status["addresses"] == [{"type": "IPAddress", "value": ADDRESS}]
    assert facts(status["conditions"])["Programmed"] == ("False", "Pending")


def test_of_two_pods_the_ready_one_counts() -> None:
    leaving = pod(name="kong-dataplane-0", deletionTimestamp=NOW)
    assert facts(told(cluster(), leaving, pod())["Gateway"]["conditions"])["Programmed"] == ("True", "Programmed")


def test_a_listener_of_another_protocol_is_refused() -> None:
    objects = cluster()
    objects["Gateway"]["spec"]["listeners"] = [{"name": "tls", "protocol": "TLS", "port": 443}]
    (listener,) = told(objects, pod())["Gateway"]["listeners"]
    assert facts(listener["conditions"])["Accepted"] == ("False", "UnsupportedProtocol")


def test_a_route_to_a_service_is_accepted_and_resolved() -> None:
    (parent,) = told(cluster())["HTTPRoute"]["parents"]
    assert parent["controllerName"] == "konghq.com/gateway-operator"
    assert facts(parent["conditions"]) == {
        "Accepted": ("True", "Accepted"),
        "ResolvedRefs": ("True", "ResolvedRefs"),
    }


def test_a_route_to_no_service_says_which() -> None:
    (parent,) = told(cluster(Service=""))["HTTPRoute"]["parents"]
    resolved = parent["conditions"][1]
    assert (resolved["status"], resolved["reason"], resolved["message"]) == (
        "False",
        "BackendNotFound",
        "no Service echo",
    )


def test_a_route_that_asks_for_too_much_says_what() -> None:
    objects = cluster()
    objects["HTTPRoute"]["spec"]["hostnames"] = ["example.com"]
    (parent,) = told(objects)["HTTPRoute"]["parents"]
    accepted = parent["conditions"][0]
    assert (accepted["status"], accepted["message"]) == ("False", "this gateway does not do hostnames")


def test_what_other_controllers_say_of_a_route_is_kept() -> None:
    objects = cluster()
    other = {"controllerName": "example.com/other", "parentRef": {"name": "else"}, "conditions": []}
    objects["HTTPRoute"]["status"] = {"parents": [other]}
    assert told(objects)["HTTPRoute"]["parents"][0] == other


def test_a_status_is_written_once() -> None:
    objects = cluster()
    for kind, status in told(objects, pod()).items():
        objects[kind]["status"] = status
    assert told(objects, pod(), now=LATER) == {}


def test_a_condition_is_dated_when_it_changes_and_not_before() -> None:
    objects = cluster()
    objects["Gateway"]["status"] = told(objects)["Gateway"]
    accepted, programmed = told(objects, pod(), now=LATER)["Gateway"]["conditions"]
    assert (accepted["lastTransitionTime"], programmed["lastTransitionTime"]) == (NOW, LATER)
