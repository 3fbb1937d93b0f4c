from __future__ import annotations

import datetime

import pytest

from fixtures.platforms.universal.standin import meshservices
from fixtures.platforms.universal.standin.assemble import mesh_view
from fixtures.platforms.universal.standin.ca import Pair
from fixtures.platforms.universal.standin.errors import ApiError
from fixtures.platforms.universal.standin.health import health_checks
from fixtures.platforms.universal.standin.proxies import (
    Proxies,
    Session,
    read_proxy_resource,
    register,
    with_health,
)
from fixtures.platforms.universal.standin.resources.dataplane import Dataplane
from fixtures.platforms.universal.standin.resources.mesh import Mesh
from fixtures.platforms.universal.standin.resources.services import MeshMultiZoneService, MeshService
from fixtures.platforms.universal.standin.resources.zone import Zone
from fixtures.platforms.universal.standin.settings import Timers
from fixtures.platforms.universal.standin.store import Key, Store
from fixtures.platforms.universal.standin.sync import for_global, for_zone, take_from_global, take_from_zone
from fixtures.platforms.universal.standin.ticker import backoff
from tests.unit.standin.views import echo, read

NOW = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)
MESH = read("{type: Mesh, name: default, meshServices: {mode: Exclusive}}", Mesh)
MULTI = read(
    "{type: MeshMultiZoneService, name: echo, spec: {selector: {meshService:"
    " {matchLabels: {kuma.io/display-name: echo}}}, ports: [{port: 1027}]}}",
    MeshMultiZoneService,
)
PROBED = read(
    "{type: Dataplane, name: echo-1, networking: {address: 127.1.1.1, inbound: [{port: 1027, servicePort: 8081,"
    " serviceProbe: {tcp: {}}, tags: {kuma.io/service: echo}}]}}",
    Dataplane,
)
KEY = Key("Dataplane", "default", "echo-1")


def zone(*dataplanes: Dataplane, name: str = "zone1") -> Store:
    store = Store(zone=name)
    for resource in (MESH, *dataplanes):
        store.put(resource)
    return store


def service(store: Store, name: str = "echo") -> MeshService | None:
    entry = store.get(Key("MeshService", "default", name))
    return entry.resource if entry and isinstance(entry.resource, MeshService) else None


def state(store: Store) -> str:
    found = service(store)
    assert found
    return found.spec.state


def test_a_mesh_service_is_generated_from_the_tag_and_has_no_state_at_first() -> None:
    store = zone(echo())
    meshservices.generate(store, 3600, NOW)
    assert state(store) == ""
    made = service(store)
    assert made
    assert [(p.port, p.app_protocol) for p in made.spec.ports] == [(1027, "http")]


def test_without_exclusive_mode_none_is_generated() -> None:
    store = zone(echo())
    store.put(read("{type: Mesh, name: default}", Mesh))
    meshservices.generate(store, 3600, NOW)
    assert service(store) is None


def test_one_ready_inbound_makes_it_available_connected_or_not() -> None:
    store = zone(echo(), echo("echo-2", "127.1.1.2", "NotReady"))
    meshservices.generate(store, 3600, NOW)
    meshservices.update_status(store, lambda dataplane: dataplane.name == "echo-2")
    found = service(store)
    assert found
    assert found.spec.state == "Available"
    assert found.status.dataplane_proxies.model_dump() == {"connected": 1, "healthy": 1, "total": 2}


def test_with_no_ready_inbound_left_it_is_unavailable() -> None:
    store = zone(echo())
    meshservices.generate(store, 3600, NOW)
    meshservices.update_status(store, lambda _: True)
    store.delete(KEY)
    meshservices.update_status(store, lambda _: True)
    assert state(store) == "Unavailable"


def test_it_outlives_its_dataplanes_by_the_grace_period_and_is_kept_when_they_return() -> None:
    store = zone(echo())
    meshservices.generate(store, 3600, NOW)
    store.delete(KEY)
    meshservices.generate(store, 3600, NOW)
    meshservices.generate(store, 3600, NOW + datetime.timedelta(seconds=3599))
    assert service(store) is not None
    store.put(echo())
    meshservices.generate(store, 3600, NOW)
    store.delete(KEY)
    meshservices.generate(store, 3600, NOW)
    meshservices.generate(store, 3600, NOW + datetime.timedelta(seconds=3600))
    assert service(store) is None


