"""Whether the probe kept its schedule well enough for anything to be concluded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chaos.model import NS_PER_S
from chaos.result import ProbeHealth

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    lag = np.concatenate([s.lag_ns for s in series.values()] or [np.zeros(0, np.uint32)])
    return ProbeHealth(
        samples=len(lag),
        lost=sum(s.lost for s in series.values()),
        lag_p99_ms=_p99(lag) / _MS if len(lag) else 0.0,
        lag_max_ms=float(lag.max()) / _MS if len(lag) else 0.0,
    )


def _p99(lag: npt.NDArray[Any]) -> float:
    return float(np.percentile(lag, 99, method="inverted_cdf", overwrite_input=True))  # of a day: 35 MB less


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
