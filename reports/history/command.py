"""``mesh-chaos report history`` and ``mesh-chaos report gate``."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - typer reads the annotations when it runs
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chaos.cli import fail
from chaos.errors import ChaosError
from reports.glance import told
from reports.history import FILE_NAME, store
from reports.run import read_run

if TYPE_CHECKING:
    from reports.run import Run

_DEFAULT = Path("artifacts") / FILE_NAME
_File = Annotated[Path, typer.Argument(help="the history's file, as --history named it", envvar="MESH_CHAOS_HISTORY")]
_Json = Annotated[bool, typer.Option("--json", help="print JSON")]
_EXIT_WORSE = 1


def report_history(
    file: _File = _DEFAULT,
    *,
    fault: Annotated[str, typer.Option(help="only this fault")] = "",
    profile: Annotated[str, typer.Option(help="only under this profile")] = "",
    last: Annotated[int | None, typer.Option(min=1, help="only the newest N runs")] = None,
    events_per_month: Annotated[float, typer.Option(min=0, help="how often each fault happens, for the budget")] = 1,
    add: Annotated[list[Path] | None, typer.Option(help="first add this run's folder; may be repeated")] = None,
    json: _Json = False,
) -> None:
    """Show what all runs say together: failure rates, medians with intervals, what each fault costs."""
    from reports.history import review, telling  # noqa: PLC0415 - brings scipy, and most commands need none

    try:
        for folder in add or ():
            _add(read_run(folder), file)
        runs = store.read(file)
    except ChaosError as error:
        fail(error)
    found = review.review(runs, review.Wanted(fault, profile, last, events_per_month))
    typer.echo(telling.as_json(found) if json else "\n".join(telling.review_lines(found)))


def _add(run: Run, file: Path) -> None:
    """Add a run, and say on stderr what of it was not."""
    store.append(run, file)
    if not run.results and not run.about.failures:
        typer.echo(f"mesh-chaos: {run.folder} is not added: nothing was tried in it", err=True)
    for text in run.unreadable:
        typer.echo(f"mesh-chaos: {run.folder} is added without {told(text)}", err=True)


def report_gate(
    file: _File = _DEFAULT,
    *,
    last: Annotated[int, typer.Option(min=2, help="how many of the newest runs are judged")] = 5,
    baseline: Annotated[int, typer.Option(min=2, help="how many runs before them they are compared with")] = 30,
    false_alarms: Annotated[float, typer.Option(min=0.0005, max=0.5, help="the rate of any false alarm")] = 0.01,
    least: Annotated[float, typer.Option(min=0, help="seconds: less never alarms")] = 0.5,
    since: Annotated[datetime | None, typer.Option(help="compare nothing older: a slowdown was accepted then")] = None,
    json: _Json = False,
) -> None:
    """Exit with 1 if a figure of the last runs is worse than before, by more than luck explains; else with 0.

    With 2 if there is no history to read.
    """
    from reports.history import gate, telling  # noqa: PLC0415 - as above

    try:
        runs = store.read(file)
    except ChaosError as error:
        fail(error)
    kept = [run for run in runs if since is None or run.started_unix_s >= since.timestamp()]
    found = gate.compare(kept, gate.Rule(last, baseline, false_alarms, least))
    typer.echo(telling.as_json(found) if json else "\n".join(telling.gate_lines(found)))
    raise typer.Exit(_EXIT_WORSE if found.alarms else 0)
