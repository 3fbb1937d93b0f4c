"""A run's Allure report: its results and those of the runs before it, as pages for a browser, by Allure 3."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.errors import InfraError
from reports import allure_history
from reports.allure import categories, write_run_files
from reports.allure_tool import run_allure
from reports.archive import ArchiveError
from reports.words import count

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.allure_history import History, Point
    from reports.run import Run

RESULTS = "allure-results"
"""The folder in a run's folder to which the plugin sends what Allure reads."""
REPORT = "allure-report"
_ONE_FILE_BYTES = 100_000_000
"""As one file a report can be opened and sent by mail; with more than this attached, browsers would not open it."""

_TRACKER = re.compile(r'<script async src="https://www\.googletagmanager\.com/[^"]*"></script>')
"""What Allure puts into each page: it would tell a third party whenever somebody opens a report. It has no option."""


def build(run: Run, results: Path, history: Path, say: Callable[[str], None]) -> Path:
    """Make the report and note the run in the history; returns the page to open.

    The report is made whole and then put in place of a former one.

    Args:
        run: whose report it is.
        results: the folder with what allure-pytest wrote.
        history: the history file; made when missing.
        say: told what is going on.

    Raises:
        ArchiveError: there are no results, or the history or the report cannot be written.
        InfraError: Allure cannot be run.
    """
    tests = _counted(results)
    if not (results / "executor.json").is_file():  # a run in which no experiment ended
        write_run_files(results, run.about.environment)
    known = allure_history.read(history)
    if known.damaged:
        say(f"{history} is damaged: {known.damaged} of its lines are no run, and are left out")
    earlier = known.before(_name(run), _started_ms(run))
    say(f"Allure makes the report of {count(tests, 'test')}, with {count(len(earlier.points), 'run')} before it")
    point = _made(run, results, earlier, say)
    allure_history.write(allure_history.read(history).plus(point), history)
    return run.folder / REPORT / "index.html"


def _name(run: Run) -> str:
    return f"Mesh failover {run.name}"


def _started_ms(run: Run) -> int:
    return round(run.about.started_unix_s * 1000)


def _made(run: Run, results: Path, earlier: History, say: Callable[[str], None]) -> Point:
    """Make the report in a folder of its own, then put it in place; what Allure notes of this run."""
    one_file = sum(path.stat().st_size for path in results.iterdir() if path.is_file()) <= _ONE_FILE_BYTES
    try:
        with tempfile.TemporaryDirectory(prefix=".allure-", dir=run.folder) as folder:
            work = Path(folder)
            allure_history.write(earlier, work / allure_history.FILE_NAME)
            _generate(work, results, _config(work, _name(run), one_file=one_file), say)
            point = allure_history.added(work / allure_history.FILE_NAME, _name(run), _started_ms(run))
            _replace(work / REPORT, run.folder / REPORT)
    except OSError as error:
        raise ArchiveError(f"the report cannot be written to {run.folder}: {error.strerror or error}") from error
    if not one_file:
        say(f"browsers need a server for it: python3 -m http.server --bind 127.0.0.1 --directory {run.folder / REPORT}")
    return point


def _counted(results: Path) -> int:
    tests = sum(1 for _ in results.glob("*-result.json"))
    if not tests:
        raise ArchiveError(
            f"no Allure results in {results}: give the run's folder, or with --results the folder that the run was "
            "given as --alluredir"
        )
    return tests


def _generate(work: Path, results: Path, config: dict[str, object], say: Callable[[str], None]) -> None:
    path = work / "allurerc.json"
    path.write_text(json.dumps(config), "utf-8")
    # Allure looks for results by a pattern: "." is one whatever signs the folder's name has.
    run_allure(["generate", "--config", str(path), "--cwd", str(results.resolve()), "."], work, say)
    page = work / REPORT / "index.html"
    if not page.is_file():
        raise InfraError("Allure ended without a report: please report this")
    page.write_text(_TRACKER.sub("", page.read_text("utf-8")), "utf-8")


def _config(work: Path, name: str, *, one_file: bool) -> dict[str, object]:
    """Allure's configuration file (https://allurereport.org/docs/v3/configure/).

    Allure 3 reads environment and executor from the results, and the categories from here only.
    """
    return {
        "name": name,
        "output": str(work / REPORT),
        "historyPath": str(work / allure_history.FILE_NAME),
        "categories": categories(),
        "plugins": {"awesome": {"options": {"singleFile": one_file, "reportLanguage": "en"}}},
    }


def _replace(fresh: Path, place: Path) -> None:
    if place.exists():
        shutil.rmtree(place)
    fresh.rename(place)
