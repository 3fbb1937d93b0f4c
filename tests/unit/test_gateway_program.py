"""What the test bed's gateway makes of Gateways, HTTPRoutes and Services."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fixtures.platforms.kubernetes.testbed.gateway.backends import Backends, Surroundings, Target
from fixtures.platforms.kubernetes.testbed.gateway.envoy import CLUSTERS, ROUTES, program
from fixtures.platforms.kubernetes.testbed.gateway.routing import Routing, Rule, routing_of, unsupported

Document = dict[str, Any]
MULTIZONE = "echo.mzsvc.mesh.local"
ECHO_IP, VIP = "127.1.201.7", "127.1.201.129"


def gateway(*ports: int, **metadata: str) -> Document:
    listeners = [{"name": f"http-{port}", "protocol": "HTTP", "port": port} for port in ports or (80,)]
    spec = {"gatewayClassName": "kong", "listeners": listeners}
    return {"metadata": {"namespace": "kong", "name": "kong", **metadata}, "spec": spec}


def service(name: str = "echo", port: int = 1027, **spec: Any) -> Document:
    ordinary = {"clusterIP": ECHO_IP, "ports": [{"port": port}]}
    return {"metadata": {"namespace": "kong", "name": name}, "spec": spec or ordinary}


def external(hostname: str = MULTIZONE, port: int = 1027) -> Document:
    return service("echo-mmzs-service", type="ExternalName", externalName=hostname, ports=[{"port": port}])


def multizone(*, status: str = "Available", vips: tuple[str, ...] = (VIP,)) -> Document:
    addresses = [{"hostname": MULTIZONE, "status": status}]
    return {
        "metadata": {"namespace": "kuma-system", "name": "echo-4fd2"},
        "status": {"addresses": addresses, "vips": [{"ip": ip} for ip in vips]},
    }


def path(value: str, kind: str = "PathPrefix") -> Document:
    return {"path": {"type": kind, "value": value}}


def to(name: str = "echo", port: int = 1027, **more: Any) -> Document:
    return {"name": name, "port": port, **more}


def rule(*backends: Document, at: str = "/echo") -> Document:
    return {"matches": [path(at)], "backendRefs": list(backends)}


def route(*rules: Document, name: str = "echo", parent: str = "kong", **metadata: str) -> Document:
    meta = {"namespace": "kong", "name": name, "creationTimestamp": "2026-01-01T00:00:00Z", **metadata}
    return {"metadata": meta, "spec": {"parentRefs": [{"name": parent}], "rules": list(rules)}}


def around(*services: Document, multizone: tuple[Document, ...] = ()) -> Surroundings:
    return Surroundings({(s["metadata"]["namespace"], s["metadata"]["name"]): s for s in services}, multizone)


def backends(ref: Document, surroundings: Surroundings) -> Backends:
    (only,) = routing_of(gateway(), [route(rule(ref))], surroundings).rules
    return only.backends


def test_a_service_is_its_cluster_ip_at_its_own_port() -> None:
    assert backends(to("echo"), around(service())) == Backends(exist=True, targets=(Target(ECHO_IP, 1027, 1),))


def test_an_external_name_is_the_vip_of_the_multizone_service_that_has_it() -> None:
    found = backends(to("echo-mmzs-service"), around(external(), multizone=(multizone(),)))
    assert found == Backends(exist=True, targets=(Target(VIP, 1027, 1),))


def test_the_port_of_an_external_name_is_that_of_the_backend_ref() -> None:
    found = backends(to("echo-mmzs-service", 1030), around(external(port=1027), multizone=(multizone(),)))
    assert found.targets == (Target(VIP, 1030, 1),)


NOWHERE = Backends(exist=True, targets=())


@pytest.mark.parametrize(
    "surroundings",
    [
        pytest.param(around(external()), id="no MeshMultiZoneService"),
        pytest.param(around(external("other.mzsvc.mesh.local"), multizone=(multizone(),)), id="another host name"),
        pytest.param(around(external(), multizone=(multizone(vips=()),)), id="no VIP yet"),
        pytest.param(around(external(), multizone=(multizone(status="NotAvailable"),)), id="name not available"),
        pytest.param(around(external(), multizone=({"metadata": {}},)), id="no status yet"),
    ],
)
def test_a_name_that_the_mesh_does_not_know_leads_nowhere(surroundings: Surroundings) -> None:
    assert backends(to("echo-mmzs-service"), surroundings) == NOWHERE


def test_a_port_that_the_service_does_not_offer_leads_nowhere() -> None:
    assert backends(to("echo", 9999), around(service())) == NOWHERE


def test_a_headless_service_leads_nowhere() -> None:
    headless = service(clusterIP="None", ports=[{"port": 1027}])
    assert backends(to("echo"), around(headless)) == NOWHERE


def test_a_weight_of_nothing_leads_nowhere() -> None:
    assert backends(to("echo", weight=0), around(service())) == NOWHERE


@pytest.mark.parametrize(
    "ref",
    [
        pytest.param(to("gone"), id="no such Service"),
        pytest.param(to("echo", namespace="other"), id="another namespace"),
        pytest.param(to("echo", kind="MeshMultiZoneService", group="kuma.io"), id="another kind"),
    ],
)
def test_what_is_no_service_of_the_routes_namespace_does_not_exist(ref: Document) -> None:
    assert backends(ref, around(service())) == Backends(exist=False, targets=())


def test_references_that_lead_nowhere_are_left_out_beside_one_that_does_not() -> None:
    mixed = route(rule(to("gone", weight=9), to("echo", weight=1)))
    (only,) = routing_of(gateway(), [mixed], around(service())).rules
    assert only.backends.targets == (Target(ECHO_IP, 1027, 1),)


def test_ports_below_1024_are_moved_where_no_root_is_needed() -> None:
    assert routing_of(gateway(80, 443, 8001), [], around()).ports == (8001, 8080, 8443)


def test_only_http_listeners_are_served() -> None:
    secured = gateway(80)
    secured["spec"]["listeners"].append({"name": "https", "protocol": "HTTPS", "port": 443})
    assert routing_of(secured, [], around()).ports == (8080,)


def test_longer_paths_come_first_and_exact_ones_before_all() -> None:
    rules = [
        rule(to(), at="/"),
        rule(to(), at="/echo/"),
        rule(to(), at="/echo/deep"),
        {"matches": [path("/a", "Exact")]},
    ]
    found = routing_of(gateway(), [route(*rules)], around())
    assert [(one.exact, one.path) for one in found.rules] == [
        (True, "/a"),
        (False, "/echo/deep"),
        (False, "/echo"),
        (False, ""),
    ]


def test_of_two_routes_for_one_path_the_older_counts() -> None:
    older = route(rule(to("echo")), name="b", creationTimestamp="2026-01-01T00:00:00Z")
    newer = route(rule(to("gone")), name="a", creationTimestamp="2026-01-02T00:00:00Z")
    first, _ = routing_of(gateway(), [newer, older], around(service())).rules
    assert first.backends.exist


@pytest.mark.parametrize(
    "foreign",
    [
        pytest.param(route(rule(to()), parent="other"), id="another Gateway"),
        pytest.param(route(rule(to()), namespace="other"), id="another namespace"),
        pytest.param({**route(rule(to())), "spec": {"rules": [rule(to())]}}, id="no parent"),
    ],
)
def test_routes_of_others_are_none_of_this_gateways(foreign: Document) -> None:
    assert routing_of(gateway(), [foreign], around(service())).rules == ()


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"matches": [{"headers": [{"name": "a", "value": "b"}]}]}, "matches by headers"),
        ({"matches": [path("/a.*", "RegularExpression")]}, "paths of type RegularExpression"),
        ({"filters": [{"type": "URLRewrite"}]}, "filters of a rule"),
        ({"timeouts": {"request": "1s"}}, "timeouts of a rule"),
        ({"backendRefs": [to(filters=[{"type": "URLRewrite"}])]}, "filters of a backendRef"),
    ],
)
def test_a_route_that_asks_for_more_than_is_done_is_not_taken(asked: Document, what: str) -> None:
    asking = route(asked)
    assert unsupported(asking) == what
    assert routing_of(gateway(), [asking], around(service())).rules == ()


def test_a_route_for_a_host_name_is_not_taken() -> None:
    asking = route(rule(to()))
    asking["spec"]["hostnames"] = ["example.com"]
    assert unsupported(asking) == "hostnames"


def test_the_walkthroughs_route_is_taken() -> None:
    assert unsupported(route(rule(to()))) is None


TARGET = Target(ECHO_IP, 1027, 1)
OTHER = Target(VIP, 1027, 1)


def programmed(*targets: Target) -> Any:
    return program(Routing((8080,), (Rule(exact=False, path="/echo", backends=Backends(True, targets)),)), "127.1.1.9")


def test_everything_listens_at_the_pods_own_address() -> None:
    addresses = [one["address"]["socket_address"] for one in programmed(TARGET).listeners]
    assert addresses == [
        {"address": "127.1.1.9", "port_value": 8080},
        {"address": "127.1.1.9", "port_value": 8100},
    ]


def test_every_route_leads_to_a_cluster_that_is_there() -> None:
    made = programmed(TARGET, OTHER)
    (only,) = made.routes["virtual_hosts"][0]["routes"]
    assert only["route"]["cluster"] in made.clusters


def test_former_clusters_are_kept_until_they_are_named_no_more() -> None:
    former = programmed(TARGET)
    kept = json.loads(programmed(OTHER).destinations(former.clusters)[CLUSTERS].text)
    assert {one["name"] for one in kept["resources"]} == {*former.clusters, *programmed(OTHER).clusters}


def test_the_same_routing_is_the_same_version() -> None:
    assert programmed(TARGET).entrances() == programmed(TARGET).entrances()
    assert programmed(TARGET).entrances()[ROUTES].version != programmed(OTHER).entrances()[ROUTES].version
