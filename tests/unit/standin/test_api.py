from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from fixtures.platforms.universal.standin.api import application
from fixtures.platforms.universal.standin.globalcp import GlobalControlPlane
from fixtures.platforms.universal.standin.log import Log
from fixtures.platforms.universal.standin.routes_global import global_routes
from fixtures.platforms.universal.standin.settings import Address, Settings, Timers
from tests.unit.standin.mesh import MANIFEST, MULTIZONE, echo_dataplane, route_to


class Client:
    """Asks an application without a server."""

    def __init__(self, app: Any) -> None:
        self._app = app

    def request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://cp") as client:
                return await client.request(method, path, **arguments)

        return asyncio.run(ask())

    def get(self, path: str) -> httpx.Response:
        return self.request("GET", path)

    def put(self, path: str, **arguments: Any) -> httpx.Response:
        return self.request("PUT", path, **arguments)

    def delete(self, path: str) -> httpx.Response:
        return self.request("DELETE", path)


@pytest.fixture
def cp() -> GlobalControlPlane:
    settings = Settings("global", Address("127.0.0.1", 5681), Path(), Timers())
    return GlobalControlPlane(settings, Log("global"))


@pytest.fixture
def client(cp: GlobalControlPlane) -> Client:
    client = Client(application(cp, Log("global"), global_routes(cp)))
    mesh, *rest = yaml.safe_load_all(MANIFEST)
    assert client.put("/meshes/default", json=mesh).status_code == 201
    plurals = {"MeshGateway": "meshgateways"}
    for resource in rest:
        plural = plurals.get(resource["type"], resource["type"].lower() + "s")
        assert client.put(f"/meshes/default/{plural}/{resource['name']}", json=resource).is_success
    return client


def test_it_says_that_it_is_not_kuma(client: Client) -> None:
    assert client.get("/").json()["product"] == "standin (mesh-chaos)"


def test_a_mesh_comes_with_kumas_default_policies(client: Client) -> None:
    names = [item["name"] for item in client.get("/meshes/default/meshtimeouts").json()["items"]]
    assert names == ["mesh-gateways-timeout-all-default", "mesh-timeout-all-default"]
    assert client.get("/meshes/default/meshretries").json()["total"] == 1


def test_a_mesh_can_do_without_them(client: Client) -> None:
    mesh = {"type": "Mesh", "name": "bare", "skipCreatingInitialPolicies": ["*"]}
    client.put("/meshes/bare", json=mesh)
    assert client.get("/meshes/bare/meshretries").json()["total"] == 0


def test_what_get_returns_can_be_put_again(client: Client) -> None:
    path = "/meshes/default/meshhttproutes/echo"
    client.put(path, json=route_to(MULTIZONE))
    shown = client.get(path).json()
    assert client.put(path, json=shown).status_code == 200
    again = client.get(path).json()
    for field in ("modificationTime",):
        del shown[field], again[field]
    assert again == shown


def test_yaml_is_accepted_as_well_as_json(client: Client) -> None:
    body = yaml.safe_dump(route_to(MULTIZONE)).encode()
    assert client.put("/meshes/default/meshhttproutes/echo", content=body).status_code == 201


def refused(answer: Any) -> tuple[int, str]:
    document = answer.json()
    assert document["status"] == answer.status_code
    reasons = [f"{p['field']}: {p['reason']}" for p in document["invalid_parameters"]]
    return answer.status_code, "; ".join(reasons) or document["detail"]


def test_refusals_are_kumas_documents(client: Client) -> None:
    path = "/meshes/default/meshhttproutes/echo"
    assert refused(client.get(path)) == (404, "Not found: MeshHTTPRoute echo")
    wrong = route_to({**MULTIZONE, "wait": 3})
    field = "spec.to[0].rules[0].default.backendRefs[0].wait"
    reason = "not a field of MeshHTTPRoute that the stand-in supports"
    assert refused(client.put(path, json=wrong)) == (400, f"{field}: {reason}")
    other = {**route_to(MULTIZONE), "name": "other"}
    assert refused(client.put(path, json=other)) == (400, "name: name from the URL has to be the same as in body")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/meshes/other/dataplanes", 404),
        ("GET", "/meshes/default/meshgatewaies", 404),
        ("GET", "/nowhere", 404),
        ("POST", "/meshes/default", 405),
        ("PUT", "/meshes/default/dataplanes/echo-1", 405),
    ],
)
def test_what_is_not_there_or_not_for_global_is_refused(client: Client, method: str, path: str, status: int) -> None:
    body = echo_dataplane(1) if method == "PUT" else None
    answer = client.request(method, path, json=body)
    assert refused(answer)[0] == status


