"""Sabotages of a run, kept on the disk beside the experiments: which were caught, and whether it knew why.

A sabotage has a folder below ``sabotages/`` in the run's folder, with ``detection.json`` and its experiment: that is
no experiment of the run, for its mesh is not the user's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from chaos.detection import Detected, Detection
from reports import archive
from reports.history.statistics import failure_rate_below
from reports.words import count, share

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

FOLDER = "sabotages"
FILE_NAME = "detection.json"
_TRIED = (Detected.CAUGHT, Detected.UNDIAGNOSED, Detected.MISDIAGNOSED, Detected.UNDETECTED)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal["mesh-chaos-detection"] = "mesh-chaos-detection"
    version: Literal[1] = 1
    detection: Detection


def write(detection: Detection, folder: Path) -> None:
    """Write what became of a sabotage into its folder; whole or not at all.

    Raises:
        ArchiveError: it cannot be written.
    """
    archive.write_whole(folder / FILE_NAME, _File(detection=detection).model_dump_json(indent=1))


def read(folder: Path, superseded: Collection[str] = ()) -> tuple[tuple[Detection, ...], tuple[str, ...]]:
    """What became of every sabotage of the run in ``folder``, by name; and which cannot be read, with the reason.

    Without those whose folders are ``superseded``: they were tried again, and what counts is what came of that.
    """
    found, unreadable = [], []
    for sabotage in sorted(path for path in (folder / FOLDER).glob("*") if path.is_dir()):
        place = f"{FOLDER}/{sabotage.name}"
        if place in superseded:
            continue
        try:
            found.append(archive.read_model(_File, sabotage / FILE_NAME, f"{place}: {FILE_NAME}").detection)
        except archive.MissingError:
            unreadable.append(f"{place}: it did not end: it was killed, or is still under way")
        except archive.ArchiveError as error:
            unreadable.append(str(error))
    return tuple(found), tuple(unreadable)


@dataclass(frozen=True)
class Rate:
    """How many of the sabotages that could be tried were caught, and how many of those were explained rightly."""

    caught: int
    tried: int
    explained: int

    @property
    def at_least(self) -> float:
        """What the detection rate is above, one-sided and exact, with 95 % confidence; 0 where nothing was tried."""
        return 1 - failure_rate_below(self.tried - self.caught, self.tried)

    def __str__(self) -> str:
        if not self.tried:
            return "no sabotage could be tried: nothing is proven"
        bound = f"detection rate above {share(self.at_least)} (95 %)"
        return f"{self.caught} of {count(self.tried, 'sabotage')} caught: {bound}; the cause of {self.explained} named"


def rate(detections: Sequence[Detection]) -> Rate:
    """The detection rate of a run's sabotages; those that were not tried count neither way."""
    standings = [detection.standing for detection in detections]
    tried = sum(each in _TRIED for each in standings)
    return Rate(tried - standings.count(Detected.UNDETECTED), tried, standings.count(Detected.CAUGHT))


def remark(detection: Detection) -> str:
    """What has to be said of a sabotage besides its standing: the diagnosis, or why there is none."""
    if detection.standing in {Detected.CAUGHT, Detected.MISDIAGNOSED} and detection.sentence:
        return detection.sentence
    return detection.reason or f"{detection.experiment} passed"


HEADINGS = ("sabotage", "outcome", "expected cause", "named cause", "why")


def cells(detection: Detection) -> tuple[str, ...]:
    """A detection's row of the table, by ``HEADINGS``."""
    named = detection.cause.value if detection.cause else "-"
    return detection.sabotage, detection.standing.value, detection.expected.value, named, remark(detection)
