from __future__ import annotations

from fixtures.platforms.universal.standin.view import Destination, IngressAddress
from fixtures.platforms.universal.standin.xds.endpoints import Endpoint, endpoints_of, load_assignment
from tests.unit.standin.views import HTTP, echo, multi_zone, service, view

INGRESS = IngressAddress("zone2", "127.1.2.20", 10001)
LOCAL = Endpoint(0, "zone1", "127.1.1.1", 1027)
REMOTE = Endpoint(1, "zone2", "127.1.2.20", 10001)


def test_the_own_zone_is_priority_0_and_another_is_its_ingress_at_priority_1() -> None:
    seen = view(service("zone1"), service("zone2"), dataplanes=(echo(),), ingresses=(INGRESS,))
    assert endpoints_of(seen, multi_zone(seen)) == (LOCAL, REMOTE)


def test_every_other_zone_is_priority_1() -> None:
    ingresses = (INGRESS, IngressAddress("zone3", "127.1.3.20", 10001))
    seen = view(service("zone1"), service("zone2"), service("zone3"), dataplanes=(echo(),), ingresses=ingresses)
    assert [(e.zone, e.priority) for e in endpoints_of(seen, multi_zone(seen))] == [
        ("zone1", 0),
        ("zone2", 1),
        ("zone3", 1),
    ]


def test_without_locality_awareness_all_are_priority_0() -> None:
    seen = view(service("zone1"), service("zone2"), dataplanes=(echo(),), ingresses=(INGRESS,))
    assert {e.priority for e in endpoints_of(seen, multi_zone(seen), locality_aware=False)} == {0}


def test_an_inbound_that_is_not_ready_is_no_endpoint() -> None:
    dataplanes = (echo("a", "127.1.1.1"), echo("b", "127.1.1.2", "NotReady"), echo("c", "127.1.1.3", "Ignored"))
    seen = view(service("zone1"), dataplanes=dataplanes)
    assert endpoints_of(seen, multi_zone(seen)) == (LOCAL,)


def test_a_local_service_needs_no_state_but_a_remote_one_must_be_available() -> None:
    services = (service("zone1", available=False), service("zone2", available=False))
    seen = view(*services, dataplanes=(echo(),), ingresses=(INGRESS,))
    assert endpoints_of(seen, multi_zone(seen)) == (LOCAL,)


def test_without_mutual_tls_no_other_zone_is_reached() -> None:
    plain = "{type: Mesh, name: default}"
    seen = view(service("zone1"), service("zone2"), dataplanes=(echo(),), ingresses=(INGRESS,), mesh=plain)
    assert endpoints_of(seen, multi_zone(seen)) == (LOCAL,)


def test_without_an_advertised_ingress_another_zone_is_not_reached() -> None:
    seen = view(service("zone1"), service("zone2"), dataplanes=(echo(),))
    assert endpoints_of(seen, multi_zone(seen)) == (LOCAL,)


def test_a_mesh_service_has_only_its_own_zones_endpoints() -> None:
    seen = view(service("zone1"), service("zone2"), dataplanes=(echo(),), ingresses=(INGRESS,))
    assert endpoints_of(seen, Destination("MeshService", seen.services[0], HTTP, "default")) == (LOCAL,)


def test_envoy_gets_one_locality_for_each_zone_and_kumas_overprovisioning_factor() -> None:
    made = load_assignment("c", (REMOTE, LOCAL))
    assert made["policy"] == {"overprovisioning_factor": 140}
    assert [(e["locality"]["zone"], e["priority"], len(e["lb_endpoints"])) for e in made["endpoints"]] == [
        ("zone1", 0, 1),
        ("zone2", 1, 1),
    ]
