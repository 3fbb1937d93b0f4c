"""Writing a journal: each entry is on the disk before what it is about is begun."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from chaos.errors import JournalError
from chaos.journal.entries import line_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from chaos.journal.entries import Header, Step
    from chaos.platform import Record


class Journal:
    """Appends entries; each is on the disk when its method returns.

    Raises:
        JournalError: the journal cannot be written. Nothing may be injected then.
    """

    def __init__(self, path: Path, header: Header) -> None:
        self.path = path
        self._part: Path | None = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        try:
            if path.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            self._descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            fcntl.flock(
                self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB
            )  # until it ends, however: nobody repairs meanwhile
        except OSError as error:
            raise self._failed(error) from error
        self._append({"header": vars(header)})

    def record(self, records: Iterable[Record]) -> None:
        """Keep what the targets were."""
        for record in records:
            self._append({"record": {"target": vars(record.target), "state": record.state}})

    def step(self, step: Step) -> None:
        """Say what is about to be done; the first one makes the journal one that is found."""
        self._append({"step": step})
        if self._part is not None:
            self._publish(self._part)
            self._part = None

    def _publish(self, part: Path) -> None:
        """Give it its name, unless another one has that."""
        try:
            _move(part, self.path)
            _sync_folder(self.path.parent)
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)

    def _append(self, entry: Mapping[str, Any]) -> None:
        line = line_of(entry)
        try:
            written = os.write(self._descriptor, line)
            os.fsync(self._descriptor)
        except OSError as error:
            raise self._failed(error) from error
        if written != len(line):
            raise self._failed(OSError("the disk is full"))

    def _failed(self, error: OSError) -> JournalError:
        reason = error.strerror or error
        if self._part is not None:
            with suppress(OSError):
                self._part.unlink(missing_ok=True)
        return JournalError(
            f"the undo journal {self.path} cannot be written ({reason}); nothing was injected after that"
        )


def _move(part: Path, path: Path) -> None:
    """Rename without replacing; a file system without hard links cannot refuse one that came meanwhile."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:
        part.rename(path)
    else:
        part.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
