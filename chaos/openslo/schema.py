"""OpenSLO v1's objects as far as they are read: no field that the specification has not, and what we cannot do refused.

Source: https://github.com/OpenSLO/OpenSLO#object-types; where that leaves a choice, the SDK's
(https://github.com/OpenSLO/go-sdk).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator
from pydantic.alias_generators import to_camel

from chaos.openslo.durations import shorthand_s, slice_s
from chaos.slo import BudgetingMethod

Kind: TypeAlias = Literal[
    "SLO", "SLI", "DataSource", "Service", "AlertPolicy", "AlertCondition", "AlertNotificationTarget"
]
PREFIX = "mesh-chaos/"
"""What our annotations begin with."""
_CALENDAR = (
    "calendar-aligned windows are not supported: what an event costs is told of any window of that length; "
    "write isRolling: true and no calendar"
)
_COMPOSITE = "composite SLOs are not supported: an experiment has one target; give each objective an SLO of its own"
_THRESHOLD = (
    "threshold metrics are not supported: the probe counts requests that are answered and has no value to compare; "
    "write a ratioMetric"
)
_LEAST_PERCENT = 1
_ALL_PERCENT = 100


def _list(given: Any) -> Any:
    return [given] if isinstance(given, str) else given


def _share(value: float) -> float:
    if not 0 < value < 1:
        meant = f"; {value:g} % is written targetPercent: {value:g}" if 1 < value < _ALL_PERCENT else ""
        raise ValueError(f"{value:g} is no objective; choose a share between 0 and 1 (say 0.999){meant}")
    return value


def _percent(value: float) -> float:
    if not 0 < value < _ALL_PERCENT:
        raise ValueError(f"{value:g} % is no objective; choose between 0 and 100 (say 99.9)")
    if value < _LEAST_PERCENT:
        raise ValueError(f"{value:g} % would let nearly every request fail; a share is written target: {value:g}")
    return value


def _slice_share(value: float) -> float:
    if not 0 < value <= 1:
        raise ValueError(f"{value:g} tells no good slice from a bad one; choose a share above 0 and up to 1 (say 0.95)")
    return value


def _refused(reason: str) -> Any:
    """Given to a field that the specification has and that we cannot honour."""

    def refuse(_: Any) -> None:
        raise ValueError(reason)

    return AfterValidator(refuse)


Description: TypeAlias = Annotated[str, Field(max_length=1050)]
Composite: TypeAlias = Annotated[Any, _refused(_COMPOSITE)]
Threshold: TypeAlias = Annotated[Any, _refused(_THRESHOLD)]


class Part(BaseModel):
    """A part of an object: camelCase outside, no type changed in silence, no field that is not listed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel, allow_inf_nan=False)


class Metadata(Part):
    """What every object has."""

    name: Annotated[str, Field(min_length=1)]
    display_name: str | None = None
    labels: dict[str, Annotated[list[str], BeforeValidator(_list)]] | None = None
    annotations: dict[str, str] | None = None

    @property
    def ours(self) -> dict[str, str]:
        """Our annotations, without their prefix."""
        every = (self.annotations or {}).items()
        return {key.removeprefix(PREFIX): text for key, text in every if key.startswith(PREFIX)}


class Head(Part):
    """What tells a document's kind and name; all that is read of kinds that are not used."""

    model_config = ConfigDict(extra="ignore")

    api_version: Literal["openslo/v1"]
    kind: Kind
    metadata: Metadata


class MetricSource(Part):
    """Where production's metric comes from; the query may be anything."""

    metric_source_ref: str | None = None
    type: str | None = None
    spec: dict[str, Any] | None = None


class Metric(Part):
    """One of the metrics that a ratio is made of."""

    metric_source: MetricSource


class RatioMetric(Part):
    """Good events, or those that are not bad, to all of them."""

    counter: bool | None = None
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric | None = None
    raw_type: Literal["success", "failure"] | None = None
    raw: Metric | None = None

    @model_validator(mode="after")
    def _one_way(self) -> RatioMetric:
        given = {name for name in ("good", "bad", "total", "raw_type", "raw") if getattr(self, name) is not None}
        if given not in ({"good", "total"}, {"bad", "total"}, {"raw", "raw_type"}):
            raise ValueError("must be good and total, or bad and total, or raw and rawType")
        return self