def test_a_deleted_mesh_service_is_generated_again() -> None:
    store = zone(echo())
    meshservices.generate(store, 3600, NOW)
    store.delete(Key("MeshService", "default", "echo"))
    meshservices.generate(store, 3600, NOW)
    assert state(store) == ""


def test_a_lost_proxy_is_deregistered_after_the_delay_unless_it_returns() -> None:
    proxies = Proxies()
    first = Session(KEY, has_config=False)
    assert proxies.connect(first) is None
    assert proxies.disconnect(first, now=100)
    assert proxies.overdue(10, now=109.9) == []
    second = Session(KEY, has_config=True)
    proxies.connect(second)
    assert proxies.overdue(10, now=111) == []
    assert proxies.disconnect(second, now=120)
    assert proxies.overdue(10, now=130) == [KEY]
    assert proxies.overdue(10, now=140) == []


def test_the_newest_stream_of_a_proxy_counts() -> None:
    proxies = Proxies()
    first, second = Session(KEY, has_config=False), Session(KEY, has_config=False)
    proxies.connect(first)
    assert proxies.connect(second) is first
    assert not proxies.disconnect(first, now=1)
    assert proxies.sessions[KEY] is second


def test_a_probed_inbound_is_not_ready_until_the_first_report_and_as_written_later() -> None:
    store = zone()
    register(store, PROBED)
    assert stored(store).networking.inbound[0].state == "NotReady"
    store.put(with_health(stored(store), {8081: True}))
    assert stored(store).networking.inbound[0].state == "Ready"
    store.put(with_health(stored(store), {8081: False}))
    register(store, PROBED)
    assert stored(store).networking.inbound[0].state == "Ready"


def stored(store: Store) -> Dataplane:
    entry = store.get(KEY)
    assert entry
    assert isinstance(entry.resource, Dataplane)
    return entry.resource


def test_a_report_about_another_port_means_healthy_and_an_ignored_inbound_stays_so() -> None:
    assert with_health(PROBED, {9999: False}) is PROBED
    ignored = echo(state="Ignored")
    assert with_health(ignored, {8081: False}) is ignored


def test_what_a_proxy_brings_must_be_what_it_says_it_is() -> None:
    with pytest.raises(ApiError, match="a proxy of type ingress needs a ZoneIngress"):
        read_proxy_resource(PROBED.document(), "ingress", None)
    with pytest.raises(ApiError, match="proxyType: must be dataplane, ingress or egress"):
        read_proxy_resource(PROBED.document(), "sidecar", None)
    assert read_proxy_resource(PROBED.document(), "dataplane", "other").name == "other"


def test_a_zone_tags_what_it_takes() -> None:
    store = zone()
    register(store, echo())
    assert stored(store).networking.inbound[0].tags["kuma.io/zone"] == "zone1"


def test_probes_have_the_control_planes_times_unless_they_say_otherwise() -> None:
    checks = health_checks(PROBED, Timers())
    assert checks["interval"] == 5
    (target,) = checks["targets"]
    assert (target["address"], target["port"], target["interval"], target["timeout"]) == ("127.1.1.1", 8081, 1, 2)
    assert health_checks(echo(), Timers())["targets"] == []


def test_backoff_doubles_up_to_its_limit() -> None:
    assert [backoff(n, 5, 60) for n in (1, 2, 3, 4, 5, 99)] == [5, 10, 20, 40, 60, 60]


def two_zones() -> tuple[Store, Store, Store]:
    """Global and two zones that have told each other everything, zone 1 twice."""
    world = Store()
    world.put(MESH)
    world.put(MULTI)
    world.set_authorities({"default": Pair("certificate", "key")})
    stores = []
    for name in ("zone1", "zone2"):
        store = Store(zone=name)
        take_from_global(store, for_zone(world, name))
        register(store, echo(host="127.1.1.1"))
        meshservices.generate(store, 3600, NOW)
        meshservices.update_status(store, lambda _: True)
        take_from_zone(world, name, for_global(store))
        stores.append(store)
    for name, store in zip(("zone1", "zone2"), stores, strict=True):
        take_from_global(store, for_zone(world, name))
    return world, stores[0], stores[1]


