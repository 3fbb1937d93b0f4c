"""The API client with the very answers of Kuma 2.13.10 (tests/integration/fake_kuma/recorded)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.errors import InfraError
from tests.integration.fake_kuma.recorded import answer, refusal
from tests.unit.test_api import DATAPLANE

if TYPE_CHECKING:
    from fixtures.platforms.universal.api import ControlPlane
    from tests.unit.http_api import Api

WHERE = "zone1's control plane refuses PUT /meshes/default/dataplanes/echo-1: "


@pytest.mark.parametrize(
    ("of", "told"),
    [
        ("port", "networking.inbound[0].servicePort: port must be in the range [1, 65535]"),
        ("tag", 'networking.inbound[0].tags["kuma.io/service"]: tag has to exist'),
        ("name", "name: name from the URL has to be the same as in body"),
        ("address", "networking.address: address can't be empty"),
        ("origin", "labels[\"kuma.io/origin\"]: the origin label must be set to 'zone'"),
        ("backend", "spec.to[0].rules[0].default.backendRefs: must not be empty"),
        ("mesh", "Failed to retrieve Mesh Not found"),
    ],
)
def test_a_refusal_is_one_line_that_names_the_field(
    plane: ControlPlane,
    behaviour: Api,
    of: str,
    told: str,
) -> None:
    behaviour.answer = lambda _: refusal(of)
    with pytest.raises(InfraError) as raised:
        plane.put(DATAPLANE)
    assert str(raised.value) == WHERE + told


@pytest.mark.parametrize("of", ["dataplane on global", "global resource on a zone"])
def test_what_belongs_to_the_other_control_plane_is_refused_with_kumas_own_words(
    plane: ControlPlane, behaviour: Api, of: str
) -> None:
    behaviour.answer = lambda _: refusal(of)
    with pytest.raises(InfraError, match=r"Method not allowed On (global|zone) control plane you can") as raised:
        plane.delete(DATAPLANE)
    assert len(str(raised.value).splitlines()) == 1


@pytest.mark.parametrize("of", ["resource", "mesh"])
def test_what_is_not_there_is_none(plane: ControlPlane, behaviour: Api, of: str) -> None:
    behaviour.answer = lambda _: refusal(of)
    assert plane.resource(DATAPLANE) is None


def test_a_dataplane_is_what_can_be_put_again(plane: ControlPlane, behaviour: Api) -> None:
    stored = answer("dataplane")
    behaviour.answer = lambda _: (200, stored)
    written = {key: stored[key] for key in ("type", "mesh", "name", "labels", "networking")}
    del written["labels"]["kuma.io/mesh"]
    assert plane.resource(DATAPLANE) == written
