"""How long a failover is watched: until what the profile's policies leave for later has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from chaos.watch import Pace
from fixtures.pace import pace_of
from fixtures.profiles import Profile, load_profile, profile_names

if TYPE_CHECKING:
    from fixtures.profiles import Resource

USUAL = Pace()
CONTROL_PLANE = 13.0 + 2.0


def breaker(**detection: Any) -> Resource:
    default = {"outlierDetection": detection}
    return {"type": "MeshCircuitBreaker", "name": "b", "spec": {"to": [{"default": default}]}}


def hold(*resources: Resource) -> float:
    return pace_of(Profile("mine", resources, {})).hold


def test_where_only_the_control_plane_acts_the_pace_is_the_usual_one() -> None:
    assert pace_of(load_profile("page")) == USUAL
    helping = {name for name in profile_names() if pace_of(load_profile(name)) != USUAL}
    assert helping == {"outlier-detection", "retry", "health-check", "hardened"}


@pytest.mark.parametrize("profile", ["outlier-detection", "retry", "health-check"])
def test_a_proxy_that_helps_itself_is_watched_until_the_control_plane_has_acted_too(profile: str) -> None:
    """Measured on Kuma 2.13.10: 10.2 to 13.0 s after a deployment is deleted."""
    assert pace_of(load_profile(profile)).hold == CONTROL_PLANE > 13.0


def test_a_failover_is_watched_until_an_ejected_endpoint_can_be_back_and_is_seen_to_fail() -> None:
    """Measured on Kuma 2.13.10: another zone after 1.9 s, errors again at 7.8 s, so 5.9 s later."""
    assert pace_of(load_profile("outlier-detection")).hold > 7.8 - 1.9 + 1
    assert hold(breaker(interval="1s", baseEjectionTime="25s")) == 25 + 1 + 2


def test_what_is_not_said_is_what_envoy_does() -> None:
    assert hold(breaker(baseEjectionTime="25s")) == 25 + 10 + 2
    assert hold(breaker(interval="500ms")) == 30 + 0.5 + 2


def test_the_longest_of_several_counts_and_what_is_turned_off_does_not() -> None:
    quick, slow = breaker(interval="1s", baseEjectionTime="23s"), breaker(interval="1s", baseEjectionTime="29s")
    off = breaker(disabled=True, baseEjectionTime="50s")
    assert hold(quick, slow, off) == 29 + 1 + 2
    assert hold(off) == USUAL.hold


def test_a_quick_ejection_does_not_make_the_watch_shorter() -> None:
    assert hold(breaker(interval="10ms", baseEjectionTime="10ms")) == CONTROL_PLANE


@pytest.mark.parametrize(
    "spec",
    [
        None,
        [],
        "x",
        {"to": None},
        {"to": 5},
        {"to": ["x"]},
        {"to": [{"default": None}]},
        {"to": [{"default": {"a": 1}}]},
    ],
)
def test_what_the_control_plane_will_refuse_is_not_refused_here(spec: object) -> None:
    assert hold({"type": "MeshCircuitBreaker", "name": "b", "spec": spec}) == USUAL.hold


def test_a_time_that_is_none_is_left_to_the_control_plane() -> None:
    assert hold(breaker(interval="soon", baseEjectionTime=5)) == CONTROL_PLANE