def test_a_policy_that_does_less_than_it_seems_is_answered_with_a_warning(client: Client) -> None:
    spec = {"to": [{"targetRef": {"kind": "Mesh"}, "default": {"http": {}}}]}
    check = {"type": "MeshHealthCheck", "name": "h", "mesh": "default", "spec": spec}
    answer = client.put("/meshes/default/meshhealthchecks/h", json=check)
    assert answer.json()["warnings"] == ["has no effect on builtin gateways, as measured on Kuma 2.13.10"]


def test_a_zone_is_online_while_it_reads_and_offline_when_it_stops(cp: GlobalControlPlane, client: Client) -> None:
    _, number = cp.zone_connected("zone1")
    (shown,) = client.get("/zones+insights").json()["items"]
    (subscription,) = shown["zoneInsight"]["subscriptions"]
    assert "disconnectTime" not in subscription
    cp.zone_disconnected("zone1", number)
    (shown,) = client.get("/zones+insights").json()["items"]
    assert "disconnectTime" in shown["zoneInsight"]["subscriptions"][0]


def test_a_zone_hears_of_a_change_once(cp: GlobalControlPlane, client: Client) -> None:
    outbox, _ = cp.zone_connected("zone1")
    assert outbox._queue.qsize() == 1
    cp.push()
    assert outbox._queue.qsize() == 1
    client.put("/meshes/default/meshhttproutes/echo", json=route_to(MULTIZONE))
    cp.push()
    cp.push()
    assert outbox._queue.qsize() == 2


def test_deleting_a_mesh_takes_everything_in_it_along(cp: GlobalControlPlane, client: Client) -> None:
    assert client.delete("/meshes/default").is_success
    assert cp.store.entries() == []
    assert cp.store.authorities == {}


def test_a_zone_is_there_once_it_connected_and_can_be_disabled(cp: GlobalControlPlane, client: Client) -> None:
    assert client.get("/zones/zone1").status_code == 404
    cp.zone_connected("zone1")
    assert client.get("/zones/zone1").json()["enabled"] is True
    assert client.put("/zones/zone1", json={"type": "Zone", "name": "zone1", "enabled": False}).is_success
    cp.zone_connected("zone1")
    assert client.get("/zones/zone1").json()["enabled"] is False
    (shown,) = client.get("/zones+insights").json()["items"]
    assert shown["zone"] == {"enabled": False}


def test_an_authority_can_be_taken_from_one_global_control_plane_to_another(
    cp: GlobalControlPlane, client: Client
) -> None:
    former = client.get("/meshes/default/secrets").json()["items"]
    assert [secret["name"] for secret in former] == ["default.ca-builtin-cert-ca-1", "default.ca-builtin-key-ca-1"]
    before = cp.store.authorities["default"]
    mesh = client.get("/meshes/default").json()
    client.delete("/meshes/default")
    client.put("/meshes/default", json=mesh)
    assert cp.store.authorities["default"] != before
    for secret in former:
        path = f"/meshes/default/secrets/{secret['name']}"
        assert client.put(path, json=secret).is_success
        assert client.get(path).json() == secret
    assert cp.store.authorities["default"] == before


@pytest.mark.parametrize(
    ("path", "document", "status"),
    [
        ("/meshes/default/secrets/mine", {"data": "YQ=="}, 404),
        ("/meshes/other/secrets/default.ca-builtin-key-ca-1", {"data": "YQ=="}, 404),
        ("/meshes/default/secrets/default.ca-builtin-key-ca-1", {"data": "?"}, 400),
        ("/meshes/default/secrets/default.ca-builtin-key-ca-1", [], 400),
    ],
)
def test_a_secret_that_is_no_authoritys_is_refused(client: Client, path: str, document: object, status: int) -> None:
    assert client.put(path, json=document).status_code == status


def test_which_resources_there_are_and_which_global_makes_for_the_zones(client: Client) -> None:
    described = {kind["name"]: kind for kind in client.get("/_resources").json()["resources"]}
    made_here = {name for name, kind in described.items() if kind["includeInFederation"]}
    assert made_here >= {"Mesh", "MeshMultiZoneService", "MeshGateway", "MeshTimeout", "Secret"}
    assert not made_here & {"Zone", "Dataplane", "ZoneIngress", "ZoneEgress", "MeshService"}
    for kind in described.values():
        prefix = "/meshes/default" if kind["scope"] == "Mesh" else ""
        assert client.get(f"{prefix}/{kind['path']}").is_success
