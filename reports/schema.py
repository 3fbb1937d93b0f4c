"""The schema of ``summary.json``: a run for other programs, published, with a version.

The models give ``docs/schema/summary-v1.schema.json``, which ``mesh-chaos report schema`` prints. Within a version
fields are only added; one that is removed or means something else makes a new version. Units are in the names,
lengths are intervals ``{"low_s": ..., "high_s": ...}`` or null where there is none, and no number is NaN or infinite.
"""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, FiniteFloat

from chaos.detection import Detected  # noqa: TC001 - as below
from chaos.diagnosis.cause import Cause  # noqa: TC001 - as below
from chaos.model import Lane, Verdict  # noqa: TC001 - as above
from chaos.result import Expectation  # noqa: TC001 - as above
from chaos.slo import BudgetingMethod  # noqa: TC001 - as above
from reports.verdicts import Standing  # noqa: TC001 - as above


class _Model(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True, frozen=True, defer_build=True)


class Span(_Model):
    """A length of time that is known only to lie within [low_s, high_s]."""

    low_s: FiniteFloat
    high_s: FiniteFloat


class Ends(_Model):
    """A length that is known only to lie within [low_s, high_s]; null is an end that never came."""

    low_s: FiniteFloat | None
    high_s: FiniteFloat | None


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


class Diagnosis(_Model):
    """Why an experiment did not pass, in one sentence."""

    cause: Cause
    sentence: str
    evidence: list[str]
    """What was seen of the mesh, a line each."""


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


class Injection(_Model):
    """One of an experiment's faults."""

    fault: str
    zone: str
    after: Span | None
    """Since the first one was asked for; null where it never took effect."""
    effect: str
    """The proof that it was in effect."""


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
    diagnosis: Diagnosis | None
    """Null for a PASS, for INVALID, and in results from before there were any."""
    objectives: Bounds
    fault_lasted: Span | None
    effect: str
    """The proof that the fault was in effect."""
    injections: list[Injection] = []
    """Every fault, in the order in which they were injected; several where the experiment is made of several."""
    probe: Probe | None
    series: list[Series]
    repeat: int | None = None
    """Which of its repeats it is, from 1; null for one that is not repeated."""


class RepeatedFigure(_Model):
    """A figure over the repeats that measured it: of each repeat the worst of its lanes and vantages."""

    figure: str
    values: int
    """How many repeats measured it."""
    median: Ends
    """Between the middle low end and the middle high end."""
    true_median: Ends | None
    """The distribution-free interval between two order statistics; null where the values are too few for one."""
    confidence_ratio: FiniteFloat | None
    """What that interval achieves, at least 0.95."""
    best: Ends
    worst: Ends


class Repeats(_Model):
    """A repeated experiment, over all its repeats."""

    title: str
    outcome: Verdict | None
    """FAIL if one failed; PASS only if all passed; null where some have no result and none went wrong."""
    planned: int
    ran: int
    counts: dict[Verdict, int]
    """Repeats by what they came to; a failure that is documented counts as PASS."""
    documented: int
    """How many failed as documented."""
    statement: str
    failure_rate_below_ratio: FiniteFloat | None
    """One-sided, exact, at 95 %; null unless all passed: a series that ended at its first failure has no such rate."""
    figures: list[RepeatedFigure]
    folders: list[str]
    """Of the repeats, as they were made."""


class Detection(_Model):
    """A mesh that was wrong on purpose, and what the ordinary experiment made of it."""

    sabotage: str
    mistake: str
    """What people did wrong, in one sentence."""
    standing: Detected
    expected: Cause
    """What the diagnosis has to name."""
    cause: Cause | None
    """What it names; null where there was no experiment."""
    sentence: str
    reason: str
    """Why the experiment did not pass, or could not be carried out."""
    experiment: str
    verdict: Verdict | None


class Sabotages(_Model):
    """The meshes that were wrong on purpose: none of them is the user's, and no experiment on them is listed above."""

    tried: int
    caught: int
    """Without a PASS, whatever the diagnosis."""
    explained: int
    """With the right cause."""
    detection_rate_above_ratio: FiniteFloat
    """One-sided, exact, at 95 %."""
    detections: list[Detection]


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


class Superseded(_Model):
    """An attempt at a test that was INVALID, so that the test was made again: nothing of it is among what is told."""

    test: str
    message: str
    """Why nothing could be concluded."""
    folders: list[str]
    """Within the run's folder."""


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
    repeats: list[Repeats] = []
    """Every experiment that was repeated."""
    sabotages: Sabotages | None = None
    """Null where no mesh was made wrong on purpose."""
    failures: list[Unfinished]
    again: list[Superseded] = []
    """Every attempt after which a test was made again."""
    unreadable: list[str]
    """Experiments whose result cannot be read, each with the reason."""


def schema() -> str:
    """The JSON schema (draft 2020-12) of ``summary.json``."""
    described = Summary.model_json_schema(mode="serialization")
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **described}, indent=1) + "\n"
