"""Whether the probe kept its schedule well enough for anything to be concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chaos.model import NS_PER_S
from chaos.result import ProbeHealth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    from chaos.model import SeriesKey
    from chaos.samples import Series

LAG_P99_PERIODS = 2.0
"""Every figure is an interval at least one period wide at either end; a request sent up to two periods late
widens it by no more than it is wide already. Later than that, the probe decides the figure, not the mesh."""
LAG_MAX_S = 1.0
"""One pause of the machine may fall upon the very moment that is measured; objectives are in seconds."""
LOST_MAX = 0
"""The probe writes a row for every due sample; one that is missing is a defect, and may hide an error."""
_MS = 1_000_000


def health(series: Mapping[SeriesKey, Series]) -> ProbeHealth:
    """The probe's own lag (``sent - due``, in milliseconds) and losses, over all series."""
    lags = [s.lag_ns for s in series.values() if len(s)]
    return ProbeHealth(
        samples=sum(map(len, lags)),
        lost=sum(s.lost for s in series.values()),
        lag_p99_ms=_p99(lags) / _MS,
        lag_max_ms=max((int(lag.max()) for lag in lags), default=0) / _MS,
    )


def _p99(lags: Sequence[npt.NDArray[Any]]) -> int:
    """The smallest lag that 99 % of all do not exceed, by bisection: joining those of a day takes 35 MB more."""
    enough = -(-99 * sum(map(len, lags)) // 100)
    low, high = 0, max((int(lag.max()) for lag in lags), default=0)
    while low < high:
        middle = (low + high) // 2
        if sum(int(np.count_nonzero(lag <= middle)) for lag in lags) >= enough:
            high = middle
        else:
            low = middle + 1
    return low


def complaint(probe: ProbeHealth, series: Mapping[SeriesKey, Series]) -> str | None:
    """Why nothing may be concluded from these samples; None if the probe kept within its bounds."""
    bound_ms = LAG_P99_PERIODS * max((s.period_ns for s in series.values()), default=0) / _MS
    if probe.samples == 0:
        return "the probe took no sample"
    if probe.lost > LOST_MAX:
        return f"the probe lost {probe.lost} of {probe.samples + probe.lost} samples"
    if probe.lag_p99_ms > bound_ms:
        return (
            f"the probe sent 1 % of its samples more than {probe.lag_p99_ms:.1f} ms late "
            f"(bound {bound_ms:g} ms, {LAG_P99_PERIODS:g} periods): the machine is too busy"
        )
    if probe.lag_max_ms > LAG_MAX_S * NS_PER_S / _MS:
        return (
            f"the probe sent a sample {probe.lag_max_ms / 1000:.2f} s late "
            f"(bound {LAG_MAX_S:g} s): the machine was paused or is too busy"
        )
    return None
