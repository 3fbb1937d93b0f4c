"""The configuration of a delegated gateway's Envoy, against what Kuma 2.13.10 programmed (``recorded/``)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.standin.delegated import CLUSTER, NAME, mesh_of, policy, snapshot_of

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDED = Path(__file__).parent / "recorded"


def differences(recorded: Any, ours: Any, path: str = "") -> Iterator[str]:
    """The place of everything that is not the same in both, without the indexes of lists."""
    if isinstance(recorded, dict) and isinstance(ours, dict):
        for key in recorded.keys() | ours.keys():
            yield from differences(recorded.get(key), ours.get(key), f"{path}.{key}" if path else key)
    elif isinstance(recorded, list) and isinstance(ours, list) and len(recorded) == len(ours):
        for one, other in zip(recorded, ours, strict=True):
            yield from differences(one, other, path)
    elif plain(recorded) != plain(ours):
        yield path


def plain(value: Any) -> Any:
    """A value as protobuf knows it: 0 is the same as unset, 0.250s the same as 0.25s."""
    if isinstance(value, str) and value.endswith("s") and value[:-1].replace(".", "", 1).isdigit():
        return float(value[:-1])
    return value or None


SECRETS = "transport_socket.typed_config.common_tls_context"
VALIDATION = f"{SECRETS}.combined_validation_context.validation_context_sds_secret_config"
HTTP_MANAGER = "filter_chains.filters.typed_config"
KNOWN = {
    "cluster": {
        "eds_cluster_config.eds_config.ads",  # REST, by dp/xds.py, instead
        "eds_cluster_config.eds_config.api_config_source",
        "eds_cluster_config.service_name",  # the cluster's own name: the default
        "lb_policy",  # ROUND_ROBIN: the default
        f"{SECRETS}.tls_certificate_sds_secret_configs.name",
        f"{SECRETS}.tls_certificate_sds_secret_configs.sds_config.ads",
        f"{SECRETS}.tls_certificate_sds_secret_configs.sds_config.api_config_source",
        f"{VALIDATION}.name",
        f"{VALIDATION}.sds_config.ads",
        f"{VALIDATION}.sds_config.api_config_source",
    },
    "endpoints": {
        "endpoints.lb_endpoints.endpoint.health_check_config",  # Envoy shows it, empty
        "endpoints.lb_endpoints.health_status",  # Envoy's own finding
        "endpoints.lb_endpoints.metadata",  # tags, for subsets that nothing here uses
    },
    "listener": {
        "enable_reuse_port",  # off on purpose: see xds/listeners.py
        "metadata",  # Kuma's identifier once more
        f"{HTTP_MANAGER}.internal_address_config",  # only for x-envoy-internal
        f"{HTTP_MANAGER}.route_config.virtual_hosts.routes.name",  # a hash, for MeshHTTPRoutes of sidecars
    },
}
"""Where the stand-in's configuration is not that of Kuma, and why that does not matter."""


@pytest.mark.parametrize("protocol", ["tcp", "http"])
def test_cluster_endpoints_and_listener_are_those_that_were_recorded(protocol: str) -> None:
    recorded = json.loads((RECORDED / f"delegated.{protocol}.json").read_text())
    snapshot = snapshot_of(mesh_of(protocol))
    ours = {
        "cluster": snapshot.clusters[CLUSTER],
        "endpoints": snapshot.endpoints[CLUSTER],
        "listener": snapshot.listeners[NAME],
    }
    assert {part: set(differences(recorded[part], ours[part])) - KNOWN[part] for part in KNOWN} == {
        part: set() for part in KNOWN
    }


def test_the_comparison_with_what_was_recorded_sees_a_changed_value() -> None:
    recorded = json.loads((RECORDED / "delegated.http.json").read_text())
    other = snapshot_of(mesh_of("http", policy("MeshTimeout", "{connectionTimeout: 6s}")))
    assert "connect_timeout" in set(differences(recorded["cluster"], other.clusters[CLUSTER]))
