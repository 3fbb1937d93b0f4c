"""A zone's control plane with KUMA_ENVIRONMENT=kubernetes: a cluster says what there is, not proxies."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from fixtures.platforms.universal.standin import REVISION_PATH
from fixtures.platforms.universal.standin.api import application
from fixtures.platforms.universal.standin.ca import Pair
from fixtures.platforms.universal.standin.log import Log
from fixtures.platforms.universal.standin.resources.dataplane import Dataplane
from fixtures.platforms.universal.standin.resources.mesh import Mesh
from fixtures.platforms.universal.standin.resources.registry import parse_resource
from fixtures.platforms.universal.standin.resources.services import MeshService
from fixtures.platforms.universal.standin.routes_zone import zone_routes
from fixtures.platforms.universal.standin.settings import Address, Environment, Settings, Timers
from fixtures.platforms.universal.standin.snapshot import dataplane_snapshot
from fixtures.platforms.universal.standin.store import Entry, Key
from fixtures.platforms.universal.standin.zonecp import ZoneControlPlane
from tests.unit.standin.views import SECURED, read, service, view

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

EXCLUSIVE = read("{type: Mesh, name: default, meshServices: {mode: Exclusive}}", Mesh)
SERVICE: dict[str, Any] = {
    "type": "MeshService",
    "mesh": "default",
    "name": "echo.kong",
    "labels": {"kuma.io/env": "kubernetes", "k8s.kuma.io/namespace": "kong"},
    "spec": {
        "selector": {"dataplaneTags": {"app": "echo"}},
        "ports": [
            {"name": "http", "port": 1027, "targetPort": "web"},
            {"name": "tls", "port": 1030, "targetPort": 1030},
        ],
    },
}
PATH = "/meshes/default/meshservices/echo.kong"
KEY = Key("Dataplane", "default", "echo-1.kong")


def dataplane(*inbounds: tuple[int, str, str]) -> dict[str, Any]:
    """A pod's Dataplane with inbounds (port, name, state)."""
    made = [
        {
            "port": port,
            "name": name,
            "state": state,
            "serviceAddress": "127.1.101.1",
            "tags": {"kuma.io/service": f"echo-{port}", "app": "echo"},
        }
        for port, name, state in inbounds
    ]
    networking = {"address": "127.1.1.1", "inbound": made}
    labels = {"kuma.io/env": "kubernetes", "k8s.kuma.io/namespace": "kong"}
    return {"type": "Dataplane", "mesh": "default", "name": "echo-1.kong", "labels": labels, "networking": networking}


BOTH = dataplane((8080, "web", "Ready"), (1030, "", "Ready"))


def zone(environment: Environment = "kubernetes") -> ZoneControlPlane:
    address = Address("127.0.0.1", 5681)
    timers = dataclasses.replace(Timers(), deregistration=0.0)
    settings = Settings("zone", address, Path(), timers, "zone1", address, environment)
    made = ZoneControlPlane(settings, Log("zone1"))
    made.store.put(EXCLUSIVE)
    return made


def run(work: Callable[[ZoneControlPlane, httpx.AsyncClient], Awaitable[None]], cp: ZoneControlPlane) -> None:
    async def main() -> None:
        transport = httpx.ASGITransport(application(cp, Log("zone1"), zone_routes(cp)))
        async with httpx.AsyncClient(transport=transport, base_url="http://cp") as client:
            await work(cp, client)

    asyncio.run(main())


def state(cp: ZoneControlPlane) -> str:
    entry = cp.store.get(Key("MeshService", "default", "echo.kong"))
    assert entry
    assert isinstance(entry.resource, MeshService)
    return entry.resource.spec.state


def ports(cp: ZoneControlPlane) -> list[int]:
    entry = cp.store.get(KEY)
    assert entry
    assert isinstance(entry.resource, Dataplane)
    return [inbound.port for inbound in entry.resource.networking.inbound]


