"""One process at a time repairs by a journal."""

from __future__ import annotations

import fcntl
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Meanwhile nobody else repairs by this journal; what is not there, or cannot be locked, is left to its reader.

    Raises:
        InfraError: the process that wrote it still lives, or another one repairs by it; the message names its pid.
    """
    with ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InfraError(f"{path} is in use by {_holder(path)}: wait for it, or end it") from None
        except OSError:
            pass
        yield


def _holder(path: Path) -> str:
    """Who has locked a file, as /proc/locks says (proc_locks(5))."""
    inode = str(path.stat().st_ino)
    with suppress(OSError):
        for line in Path("/proc/locks").read_text().splitlines():
            fields = line.split()
            if "FLOCK" in fields and "->" not in fields and fields[5].rpartition(":")[2] == inode:
                return f"process {fields[4]}"
    return "another process"
