"""Putting together what rules may look at: figures, samples by their moments, names in answers, clues."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING

from chaos.claims import COMES_HOME
from chaos.diagnosis.cause import Cause, Diagnosis
from chaos.diagnosis.facts import spans
from chaos.diagnosis.names import names
from chaos.diagnosis.reasoning import diagnose
from chaos.diagnosis.seen import Broken, Felt, Seen
from chaos.model import Verdict
from chaos.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from chaos.conclusion import Course
    from chaos.fault import Stage
    from chaos.model import SeriesKey
    from chaos.result import Figures, Result
    from chaos.samples import Series

    AllSeries = Mapping[SeriesKey, Series]

FILE_NAME = "seen.json"


def diagnosed(
    result: Result, stages: Sequence[Stage], course: Course, every: AllSeries, samples: Path
) -> Diagnosis | None:
    """Why a mesh did not pass; None where it did, or where samples cannot be trusted: that is no doing of the mesh."""
    if result.verdict not in {Verdict.FAIL, Verdict.INFRA}:
        return None
    try:
        seen = look(result, stages, course, every, samples)
        _keep(seen, samples.parent)
        return diagnose(seen)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a rule, it must not cost the verdict
        return Diagnosis(Cause.UNKNOWN, redacted(f"the diagnosis itself failed: {type(error).__name__}: {error}"), ())


def _keep(seen: Seen, folder: Path) -> None:
    """What was looked at, beside the samples: so that a diagnosis can be repeated, and rules tried on what happened."""
    with suppress(OSError):  # a full disk must not cost the result
        (folder / FILE_NAME).write_text(json.dumps(asdict(seen), indent=1))


def look(result: Result, stages: Sequence[Stage], course: Course, every: AllSeries, samples: Path) -> Seen:
    """All that is known of an experiment, as rules see it."""
    moments = [injection.moment for injection in course.injections] + [None] * len(stages)
    broken = tuple(
        Broken(stage.zone, stage.fault.kind, stage.fault.takes, stage.fault.action, moment)
        for stage, moment in zip(stages, moments, strict=False)
    )
    began = course.started_ns if course.steady_ns is None else course.steady_ns
    first = next((one.moment.low_ns for one in broken if one.moment), course.ended_ns)
    return Seen(
        steady=course.steady_ns is not None,
        carried_out=result.verdict is Verdict.FAIL,
        unsettled=any(finding.claim == COMES_HOME and finding.series is None for finding in result.findings),
        broken=broken,
        repair=course.restored,
        objectives=result.objectives,
        felt=tuple(_felt(figures, every[figures.key], course, broken) for figures in result.figures),
        names=names(samples, course.attribution, began, first),
        clues=course.clues,
    )


def _felt(figures: Figures, series: Series, course: Course, broken: Sequence[Broken]) -> Felt:
    moments = [one.moment for one in broken if one.moment]
    return Felt(
        figures=replace(figures, segments=()),  # the tallies say it
        zone=next(one.zone for one in course.vantages if one.name == figures.key.vantage),
        faulty=tuple(sorted(course.outlooks[figures.key.vantage].faulty)),
        spans=spans(
            series,
            min((moment.low_ns for moment in moments), default=None),
            max((moment.high_ns for moment in moments), default=None),
            course.restored.low_ns if course.restored else None,
        ),
    )
