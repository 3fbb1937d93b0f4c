"""The table of what policies make of each fault: every figure is the worst that was felt."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from chaos.model import LOAD_BALANCER, Interval, Lane, Verdict
from chaos.result import Expectation, Outage
from reports.policies import effects
from reports.terminal.policies import policy_lines
from reports.words import bad_share
from tests.unit.reports import samples_of_results as samples

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.result import Figures, Result
    from reports.policies import Effect


def counted(result: Result) -> Result:
    """A result of today's, in which blips are counted."""
    return changed(result, lambda one: replace(one, blips=() if one.failover else None, relapses=()))


def changed(result: Result, change: Callable[[Figures], Figures]) -> Result:
    return replace(result, figures=tuple(map(change, result.figures)))


def at(vantage: str, lane: Lane, **values: Any) -> Callable[[Figures], Figures]:
    return lambda one: replace(one, **values) if (one.key.vantage, one.key.lane) == (vantage, lane) else one


def outage(low: float, high: float) -> Outage:
    return Outage(0, 0, samples.seconds(low, high), 1)


def only(*results: Result) -> Effect:
    (effect,) = effects(results)
    return effect


def table(*results: Result) -> list[str]:
    return [line.plain for line in policy_lines(results)]


def test_the_table_is_read_by_fault_then_profile() -> None:
    hardened = samples.smooth(fault="wrong-port", scenario="wrong-port")
    assert table(counted(samples.wrong_port()), counted(hardened), counted(samples.delete_deployment())) == [
        "what policies make of each fault",
        "(the worst of zones and lanes, at the gateway in front of the fault, or at the",
        "load balancer where the fault takes that gateway away)",
        "            failover     longest outage  errors        blips",
        "wrong-port",
        "  page      never        12.2-12.4 s     246 (49.2 %)  -",
        "  hardened  0.20-0.55 s  0.15-0.25 s     4 (0.8 %)     none",
        "delete-deployment",
        "  page      10.1-10.5 s  10.3-10.5 s     208 (41.6 %)  none",
        "",
    ]


@pytest.mark.parametrize(
    "results",
    [
        (),
        (samples.delete_deployment(), samples.wrong_port()),
        (samples.delete_deployment(), samples.result(fault="none", profile="hardened")),
    ],
    ids=["nothing", "one profile", "another without a fault"],
)
def test_where_no_profiles_can_be_compared_there_is_no_table(results: tuple[Result, ...]) -> None:
    assert table(*results) == []


def test_no_line_of_the_table_is_wider_than_80_columns() -> None:
    blip = (outage(10.15, 12.25),) * 12
    results = [
        counted(changed(samples.delete_deployment(profile=profile), lambda one: replace(one, blips=blip, bad=1_000)))
        for profile in ("service-probe", "outlier-detection")
    ]
    results += [samples.infra(fault="delete-deployment", profile="outlier-detection", zone="zone2")]
    assert max(map(len, table(*results))) <= 80


def test_the_worst_of_zones_and_lanes_counts_in_every_figure_by_itself() -> None:
    one = counted(samples.delete_deployment())
    slow = changed(one, at("gateway-zone1", Lane.FRESH, failover=samples.seconds(12.0, 12.5)))
    long = changed(one, at("gateway-zone1", Lane.KEEPALIVE, outages=(outage(11.0, 14.0), outage(13.0, 13.5))))
    many = changed(one, at("gateway-zone1", Lane.FRESH, bad=300, samples=400))
    worst = only(one, replace(slow, zone="zone2"), replace(long, zone="zone3"), replace(many, zone="zone4"))

    assert worst.zones == ("zone1", "zone2", "zone3", "zone4")
    assert worst.failover == samples.seconds(12.0, 12.5)
    assert worst.outage == samples.seconds(11.0, 14.0), "the one that may have been longest"
    assert (worst.bad, worst.samples) == (300, 400)


