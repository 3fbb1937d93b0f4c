from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.model import Lane, Vantage
from chaos.probe.pacer import Pacer, plan

if TYPE_CHECKING:
    from chaos.samples import Schedule

VANTAGES = [Vantage("load-balancer", "http://a/"), Vantage("zone1", "http://b/", "zone1")]


def schedule(rate_hz: float = 20.0) -> Schedule:
    return plan(VANTAGES, list(Lane), rate_hz=rate_hz, timeout_s=2.0, start_ns=1_000)


def test_series_are_every_vantage_through_every_lane_spread_over_the_period() -> None:
    assert [(str(s.key), s.start_ns - 1_000) for s in schedule().series] == [
        ("load-balancer/fresh", 0),
        ("load-balancer/keepalive", 12_500_000),
        ("zone1/fresh", 25_000_000),
        ("zone1/keepalive", 37_500_000),
    ]
    assert schedule().period_ns == 50_000_000
    assert schedule().timeout_ns == 2_000_000_000


def test_nothing_is_due_before_its_time() -> None:
    pacer = Pacer(schedule())
    assert list(pacer.take(999)) == []
    assert pacer.due_ns == 1_000
    assert list(pacer.take(1_000)) == [(0, 1_000)]
    assert list(pacer.take(1_000)) == []
    assert pacer.due_ns == 12_501_000


def test_a_late_loop_gets_every_overdue_sample_in_order() -> None:
    taken = list(Pacer(schedule()).take(1_000 + 1_000_000_000))
    assert len(taken) == 4 * 20 + 1
    assert [due for _, due in taken] == sorted(due for _, due in taken)
    assert [due for series, due in taken if series == 2] == [25_001_000 + i * 50_000_000 for i in range(20)]


def test_what_is_taken_is_gone_even_if_the_taker_stops_half_way() -> None:
    pacer = Pacer(schedule())
    first = next(iter(pacer.take(10**9)))
    assert first not in list(pacer.take(10**9))


def test_a_period_that_series_do_not_divide_drifts_nowhere() -> None:
    plans = plan(VANTAGES[:1] * 3, [Lane.FRESH], rate_hz=30.0, timeout_s=1.0, start_ns=0)
    taken = list(Pacer(plans).take(3600 * 10**9))
    last = [due for series, due in taken if series == 2][-1]
    assert (last - plans.series[2].start_ns) % plans.period_ns == 0
