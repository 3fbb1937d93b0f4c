"""Which pods have a proxy, and of which kind: the rules of Kuma's injector."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.platforms.kubernetes.testbed.agent.sidecar import Kind, kind_of

ON = {"kuma.io/sidecar-injection": "enabled"}
OFF = {"kuma.io/sidecar-injection": "disabled"}
DEFAULT = Kind("dataplane", "meshes/default/dataplanes")


@pytest.mark.parametrize(
    ("namespace", "labels", "annotations", "kind"),
    [
        ({}, {}, {}, None),
        (ON, {}, {}, DEFAULT),
        (ON, OFF, {}, None),
        ({}, ON, {}, DEFAULT),
        (ON, {}, {"kuma.io/gateway": "enabled"}, DEFAULT),
        (ON, {"kuma.io/mesh": "other"}, {}, Kind("dataplane", "meshes/other/dataplanes")),
        (ON, {}, {"kuma.io/mesh": "other"}, Kind("dataplane", "meshes/other/dataplanes")),
        ({}, OFF, {"kuma.io/ingress": "enabled"}, Kind("ingress", "zoneingresses")),
        ({}, OFF, {"kuma.io/egress": "enabled"}, Kind("egress", "zoneegresses")),
        ({}, {}, {"kuma.io/egress": "disabled"}, None),
    ],
)
def test_kind(namespace: Any, labels: Any, annotations: Any, kind: Kind | None) -> None:
    pod = {"metadata": {"labels": labels, "annotations": annotations}}
    assert kind_of(pod, {"metadata": {"labels": namespace}}) == kind
