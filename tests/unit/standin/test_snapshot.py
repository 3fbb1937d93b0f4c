from __future__ import annotations

import json
from typing import Any

from fixtures.platforms.universal.standin.ca import Pair, issue_leaf, make_authority
from fixtures.platforms.universal.standin.defaults import initial_policies
from fixtures.platforms.universal.standin.resources.gateway import MeshGateway, MeshHTTPRoute
from fixtures.platforms.universal.standin.resources.mesh import Mesh
from fixtures.platforms.universal.standin.snapshot import Snapshot, dataplane_snapshot, zone_proxy_snapshot
from fixtures.platforms.universal.standin.view import IngressAddress, MultiZoneService, Policy, ServicePort
from tests.unit.standin.views import SECURED, echo, edge, read, service, view

LEAF = Pair("leaf", "PRIVATE")
GATEWAY = read(
    "{type: MeshGateway, name: edge, selectors: [{match: {kuma.io/service: edge}}],"
    " conf: {listeners: [{port: 8080, protocol: HTTP}]}}",
    MeshGateway,
)
CLUSTER = "default_echo___mzsvc_1027-"


def route(backend: str, path: str = "{type: PathPrefix, value: /echo}", name: str = "echo") -> MeshHTTPRoute:
    rule = f"{{matches: [{{path: {path}}}], default: {{backendRefs: [{backend}]}}}}"
    to = f"[{{targetRef: {{kind: Mesh}}, rules: [{rule}]}}]"
    return read(
        f"{{type: MeshHTTPRoute, name: {name}, spec: {{targetRef: {{kind: MeshGateway, name: edge}}, to: {to}}}}}",
        MeshHTTPRoute,
    )


MULTIZONE = "{kind: MeshMultiZoneService, labels: {kuma.io/display-name: echo}, port: 1027}"
LOCAL = "{kind: MeshService, name: echo, port: 1027}"


def gateway_snapshot(*routes: MeshHTTPRoute, **more: Any) -> Snapshot:
    policies = tuple(Policy(policy) for policy in initial_policies(read(SECURED, Mesh)))
    seen = view(
        service("zone1"),
        service("zone2"),
        dataplanes=(echo(),),
        ingresses=(IngressAddress("zone2", "127.1.2.20", 10001),),
        policies=policies,
        gateways=(GATEWAY,),
        routes=routes,
        **more,
    )
    return dataplane_snapshot(seen, edge(), LEAF)


def routes_of(snapshot: Snapshot) -> list[dict[str, Any]]:
    (configuration,) = snapshot.routes.values()
    made: list[dict[str, Any]] = configuration["virtual_hosts"][0]["routes"]
    return made


def test_a_gateway_sends_a_route_to_the_multi_zone_service_with_kumas_defaults() -> None:
    snapshot = gateway_snapshot(route(MULTIZONE))
    assert list(snapshot.listeners) == ["edge:HTTP:8080"]
    (made,) = routes_of(snapshot)
    assert made["match"] == {"path_separated_prefix": "/echo"}
    action = made["route"]
    assert (action["timeout"], action["idle_timeout"]) == ("15s", "5s")
    assert action["retry_policy"] == {
        "retry_on": "gateway-error,connect-failure,refused-stream",
        "num_retries": 5,
        "per_try_timeout": "16s",
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
    }
    (cluster,) = snapshot.clusters
    assert cluster.startswith(CLUSTER)
    assert snapshot.clusters[cluster]["circuit_breakers"]["thresholds"][0]["max_retries"] == 3
    assert len(snapshot.endpoints[cluster]["endpoints"]) == 2


def test_a_multi_zone_port_without_app_protocol_answers_500_behind_a_builtin_gateway() -> None:
    tcp = ServicePort(1027, "tcp")
    multi = MultiZoneService("echo", {"kuma.io/display-name": "echo"}, (tcp,), ())
    seen = view(gateways=(GATEWAY,), routes=(route(MULTIZONE),))
    seen = type(seen)(**{**seen.__dict__, "multi_zone_services": (multi,)})
    (made,) = routes_of(dataplane_snapshot(seen, edge(), LEAF))
    assert made["direct_response"] == {"status": 500}


def test_a_route_to_the_zones_own_service_has_only_local_endpoints() -> None:
    snapshot = gateway_snapshot(route(LOCAL))
    (assignment,) = snapshot.endpoints.values()
    assert [e["locality"]["zone"] for e in assignment["endpoints"]] == ["zone1"]


def test_a_route_to_nothing_answers_500() -> None:
    (made,) = routes_of(gateway_snapshot(route("{kind: MeshService, name: gone, port: 1027}")))
    assert made["direct_response"] == {"status": 500}


def test_exact_paths_and_longer_prefixes_come_first() -> None:
    snapshot = gateway_snapshot(
        route(LOCAL, "{type: PathPrefix, value: /}", "a"),
        route(LOCAL, "{type: PathPrefix, value: /echo/deep}", "b"),
        route(LOCAL, "{type: Exact, value: /echo}", "c"),
    )
    assert [r["match"] for r in routes_of(snapshot)] == [
        {"path": "/echo"},
        {"path_separated_prefix": "/echo/deep"},
        {"prefix": "/"},
    ]


