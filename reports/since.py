"""Since which run something is wrong: what a run's results are in the light of the history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chaos.errors import ChaosError
from reports.history.record import past
from reports.history.store import read
from reports.verdicts import surprising
from reports.words import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from reports.history.record import Experiment, PastRun
    from reports.run import Run


def remembering(run: Run, history: Path) -> Run:
    """``run`` with the runs before it, as far as the history can be read."""
    try:
        known = read(history)
    except ChaosError:
        return run  # whoever adds the run to it says what is the matter
    before = (one for one in known if one.started_unix_s < run.about.started_unix_s and one.name != run.name)
    return replace(run, before=tuple(before))


def since(run: Run) -> Iterator[str]:
    """For each result of ``run``, since which run its like was not as it should be; empty without a run before it."""
    for result, experiment in zip(run.results, past(run).experiments, strict=True):
        earlier = list(_likes(experiment, run.before))
        if surprising(result):  # so was every other one that passed
            yield _since(earlier, lambda one: one.documented, "fail as documented")
        else:
            yield _since(earlier, _is_well, "pass")


def _likes(experiment: Experiment, before: Iterable[PastRun]) -> Iterator[Experiment]:
    """The same tried in earlier runs, under the same conditions, whatever the version of the engine."""
    subject = experiment.subject.of_any_version()
    return (one for run in before for one in run.experiments if one.subject.of_any_version() == subject)


def _since(earlier: list[Experiment], is_well: Callable[[Experiment], bool], wanted: str) -> str:
    """By the runs before, the oldest first."""
    if not earlier:
        return ""
    bad = next((n for n, one in enumerate(reversed(earlier)) if is_well(one)), len(earlier))
    if bad == len(earlier):
        return f"it did not {wanted} in {count(bad, 'run')} before either, since {_day(earlier[0])}: all that are known"
    well = earlier[-bad - 1]
    last = f"it {'failed as documented' if well.documented else 'passed'} last on {_day(well)}"
    return f"new: {last}" if not bad else f"since {_day(earlier[-bad])}, {count(bad, 'run')} before; {last}"


def _is_well(experiment: Experiment) -> bool:
    return experiment.says_something and not experiment.failed


def _day(experiment: Experiment) -> str:
    return f"{datetime.fromtimestamp(experiment.started_unix_s, UTC):%Y-%m-%d}"
