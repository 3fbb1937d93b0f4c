"""Folders as a run leaves them: results with the samples that they are about, made without a mesh."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from chaos.model import NS_PER_S, Outcome, Vantage
from chaos.samples import Sample, SampleWriter, Schedule, SeriesPlan
from reports import archive
from reports.run import About, read_run, write_about
from tests.unit.reports.samples_of_results import PERIOD_NS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chaos.result import Figures, Result
    from reports.run import Run

_BATCH = 500
ABOUT = About(1_790_000_000.0, 1, {"platform": "universal", "zones": "zone1, zone2"})


def run_of(folder: Path, *results: Result, about: About = ABOUT) -> Run:
    """A run with these results, each with samples, attribution and journal, in folders named by their number."""
    for number, result in enumerate(results):
        experiment = folder / f"experiment-{number}"
        at = result.started_unix_s + 60 * number
        archive.write(replace(result, artifacts=str(experiment), started_unix_s=at), experiment)
        (experiment / "journal.jsonl").touch()
        if result.figures:
            write_probed(result, experiment)
    write_about(about, folder)
    return read_run(folder)


def write_probed(result: Result, experiment: Path) -> None:
    """The samples of ``result``'s segments, and whose pods are whose: a pod of a zone has its name and ``-pod``."""
    zones = sorted({s.answer for f in result.figures for s in f.segments if s.outcome is Outcome.OK})
    names = {"pods": {f"{z}-pod": z for z in zones}, "nodes": {}, "gateways": {}}
    (experiment / "attribution.json").write_text(json.dumps(names))
    every = sorted(_samples(result), key=lambda sample: sample.done_ns)
    with SampleWriter(experiment / "samples.arrow", _schedule(result)) as writer:
        for start in range(0, len(every), _BATCH):
            writer.write(every[start : start + _BATCH])


def _schedule(result: Result) -> Schedule:
    plans = (
        SeriesPlan(Vantage(f.key.vantage, "http://127.0.0.1/"), f.key.lane, f.segments[0].first_due_ns)
        for f in result.figures
    )
    return Schedule(PERIOD_NS, 2 * NS_PER_S, tuple(plans))


def _samples(result: Result) -> Iterator[Sample]:
    for number, figures in enumerate(result.figures):
        yield from _of_series(number, figures)


def _of_series(number: int, figures: Figures) -> Iterator[Sample]:
    for segment in figures.segments:
        for position in range(segment.samples):
            due = segment.first_due_ns + position * PERIOD_NS
            good = segment.outcome is Outcome.OK
            status = 200 if good else int(segment.answer) if segment.answer.isdigit() else 0
            pod = f"{segment.answer}-pod" if good else ""
            done = due + 2_000_000 + 100_000 * (position % 7)
            yield Sample(number, due, due, done, segment.outcome, status, pod=pod)