def test_weights_split_a_route() -> None:
    snapshot = gateway_snapshot(route(f"{LOCAL[:-1]}, weight: 90}}, {MULTIZONE[:-1]}, weight: 10}}"))
    (made,) = routes_of(snapshot)
    assert [c["weight"] for c in made["route"]["weighted_clusters"]["clusters"]] == [90, 10]


def test_a_gateway_that_nobody_selects_listens_nowhere() -> None:
    assert dataplane_snapshot(view(), edge(), LEAF).listeners == {}


def test_a_cluster_that_a_route_left_is_kept_for_one_more_snapshot() -> None:
    before, after = gateway_snapshot(route(MULTIZONE)), gateway_snapshot(route(LOCAL))
    kept = after.keeping(before)
    assert len(kept.clusters) == 2
    assert kept.endpoints.keys() == kept.clusters.keys()
    assert kept.routes == after.routes


def test_a_sidecar_serves_its_inbound_with_mutual_tls_and_permissions() -> None:
    snapshot = dataplane_snapshot(view(dataplanes=(echo(),)), echo(), LEAF)
    (chain,) = snapshot.listeners["inbound:127.1.1.1:1027"]["filter_chains"]
    assert chain["transport_socket"]["typed_config"]["require_client_certificate"]
    (manager,) = chain["filters"]
    assert [f["name"] for f in manager["typed_config"]["http_filters"]] == [
        "envoy.filters.http.rbac",
        "envoy.filters.http.router",
    ]
    assert "localhost_8081" in snapshot.clusters


def test_without_mutual_tls_a_sidecar_serves_plain_and_to_everybody() -> None:
    seen = view(dataplanes=(echo(),), mesh="{type: Mesh, name: default}")
    (chain,) = dataplane_snapshot(seen, echo(), None).listeners["inbound:127.1.1.1:1027"]["filter_chains"]
    assert "transport_socket" not in chain
    assert len(chain["filters"]) == 1


def test_an_ingress_routes_by_sni_to_this_zones_sidecars_only() -> None:
    seen = view(
        service("zone1"),
        service("zone2"),
        dataplanes=(echo(),),
        ingresses=(IngressAddress("zone2", "127.1.2.20", 10001),),
    )
    snapshot = zone_proxy_snapshot([seen], "in", ("127.1.1.20", 10001), egress=False)
    chains = snapshot.listeners["in"]["filter_chains"]
    names = [chain["filter_chain_match"]["server_names"][0].split(".", 1)[1] for chain in chains]
    assert sorted(names) == ["echo.1027.default.ms", "echo.1027.default.mzms"]
    assert list(snapshot.clusters) == ["default_echo__zone1_msvc_1027", "default_echo___mzsvc_1027"]
    zones = [e["locality"]["zone"] for a in snapshot.endpoints.values() for e in a["endpoints"]]
    assert zones == ["zone1", "zone1"]


def test_an_egress_leads_to_other_zones_only() -> None:
    seen = view(
        service("zone1"),
        service("zone2"),
        dataplanes=(echo(),),
        ingresses=(IngressAddress("zone2", "127.1.2.20", 10001),),
    )
    snapshot = zone_proxy_snapshot([seen], "out", ("127.1.1.30", 10002), egress=True)
    zones = [e["locality"]["zone"] for a in snapshot.endpoints.values() for e in a["endpoints"]]
    assert zones == ["zone2", "zone2"]


def test_a_zone_without_services_has_an_ingress_that_does_not_listen() -> None:
    seen = type(view())(mesh=read(SECURED, Mesh), zone="zone1")
    assert zone_proxy_snapshot([seen], "in", ("127.1.1.20", 10001), egress=False).listeners == {}


def test_responses_are_envoys_and_keys_stay_out_of_repr() -> None:
    snapshot = gateway_snapshot(route(MULTIZONE))
    made = snapshot.responses()
    assert {"clusters", "listeners", "routes/edge:HTTP:8080", "secrets/identity", "secrets/ca"} < made.keys()
    assert all(json.loads(text)["version_info"] == version for version, text in made.values())
    assert "PRIVATE" in made["secrets/identity"][1]
    assert "PRIVATE" not in repr(snapshot)


def test_a_leaf_names_every_service_of_its_proxy() -> None:
    from cryptography import x509

    authority = make_authority("default")
    leaf = x509.load_pem_x509_certificate(issue_leaf(authority, "default", ("echo", "web")).certificate.encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    assert uris == ["spiffe://default/echo", "spiffe://default/web"]
    leaf.verify_directly_issued_by(x509.load_pem_x509_certificate(authority.certificate.encode()))
    assert "BEGIN PRIVATE KEY" not in repr(authority)
