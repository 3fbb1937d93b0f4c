"""What a pod's proxy is: a sidecar that was injected, or that of a zone."""

from __future__ import annotations

import pytest

from fixtures.platforms.kubernetes.testbed.agent.sidecar import Kind, is_proxy, kind_of


@pytest.mark.parametrize(
    ("labels", "annotations", "kind"),
    [
        ({}, {}, Kind("dataplane", "meshes/default/dataplanes")),
        ({}, {"kuma.io/gateway": "enabled"}, Kind("dataplane", "meshes/default/dataplanes")),
        ({"kuma.io/mesh": "other"}, {}, Kind("dataplane", "meshes/other/dataplanes")),
        ({}, {"kuma.io/mesh": "other"}, Kind("dataplane", "meshes/other/dataplanes")),
        ({}, {"kuma.io/ingress": "enabled"}, Kind("ingress", "zoneingresses")),
        ({}, {"kuma.io/egress": "enabled"}, Kind("egress", "zoneegresses")),
        ({}, {"kuma.io/egress": "disabled"}, Kind("dataplane", "meshes/default/dataplanes")),
    ],
)
def test_kind(labels: dict[str, str], annotations: dict[str, str], kind: Kind) -> None:
    assert kind_of({"metadata": {"labels": labels, "annotations": annotations}}) == kind


def test_a_proxy_is_known_by_its_image() -> None:
    images = ("kumahq/kuma-dp:2.13.10", "docker.io/kumahq/kuma-dp", "kong/go-echo:latest")
    assert [is_proxy({"image": image}) for image in images] == [True, True, False]