def test_zones_hear_of_each_others_services_but_not_of_their_dataplanes() -> None:
    _, one, _ = two_zones()
    seen = mesh_view(one, meshservices.match_multi_zone(one), "default")
    assert seen
    assert sorted((s.name, s.zone, s.available) for s in seen.services) == [
        ("echo", "zone1", True),
        ("echo", "zone2", True),
    ]
    assert len(seen.dataplanes) == 1
    assert [len(m.matched) for m in seen.multi_zone_services] == [2]
    assert seen.authority == Pair("certificate", "key")


def test_synced_objects_have_kumas_hash_and_their_zones_label() -> None:
    world, one, _ = two_zones()
    services = world.entries(MeshService)
    assert {e.labels["kuma.io/zone"] for e in services} == {"zone1", "zone2"}
    assert all(e.name.startswith("echo-") and e.display_name == "echo" for e in services)
    (multi,) = one.entries(MeshMultiZoneService)
    assert multi.name.startswith("echo-")


def test_an_unchanged_message_changes_nothing() -> None:
    world, one, _ = two_zones()
    revision = one.revision
    take_from_global(one, for_zone(world, "zone1"))
    assert one.revision == revision


def test_what_global_forgets_a_zone_forgets_but_never_its_own() -> None:
    world, one, _ = two_zones()
    world.delete(Key("MeshMultiZoneService", "default", "echo"))
    take_from_global(one, for_zone(world, "zone1"))
    assert one.entries(MeshMultiZoneService) == []
    assert stored(one).name == "echo-1"


def test_authorities_never_show_their_key() -> None:
    _, one, _ = two_zones()
    assert "'key'" not in repr(one.authorities)


def test_others_hear_nothing_of_a_zone_that_is_disabled_and_it_hears_of_them() -> None:
    world, one, two = two_zones()

    def services(store: Store) -> set[str]:
        take_from_global(store, for_zone(world, store.zone or ""))
        return {entry.labels["kuma.io/zone"] for entry in store.entries(MeshService)}

    world.put(Zone(type="Zone", name="zone1", enabled=False))
    assert (services(one), services(two)) == ({"zone1", "zone2"}, {"zone2"})
    assert not one.entries(Zone)
    world.put(Zone(type="Zone", name="zone1", enabled=True))
    assert (services(one), services(two)) == ({"zone1", "zone2"}, {"zone1", "zone2"})


BY_LABEL = """
type: MeshService
name: echo-by-label
mesh: default
labels: {app: echo, kuma.io/origin: zone}
spec:
  selector: {dataplaneTags: {kuma.io/service: echo}}
  ports: [{name: http, port: 1027, targetPort: 1027, appProtocol: http}]
"""


def test_a_mesh_service_that_somebody_made_is_left_alone_and_has_a_state() -> None:
    store = zone(echo())
    store.put(read(BY_LABEL, MeshService))
    meshservices.generate(store, 0, NOW)
    meshservices.generate(store, 0, NOW + datetime.timedelta(days=1))
    meshservices.update_status(store, lambda _: True)
    made = service(store, "echo-by-label")
    assert made is not None
    assert (made.spec.state, made.labels["app"]) == ("Available", "echo")
    assert service(store) is not None, "and the generator's own beside it"


def test_one_that_takes_the_generator_s_name_keeps_it() -> None:
    store = zone(echo())
    store.put(read(BY_LABEL.replace("name: echo-by-label", "name: echo"), MeshService))
    meshservices.generate(store, 3600, NOW)
    kept = service(store)
    assert kept is not None
    assert kept.labels.get("app") == "echo"


def test_a_multi_zone_service_may_choose_by_a_workload_s_label() -> None:
    store = zone(echo())
    store.put(read(BY_LABEL, MeshService))
    meshservices.generate(store, 3600, NOW)
    chosen = "{type: MeshMultiZoneService, name: echo, mesh: default, spec: {ports: [{port: 1027}], "
    store.put(read(chosen + "selector: {meshService: {matchLabels: {app: echo}}}}}", MeshMultiZoneService))
    (matched,) = meshservices.match_multi_zone(store).values()
    assert [key.name for key in matched] == ["echo-by-label"]
