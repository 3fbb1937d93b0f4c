"""A run as JSON for other programs (``summary.json``), by the published schema of ``reports.schema``."""

from __future__ import annotations

import math
from pathlib import PurePath
from typing import TYPE_CHECKING

from chaos.model import Verdict
from reports import schema
from reports.glance import run_verdict, told, troubles
from reports.injections import injections
from reports.repeats import repeats
from reports.sabotages import rate
from reports.verdicts import broken_claims, claim_verdicts, expected, surprising

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.detection import Detection
    from chaos.model import Interval
    from chaos.result import Figures, Finding, Injection, Outage, Result
    from reports.history.record import Bounds
    from reports.repeats import Repeated, Repeats
    from reports.run import Run
    from reports.verdicts import ClaimVerdict

FILE_NAME = "summary.json"


def render(run: Run) -> str:
    """``run`` as JSON."""
    summary = schema.Summary(
        run=told(run.name),
        started_unix_s=run.about.started_unix_s,
        verdict=run_verdict(run),
        exit_code=run.about.exit_code,
        environment={told(key): told(value) for key, value in run.about.environment.items()},
        troubles=[
            schema.Trouble(verdict=one.verdict, subject=one.subject, reasons=list(one.reasons)) for one in troubles(run)
        ],
        claims=[_claim(verdict) for verdict in claim_verdicts(run.results)],
        experiments=[experiment(result) for result in run.results],
        sabotages=_sabotages(run.detections) if run.detections else None,
        repeats=[_repeats(one) for one in repeats(run.results)],
        failures=[
            schema.Unfinished(test=told(one.test), verdict=one.verdict, message=told(one.message))
            for one in run.about.failures
        ],
        again=[
            schema.Superseded(test=told(one.test), message=told(one.message), folders=list(map(told, one.folders)))
            for one in run.about.again
        ],
        unreadable=list(map(told, run.unreadable)),
    )
    return summary.model_dump_json(indent=1) + "\n"


def _claim(verdict: ClaimVerdict) -> schema.Claim:
    return schema.Claim(
        claim=verdict.claim.id,
        statement=verdict.claim.statement,
        url=verdict.claim.url,
        profile=told(verdict.profile),
        standing=verdict.standing,
        documented_as_false=verdict.reason,
        evidence=[_folder(result) for result in verdict.evidence],
    )


def experiment(result: Result) -> schema.Experiment:
    """One experiment, as the summary has it."""
    names = ("scenario", "fault", "zone", "profile", "platform", "engine")
    lasted = result.restored.since(result.injected) if result.injected and result.restored else None
    probe = result.probe
    return schema.Experiment(
        identity=schema.Identity(**{name: told(getattr(result, name)) for name in names}),
        folder=_folder(result),
        started_unix_s=result.started_unix_s,
        duration_ns=result.ended_ns - result.started_ns,
        verdict=result.verdict,
        as_documented=expected(result),
        surprise=surprising(result),
        claims=list(map(told, result.claims)),
        broken_claims=sorted(map(told, broken_claims(result))) if result.verdict is Verdict.FAIL else [],
        findings=list(map(_reason, result.findings)),
        diagnosis=_diagnosis(result),
        objectives=_bounds(result),
        fault_lasted=_span(lasted),
        effect=told(result.effect),
        injections=[_injection(one, result) for one in injections(result)],
        probe=probe
        and schema.Probe(
            samples=probe.samples,
            lost=probe.lost,
            lag_p99_ms=_finite(probe.lag_p99_ms),
            lag_max_ms=_finite(probe.lag_max_ms),
        ),
        series=list(map(_series, result.figures)),
        repeat=result.repeat.number if result.repeat else None,
    )


def _sabotages(detections: Sequence[Detection]) -> schema.Sabotages:
    found = rate(detections)
    return schema.Sabotages(
        tried=found.tried,
        caught=found.caught,
        explained=found.explained,
        detection_rate_above_ratio=found.at_least,
        detections=list(map(_detection, detections)),
    )


def _detection(one: Detection) -> schema.Detection:
    texts = ("sabotage", "mistake", "sentence", "reason", "experiment")
    return schema.Detection(
        **{name: told(getattr(one, name)) for name in texts},
        standing=one.standing,
        expected=one.expected,
        cause=one.cause,
        verdict=one.verdict,
    )


