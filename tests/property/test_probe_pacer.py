from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chaos.model import Lane, Vantage
from chaos.probe.pacer import Pacer, plan


@given(
    st.integers(1, 5),
    st.floats(0.5, 3_000),
    st.lists(st.integers(0, 50_000_000), min_size=1, max_size=30),
    st.integers(0, 10**15),
)
def test_each_sample_is_handed_out_once_in_order_and_never_early(
    vantages: int, rate_hz: float, steps: list[int], start_ns: int
) -> None:
    schedule = plan(
        [Vantage(f"v{i}", "http://a/") for i in range(vantages)],
        list(Lane),
        rate_hz=rate_hz,
        timeout_s=1.0,
        start_ns=start_ns,
    )
    pacer, now_ns, taken = Pacer(schedule), start_ns, []
    for step in steps:
        now_ns += step
        batch = list(pacer.take(now_ns))
        assert all(due <= now_ns for _, due in batch)
        assert pacer.due_ns > now_ns
        taken += batch
    expected = [
        (due, index)
        for index, series in enumerate(schedule.series)
        for due in range(series.start_ns, now_ns + 1, schedule.period_ns)
    ]
    assert [(due, index) for index, due in taken] == sorted(expected)
