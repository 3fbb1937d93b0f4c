from __future__ import annotations

import pytest
import yaml

from fixtures.platforms.universal.standin.errors import ApiError
from fixtures.platforms.universal.standin.resources.dataplane import Dataplane
from fixtures.platforms.universal.standin.resources.registry import KINDS, kind_of, parse_resource, read_document
from tests.unit.standin.views import read

DATAPLANE = """
type: Dataplane
mesh: default
name: echo-1
networking:
  address: 127.0.1.10
  admin: {port: 19901}
  inbound:
  - {port: 1027, servicePort: 8081, serviceAddress: 127.0.1.10, serviceProbe: {tcp: {}},
     tags: {kuma.io/service: echo, kuma.io/protocol: http}}
"""


def reasons(text: str) -> list[str]:
    with pytest.raises(ApiError) as refused:
        parse_resource(yaml.safe_load(text))
    assert refused.value.status == 400
    return [str(parameter) for parameter in refused.value.parameters]


def test_a_dataplane_is_read_and_shown_again_as_it_was_written() -> None:
    dataplane = read(DATAPLANE, Dataplane)
    assert dataplane.networking.inbound[0].workload_port == 8081
    assert dataplane.document() == {**yaml.safe_load(DATAPLANE)}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("port: 1027", "port: 102700"), "networking.inbound[0].port: Input should be less than or equal to 65535"),
        (("servicePort", "servicePrt"), "networking.inbound[0].servicePrt: not a field of Dataplane"),
        (("kuma.io/service: echo, ", ""), "networking.inbound[0].tags: tag kuma.io/service has to be set"),
        (("protocol: http", "protocol: smtp"), "networking.inbound[0].tags: tag kuma.io/protocol has an unsupported"),
        (("address: 127.0.1.10\n", "address: 10.0.0.1\n"), "networking.address: must be an address of 127.0.0.0/8"),
        (("tcp: {}", "http: {}"), "networking.inbound[0].serviceProbe.tcp: must be set"),
        (("servicePort: 8081, ", ""), "networking.inbound[0].servicePort: the service would be the proxy's own"),
        (("name: echo-1", "name: Echo_1"), "name: must be a lower case RFC 1123 name"),
        (
            ("  inbound:", "  gateway: {type: BUILTIN, tags: {kuma.io/service: e}}\n  inbound:"),
            "networking.inbound: inb",
        ),
        (("type: Dataplane", "type: Dateplane"), "type: 'Dateplane' is not supported by the stand-in: Dataplane, "),
        (("type: Dataplane", "type: MeshRateLimit"), "type: 'MeshRateLimit' is not supported"),
    ],
)
def test_a_wrong_dataplane_is_refused_with_field_and_reason(change: tuple[str, str], reason: str) -> None:
    assert reason in "\n".join(reasons(DATAPLANE.replace(*change)))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "{type: Mesh, name: m, mtls: {enabledBackend: ca-2, backends: [{name: ca-1, type: builtin}]}}",
            "mtls.enabledBackend: has to be one of the backends, not 'ca-2'",
        ),
        (
            "{type: Mesh, name: m, mtls: {backends: [{name: ca-1, type: vault}]}}",
            "mtls.backends[0].type: Input should be 'builtin'",
        ),
        (
            "{type: Mesh, name: m, routing: {zoneEgress: true}}",
            "routing: not a field of Mesh that the stand-in supports",
        ),
        (
            "{type: MeshGateway, name: g, selectors: [{match: {a: b}}], conf: {listeners: [{port: 1, protocol: TCP}]}}",
            "conf.listeners[0].protocol: Input should be 'HTTP'",
        ),
        (
            "{type: MeshRetry, name: r, spec: {to: [{targetRef: {kind: Mesh}, default: {grpc: {}}}]}}",
            "spec.to[0].default.grpc: not a field of MeshRetry that the stand-in supports",
        ),
        (
            "{type: MeshTimeout, name: t, spec: {to: [{targetRef: {kind: Mesh}, default: {connectionTimeout: 5}}]}}",
            "spec.to[0].default.connectionTimeout: must be a Go duration in quotes, for example 5s",
        ),
        ("{type: MeshTimeout, name: t, spec: {}}", "spec.to: at least one of 'from' and 'to' has to be defined"),
        (
            "{type: MeshRetry, name: r, spec: {to: [{targetRef: {kind: MeshService}, default: {}}]}}",
            "spec.to[0].targetRef.name: exactly one of name and labels must be set for kind MeshService",
        ),
        (
            "{type: MeshHTTPRoute, name: r, spec: {targetRef: {kind: Mesh}, to: []}}",
            "spec.targetRef.kind: Input should be 'MeshGateway'",
        ),
        (
            "{type: MeshMultiZoneService, name: m, spec: {selector: {meshService: {matchLabels: {}}}, ports: []}}",
            "spec.selector.meshService.matchLabels: Dictionary should have at least 1 item",
        ),
        ("[]", ": the resource must be an object"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(text: str, reason: str) -> None:
    assert reason in "\n".join(reasons(text))


def test_only_causes_are_reported() -> None:
    text = "{type: MeshRetry, name: r, spec: {to: [{targetRef: {kind: Mesh}, default: {grpc: {}}}]}}"
    assert len(reasons(text)) == 1


def test_what_is_neither_yaml_nor_json_is_refused_with_the_place() -> None:
    with pytest.raises(ApiError, match=r"neither YAML nor JSON: .*line 1"):
        read_document(b"{a: [}")


def test_every_kind_is_found_by_its_collection() -> None:
    assert [kind_of(kind.plural, in_mesh=kind.in_mesh) for kind in KINDS] == list(KINDS)
    with pytest.raises(ApiError, match="no collection 'meshgatewaies'"):
        kind_of("meshgatewaies", in_mesh=True)


def test_every_kind_says_what_it_is() -> None:
    assert all(kind.__doc__ for kind in KINDS)
