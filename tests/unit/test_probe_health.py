from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

from chaos.model import Lane, SeriesKey
from chaos.probe.health import complaint, health
from chaos.samples import Series

MS = 1_000_000
PERIOD_NS = 50 * MS
KEY = SeriesKey("v", Lane.FRESH)


def series(lags_ms: list[float], lost: int = 0) -> dict[SeriesKey, Series]:
    count = len(lags_ms)
    due = np.arange(count, dtype=np.int64) * PERIOD_NS
    sent = due + (np.array(lags_ms) * MS).astype(np.int64)
    zero = np.zeros(count, np.int8)
    columns: dict[str, Any] = {
        "outcome": zero.astype(np.uint8),
        "status": zero.astype(np.uint16),
        "zone": zero,
        "home": zero,
    }
    return {KEY: Series(KEY, PERIOD_NS, ("zone1",), due, sent, sent + MS, **columns, lost=lost)}


def found(lags_ms: list[float], lost: int = 0) -> str | None:
    every = series(lags_ms, lost)
    return complaint(health(every), every)


def test_lag_is_from_due_to_sent_over_all_series() -> None:
    health_ = health(series([0.1] * 98 + [7.0, 9.0]) | {SeriesKey("w", Lane.FRESH): series([2.5])[KEY]})
    assert health_.samples == 101
    assert health_.lag_max_ms == pytest.approx(9.0)
    assert health_.lag_p99_ms == pytest.approx(7.0)
    assert health_.lost == 0


def test_a_punctual_probe_is_fit() -> None:
    assert found([0.1] * 100) is None
    assert found([0.1] * 99 + [900.0]) is None  # one pause below the bound


@pytest.mark.parametrize(
    ("lags", "lost", "reason"),
    [
        ([], 0, "no sample"),
        ([0.1], 2, "lost 2 of 3"),
        ([150.0] * 10, 0, "100 ms, 2 periods"),
        ([0.1] * 1000 + [1500.0], 0, r"1\.50 s late"),
    ],
)
def test_an_unfit_probe_says_why(lags: list[float], lost: int, reason: str) -> None:
    text = found(lags, lost)
    assert text is not None
    assert re.search(reason, text)


def test_nothing_at_all() -> None:
    assert complaint(health({}), {}) == "the probe took no sample"
