"""Experiments of several faults, which users write in YAML: docs/experiments.md.

The faults are injected one after the other, each once what the one before brought about has been watched, and are
all put back at the end, the last one first. A file says what is to be tried, never how: undo, plan and verdicts are
those of every experiment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from chaos.errors import SettingsError
from chaos.slo import impossible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from chaos.fault import Stage
    from chaos.model import Zone
    from chaos.slo import Objectives

__all__ = ["Composition", "read_all", "read_composition"]


@dataclass(frozen=True)
class Composition:
    """One such experiment, as its file has it."""

    name: str
    """What reports and the history call it, in place of a fault's name."""
    description: str
    stages: tuple[Stage, ...]
    """Its faults, in the order in which they are injected."""
    zones: tuple[Zone, ...]
    """What the mesh must have, at the least; empty for any mesh that has the faults' zones."""
    gateways: tuple[Zone, ...]
    """The zones that have a gateway in that mesh; empty for those of the run."""
    replicas: int | None
    """How many replicas of ``echo`` each zone must have; None for any number."""
    profile: str | None
    """The policies that it is for; None for any."""
    claims: tuple[str, ...]
    """The claims that it is to prove; empty for all that it tests."""
    bounds: Mapping[str, float]
    """Objectives by their names, where they are not the run's."""
    places: Mapping[str, str]
    """Where fields, by their names, and stages, by their numbers, are written: ``FILE:LINE:COLUMN``."""

    def __str__(self) -> str:
        return self.name

    def judged_by(self, objectives: Objectives, sample_period_s: float) -> Objectives:
        """The run's objectives with those of the file.

        Raises:
            SettingsError: one of them cannot be met, or cannot be measured with these samples.
        """
        bounds: dict[str, Any] = dict(self.bounds)
        ours = replace(objectives, **bounds)
        if self.bounds and (wrong := impossible(ours, sample_period_s)):
            raise SettingsError(f"{self.places['objectives']}: {wrong.field}: {wrong.reason}")
        return ours

    def require_zones(self, zones: tuple[Zone, ...]) -> None:
        """Check that a mesh has the zone of each fault.

        Raises:
            SettingsError: it has not.
        """
        for number, stage in enumerate(self.stages):
            if stage.zone not in zones:
                there = ", ".join(zones)
                raise SettingsError(
                    f"{self.places[str(number)]}: no zone {stage.zone!r} in the mesh; there are: {there}"
                )


def read_composition(file: Path) -> Composition:
    """The experiment in a file.

    Raises:
        SettingsError: it cannot be used; the message says ``FILE:LINE:COLUMN``, what is wrong and what is allowed.
    """
    from chaos.composition.reading import read  # noqa: PLC0415 - its models take 0.2 s, and most runs name no file

    return read(file)


def read_all(files: Sequence[Path]) -> tuple[Composition, ...]:
    """The experiments in these files.

    Raises:
        SettingsError: one cannot be used, or reports could not tell two of them apart.
    """
    found: dict[str, Path] = {}
    read = []
    for file in dict.fromkeys(files):
        one = read_composition(file)
        if (other := found.setdefault(one.name, file)) != file:
            raise SettingsError(
                f"{file}: its name, {one.name}, is that of {other} too: reports could not tell them apart"
            )
        read.append(one)
    return tuple(read)
