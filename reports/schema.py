"""The schema of ``summary.json``: a run for other programs, published, with a version.

The models give ``docs/schema/summary-v1.schema.json``, which ``mesh-chaos report schema`` prints. Within a version
fields are only added; one that is removed or means something else makes a new version. Units are in the names,
lengths are intervals ``{"low_s": ..., "high_s": ...}`` or null where there is none, and no number is NaN or infinite.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, FiniteFloat

from chaos.model import Lane, Verdict  # noqa: TC001 - pydantic needs them when the models are built
from chaos.result import Expectation  # noqa: TC001 - as above
from chaos.slo import BudgetingMethod  # noqa: TC001 - as above
from reports.verdicts import Standing  # noqa: TC001 - as above


class _Model(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True, defer_build=True)


class Span(_Model):
    """A length of time that is known only to lie within [low_s, high_s]."""

    low_s: FiniteFloat
    high_s: FiniteFloat


class Share(_Model):
    """A share, 1 is all of it, that is known only to lie within [low_ratio, high_ratio]."""

    low_ratio: FiniteFloat | None
    """Null where it is not finite."""
    high_ratio: FiniteFloat | None


class Identity(_Model):
    """What an experiment is called in every run: the key by which runs are compared."""

    scenario: str
    fault: str
    """``none`` for an experiment without one."""
    zone: str
    profile: str
    platform: str
    engine: str
    """The control planes' product and version."""


class Reason(_Model):
    """One finding."""

    verdict: Verdict
    text: str
    vantage: str | None
    """Null for one that concerns the whole experiment."""
    lane: Lane | None
    claim: str | None
    """The claim that it breaks."""


class Bounds(_Model):
    """The objectives by which an experiment was judged."""

    slo: str
    """The name of the SLO that they are from; empty where they are from none."""
    failover_s: FiniteFloat
    failback_s: FiniteFloat
    outage_s: FiniteFloat
    return_outage_s: FiniteFloat
    target_percent: FiniteFloat
    window_days: FiniteFloat
    method: BudgetingMethod
    """What burn rate and budget cost are counted in."""
    timeslice_s: FiniteFloat
    timeslice_target_percent: FiniteFloat | None
    """What makes a slice good, in percent of its requests; null for the target itself."""
    budget_s: FiniteFloat
    """The whole window's error budget, in seconds of outage or of bad slices."""


class Series(_Model):
    """What users felt at one vantage, through one lane."""

    vantage: str
    lane: Lane
    expectation: Expectation
    samples: int
    bad: int
    away: int
    """Good answers from another zone than home."""
    lost: int
    detect: Span | None
    failover: Span | None
    """Null where another zone never answered steadily, or none should have."""
    failback: Span | None
    """Null where home never answered steadily again, or never stopped."""
    outages: int
    outage_longest: Span
    """0 where there is none."""
    outage_total: Span
    return_outage: Span
    """All outages since the repair began."""
    blips: int | None
    """Outages after the failover; null where that is not known."""
    relapses: int | None
    """Outages after home had answered again; null where that is not known."""
    bad_after_failover: int
    faulty_after_failover: int
    late_away: int
    availability_occurrences_ratio: FiniteFloat | None
    """OpenSLO's budgeting methods: the good of all requests, of all slices, and the mean of the slices' ratios."""
    availability_timeslices_ratio: FiniteFloat | None
    availability_ratio_timeslices_ratio: FiniteFloat | None
    burn_rate: FiniteFloat | None
    budget_cost: Share
    """Of the whole window's error budget."""
    latency_p50_ms: FiniteFloat | None
    latency_p99_ms: FiniteFloat | None


class Probe(_Model):
    """Whether the probe kept its schedule."""

    samples: int
    lost: int
    lag_p99_ms: FiniteFloat | None
    lag_max_ms: FiniteFloat | None


class Experiment(_Model):
    """One experiment that was finished."""

    identity: Identity
    folder: str
    """Within the run's folder: samples, journal and evidence."""
    started_unix_s: FiniteFloat
    duration_ns: int
    verdict: Verdict
    as_documented: bool
    """A FAIL in nothing but claims that are documented as false: the run does not fail by it."""
    surprise: bool
    """A PASS that contradicts the documentation: the run fails by it."""
    claims: list[str]
    broken_claims: list[str]
    findings: list[Reason]
    objectives: Bounds
    fault_lasted: Span | None
    effect: str
    """The proof that the fault was in effect."""
    probe: Probe | None
    series: list[Series]


class Claim(_Model):
    """What the run says about one claim under one profile."""

    claim: str
    statement: str
    url: str
    profile: str
    standing: Standing
    documented_as_false: str
    """Why the claim is known to be false under this profile; empty where it is not."""
    evidence: list[str]
    """The folders of the experiments that bear on it."""


class Unfinished(_Model):
    """A test that failed without a result."""

    test: str
    verdict: Verdict
    message: str


class Trouble(_Model):
    """One thing that keeps the run from being a PASS."""

    verdict: Verdict
    subject: str
    reasons: list[str]


class Summary(_Model):
    """A run of mesh-chaos."""

    format: Literal["mesh-chaos-summary"] = "mesh-chaos-summary"
    version: Literal[1] = 1
    run: str
    """The name of the run's folder: when it began."""
    started_unix_s: FiniteFloat
    verdict: Verdict
    """PASS only where nothing is in its way."""
    exit_code: int | None
    """Null for a run that did not end."""
    environment: dict[str, str]
    troubles: list[Trouble]
    """All that keeps the run from being a PASS, worst first."""
    claims: list[Claim]
    experiments: list[Experiment]
    """By when they began."""
    failures: list[Unfinished]
    unreadable: list[str]
    """Experiments whose result cannot be read, each with the reason."""


def schema() -> str:
    """The JSON schema (draft 2020-12) of ``summary.json``."""
    described = Summary.model_json_schema(mode="serialization")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **described}, indent=1) + "\n"
