"""The undo journal: what is needed to put things back is on disk before anything is touched.

One JSON object a line, each with a CRC-32 of its entry, appended and fsynced. A journal whose owner was
killed at any moment says what was recorded and how far it got; a damaged line and everything after it is
not believed.
"""

from __future__ import annotations

import json
import os
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from chaos.errors import JournalError
from chaos.platform import Kind, Record, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FORMAT_VERSION = 1


class Step(StrEnum):
    """How far an experiment has got; each is written *before* what it names is begun."""

    INJECTING = "injecting"
    EFFECTIVE = "effective"
    RESTORING = "restoring"
    RESTORED = "restored"


@dataclass(frozen=True)
class Header:
    """Which experiment on which mesh a journal belongs to."""

    platform: str
    locator: Mapping[str, str]
    fault: str
    zone: str
    started_unix_s: float
    version: int = FORMAT_VERSION


@dataclass(frozen=True)
class JournalState:
    """What a journal says."""

    header: Header
    records: tuple[Record, ...] = ()
    step: Step | None = None
    damage: str | None = None
    """Where the journal stops being believable, None where it is whole."""
    torn: bool = False
    """Whether the damage is only a last line that was being written when its writer was killed."""

    @property
    def must_restore(self) -> bool:
        """Whether something may have been touched and not been put back."""
        return self.step not in {None, Step.RESTORED} or self.may_lack_records

    @property
    def may_lack_records(self) -> bool:
        """Whether records may be lost: damage before the first step, unless writing it was never finished.

        The records are on the disk before the first step is, and the first step before anything is touched.
        """
        return self.damage is not None and self.step is None and not self.torn


class Journal:
    """Appends entries; each is on the disk when its method returns.

    Raises:
        JournalError: the journal cannot be written. Nothing may be injected then.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        try:
            self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            _sync_folder(path.parent)
        except OSError as error:
            raise self._failed(error) from error
        self._append({"header": vars(header)})

    def record(self, records: Iterable[Record]) -> None:
        """Keep what the targets were."""
        for record in records:
            self._append({"record": {"target": vars(record.target), "state": record.state}})

    def step(self, step: Step) -> None:
        """Say what is about to be done."""
        self._append({"step": step})

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _append(self, entry: Mapping[str, Any]) -> None:
        text = json.dumps(entry, separators=(",", ":"), sort_keys=True)
        line = f"{zlib.crc32(text.encode()):08x} {text}\n".encode()
        try:
            written = os.write(self._descriptor, line)
            os.fsync(self._descriptor)
        except OSError as error:
            raise self._failed(error) from error
        if written != len(line):
            raise self._failed(OSError("the disk is full"))

    def _failed(self, error: OSError) -> JournalError:
        reason = error.strerror or error
        return JournalError(
            f"the undo journal {self.path} cannot be written ({reason}); nothing was injected after that"
        )


def read_journal(path: Path) -> JournalState:
    """What a journal says, as far as it can be believed.

    Raises:
        JournalError: there is no journal there, or not even its first line can be believed.
    """
    try:
        lines = path.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise JournalError(f"{path}: no journal there ({error.strerror})") from error
    if not lines or (first := _entry(lines[0])) is None or "header" not in first:
        raise JournalError(
            f"{path} is not an undo journal, or its first line is damaged: nothing can be restored from it"
        )
    version = first["header"].get("version")
    if version != FORMAT_VERSION:
        raise JournalError(f"{path} has format {version}, not {FORMAT_VERSION}: restore with the release that wrote it")
    header = Header(**first["header"])
    records: list[Record] = []
    step: Step | None = None
    for number, line in enumerate(lines[1:], 2):
        entry = _entry(line)
        if entry is None:
            torn = number == len(lines) and not line.endswith(b"\n")
            damage = f"line {number} of {len(lines)} is {'torn' if torn else 'damaged'}"
            return JournalState(header, tuple(records), step, damage, torn=torn)
        if "record" in entry:
            records.append(_record(entry["record"]))
        else:
            step = Step(entry["step"])
    return JournalState(header, tuple(records), step)


def _entry(line: bytes) -> dict[str, Any] | None:
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != f"{zlib.crc32(text):08x}".encode():
        return None
    entry: dict[str, Any] = json.loads(text)
    return entry


def _record(document: Mapping[str, Any]) -> Record:
    target = document["target"]
    return Record(Target(Kind(target["kind"]), target["zone"], target["name"]), document["state"])


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
