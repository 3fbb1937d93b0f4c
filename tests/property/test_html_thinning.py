"""What a plot leaves out, against a brute-force oracle: never a bad sample, never an extreme."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from reports.html.thinning import columns, kept

PERIOD_NS = 50_000_000
SAMPLES = st.lists(st.tuples(st.integers(1, 40), st.integers(-1, 2), st.booleans()), max_size=120)


def oracle(samples: list[tuple[int, int, bool]], column: list[int]) -> set[int]:
    told = {position for position, (_, _, bad) in enumerate(samples) if bad} | {0, len(samples) - 1}
    for group in {(column[i], kind) for i, (_, kind, bad) in enumerate(samples) if not bad}:
        of = [i for i, (_, kind, bad) in enumerate(samples) if not bad and (column[i], kind) == group]
        latencies = [samples[i][0] for i in of]
        told.add(next(i for i in of if samples[i][0] == min(latencies)))
        told.add([i for i in of if samples[i][0] == max(latencies)][-1])
    return told


@given(SAMPLES, st.integers(1, 50))
def test_kept_are_the_bad_ones_the_ends_and_each_columns_extremes_and_nothing_else(
    samples: list[tuple[int, int, bool]], count: int
) -> None:
    due = np.arange(len(samples), dtype=np.int64) * PERIOD_NS
    latency, kind, bad = (np.array([sample[i] for sample in samples]) for i in range(3))
    drawn = kept(due, latency.astype(np.int64), kind.astype(np.int64), bad.astype(np.bool_), count)
    if not samples:
        assert not len(drawn)
        return
    column = columns(due, count).tolist()
    assert max(column) < count
    assert drawn.tolist() == sorted(oracle(samples, column))
