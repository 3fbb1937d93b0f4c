"""Objectives, the three ways to count availability, and how fast the error budget burns.

Sources: OpenSLO's budgeting methods (https://github.com/OpenSLO/OpenSLO#notes-slo); error budgets and burn
rates as in the SRE workbook, chapters 2 (https://sre.google/workbook/implementing-slos/) and 5
(https://sre.google/workbook/alerting-on-slos/). docs/slo.md has the formulas.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from chaos.errors import SettingsError
from chaos.model import NS_PER_S

if TYPE_CHECKING:
    from chaos.model import Interval
    from chaos.samples import Series

_DAY_S = 86_400.0
_EXACT = 1e-12
"""What binary fractions add or take away: 999 of 1,000 are 99.9 %, though 99.9 / 100 > 0.999."""
BOUNDS = ("failover", "failback", "outage", "return_outage")
"""The objectives that are judged; the others are for the figures."""
_NUMBERS = (*BOUNDS, "target", "window")


class BudgetingMethod(StrEnum):
    """What the error budget is made of (OpenSLO's names)."""

    OCCURRENCES = "Occurrences"
    """Requests: good ones to all of them."""
    TIMESLICES = "Timeslices"
    """Slices of time: good ones, whose ratio of good requests reaches a target of its own, to all of them."""
    RATIO_TIMESLICES = "RatioTimeslices"
    """Slices of time: the mean of their ratios of good requests."""


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
    """The objective's window, in days; any of that length, for it rolls."""
    method: BudgetingMethod = BudgetingMethod.OCCURRENCES
    """What burn rate and budget cost are counted in."""
    timeslice: float = 1.0
    """A slice's length. One second unless said otherwise: an experiment lasts tens of seconds."""
    timeslice_target: float | None = None
    """What makes a slice good, in percent of its requests; None for ``target``."""
    name: str = ""
    """The SLO that the objectives are from; empty where they are from none."""

    @property
    def allowance(self) -> float:
        """The share of requests, or of slices, that may be bad, for example 0.001."""
        return 1 - self.target / 100

    @property
    def budget_s(self) -> float:
        """The whole window's error budget in seconds of outage, or of bad slices (99.9 % over 30 days: 2,592 s)."""
        return self.allowance * self.window * _DAY_S

    @property
    def slice_ns(self) -> int:
        """A slice's length in nanoseconds."""
        return round(self.timeslice * NS_PER_S)

    @property
    def slice_ratio(self) -> float:
        """The ratio of good requests from which on a slice is good, in (0, 1]."""
        return (self.target if self.timeslice_target is None else self.timeslice_target) / 100

    def cost(self, spent: Interval) -> tuple[float, float]:
        """The share of the budget that so much bad time (``chaos.budget.spent``) uses: at least, at most."""
        return spent.low_s / self.budget_s, spent.high_s / self.budget_s


@dataclass(frozen=True)
class Availability:
    """The three OpenSLO budgeting methods (https://github.com/OpenSLO/OpenSLO#notes-slo), each in [0, 1]."""

    occurrences: float
    timeslices: float
    ratio_timeslices: float

    def by(self, method: BudgetingMethod) -> float:
        """The one that a method counts."""
        return {
            BudgetingMethod.OCCURRENCES: self.occurrences,
            BudgetingMethod.TIMESLICES: self.timeslices,
            BudgetingMethod.RATIO_TIMESLICES: self.ratio_timeslices,
        }[method]


def parse_objectives(text: str, *, sample_period_s: float) -> Objectives:
    """Objectives from ``failover=10,outage=12,target=99.95``; what is not named keeps its default.

    Raises:
        SettingsError: an unknown name, a value that is no number, or an objective that no mesh can
            meet or no probe can measure.
    """
    parts = filter(None, (part.strip() for part in text.split(",")))
    numbers: dict[str, Any] = dict(map(_number, parts))
    objectives = Objectives(**numbers)
    if wrong := impossible(objectives, sample_period_s):
        raise SettingsError(f"--slo: {wrong.field}={wrong.reason}")
    return objectives


def _number(part: str) -> tuple[str, float]:
    name, equals, value = (word.strip() for word in part.partition("="))
    if not equals or name not in _NUMBERS:
        raise SettingsError(
            f"--slo: {part!r} is not NAME=NUMBER with NAME one of {', '.join(_NUMBERS)}; "
            "an OpenSLO file is given as FILE.yaml or FILE.yaml#SLO"
        )
    try:
        return name, float(value)
    except ValueError:
        raise SettingsError(f"--slo: {value!r} in {part!r} is not a number") from None


@dataclass(frozen=True)
class Impossible:
    """An objective that cannot be met or measured: its field, and its value with the reason."""

    field: str
    reason: str


def impossible(objectives: Objectives, sample_period_s: float) -> Impossible | None:
    """The first objective that no mesh can meet or no probe can measure."""
    if not 0 < objectives.target < 100:  # noqa: PLR2004 - percent
        return Impossible("target", f"{objectives.target:g} % is no objective; choose between 0 and 100 (say 99.9)")
    if not 0 < objectives.window < float("inf"):
        return Impossible("window", f"{objectives.window:g} days is not a window; choose 30, say")
    for name in BOUNDS:
        if not 2 * sample_period_s <= getattr(objectives, name) < float("inf"):
            return _unmeasured(name, getattr(objectives, name), 2 * sample_period_s, sample_period_s)
    if objectives.timeslice < sample_period_s:
        return _unmeasured("timeslice", objectives.timeslice, sample_period_s, sample_period_s)
    return None


def _unmeasured(name: str, value: float, finest: float, sample_period_s: float) -> Impossible:
    return Impossible(
        name,
        f"{value:g} s cannot be measured with a sample every {sample_period_s:g} s; "
        f"choose at least {finest:g} or raise --probe-rate",
    )


def availability(series: Series, objectives: Objectives) -> Availability:
    """A series' availability in the three OpenSLO ways; 1.0 where there is no sample.

    Slices count from the first sample, so the last one may be cut short; one without a sample does not count.
    """
    if not len(series):
        return Availability(1.0, 1.0, 1.0)
    good, due = series.good, series.due_ns
    edges = np.arange(due[0], due[-1] + 1, objectives.slice_ns)
    starts = np.unique(np.searchsorted(due, edges))  # numbering every sample by its slice takes three times the memory
    ratios = np.add.reduceat(good, starts, dtype=np.float64) / np.diff(starts, append=len(due))
    return Availability(
        occurrences=float(good.mean()),
        timeslices=float((ratios >= objectives.slice_ratio - _EXACT).mean()),
        ratio_timeslices=float(ratios.mean()),
    )


def burn_rate(series: Series, objectives: Objectives) -> float:
    """How many times faster than allowed the error budget burns over these samples, by the objectives' method."""
    return (1 - availability(series, objectives).by(objectives.method)) / objectives.allowance
