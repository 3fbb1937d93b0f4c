"""A control plane's API, over real HTTP: Kuma's paths, its reasons by field, patience with what comes and goes."""

from __future__ import annotations

from contextlib import closing
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from chaos.errors import InfraError
from chaos.model import Attribution
from fixtures.local.addresses import Endpoint
from fixtures.platforms.universal.api import ControlPlane, as_written, path_of, plural_of
from fixtures.platforms.universal.starting import at_home

if TYPE_CHECKING:
    from fixtures.platforms.universal.platform import Universal
    from tests.unit.http_api import Api

DATAPLANE = {"type": "Dataplane", "mesh": "default", "name": "echo-1", "networking": {"address": "127.0.0.2"}}


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Dataplane", "dataplanes"),
        ("ZoneIngress", "zoneingresses"),
        ("ZoneEgress", "zoneegresses"),
        ("MeshService", "meshservices"),
        ("MeshMultiZoneService", "meshmultizoneservices"),
        ("MeshGateway", "meshgateways"),
        ("MeshHTTPRoute", "meshhttproutes"),
        ("MeshTrafficPermission", "meshtrafficpermissions"),
        ("MeshCircuitBreaker", "meshcircuitbreakers"),
        ("MeshHealthCheck", "meshhealthchecks"),
        ("MeshRetry", "meshretries"),
        ("MeshTimeout", "meshtimeouts"),
        ("MeshLoadBalancingStrategy", "meshloadbalancingstrategies"),
        ("MeshTLS", "meshtlses"),
        ("MeshPassthrough", "meshpassthroughs"),
        ("MeshProxyPatch", "meshproxypatches"),
    ],
)
def test_a_types_plural_is_kumas(kind: str, plural: str) -> None:
    assert plural_of(kind) == plural


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Mesh", "/meshes/x"),
        ("ZoneIngress", "/zoneingresses/x"),
        ("ZoneEgress", "/zoneegresses/x"),
        ("Zone", "/zones/x"),
        ("Dataplane", "/meshes/default/dataplanes/x"),
        ("MeshRetry", "/meshes/default/meshretries/x"),
    ],
)
def test_a_resource_is_kept_in_its_mesh_unless_it_belongs_to_none(kind: str, path: str) -> None:
    assert path_of({"type": kind, "name": "x", "mesh": "default"}) == path


def test_a_hostname_generator_belongs_to_no_mesh() -> None:
    assert path_of({"type": "HostnameGenerator", "name": "x"}) == "/hostnamegenerators/x"


def test_what_is_put_is_there_as_written_until_it_is_deleted(plane: ControlPlane) -> None:
    assert plane.resource(DATAPLANE) is None
    plane.put(DATAPLANE)
    assert plane.resource(DATAPLANE) == DATAPLANE
    plane.delete(DATAPLANE)
    assert plane.resource(DATAPLANE) is None


def test_deleting_what_is_gone_does_nothing(plane: ControlPlane) -> None:
    plane.delete(DATAPLANE)
    assert plane.get("/meshes/default/dataplanes/echo-1") is None


def test_what_the_server_sets_is_left_out() -> None:
    more = {"creationTime": 1, "modificationTime": 2, "kri": "kri_dp", "status": {"x": 1}, "labels": {"a": "b"}}
    assert as_written({**DATAPLANE, **more}) == {**DATAPLANE, "labels": {"a": "b"}}


def test_what_kuma_made_itself_and_what_it_was_told_again_are_alike() -> None:
    """Kuma 2.13.10: a signing key that it made has no label, the same one PUT says which mesh it is in."""
    made = {"type": "Secret", "mesh": "default", "name": "dataplane-token-signing-key-default-1", "data": "a2V5"}
    told = {**made, "labels": {"kuma.io/mesh": "default"}}
    assert as_written(told) == as_written(made) == made
    assert as_written({**made, "labels": {"kuma.io/mesh": "default", "a": "b"}}) == {**made, "labels": {"a": "b"}}


