"""What a sidecar does with requests, read from the configuration of its Envoy."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.platforms.kubernetes.inbounds import Inbound, Injected, http_inbounds

TYPES = "type.googleapis.com/"
FAULT = {"@type": f"{TYPES}envoy.extensions.filters.http.fault.v3.HTTPFault"}
LATE = {"fixed_delay": "0.300s", "percentage": {"numerator": 100}}
ERRORS = {"http_status": 503, "percentage": {"numerator": 90}}
ROUTER = {"name": "envoy.filters.http.router", "typed_config": {}}
Json = dict[str, Any]


def fault(**fields: Any) -> Json:
    return {"name": "envoy.filters.http.fault", "typed_config": {**FAULT, **fields}}


def chain(*filters: Json) -> Json:
    manager = {"http_filters": [*filters, ROUTER]}
    return {"filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]}


def listener(*chains: Json, port: int = 1027, direction: str = "INBOUND") -> Json:
    where = {"socket_address": {"address": "10.0.0.1", "port_value": port}}
    return {"traffic_direction": direction, "address": where, "filter_chains": list(chains)}


def dump(*listeners: Json, state: str = "active_state") -> Json:
    dynamic = [{"name": "any", state: {"version_info": "1", "listener": one}} for one in listeners]
    bootstrap = {"@type": f"{TYPES}envoy.admin.v3.BootstrapConfigDump", "bootstrap": {}}
    return {
        "configs": [bootstrap, {"@type": f"{TYPES}envoy.admin.v3.ListenersConfigDump", "dynamic_listeners": dynamic}]
    }


def injected(*filters: Json) -> tuple[Injected, ...]:
    (inbound,) = http_inbounds(dump(listener(chain(*filters))), {1027})
    (faults,) = inbound.chains
    return faults


def test_an_inbound_without_a_fault_is_one_all_the_same() -> None:
    (inbound,) = http_inbounds(dump(listener(chain())), {1027})
    assert inbound == Inbound(1027, ((),))
    assert not inbound.faulty


@pytest.mark.parametrize(
    ("fields", "means"),
    [
        ({"delay": LATE}, Injected(late=1.0, delay_s=0.3)),
        ({"abort": ERRORS}, Injected(errors=0.9, status=503)),
        (
            {"abort": {"http_status": 500, "percentage": {"numerator": 6290, "denominator": "TEN_THOUSAND"}}},
            Injected(errors=0.629, status=500),
        ),
        ({"abort": {"http_status": 500, "percentage": {}}}, Injected(status=500)),
        ({"delay": LATE, "abort": ERRORS}, Injected(0.9, 503, 1.0, 0.3)),
        ({"delay": LATE, "headers": [{"name": "x-kuma-tags"}]}, Injected(late=1.0, delay_s=0.3, narrow=True)),
    ],
)
def test_a_fault_is_read_with_shares_and_seconds(fields: Json, means: Injected) -> None:
    assert injected(fault(**fields)) == (means,)


def test_several_come_one_after_the_other() -> None:
    assert injected(fault(delay=LATE), fault(abort=ERRORS)) == (
        Injected(late=1.0, delay_s=0.3),
        Injected(errors=0.9, status=503),
    )


def test_one_behind_a_matcher_is_for_some_requests_only() -> None:
    """As Kuma 2.13 makes ``rules`` (meshfaultinjection/plugin/xds/configurer.go)."""
    extension = {"name": "envoy.filters.http.fault", "typed_config": {**FAULT, "delay": LATE}}
    kind = f"{TYPES}envoy.extensions.common.matching.v3.ExtensionWithMatcher"
    matched = {"name": "kri_mfi_default_", "typed_config": {"@type": kind, "extension_config": extension}}
    assert injected(matched) == (Injected(late=1.0, delay_s=0.3, narrow=True),)


def test_every_filter_chain_counts() -> None:
    (inbound,) = http_inbounds(dump(listener(chain(fault(delay=LATE)), chain())), {1027})
    assert inbound.chains == ((Injected(late=1.0, delay_s=0.3),), ())
    assert inbound.faulty


@pytest.mark.parametrize(
    "other",
    [
        dump(listener(chain(fault(delay=LATE)), port=9901)),
        dump(listener(chain(fault(delay=LATE)), direction="OUTBOUND")),
        dump(listener(chain(fault(delay=LATE))), state="warming_state"),
        dump(listener(chain(fault(delay=LATE))), state="draining_state"),
        dump(listener({"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": {}}]})),
        {"configs": []},
    ],
)
def test_what_serves_no_http_to_users_now_is_left_out(other: Json) -> None:
    assert http_inbounds(other, {1027}) == ()
