"""Since which run something is wrong: what a run's results are in the light of the history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chaos.errors import ChaosError
from reports.history.record import past
from reports.history.store import read
from reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
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
    """For each result of ``run``, since which run its like has not passed; empty without a run before it."""
    for experiment in past(run).experiments:
        yield _since(list(_likes(experiment, run.before)))


def _likes(experiment: Experiment, before: Iterable[PastRun]) -> Iterator[Experiment]:
    """The same tried in earlier runs, under the same conditions, whatever the version of the engine."""
    subject = experiment.subject.of_any_version()
    return (one for run in before for one in run.experiments if one.subject.of_any_version() == subject)


def _since(earlier: list[Experiment]) -> str:
    """By the runs before, the oldest first."""
    if not earlier:
        return ""
    bad = next((n for n, one in enumerate(reversed(earlier)) if _is_well(one)), len(earlier))
    if bad == len(earlier):
        return f"it did not pass in {count(bad, 'run')} before either, since {_day(earlier[0])}: all that are known"
    passed = f"it passed last on {_day(earlier[-bad - 1])}"
    return f"new: {passed}" if not bad else f"since {_day(earlier[-bad])}, {count(bad, 'run')} before; {passed}"


def _is_well(experiment: Experiment) -> bool:
    return experiment.says_something and not experiment.failed


def _day(experiment: Experiment) -> str:
    return f"{datetime.fromtimestamp(experiment.started_unix_s, UTC):%Y-%m-%d}"
