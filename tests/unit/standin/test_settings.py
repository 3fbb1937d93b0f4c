from __future__ import annotations

import pytest

from fixtures.durations import envoy_duration, parse_go_duration
from fixtures.platforms.universal.standin.settings import SettingError, read_settings

ZONE = {
    "KUMA_MODE": "zone",
    "KUMA_MULTIZONE_ZONE_NAME": "zone1",
    "KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS": "http://127.1.0.1:5681",
}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("0s", 0), ("250ms", 0.25), ("1m30s", 90), ("1h15m30.5s", 4530.5), (".5s", 0.5), ("2us", 2e-6)],
)
def test_go_durations_are_read(text: str, seconds: float) -> None:
    assert parse_go_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "1 s", "-1s", "1d", "1s2", "1,5s"])
def test_what_is_no_go_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a duration.*500ms"):
        parse_go_duration(text)


def test_envoy_gets_seconds() -> None:
    assert [envoy_duration(s) for s in (0, 0.025, 15, 1.5)] == ["0s", "0.025s", "15s", "1.5s"]


def test_the_timers_have_kumas_defaults() -> None:
    timers = read_settings(ZONE).timers
    assert (timers.refresh, timers.deregistration, timers.service_status) == (1, 10, 5)
    assert (timers.service_generation, timers.hds, timers.hds_check, timers.hds_refresh) == (2, 5, 1, 10)


def test_a_timer_is_set_by_kumas_variable() -> None:
    settings = read_settings({**ZONE, "KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY": "1m30s"})
    assert settings.timers.deregistration == 90


def test_other_variables_are_none_of_its_business() -> None:
    assert read_settings({**ZONE, "PATH": "/bin"}).zone == "zone1"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"KUMA_MODE": "standalone"}, "KUMA_MODE must be global or zone"),
        ({"KUMA_STORE_TYPE": "postgres"}, "KUMA_STORE_TYPE can only be memory"),
        ({"KUMA_DNS_SERVER_PORT": "1"}, "KUMA_DNS_SERVER_PORT is not supported"),
        ({"KUMA_DP_SERVER_HDS_INTERVAL": "5"}, "KUMA_DP_SERVER_HDS_INTERVAL: not a duration"),
        ({"KUMA_DP_SERVER_HDS_INTERVAL": "0s"}, "KUMA_DP_SERVER_HDS_INTERVAL must be longer than 0s"),
        ({"KUMA_API_SERVER_HTTP_PORT": "70000"}, "KUMA_API_SERVER_HTTP_PORT must be a port"),
        ({"KUMA_API_SERVER_HTTP_INTERFACE": "0.0.0.0"}, "must be an address of 127.0.0.0/8"),
        ({"KUMA_API_SERVER_HTTP_INTERFACE": "localhost"}, "must be an address of 127.0.0.0/8"),
        ({"KUMA_MULTIZONE_ZONE_NAME": "Zone 1"}, "KUMA_MULTIZONE_ZONE_NAME must be a lower case name"),
        ({"KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS": "grpcs://127.1.0.1:5685"}, "must be http://"),
        ({"KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS": "http://10.0.0.1:5681"}, "must be an address of 127.0.0.0/8"),
        ({"KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS": "http://127.1.0.1:x"}, "not a URL"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(change: dict[str, str], message: str) -> None:
    with pytest.raises(SettingError, match=message):
        read_settings({**ZONE, **change})


def test_global_needs_no_zone() -> None:
    settings = read_settings({"KUMA_MODE": "global"})
    assert (settings.zone, settings.listen.host, settings.listen.port) == (None, "127.0.0.1", 5681)


def test_a_user_who_has_a_kuma_as_well_may_say_where_it_is() -> None:
    assert read_settings({**ZONE, "KUMA_HOME": "/opt/kuma"}) == read_settings(ZONE)
