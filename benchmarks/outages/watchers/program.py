"""A tool that is a program: started with its output in a file, and stopped by Ctrl-C."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

from fixtures.lifeline import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_END_S = 60.0
"""Seconds that a program may take to write what it saw."""


class Program:
    """A running program, what it says in the file ``said``."""

    def __init__(self, argv: Sequence[str | Path], folder: Path | None, said: Path) -> None:
        with said.open("wb") as output:
            self._process = subprocess.Popen(
                argv,
                cwd=folder,
                env={**os.environ, "NO_PROXY": "*", "no_proxy": "*"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent(),  # noqa: PLW1509 - what it calls takes no lock
            )

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def interrupt(self) -> None:
        """Tell it to end, as Ctrl-C does."""
        self._process.send_signal(signal.SIGINT)

    def wait(self) -> None:
        """Wait until it has ended.

        Raises:
            subprocess.TimeoutExpired: it does not; it has been killed.
        """
        try:
            self._process.wait(_END_S)
        finally:
            self._process.kill()
            self._process.wait()
