"""From how an experiment went, and from its samples on disk, to its result."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from chaos import verdict
from chaos.diagnosis.looking import diagnosed
from chaos.entrances import intrusions
from chaos.errors import ChaosError
from chaos.model import NS_PER_S, Lane, SeriesKey, Verdict
from chaos.outlook import outlooks
from chaos.probe.health import LAG_MAX_S, complaint, health
from chaos.result import Expectation, Finding, Result
from chaos.samples import read_samples
from chaos.steady import UNSTEADY, is_unsteady, strayed
from chaos.undo import whole
from chaos.verdict import Happened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chaos.diagnosis.clues import Taken
    from chaos.experiment import Experiment
    from chaos.fault import Fault
    from chaos.model import Attribution, Interval, Vantage, Zone
    from chaos.outlook import Outlook
    from chaos.result import Figures, Injection, LogEntry, Phase, ProbeHealth
    from chaos.samples import Series

    AllSeries = Mapping[SeriesKey, Series]


@dataclass(frozen=True)
class Course:
    """How an experiment went, as far as it is known without its samples. Moments are monotonic ns."""

    platform: str
    attribution: Attribution
    vantages: tuple[Vantage, ...]
    zones: tuple[Zone, ...]
    outlooks: Mapping[str, Outlook]
    """What may happen to each vantage, by its name."""
    findings: tuple[Finding, ...]
    """Why it could not be carried out; nothing where it could."""
    clues: Taken
    log: tuple[LogEntry, ...]
    phases: tuple[Phase, ...]
    steady_ns: int | None
    watched_ns: int | None
    """When the probe was told to stop; None where it was not."""
    injections: tuple[Injection, ...]
    restored: Interval | None
    mended: Mapping[Zone, Interval]
    """When each zone was whole again in which something was broken; a vantage comes home once its own are."""
    started_ns: int
    ended_ns: int
    started_unix_s: float
    held_up: str | None = None
    """Why what failed since the steady state, or kept it from coming, says nothing: this machine held up the mesh."""


def conclude(experiment: Experiment, course: Course, samples: Path) -> Result:
    """The experiment's result. What could not be carried out or measured is not judged."""
    every, unreadable = _judged(course, samples)
    figures = _figures(experiment, course, every)
    probe = health(every) if every else None
    findings = (*course.findings, *unreadable, *_unsteady(course, every), *_complaints(course, every, probe))
    if all(finding.verdict is Verdict.FAIL for finding in findings):  # one that does not settle may break more
        findings += _intrusions(experiment, course, every)
        findings += _judgements(experiment, course, figures) + _earlier(experiment, course, every)
    findings += _excuse(course, findings)
    result = Result(
        scenario=experiment.scenario,
        fault=experiment.fault_name,
        zone=experiment.zone,
        profile=experiment.profile,
        platform=course.platform,
        engine=experiment.engine,
        claims=experiment.claims,
        objectives=experiment.objectives,
        verdict=Verdict.INFRA if _is_left_broken(course) else verdict.conclude(findings),
        findings=findings,
        figures=figures,
        injected=course.injections[0].moment if course.injections else None,
        restored=course.restored,
        mended=whole(course.mended),
        effect="; ".join(injection.effect for injection in course.injections if injection.effect),
        injections=course.injections,
        probe=probe,
        log=course.log,
        phases=course.phases,
        started_ns=course.started_ns,
        ended_ns=course.ended_ns,
        started_unix_s=course.started_unix_s,
        artifacts=str(experiment.folder),
    )
    return replace(result, diagnosis=diagnosed(result, experiment.stages, course, every, samples))


def _is_left_broken(course: Course) -> bool:
    """Whether something was broken and is not known to be whole again: it must be seen to, whatever was measured."""
    return bool(course.injections) and course.restored is None


