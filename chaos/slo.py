"""Objectives, the three ways to count availability, and what an event costs of the error budget.

Sources: OpenSLO's budgeting methods (https://github.com/OpenSLO/OpenSLO#slo); error budgets and burn
rates as in the SRE workbook, chapters 2 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np

from chaos.errors import SettingsError
from chaos.model import NS_PER_S

if TYPE_CHECKING:
    from chaos.model import Interval
    from chaos.samples import Series

_DAY_S = 86_400.0
SLICE_NS = NS_PER_S
"""A timeslice is one second: the experiment lasts tens of seconds, and people ask second by second."""


@dataclass(frozen=True)
class Objectives:
    """What is promised to users. Times are upper bounds in seconds.

    The defaults follow Kuma's own timers: a data plane proxy that vanished is deregistered after
    10 s (KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY) and clients learn it within another 3 s.
    """

    failover: float = 15.0
    """From injection until another zone answers steadily."""
    failback: float = 15.0
    """From the start of the repair until home answers steadily."""
    outage: float = 15.0
    """The longest single outage window."""
    return_outage: float = 10.0
    """All outages together after the repair began. On real Kuma going home does hurt: the gateway of a zone that comes
    back answers 503 for 4 to 9 s, and a load balancer that only checks whether it listens sends users there."""
    target: float = 99.9
    """The availability objective, in percent of requests."""
    window: float = 30.0
    """The objective's window, in days."""

    @property
    def allowance(self) -> float:
        """The share of requests that may fail, for example 0.001."""
        return 1 - self.target / 100

    @property
    def budget_s(self) -> float:
        """The whole window's error budget in seconds of full outage (99.9 % over 30 days: 2,592 s)."""
        return self.allowance * self.window * _DAY_S

    def cost(self, outage: Interval) -> tuple[float, float]:
        """The share of the budget that an outage of this length uses: at least, at most."""
        return outage.low_s / self.budget_s, outage.high_s / self.budget_s


@dataclass(frozen=True)
class Availability:
    """The three OpenSLO budgeting methods (https://github.com/OpenSLO/OpenSLO#slo), each in [0, 1]."""

    occurrences: float
    timeslices: float
    ratio_timeslices: float


def parse_objectives(text: str, *, sample_period_s: float) -> Objectives:
    """Objectives from ``failover=10,outage=12,target=99.95``; what is not named keeps its default.

    Raises:
        SettingsError: an unknown name, a value that is no number, or an objective that no mesh can
            meet or no probe can measure.
    """
    objectives = Objectives()
    names = [field.name for field in fields(Objectives)]
    for part in filter(None, (p.strip() for p in text.split(","))):
        name, equals, value = part.partition("=")
        if not equals or name.strip() not in names:
            raise SettingsError(f"--slo: {part!r} is not NAME=NUMBER with NAME one of {', '.join(names)}")
        try:
            objectives = replace(objectives, **{name.strip(): float(value)})
        except ValueError:
            raise SettingsError(f"--slo: {value.strip()!r} in {part!r} is not a number") from None
    _refuse_impossible(objectives, sample_period_s)
    return objectives


def _refuse_impossible(objectives: Objectives, sample_period_s: float) -> None:
    if not 0 < objectives.target < 100:  # noqa: PLR2004 - percent
        raise SettingsError(
            f"--slo: target={objectives.target:g} % is no objective; choose between 0 and 100 (say 99.9)"
        )
    if not 0 < objectives.window < float("inf"):
        raise SettingsError(f"--slo: window={objectives.window:g} days is not a window; choose 30, say")
    finest = 2 * sample_period_s
    for name in ("failover", "failback", "outage", "return_outage"):
        bound = getattr(objectives, name)
        if not finest <= bound < float("inf"):
            raise SettingsError(
                f"--slo: {name}={bound:g} s cannot be measured with a sample every {sample_period_s:g} s; "
                f"choose at least {finest:g} or raise --probe-rate"
            )


def availability(series: Series, objectives: Objectives, slice_ns: int = SLICE_NS) -> Availability:
    """A series' availability in the three OpenSLO ways; 1.0 where there is no sample."""
    if not len(series):
        return Availability(1.0, 1.0, 1.0)
    good = series.good
    slices = (series.due_ns - series.due_ns[0]) // slice_ns
    asked = np.bincount(slices)
    ratios = np.bincount(slices, weights=good)[asked > 0] / asked[asked > 0]
    return Availability(
        occurrences=float(good.mean()),
        timeslices=float((ratios >= objectives.target / 100).mean()),
        ratio_timeslices=float(ratios.mean()),
    )


def burn_rate(series: Series, objectives: Objectives) -> float:
    """How many times faster than allowed the error budget burns over these samples."""
    return float(1 - series.good.mean()) / objectives.allowance if len(series) else 0.0
