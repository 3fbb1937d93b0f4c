"""One run of the suite, read back from its folder: what every report of a run is made from.

The folder holds ``run.json`` (this module's) and a folder for each experiment, with its ``result.json``
(``reports.archive``), its samples and its journal.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from chaos import journal, samples
from chaos.model import Verdict  # noqa: TC001 - pydantic needs it when the model is built
from reports import archive, sabotages
from reports.archive import ArchiveError
from reports.unfinished import unfinished
from reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chaos.detection import Detection
    from chaos.result import Result
    from reports.history.record import PastRun

FILE_NAME = "run.json"
_GIVE = "give one run's folder, as artifacts/latest"


@dataclass(frozen=True)
class Failure:
    """A test that failed in what no result says: its mesh did not come up, or could not be taken away, say."""

    test: str
    """The test's name, the same in every run."""
    verdict: Verdict
    message: str


@dataclass(frozen=True)
class Superseded:
    """An attempt at a test that was INVALID, so that the test was made again: nothing of it counts."""

    test: str
    """The test's name, the same in every run."""
    message: str
    """Why nothing could be concluded."""
    folders: tuple[str, ...]
    """The names of the folders of its experiments, in the run's; of a sabotage ``sabotages/NAME``."""


@dataclass(frozen=True)
class Timing:
    """How long a test took, in seconds, as pytest counts it; of one that was made again the last attempt."""

    test: str
    setup_s: float
    """Bringing up the mesh, where it is the first test in it."""
    call_s: float
    teardown_s: float
    folders: tuple[str, ...]
    """The names of the folders of its experiments."""


@dataclass(frozen=True)
class About:
    """What a run's folder says of the run as a whole."""

    started_unix_s: float
    exit_code: int | None
    """As README lists them: 0 PASS, 1 FAIL, 10 INFRA, 11 INVALID, or pytest's own; None for a run that did not end."""
    environment: dict[str, str]
    failures: tuple[Failure, ...] = ()
    times: tuple[Timing, ...] = ()
    """Of every test that had an experiment; none in runs from before they were kept."""
    again: tuple[Superseded, ...] = ()
    """What was INVALID and made again."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal["mesh-chaos-run"] = "mesh-chaos-run"
    version: Literal[1] = 1
    run: About


@dataclass(frozen=True)
class Run:
    """A run: its folder, what is said of it as a whole, and its results by when they began."""

    folder: Path
    about: About
    results: tuple[Result, ...]
    unreadable: tuple[str, ...] = ()
    """Experiments whose result cannot be read (killed, or another version's), each with the reason and what to do."""
    before: tuple[PastRun, ...] = ()
    """The runs before it, the oldest first, where a history is at hand."""
    detections: tuple[Detection, ...] = ()
    """What became of the sabotages, by name; their meshes are not the user's, so their results are not the run's."""

    @property
    def name(self) -> str:
        """The run's name: when it began."""
        return self.folder.name


def folders_of(superseded: Iterable[Superseded]) -> frozenset[str]:
    """The names of the folders in which nothing was concluded."""
    return frozenset(name for one in superseded for name in one.folders)


def write_about(about: About, folder: Path) -> None:
    """Write ``run.json`` into a run's folder; whole or not at all.

    Raises:
        ArchiveError: it cannot be written.
    """
    archive.write_whole(folder / FILE_NAME, _File(run=about).model_dump_json(indent=1))


def read_run(folder: Path) -> Run:
    """The run in ``folder``, as far as it got: one that was killed has no ``run.json`` and may lack results.

    What was made again is left out, as ``run.json`` says. A run that was killed says nothing of it: there an INVALID
    result is one.

    Raises:
        ArchiveError: it is no run's folder.
    """
    folder = folder.resolve()
    found, unreadable = dict[str, "Result"](), []
    for experiment in _experiments(folder):
        try:
            found[experiment.name] = archive.read(experiment / archive.FILE_NAME)
        except ArchiveError as error:
            there = (experiment / archive.FILE_NAME).exists()
            unreadable.append(f"{experiment.name}: {error if there else unfinished(experiment)}")
    about = _about(folder, len(found))
    superseded = folders_of(about.again if about else ())
    results = [result for name, result in found.items() if name not in superseded]
    results.sort(key=lambda result: result.started_unix_s)
    detections, lost = sabotages.read(folder, superseded)
    unreadable += lost
    if about is None:
        unreadable.append("the run did not end: it was killed, or is still under way")
        about = About(results[0].started_unix_s if results else folder.stat().st_mtime, None, {})
    return Run(folder, about, tuple(results), tuple(unreadable), detections=detections)


def _experiments(folder: Path) -> list[Path]:
    """Every experiment's folder: begun ones have a journal or samples, ended ones a result."""
    telling = (journal.FILE_NAME, samples.FILE_NAME, archive.FILE_NAME)
    try:
        found = sorted(path for path in folder.iterdir() if any((path / name).is_file() for name in telling))
    except OSError as error:
        raise ArchiveError(f"{folder} cannot be read: {error.strerror}; {_GIVE}") from error
    if not found and not any((folder / name).exists() for name in (FILE_NAME, sabotages.FOLDER)):
        raise ArchiveError(f"{folder} is no run's folder: it has no experiment; {_GIVE}")
    return found


def _about(folder: Path, results: int) -> About | None:
    left = f"the folder's {count(results, 'result')}"
    advice = f"; move it away to have reports of {left} as of a run that was killed"
    try:
        return archive.read_model(_File, folder / FILE_NAME, advice=advice).run
    except archive.MissingError:
        return None
