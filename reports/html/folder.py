"""An experiment's folder, as the page links it and reads its samples from it: wherever the run's folder is now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from pydantic import TypeAdapter, ValidationError

from chaos import journal, samples
from chaos.errors import SamplesError
from chaos.model import Attribution
from chaos.samples import read_samples
from reports import archive, picture
from reports.html.page import Link
from reports.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chaos.model import SeriesKey
    from chaos.result import Result
    from chaos.samples import Series

_WHAT = {
    samples.FILE_NAME: "every request",
    samples.ATTRIBUTION_FILE: "whose pods are whose",
    journal.FILE_NAME: "undo journal",
    archive.FILE_NAME: "verdict, figures and log as data",
    picture.FILE_NAME: "timeline as a picture",
}
_DEEPER = ("evidence", "diagnosis")
_ATTRIBUTION = TypeAdapter(Attribution)


@dataclass(frozen=True)
class Folder:
    """The folder of one experiment within its run's; ``path`` is None where it is no longer there."""

    run: Path
    path: Path | None

    @classmethod
    def of(cls, result: Result, run: Path) -> Folder:
        """The one that ``result`` names, by its last part: a run's folder may have been moved."""
        name = PurePath(result.artifacts).name
        path = run / name
        return cls(run, path if name not in ("", "..") and path.is_dir() else None)

    def link(self, path: Path, text: str = "") -> Link:
        """A link from the run's folder to a file in it."""
        inner = path.relative_to(self.run).as_posix()
        return Link(plain(text or path.name), quote(inner))

    def links(self) -> tuple[Link, ...]:
        """What can be looked up: samples, journal, evidence, as far as it is there."""
        if self.path is None:
            return ()
        top = [self.link(self.path / name, f"{name}: {what}") for name, what in _WHAT.items() if self.has(name)]
        deeper = [self.link(file, f"{file.parent.name}/{file.name}") for file in self.files(*_DEEPER)]
        return (*top, *deeper)

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return self.path is not None and (self.path / name).is_file()

    def files(self, *folders: str, pattern: str = "*") -> list[Path]:
        """The files of some of its folders, by name."""
        path = self.path
        found: Iterable[Path] = () if path is None else (f for name in folders for f in (path / name).glob(pattern))
        return sorted(file for file in found if file.is_file())


def attribution(folder: Folder) -> Attribution:
    """Which zone each name in the samples stands for.

    Raises:
        SamplesError: that was not kept, or cannot be understood.
    """
    if folder.path is None:
        raise SamplesError("the experiment's folder is not in the run's folder")
    path = folder.path / samples.ATTRIBUTION_FILE
    try:
        return _ATTRIBUTION.validate_json(path.read_bytes())
    except OSError as error:
        raise SamplesError(f"{path.name} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        raise SamplesError(f"{path.name} cannot be understood: {error.errors()[0]['msg']}") from error


def series_of(folder: Folder) -> Mapping[SeriesKey, Series]:
    """Every sample of an experiment.

    Raises:
        SamplesError: they are missing, damaged or of another version.
    """
    known = attribution(folder)
    assert folder.path is not None
    return read_samples(folder.path / samples.FILE_NAME, known)
