"""Whatever the probe's own lag, an outage's interval holds how long requests failed: simulated, so that it is known."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chaos import timeline
from chaos.model import Lane, Outcome, SeriesKey
from chaos.samples import Series

PERIOD, COUNT = 50, 40


@given(
    start=st.integers(0, COUNT * PERIOD),
    length=st.integers(1, COUNT * PERIOD // 2),
    lags=st.lists(st.integers(0, 6 * PERIOD), min_size=COUNT, max_size=COUNT),
    took=st.integers(0, 20),
)
def test_an_outage_of_requests_lasts_as_long_as_is_said(start: int, length: int, lags: list[int], took: int) -> None:
    """A request fails if it is sent in [start, start + length); each may be sent late, none out of turn."""
    due = np.arange(COUNT, dtype=np.int64) * PERIOD
    sent = np.maximum.accumulate(due + np.array(lags, np.int64))
    failed = (sent >= start) & (sent < start + length)
    of = Series(
        key=SeriesKey("v", Lane.FRESH),
        period_ns=PERIOD,
        zones=("zone1",),
        due_ns=due,
        sent_ns=sent,
        done_ns=sent + took,
        outcome=np.where(failed, np.uint8(Outcome.TIMEOUT), np.uint8(Outcome.OK)),
        status=np.zeros(COUNT, np.uint16),
        zone=np.zeros(COUNT, np.int8),
        home=np.zeros(COUNT, np.int8),
    )

    found = timeline.outages(of)

    assert len(found) == failed.any()
    for outage in found:
        assert outage.length.low_ns <= length
        if not failed[0] and not failed[-1]:
            assert length <= outage.length.high_ns
