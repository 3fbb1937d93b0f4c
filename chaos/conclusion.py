"""From how an experiment went, and from its samples on disk, to its result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaos import verdict
from chaos.errors import ChaosError
from chaos.model import NS_PER_S, Lane, SeriesKey, Verdict
from chaos.probe.health import LAG_MAX_S, complaint, health
from chaos.result import Finding, Result
from chaos.samples import read_samples

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chaos.experiment import Experiment
    from chaos.model import Attribution, Interval
    from chaos.result import Expectation, Figures, LogEntry, ProbeHealth
    from chaos.samples import Series

    AllSeries = Mapping[SeriesKey, Series]


@dataclass(frozen=True)
class Course:
    """How an experiment went, as far as it is known without its samples. Moments are monotonic ns."""

    platform: str
    attribution: Attribution
    expected: Mapping[str, Expectation]
    """What may happen to each vantage, by its name."""
    findings: tuple[Finding, ...]
    """Why it could not be carried out; nothing where it could."""
    log: tuple[LogEntry, ...]
    steady_ns: int | None
    watched_ns: int | None
    """When the probe was told to stop; None where it was not."""
    injected: Interval | None
    restored: Interval | None
    mended: Interval | None
    effect: str
    started_ns: int
    ended_ns: int
    started_unix_s: float


def conclude(experiment: Experiment, course: Course, samples: Path) -> Result:
    """The experiment's result. What could not be carried out or measured is not judged."""
    every, unreadable = _judged(course, samples)
    figures = _figures(experiment, course, every)
    probe = health(every) if every else None
    findings = (*course.findings, *unreadable, *_complaints(course, every, probe))
    if all(finding.verdict is Verdict.FAIL for finding in findings):  # one that does not settle may break more
        reroutes = experiment.fault.claim if experiment.fault else ""
        findings += verdict.judge(figures, experiment.objectives, reroutes)
    return Result(
        scenario=experiment.scenario,
        fault=experiment.fault.name if experiment.fault else "none",
        zone=experiment.zone,
        profile=experiment.profile,
        platform=course.platform,
        engine=experiment.engine,
        claims=experiment.claims,
        objectives=experiment.objectives,
        verdict=verdict.conclude(findings),
        findings=findings,
        figures=figures,
        injected=course.injected,
        restored=course.restored,
        mended=course.mended,
        effect=course.effect,
        probe=probe,
        log=course.log,
        started_ns=course.started_ns,
        ended_ns=course.ended_ns,
        started_unix_s=course.started_unix_s,
        artifacts=str(experiment.folder),
    )


def _judged(course: Course, samples: Path) -> tuple[dict[SeriesKey, Series], tuple[Finding, ...]]:
    """All samples since the steady state began, what came before is not the experiment's; or why there are none."""
    try:
        every = read_samples(samples, course.attribution)
    except ChaosError as error:
        # an experiment that ended before its probe began has no samples, and has said why already
        return {}, () if course.findings else (Finding(Verdict.INVALID, str(error)),)
    start = course.started_ns if course.steady_ns is None else course.steady_ns
    return {key: series.between(start, course.ended_ns) for key, series in every.items()}, ()


def _figures(experiment: Experiment, course: Course, every: AllSeries) -> tuple[Figures, ...]:
    happened = verdict.Happened(experiment.zone, course.injected, course.restored, course.mended)
    return tuple(
        verdict.figures(
            series,
            course.expected[key.vantage],
            happened,
            experiment.objectives,
            experiment.pace.consecutive(series),
        )
        for key, series in every.items()
    )


def _complaints(course: Course, every: AllSeries, probe: ProbeHealth | None) -> tuple[Finding, ...]:
    """What forbids any conclusion from the samples: a probe out of its bounds, a series that nobody sampled."""
    if course.findings and not every:
        return ()
    unsampled = [
        key
        for key in (SeriesKey(vantage, lane) for vantage in course.expected for lane in Lane)
        if key not in every or not len(every[key])
    ]
    reasons = [f"there is no sample of {', '.join(map(str, unsampled))}"] if unsampled else []
    if ended := [str(key) for key, series in every.items() if len(series) and _ends_early(series, course.watched_ns)]:
        reasons.append(f"the samples of {', '.join(ended)} end before the experiment does")
    if probe is not None and (reason := complaint(probe, every)) is not None:
        reasons.append(reason)
    return tuple(Finding(Verdict.INVALID, reason) for reason in reasons)


def _ends_early(series: Series, watched_ns: int | None) -> bool:
    """Whether the newest sample is older than a sample that was due while the experiment was watched."""
    slack_ns = 2 * series.period_ns + int(LAG_MAX_S * NS_PER_S)
    return watched_ns is not None and int(series.due_ns[-1]) < watched_ns - slack_ns
