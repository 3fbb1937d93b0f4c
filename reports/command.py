"""``mesh-chaos report``: reports of runs that have ended, made again or compared."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaos.cli import fail
from chaos.errors import ChaosError
from reports.allure_command import report_allure
from reports.history import FILE_NAME, store
from reports.history.command import report_gate, report_history
from reports.publishing import publish
from reports.run import read_run
from reports.schema import schema
from reports.since import remembering

app = typer.Typer(no_args_is_help=True, add_completion=False)
app.command("allure")(report_allure)
app.command("gate")(report_gate)
app.command("history")(report_history)


@app.callback()
def _group() -> None:
    """Make reports of runs that have ended."""


@app.command("run")
def report_run(
    folder: Annotated[Path, typer.Argument(help="the run's folder, in the artifacts")] = Path("artifacts/latest"),
    history: Annotated[
        Path | None,
        typer.Option(
            help=f"the runs before it, which say since when; default: {FILE_NAME} beside the folder",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make all reports of one run again, from its folder; also of a run that was killed."""
    try:
        run = read_run(folder)
        if history:
            store.read(history)  # one that is named must be there
        made = list(publish(remembering(run, history or run.folder.parent / FILE_NAME)))
    except ChaosError as error:
        fail(error)
    broken = [one for one in made if isinstance(one, ChaosError)]
    for one in made:
        if one not in broken:
            typer.echo(one)
    for one in broken[:-1]:
        typer.echo(f"mesh-chaos: {one}", err=True)
    if broken:
        fail(broken[-1])


@app.command("schema")
def report_schema() -> None:
    """Print the JSON schema of summary.json."""
    typer.echo(schema(), nl=False)
