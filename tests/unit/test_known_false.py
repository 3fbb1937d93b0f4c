"""A documented failure excuses nothing else: every other breakage of the same experiment is a FAIL of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos.model import LOAD_BALANCER, Outcome, Verdict
from fixtures.profiles import profile_names
from reports.verdicts import expected
from tests.unit.simulation import NEVER, Behaviour
from tests.unit.test_experiment import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chaos.result import Result, Segment

CLAIMS = ("wrong-port-reroutes", "comes-home", "nearest-first")


def tried(folder: Path, behaviour: Behaviour, profile: str = "page") -> Result:
    result, _ = run(folder, behaviour, "wrong-port")
    return replace(result, claims=CLAIMS, profile=profile)


def with_segments(result: Result, vantage: str, change: Callable[[Segment], Segment]) -> Result:
    figures = (
        replace(one, segments=tuple(map(change, one.segments))) if one.key.vantage == vantage else one
        for one in result.figures
    )
    return replace(result, figures=tuple(figures))


def test_never_failing_over_with_503_is_as_documented(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER))

    assert result.verdict is Verdict.FAIL
    assert expected(result)


def test_coming_home_through_another_zone_is_no_late_failover(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER, comes_through_another=True))

    assert result.verdict is Verdict.FAIL
    assert any(one.away for one in result.figures)
    assert expected(result)


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(failover_after=15.5, effective_after=2.0),
        Behaviour(failover_after=NEVER, dies_again_after=3.0),
        Behaviour(failover_after=NEVER, failback_after=NEVER),
        Behaviour(failover_after=NEVER, touches_others=True),
    ],
    ids=["a late failover", "home, and dead again", "never home", "another zone touched"],
)
def test_any_other_breakage_beside_it_is_not(tmp_path: Path, behaviour: Behaviour) -> None:
    result = tried(tmp_path, behaviour)

    assert result.verdict is Verdict.FAIL
    assert not expected(result)


def test_a_dead_gateway_is_not_a_wrong_port(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER))

    def refused(segment: Segment) -> Segment:
        return segment if segment.outcome is Outcome.OK else replace(segment, answer="REFUSED")

    assert not expected(with_segments(result, "gateway-zone1", refused))


def test_a_load_balancer_that_no_zone_answers_is_not_a_wrong_port(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER))
    assert result.injected is not None
    assert result.restored is not None
    injected, restored = result.injected.high_ns, result.restored.low_ns

    def dead(segment: Segment) -> Segment:
        during = segment.first_due_ns < restored and segment.last_due_ns > injected
        return replace(segment, answer="503", outcome=Outcome.HTTP_ERROR) if during else segment

    assert not expected(with_segments(result, LOAD_BALANCER, dead))


BLIP = Behaviour(failover_after=2.0, blip_after=4.0)


def test_a_failover_that_does_not_hold_is_as_documented_where_an_ejected_endpoint_is_tried_again(
    tmp_path: Path,
) -> None:
    result = tried(tmp_path, BLIP, "outlier-detection")

    assert result.verdict is Verdict.FAIL
    assert expected(result)
    assert not expected(replace(result, profile="page"))


@pytest.mark.parametrize(
    "behaviour",
    [
        Behaviour(failover_after=NEVER),
        replace(BLIP, failover_after=15.5, effective_after=2.0, blip_after=17.5),
        replace(BLIP, heals_itself_after=4.5),
        replace(BLIP, failback_after=NEVER),
        replace(BLIP, touches_others=True),
    ],
    ids=["no failover", "a late failover", "the broken zone answers", "never home", "another zone touched"],
)
def test_any_other_breakage_beside_the_blips_is_not(tmp_path: Path, behaviour: Behaviour) -> None:
    result = tried(tmp_path, behaviour, "outlier-detection")

    assert result.verdict is Verdict.FAIL
    assert not expected(result)


def test_a_blip_of_another_kind_is_not(tmp_path: Path) -> None:
    result = tried(tmp_path, BLIP, "outlier-detection")

    def refused(segment: Segment) -> Segment:
        return segment if segment.outcome is Outcome.OK else replace(segment, answer="REFUSED")

    assert not expected(with_segments(result, "gateway-zone1", refused))


def test_under_any_other_profile_a_wrong_port_must_be_routed_around(tmp_path: Path) -> None:
    result = tried(tmp_path, Behaviour(failover_after=NEVER))

    as_documented = {profile for profile in profile_names() if expected(replace(result, profile=profile))}
    assert as_documented == {"page", "health-check"}