def test_a_refusal_names_every_field_and_its_reason(plane: ControlPlane, behaviour: Api) -> None:
    wrong = [
        {"field": "networking.inbound[0].port", "reason": "must be in range [1, 65535]"},
        {"field": "name", "reason": "must be a DNS label"},
    ]
    behaviour.answer = lambda _: (400, {"title": "Bad", "detail": "Not valid", "invalid_parameters": wrong})

    with pytest.raises(InfraError) as caught:
        plane.put(DATAPLANE)
    assert str(caught.value) == (
        "zone1's control plane refuses PUT /meshes/default/dataplanes/echo-1: "
        "networking.inbound[0].port: must be in range [1, 65535]; name: must be a DNS label"
    )


@pytest.mark.parametrize(
    ("document", "reasons"),
    [
        ({"title": "Method not allowed", "detail": "read-only"}, "Method not allowed read-only"),
        ({"title": "Conflict", "invalid_parameters": None}, "Conflict"),
        ({"title": "T", "invalid_parameters": [{"name": "x"}]}, "HTTP 400 {"),
        (["strange"], "HTTP 400 ["),
        (b"<html>proxy</html>", "HTTP 400 <html>proxy</html>"),
    ],
)
def test_a_refusal_of_any_shape_is_told(plane: ControlPlane, behaviour: Api, document: object, reasons: str) -> None:
    behaviour.answer = lambda _: (400, document)
    with pytest.raises(InfraError) as caught:
        plane.get("/meshes")
    assert f"refuses GET /meshes: {reasons}" in str(caught.value)


def test_a_put_to_a_path_that_is_not_there_is_a_refusal(plane: ControlPlane, behaviour: Api) -> None:
    behaviour.answer = lambda _: (404, {"title": "Mesh not found", "detail": "default"})
    with pytest.raises(InfraError, match=r"refuses PUT .*: Mesh not found default"):
        plane.put(DATAPLANE)


def test_a_connection_that_breaks_is_tried_again(plane: ControlPlane, behaviour: Api) -> None:
    behaviour.hang_up = 3
    plane.put(DATAPLANE)
    assert behaviour.requests == ["PUT /meshes/default/dataplanes/echo-1"] * 4


def test_an_answer_that_cannot_be_understood_is_one_line(plane: ControlPlane, behaviour: Api) -> None:
    behaviour.headers = {"Content-Encoding": "gzip"}
    behaviour.answer = lambda _: (200, b"not gzip")
    with pytest.raises(InfraError, match=r"zone1's control plane does not answer GET /meshes: .*") as caught:
        plane.get("/meshes")
    assert len(str(caught.value).splitlines()) == 1


def test_an_answer_that_is_no_json_is_an_error_of_the_suites_own(plane: ControlPlane, behaviour: Api) -> None:
    behaviour.answer = lambda _: (200, b"<html>hello</html>")
    with pytest.raises(InfraError):
        plane.get("/meshes")


def test_having_something_is_asked_once(plane: ControlPlane, behaviour: Api) -> None:
    assert plane.has("/")
    assert not plane.has("/meshes/default")
    behaviour.hang_up = 1
    assert not plane.has("/")
    assert plane.has("/")


def test_a_proxy_of_the_environment_is_never_used(api: tuple[Api, Endpoint], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.232.0.99:1")
    with closing(ControlPlane("it", api[1])) as plane:
        assert plane.has("/")


def test_a_control_plane_that_is_away_is_asked_for_five_seconds_and_named(api: tuple[Api, Endpoint]) -> None:
    nobody = Endpoint("127.232.0.2", api[1].port)
    with closing(ControlPlane("the global control plane", nobody)) as plane:
        assert not plane.has("/")
        with pytest.raises(InfraError, match=r"the global control plane does not answer GET /meshes: .*refused"):
            plane.get("/meshes")


def test_a_zone_is_not_at_home_when_one_whose_name_begins_alike_answers(
    api: tuple[Api, Endpoint], behaviour: Api
) -> None:
    behaviour.answer = lambda _: (200, b"Welcome, you are connected to node mesh-zone10.\nRunning on Pod x.\n")
    nodes = {f"mesh-zone{number}": f"zone{number}" for number in (1, 10)}
    mesh = cast("Universal", SimpleNamespace(attribution=lambda: Attribution({}, nodes, {})))
    assert at_home(mesh, api[1].url, "zone10")
    assert not at_home(mesh, api[1].url, "zone1")
