"""Putting things back, and proving that they are back: the same code in an experiment and after a crash."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from chaos.clock import poll
from chaos.errors import InfraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.clock import Clock
    from chaos.platform import Platform, Record

RESTORE_LIMIT_S = 60.0
"""How long what was put back may take until it is what it was. Starting a zone takes about 10 s."""


def restore(platform: Platform, records: Sequence[Record], clock: Clock, limit_s: float = RESTORE_LIMIT_S) -> None:
    """Make every recorded target what it was, and wait until it is.

    Raises:
        InfraError: after ``limit_s`` something still differs; the message says what.
    """
    for record in records:
        platform.put(record)
    for record in records:
        if not poll(clock, partial(_is_back, platform, record), limit_s):
            raise InfraError(f"{record.target} is not restored after {limit_s:g} s: {platform.difference(record)}")


def _is_back(platform: Platform, record: Record) -> bool:
    return platform.difference(record) is None
