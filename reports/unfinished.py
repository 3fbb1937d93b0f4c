"""An experiment that left no result: how far it got, and what is to be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos import journal, samples
from chaos.errors import ChaosError

if TYPE_CHECKING:
    from pathlib import Path


def unfinished(experiment: Path) -> str:
    """What its folder says of an experiment without a result, in one line: above all whether a fault may be left."""
    return "; ".join((f"it left no result{_how_it_ended(experiment)}", *_what_is_left(experiment / journal.FILE_NAME)))


def _how_it_ended(experiment: Path) -> str:
    try:
        closed = samples.ended(experiment / samples.FILE_NAME)
    except ChaosError:
        return ""
    return "" if closed else ": it was killed, or is still under way"


def _what_is_left(file: Path) -> tuple[str, ...]:
    try:
        state = journal.read_journal(file)
    except ChaosError as error:
        return (f"a fault may still be in effect: {error}",) if file.exists() else ()
    if not state.must_restore:
        return ()
    fault, zone = state.header.fault, state.header.zone
    return (f"{fault} in {zone} may still be in effect, if the mesh is up: mesh-chaos restore {file}",)