def _repeats(one: Repeats) -> schema.Repeats:
    return schema.Repeats(
        title=told(one.title),
        outcome=one.outcome,
        planned=one.planned,
        ran=one.ran,
        counts=dict(one.verdicts),
        documented=one.documented,
        statement=one.statement,
        failure_rate_below_ratio=one.failure_rate_below,
        figures=list(map(_repeated, one.figures)),
        folders=list(map(_folder, one.results)),
    )


def _repeated(figure: Repeated) -> schema.RepeatedFigure:
    return schema.RepeatedFigure(
        figure=figure.name,
        values=figure.values,
        median=_ends(figure.median),
        true_median=_ends(figure.interval.bounds) if figure.interval else None,
        confidence_ratio=figure.interval.confidence if figure.interval else None,
        best=_ends(figure.best),
        worst=_ends(figure.worst),
    )


def _ends(length: Bounds) -> schema.Ends:
    return schema.Ends(low_s=_finite(length.low_s), high_s=_finite(length.high_s))


def _injection(one: Injection, result: Result) -> schema.Injection:
    after = one.moment.since(result.injected) if one.moment and result.injected else None
    return schema.Injection(fault=told(one.fault), zone=told(one.zone), after=_span(after), effect=told(one.effect))


def _folder(result: Result) -> str:
    return told(PurePath(result.artifacts).name)


def _diagnosis(result: Result) -> schema.Diagnosis | None:
    if (found := result.diagnosis) is None:
        return None
    return schema.Diagnosis(cause=found.cause, sentence=told(found.sentence), evidence=list(map(told, found.evidence)))


def _reason(finding: Finding) -> schema.Reason:
    series = finding.series
    return schema.Reason(
        verdict=finding.verdict,
        text=told(finding.text),
        vantage=told(series.vantage) if series else None,
        lane=series.lane if series else None,
        claim=told(finding.claim) or None,
    )


def _bounds(result: Result) -> schema.Bounds:
    objectives = result.objectives
    return schema.Bounds(
        slo=told(objectives.name),
        failover_s=objectives.failover,
        failback_s=objectives.failback,
        outage_s=objectives.outage,
        return_outage_s=objectives.return_outage,
        target_percent=objectives.target,
        window_days=objectives.window,
        method=objectives.method,
        timeslice_s=objectives.timeslice,
        timeslice_target_percent=objectives.timeslice_target,
        budget_s=objectives.budget_s,
    )


def _series(one: Figures) -> schema.Series:
    low, high = one.budget_cost
    counts = {name: getattr(one, name) for name in _COUNTS}
    return schema.Series(
        vantage=told(one.key.vantage),
        lane=one.key.lane,
        expectation=one.expectation,
        **counts,
        detect=_span(one.detect),
        failover=_span(one.failover),
        failback=_span(one.failback),
        outages=len(one.outages),
        outage_longest=_length(one.outage_longest),
        outage_total=_length(one.outage_total),
        return_outage=_length(one.return_outage),
        blips=_count(one.blips),
        relapses=_count(one.relapses),
        availability_occurrences_ratio=_finite(one.availability.occurrences),
        availability_timeslices_ratio=_finite(one.availability.timeslices),
        availability_ratio_timeslices_ratio=_finite(one.availability.ratio_timeslices),
        burn_rate=_finite(one.burn_rate),
        budget_cost=schema.Share(low_ratio=_finite(low), high_ratio=_finite(high)),
        latency_p50_ms=_finite(one.latency_p50_ms),
        latency_p99_ms=_finite(one.latency_p99_ms),
    )


_COUNTS = ("samples", "bad", "away", "lost", "bad_after_failover", "faulty_after_failover", "late_away")


def _span(length: Interval | None) -> schema.Span | None:
    return None if length is None else _length(length)


def _length(length: Interval) -> schema.Span:
    return schema.Span(low_s=length.low_s, high_s=length.high_s)


def _count(outages: Sequence[Outage] | None) -> int | None:
    return None if outages is None else len(outages)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
