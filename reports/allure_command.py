"""``mesh-chaos report allure``: a run's Allure report, with the runs before it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chaos.cli import fail
from chaos.errors import ChaosError
from reports import allure_history, allure_report
from reports.run import read_run


def report_allure(
    folder: Annotated[Path, typer.Argument(help="the run's folder, in the artifacts")] = Path("artifacts/latest"),
    results: Annotated[
        Path | None,
        typer.Option(
            help=f"Allure's results, where the run had --alluredir; default: {allure_report.RESULTS} in the folder",
            show_default=False,
        ),
    ] = None,
    history: Annotated[
        Path | None,
        typer.Option(
            help=f"the runs so far: keep it from run to run; default: {allure_history.FILE_NAME} beside the folder",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Make a run's report with Allure 3, which npm installs once; it needs Node."""
    try:
        run = read_run(folder)
        page = allure_report.build(
            run,
            results or run.folder / allure_report.RESULTS,
            history or run.folder.parent / allure_history.FILE_NAME,
            typer.echo,
        )
    except ChaosError as error:
        fail(error)
    typer.echo(page)