def test_mesh_services_are_written() -> None:
    async def work(_: ZoneControlPlane, client: httpx.AsyncClient) -> None:
        assert (await client.put(PATH, json=SERVICE)).status_code == 201
        assert (await client.get(PATH)).json()["labels"]["kuma.io/display-name"] == "echo"

    run(work, zone())


@pytest.mark.parametrize(("environment", "generated"), [("kubernetes", 0), ("universal", 1)])
def test_none_is_generated_of_a_dataplane(environment: Environment, generated: int) -> None:
    async def work(cp: ZoneControlPlane, client: httpx.AsyncClient) -> None:
        session = cp.connect(dataplane((1027, "", "Ready")), "dataplane", None, "@discovery", has_config=False)
        assert (await client.get("/meshes/default/meshservices")).json()["total"] == generated
        cp.disconnect(session)

    run(work, zone(environment))


def test_on_universal_they_are_read_only() -> None:
    async def work(_: ZoneControlPlane, client: httpx.AsyncClient) -> None:
        assert (await client.put(PATH, json=SERVICE)).status_code == 405

    run(work, zone("universal"))


def test_on_universal_one_may_be_made_beside_those_that_are_generated() -> None:
    made = {**SERVICE, "name": "echo-by-label", "labels": {"app": "echo", "kuma.io/origin": "zone"}}

    async def work(cp: ZoneControlPlane, client: httpx.AsyncClient) -> None:
        session = cp.connect(dataplane((1027, "", "Ready")), "dataplane", None, "@discovery", has_config=False)
        folder = "/meshes/default/meshservices"
        assert (await client.put(f"{folder}/echo-by-label", json=made)).status_code == 201
        assert (await client.get(f"{folder}/echo-by-label")).json()["labels"]["app"] == "echo"
        assert (await client.put(f"{folder}/echo-1027", json={**made, "name": "echo-1027"})).status_code == 405
        cp.disconnect(session)

    run(work, zone("universal"))


def test_it_is_available_only_where_one_dataplane_is_ready_on_every_port() -> None:
    async def work(cp: ZoneControlPlane, client: httpx.AsyncClient) -> None:
        await client.put(PATH, json=SERVICE)
        for inbounds, expected in [
            ([(8080, "web", "Ready"), (1030, "", "NotReady")], "Unavailable"),
            ([(8080, "other", "Ready"), (1030, "", "Ready")], "Unavailable"),
            ([(8080, "web", "Ready"), (1030, "", "Ready")], "Available"),
        ]:
            cp.put(parse_resource(dataplane(*inbounds)))
            cp.update_status()
            assert state(cp) == expected, inbounds

    run(work, zone())


def test_a_service_that_was_never_available_is_looked_at_when_its_pod_comes() -> None:
    async def work(cp: ZoneControlPlane, client: httpx.AsyncClient) -> None:
        await client.put(PATH, json=SERVICE)
        await client.put(f"/meshes/default/dataplanes/{KEY.name}", json=BOTH)
        assert state(cp) == "Available"

    run(work, zone())


def test_one_that_is_written_again_keeps_its_state() -> None:
    async def work(cp: ZoneControlPlane, client: httpx.AsyncClient) -> None:
        await client.put(PATH, json=SERVICE)
        await client.put(f"/meshes/default/dataplanes/{KEY.name}", json=BOTH)
        (port, *_) = SERVICE["spec"]["ports"]
        await client.put(PATH, json={**SERVICE, "spec": {**SERVICE["spec"], "ports": [port]}})
        shown = (await client.get(PATH)).json()
        assert (shown["spec"]["state"], len(shown["spec"]["ports"])) == ("Available", 1)
        assert shown["status"]["dataplaneProxies"]["healthy"] == 1

    run(work, zone())


def test_a_proxy_that_connects_only_says_which_one_it_is() -> None:
    async def work(cp: ZoneControlPlane, client: httpx.AsyncClient) -> None:
        await client.put(f"/meshes/default/dataplanes/{KEY.name}", json=BOTH)
        older = dataplane((1, "", "NotReady"))
        session = cp.connect(older, "dataplane", None, "@discovery", has_config=False)
        assert ports(cp) == [8080, 1030]
        cp.disconnect(session)

    run(work, zone())