class IndicatorSpec(Part):
    """What an indicator measures; its presence alone is checked, for the probe measures in its place."""

    description: Description | None = None
    threshold_metric: Threshold = None
    ratio_metric: RatioMetric


class Indicator(Part):
    """An SLI within an SLO."""

    metadata: Metadata
    spec: IndicatorSpec


class Sli(Indicator):
    """A document of kind SLI."""

    api_version: Literal["openslo/v1"]
    kind: Literal["SLI"]


class TimeWindow(Part):
    """The time over which the target holds."""

    duration: Annotated[float, BeforeValidator(shorthand_s)]
    """In seconds."""
    calendar: Annotated[Any, _refused(_CALENDAR)] = None
    is_rolling: bool

    @field_validator("is_rolling")
    @classmethod
    def _rolls(cls, rolls: bool) -> bool:  # noqa: FBT001 - a field's value
        if not rolls:
            raise ValueError(_CALENDAR)
        return rolls


class Objective(Part):
    """The target. An ``op`` means nothing without a value, but the specification's own examples have it."""

    display_name: str | None = None
    op: Literal["lte", "gte", "lt", "gt"] | None = None
    value: Threshold = None
    target: Annotated[float, AfterValidator(_share)] | None = None
    target_percent: Annotated[float, AfterValidator(_percent)] | None = None
    time_slice_target: Annotated[float, AfterValidator(_slice_share)] | None = None
    time_slice_window: Annotated[float, BeforeValidator(slice_s)] | None = None
    """In seconds."""
    indicator: Composite = None
    indicator_ref: Composite = None
    composite_weight: Composite = None

    @model_validator(mode="after")
    def _one_target(self) -> Objective:
        if (self.target is None) == (self.target_percent is None):
            raise ValueError("must have one of target (such as 0.999) and targetPercent (such as 99.9)")
        return self

    @property
    def percent(self) -> float:
        """The target in percent, with the decimals that were written: 0.9995 is 99.95."""
        share = None if self.target is None else as_percent(self.target)
        return next(percent for percent in (share, self.target_percent) if percent is not None)


def as_percent(share: float) -> float:
    """A share in percent, with the decimals that were written: 0.9995 is 99.95 (times 100 it is 99.9500...01)."""
    return float(Decimal(repr(share)) * _ALL_PERCENT)


class SloSpec(Part):
    """What is promised, of what, over which time."""

    description: Description | None = None
    service: str
    indicator: Indicator | None = None
    indicator_ref: str | None = None
    time_window: list[TimeWindow]
    budgeting_method: Annotated[BudgetingMethod, Field(strict=False)]
    objectives: list[Objective]
    alert_policies: list[dict[str, Any]] | None = None

    @field_validator("time_window")
    @classmethod
    def _one_window(cls, windows: list[TimeWindow]) -> list[TimeWindow]:
        if len(windows) != 1:
            raise ValueError(f"must be exactly one window, not {len(windows)}")
        return windows

    @field_validator("objectives")
    @classmethod
    def _one_objective(cls, objectives: list[Objective]) -> list[Objective]:
        if len(objectives) != 1:
            raise ValueError(f"must be one objective, not {len(objectives)}; give each an SLO of its own")
        return objectives

    @model_validator(mode="after")
    def _whole(self) -> SloSpec:
        if (self.indicator is None) == (self.indicator_ref is None):
            raise ValueError("must have one of indicator and indicatorRef")
        (window,), (objective,) = self.time_window, self.objectives
        needed = {
            BudgetingMethod.OCCURRENCES: (),
            BudgetingMethod.TIMESLICES: ("time_slice_target", "time_slice_window"),
            BudgetingMethod.RATIO_TIMESLICES: ("time_slice_window",),
        }[self.budgeting_method]
        if missing := [to_camel(name) for name in needed if getattr(objective, name) is None]:
            raise ValueError(f"budgetingMethod {self.budgeting_method} needs objectives[0].{missing[0]}")
        if (objective.time_slice_window or 0) > window.duration:
            raise ValueError("objectives[0].timeSliceWindow is longer than timeWindow[0].duration")
        return self


class Slo(Part):
    """A document of kind SLO."""

    api_version: Literal["openslo/v1"]
    kind: Literal["SLO"]
    metadata: Metadata
    spec: SloSpec
