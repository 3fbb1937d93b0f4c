"""Reading a journal, as far as it can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chaos.errors import JournalError
from chaos.journal.entries import FORMAT_VERSION, Header, Step, entry_of
from chaos.platform import Kind, Record, Target

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


@dataclass(frozen=True)
class JournalState:
    """What a journal says."""

    header: Header
    records: tuple[Record, ...] = ()
    step: Step | None = None
    damage: str | None = None
    """Which lines cannot be believed, or that its end is missing; None where it is whole."""
    lost_records: bool = False
    """Whether one of them was, or may have been, a record."""

    @property
    def must_restore(self) -> bool:
        """Whether something may have been touched and not been put back."""
        return self.step is not Step.RESTORED

    @property
    def may_lack_records(self) -> bool:
        """Whether something may have to be put back that is not among the records."""
        return self.lost_records and self.must_restore


def read_journal(path: Path) -> JournalState:
    """What a journal says, as far as it can be believed.

    Raises:
        JournalError: there is no journal there, or not even its first line can be believed.
    """
    try:
        with path.open("rb") as file:
            lines = file.readlines()
    except OSError as error:
        raise JournalError(f"{path}: no journal there ({error.strerror})") from error
    _check_version(path, lines)
    said = [_said(line) for line in lines]
    records = tuple(one for one in said if isinstance(one, Record))
    steps = {number: one for number, one in enumerate(said) if isinstance(one, Step)}
    header = said[0] if said else None
    if not isinstance(header, Header):
        those = f"; look at what it recorded yourself: {', '.join(str(r.target) for r in records)}" if records else ""
        raise JournalError(
            f"{path} is not an undo journal, or its first line is damaged: nothing can be restored from it{those}"
        )
    damaged = [number for number, one in enumerate(said) if one is None]
    lost = not steps or any(number < min(steps) for number in damaged)
    step = steps[max(steps)] if steps else None
    return JournalState(header, records, step, _damage(lines, damaged, begun=bool(steps)), lost)


def _check_version(path: Path, lines: Sequence[bytes]) -> None:
    """Before anything else of a journal is understood: another release's may mean something else."""
    first = (entry_of(lines[0]) if lines else None) or {}
    header = first.get("header")
    version = header.get("version") if isinstance(header, dict) else FORMAT_VERSION
    if version != FORMAT_VERSION:
        raise JournalError(f"{path} has format {version}, not {FORMAT_VERSION}: restore with the release that wrote it")


def _damage(lines: Sequence[bytes], damaged: Sequence[int], *, begun: bool) -> str | None:
    torn = bool(damaged) and not lines[-1].endswith(b"\n")
    whole = damaged[:-1] if torn else damaged
    parts = [f"line {', '.join(str(number + 1) for number in whole)} of {len(lines)} is damaged"] if whole else []
    parts += [f"line {len(lines)} of {len(lines)} is torn"] if torn else []
    parts += [] if begun else ["it ends before its first step"]
    return "; ".join(parts) or None


def _said(line: bytes) -> Header | Record | Step | None:
    """What a line says; None where it is not what was written, or nothing that this release writes."""
    match entry_of(line):
        case {"header": dict(header)}:
            return _header(header)
        case {"record": dict(record)}:
            return _record(record)
        case {"step": str(step)} if step in set(Step):
            return Step(step)
    return None


def _header(document: dict[str, Any]) -> Header | None:
    try:
        return Header(**document)
    except TypeError:
        return None


def _record(document: dict[str, Any]) -> Record | None:
    match document:
        case {"target": {"kind": str(kind), "zone": str(zone), "name": str(name)}, "state": dict(state)} if kind in set(
            Kind
        ):
            return Record(Target(Kind(kind), zone, name), state)
    return None
