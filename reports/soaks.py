"""Soaks of a run: kept on the disk beside the experiments; and how what grew meanwhile is put into words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from chaos.growth import TOLERANCES, Growth, Quantity, Subject
from chaos.model import Verdict  # noqa: TC001 - pydantic needs it when the model is built
from reports import archive
from reports.words import count, plain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FOLDER = "soaks"
FILE_NAME = "soak.json"
KNOWN = "known to be false"
_KIB, _MIB = 1 << 10, 1 << 20


@dataclass(frozen=True)
class Tried:
    """One experiment of a soak."""

    fault: str
    zone: str
    outcome: str
    """Its verdict; ``KNOWN`` where it broke nothing but what is documented as false."""
    begun_s: float
    """Since the soak began."""
    folder: str


@dataclass(frozen=True)
class Soaked:
    """A soak, however it ended."""

    profile: str
    seed: int
    """The order of its faults follows from it, and from the faults and zones that there are to choose from."""
    duration_s: float
    """How long it was to last."""
    lasted_s: float
    legs: int
    """How many meshes were brought up, each for as long as it could be trusted."""
    tried: tuple[Tried, ...]
    quiet_answers: int
    """How many answers the probe got that ran besides, while nothing was broken."""
    quiet_s: float
    growths: tuple[Growth, ...]
    verdict: Verdict | None = None
    """None where it was stopped."""
    reason: str = ""
    """Why it did not pass."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal["mesh-chaos-soak"] = "mesh-chaos-soak"
    version: Literal[1] = 1
    soak: Soaked


def write(soaked: Soaked, folder: Path) -> None:
    """Write a soak into its folder; whole or not at all.

    Raises:
        ArchiveError: it cannot be written.
    """
    archive.write_whole(folder / FILE_NAME, _File(soak=soaked).model_dump_json(indent=1))


def read(file: Path) -> Soaked:
    """The soak that ``write`` wrote.

    Raises:
        ArchiveError: it cannot be read.
    """
    return archive.read_model(_File, file).soak


def files(run: Path) -> list[Path]:
    """Where the soaks of the run in this folder are kept."""
    return sorted((run / FOLDER).glob(f"*/{FILE_NAME}"))


def growth_told(growths: Sequence[Growth]) -> str:
    """What grows, in a sentence; how much was looked at where nothing does."""
    judged = [one for one in growths if one.trend is not None]
    told = "; ".join(" ".join(filter(None, _told(one))) for one in judged if one.grows)
    return told or f"none of {count(len(judged), 'trend')} rises beyond what is borne ({FILE_NAME} has them all)"


def _told(growth: Growth) -> tuple[str, ...]:
    owner, name, quantity, _, first, last, interval, borne, _ = cells(growth, 1, 1)
    return (
        f"{quantity} of {name} ({owner}, {growth.subject.life})",
        f"grew from {first} to {last}:",
        interval,
        (f"an hour, borne are {borne}"),
    )


HEADINGS = ("owner", "program", "what", "processes", "from", "to", "an hour (95 %)", "borne", "")


def cells(growth: Growth, judged: int, lives: int) -> tuple[str, ...]:
    """A growth's row of the table, by ``HEADINGS``; ``judged`` of the ``lives`` of its program were long enough."""
    subject, trend = growth.subject, growth.trend
    begin = (subject.owner.value, plain(subject.name), subject.quantity.value, f"{judged} of {lives}")
    if trend is None:
        return (*begin, "-", "-", "-", "-", "too short")
    interval = f"{_amount(subject, trend.low)} to {_amount(subject, trend.high)}"
    borne = _amount(subject, TOLERANCES[subject.owner, subject.quantity].per_hour)
    ends = (_amount(subject, trend.first), _amount(subject, trend.last))
    return (*begin, *ends, interval, borne, "GROWS" if growth.grows else "")


def _amount(subject: Subject, value: float) -> str:
    if subject.quantity not in {Quantity.MEMORY, Quantity.BYTES}:
        return f"{value:.4g}"
    return f"{value / _MIB:.1f} MiB" if abs(value) >= _MIB else f"{value / _KIB:.0f} KiB"