def test_a_proxy_may_come_before_its_pod_is_known() -> None:
    async def work(cp: ZoneControlPlane, _: httpx.AsyncClient) -> None:
        session = cp.connect(BOTH, "dataplane", None, "@discovery", has_config=False)
        assert cp.store.get(KEY) is None
        assert session.snapshot is None
        cp.put(parse_resource(BOTH))
        cp.push()
        assert session.snapshot is not None
        cp.disconnect(session)

    run(work, zone())


@pytest.mark.parametrize(("environment", "stays"), [("kubernetes", True), ("universal", False)])
def test_a_lost_stream_deregisters_nobody(environment: Environment, stays: bool) -> None:
    async def work(cp: ZoneControlPlane, client: httpx.AsyncClient) -> None:
        await client.put(f"/meshes/default/dataplanes/{KEY.name}", json=BOTH)
        cp.disconnect(cp.connect(BOTH, "dataplane", None, "@discovery", has_config=False))
        await asyncio.sleep(0.1)  # the delay is 0 s: whatever is to happen has happened
        assert (cp.store.get(KEY) is not None) == stays

    run(work, zone(environment))


def test_a_reader_hears_of_a_change_at_once_and_of_another_instance() -> None:
    async def work(cp: ZoneControlPlane, client: httpx.AsyncClient) -> None:
        first = (await client.get(REVISION_PATH, params={"since": "0"})).json()
        assert first["synced"] is False
        known = {"since": str(first["revision"]), "instance": first["instance"]}
        waiting = asyncio.ensure_future(client.get(REVISION_PATH, params=known))
        done, _ = await asyncio.wait({waiting}, timeout=0.2)
        assert not done
        cp.put(parse_resource(BOTH))
        assert (await asyncio.wait_for(waiting, 1)).json()["revision"] > first["revision"]
        former = {"since": str(cp.store.revision), "instance": "the one before"}
        assert (await asyncio.wait_for(client.get(REVISION_PATH, params=former), 1)).is_success

    run(work, zone())


def test_nothing_listens_for_the_inbound_of_a_pod_without_a_service() -> None:
    pod = parse_resource(dataplane((49151, "", "Ready")))
    assert isinstance(pod, Dataplane)
    snapshot = dataplane_snapshot(view(dataplanes=(pod,)), pod, Pair("leaf", "PRIVATE"))
    assert (snapshot.listeners, snapshot.clusters) == ({}, {})


@pytest.mark.parametrize(("labels", "shared"), [("{kuma.io/env: kubernetes}", True), ("{}", False)])
def test_only_on_kubernetes_proxies_share_the_address_of_an_outbound(labels: str, shared: bool) -> None:
    outbound = "{address: 127.1.201.5, port: 1027, backendRef: {kind: MeshService, name: echo, port: 1027}}"
    networking = f"{{address: 127.1.1.9, gateway: {{tags: {{kuma.io/service: kong}}}}, outbound: [{outbound}]}}"
    gateway = read(f"{{type: Dataplane, name: kong, labels: {labels}, networking: {networking}}}", Dataplane)
    snapshot = dataplane_snapshot(view(service("zone1"), mesh=SECURED), gateway, Pair("leaf", "PRIVATE"))
    (made,) = snapshot.listeners.values()
    assert made["enable_reuse_port"] is shared


def test_services_of_one_name_in_two_namespaces_are_two_everywhere() -> None:
    made = []
    for namespace in ("kong", "web"):
        labels = {"k8s.kuma.io/namespace": namespace}
        resource = parse_resource({**SERVICE, "name": f"echo.{namespace}", "labels": labels})
        made.append(Entry(resource, "zone1", local=False, created="", modified=""))
    assert {entry.display_name for entry in made} == {"echo"}
    assert len({entry.name for entry in made}) == 2