def _excuse(course: Course, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Why what was found wrong with the mesh says nothing of it, where this machine held it up."""
    blamed = bool(findings) and all(finding.verdict is Verdict.FAIL for finding in findings)
    if course.held_up and (blamed or any(map(is_unsteady, findings))):
        return (Finding(Verdict.INVALID, course.held_up),)
    return ()


def _unsteady(course: Course, every: AllSeries) -> tuple[Finding, ...]:
    """What was lost between the last look at the samples and the injection: the fault did not bring that about.

    A vantage that no fault concerns is left out: it is judged by all of its samples, whenever they were taken.
    """
    injected = course.injections[0].moment if course.injections else None
    if injected is None or course.steady_ns is None:
        return ()
    concerned = {
        key: series
        for key, series in every.items()
        if course.outlooks[key.vantage].expectation is not Expectation.UNTOUCHED
    }
    lost = strayed(concerned, course.steady_ns, injected.low_ns)
    return (Finding(Verdict.INFRA, f"{UNSTEADY}: {lost}"),) if lost else ()


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
    return tuple(
        _measured(experiment, series, outlook, _happened(course, outlook))
        for series, outlook in ((series, course.outlooks[key.vantage]) for key, series in every.items())
    )


def _measured(experiment: Experiment, series: Series, outlook: Outlook, happened: Happened) -> Figures:
    consecutive = experiment.pace.consecutive(series)
    return verdict.figures(series, outlook, happened, experiment.objectives, consecutive)


def _happened(course: Course, outlook: Outlook) -> Happened:
    return Happened(_injected(course, outlook), course.restored, whole(course.mended, outlook.returns))


def _injected(course: Course, outlook: Outlook) -> Interval | None:
    """When the fault was injected that lengths count from."""
    return course.injections[outlook.stage].moment if outlook.stage < len(course.injections) else None


def _judgements(experiment: Experiment, course: Course, figures: tuple[Figures, ...]) -> tuple[Finding, ...]:
    """What breaks an objective, by the claim of the fault that it is due to."""
    faults: list[Fault | None] = [stage.fault for stage in experiment.stages] or [None]
    return tuple(
        finding
        for one in figures
        for finding in verdict.judge(one, experiment.objectives, faults[course.outlooks[one.key.vantage].cause])
    )


def _earlier(experiment: Experiment, course: Course, every: AllSeries) -> tuple[Finding, ...]:
    """What went wrong at a vantage before a later fault changed what may happen there.

    Judged as if that later fault were the end of the experiment; the way home is judged once, at the end.
    """
    stages = experiment.stages
    views = [outlooks(course.vantages, course.zones, stages[: number + 1]) for number in range(len(stages))]
    findings = list[Finding]()
    for (now, then), later in zip(itertools.pairwise(views), course.injections[1:], strict=False):
        for key, series in every.items():
            if now[key.vantage] != then[key.vantage] and later.moment is not None:
                one = _until(later.moment.low_ns, series, now[key.vantage], experiment, course)
                fault = stages[now[key.vantage].cause].fault
                findings += verdict.judge(one, experiment.objectives, fault, returns=False)
    return tuple(findings)


def _intrusions(experiment: Experiment, course: Course, every: AllSeries) -> tuple[Finding, ...]:
    """Who was answered by a zone that was closed; at a vantage that is untouched no other zone may answer anyway.

    Users of the load balancer come to a closed zone by its own gateway.
    """
    if course.restored is None:
        return ()
    look = partial(intrusions, repair_ns=course.restored.low_ns, pace=experiment.pace)
    zones = {vantage.name: vantage.zone for vantage in course.vantages}
    return tuple(
        finding
        for key, series in every.items()
        if (zone := zones[key.vantage]) and course.outlooks[key.vantage].expectation is not Expectation.UNTOUCHED
        for finding in look(series, zone, experiment.stages, course.injections)
    )


def _until(end_ns: int, series: Series, outlook: Outlook, experiment: Experiment, course: Course) -> Figures:
    """The figures of what had ended by then: what was still under way may have been hit by what came then."""
    late = np.flatnonzero(series.done_ns >= end_ns)
    before = series[: int(late[0])] if len(late) else series
    return _measured(experiment, before, outlook, Happened(_injected(course, outlook), None, None))


def _complaints(course: Course, every: AllSeries, probe: ProbeHealth | None) -> tuple[Finding, ...]:
    """What forbids any conclusion from the samples: a probe out of its bounds, a series that nobody sampled."""
    if course.findings and not every:
        return ()
    unsampled = [
        key
        for key in (SeriesKey(vantage, lane) for vantage in course.outlooks for lane in Lane)
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