def test_a_zone_or_lane_that_never_fails_over_makes_it_never() -> None:
    one = counted(samples.delete_deployment())
    stuck = changed(one, at("gateway-zone1", Lane.KEEPALIVE, failover=None, blips=None))
    assert only(one).failover is not None
    assert only(one, replace(stuck, zone="zone2")).failover is None


def test_what_is_felt_at_other_vantages_does_not_count() -> None:
    one = counted(samples.delete_deployment())
    elsewhere = changed(one, at(LOAD_BALANCER, Lane.FRESH, bad=499, blips=(outage(5, 6),), failover=None))
    elsewhere = changed(elsewhere, at("gateway-zone2", Lane.FRESH, bad=499))
    assert only(elsewhere) == only(one)


def test_where_the_gateway_itself_is_gone_users_are_at_the_load_balancer() -> None:
    lost = counted(samples.delete_gateway())
    balancer = [one for one in lost.figures if one.key.vantage == LOAD_BALANCER]
    assert all(one.expectation is Expectation.FAILS_OVER for one in balancer)
    assert only(lost).bad == max(one.bad for one in balancer)


def test_blips_are_those_of_the_series_with_most_and_the_longest_of_any() -> None:
    one = counted(samples.delete_deployment())
    three = at("gateway-zone1", Lane.FRESH, blips=(outage(0.1, 0.2),) * 2, relapses=(outage(0.3, 0.4),))
    long = at("gateway-zone1", Lane.KEEPALIVE, blips=(outage(0.5, 0.9),))
    worst = only(changed(changed(one, three), long))
    assert (worst.blips, worst.blip) == (3, samples.seconds(0.5, 0.9))
    assert table(changed(one, three), samples.smooth())[5].endswith("3, 0.30-0.40 s")


def test_results_archived_before_blips_were_counted_leave_them_unknown() -> None:
    assert only(samples.delete_deployment()).blips is None
    assert table(samples.delete_deployment(), samples.smooth())[5].endswith("unknown")


@pytest.mark.parametrize("verdict", [Verdict.INFRA, Verdict.INVALID])
def test_what_proves_nothing_is_no_figure_and_is_said(verdict: Verdict) -> None:
    good = counted(samples.delete_deployment())
    lost = counted(changed(samples.delete_deployment(zone="zone2"), lambda one: replace(one, bad=499)))
    lost = replace(lost, verdict=verdict)

    assert only(good, lost) == replace(only(good), unmeasured=(("zone2", verdict),))
    assert table(good, lost, samples.smooth())[6] == f"    not measured: zone2 {verdict}"
    assert only(lost).outage is None
    assert table(lost, counted(samples.smooth()))[5:7] == [
        "  page      -            -               -          -",
        f"    not measured: zone2 {verdict}",
    ]


def test_a_folder_of_the_users_is_called_by_its_last_name() -> None:
    lines = table(samples.delete_deployment(), samples.smooth(profile="some/where/mine/"))
    assert [line.split()[0] for line in lines[5:7]] == ["page", "mine"]


def test_names_cannot_change_the_terminal() -> None:
    lines = table(samples.delete_deployment(), samples.smooth(profile="\x1b[2Jmine"))
    assert not any("\x1b" in line for line in lines)


def test_where_nothing_failed_the_table_says_none() -> None:
    smooth = changed(counted(samples.smooth()), lambda one: replace(one, outages=(), bad=0))
    assert table(counted(samples.delete_deployment()), smooth)[6].split()[-5:] == ["none", "0", "(0", "%)", "none"]


def test_none_of_a_share_means_none() -> None:
    assert bad_share(0, 500) == "0 %"
    assert bad_share(1, 100_000) == "0.1 %"
    assert bad_share(500, 500) == "100.0 %"
    assert bad_share(0, 0) == "0 %"


def test_an_interval_that_ends_later_is_worse_however_it_began() -> None:
    one = counted(samples.delete_deployment())
    vague = changed(one, at("gateway-zone1", Lane.FRESH, failover=Interval(0, 60 * 10**9)))
    assert only(vague).failover == Interval(0, 60 * 10**9)
