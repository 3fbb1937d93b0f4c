"""An experiment that left no result: how far it got, and what is to be done about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.errors import ChaosError
from chaos.journal import read_journal
from chaos.samples import ended

if TYPE_CHECKING:
    from pathlib import Path


def unfinished(experiment: Path) -> str:
    """What its folder says of an experiment without a result, in one line: above all whether a fault may be left."""
    return "; ".join((f"it left no result{_how_it_ended(experiment)}", *_what_is_left(experiment / "journal.jsonl")))


def _how_it_ended(experiment: Path) -> str:
    try:
        closed = ended(experiment / "samples.arrow")
    except ChaosError:
        return ""
    return "" if closed else ": it was killed, or is still under way"


def _what_is_left(journal: Path) -> tuple[str, ...]:
    try:
        state = read_journal(journal)
    except ChaosError as error:
        return (f"a fault may still be in effect: {error}",) if _is_begun(journal) else ()
    if not state.must_restore:
        return ()
    fault, zone = state.header.fault, state.header.zone
    return (f"{fault} in {zone} may still be in effect, if the mesh is up: mesh-chaos restore {journal}",)


def _is_begun(journal: Path) -> bool:
    """Whether its first line was written to its end: before that nothing is touched."""
    try:
        return b"\n" in journal.read_bytes()
    except FileNotFoundError:
        return False
    except OSError:
        return True
