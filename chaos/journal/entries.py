"""What a journal's lines are: one entry each, with its CRC-32 before it."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "journal.jsonl"
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


def line_of(entry: Mapping[str, Any]) -> bytes:
    """The line of an entry."""
    text = json.dumps(entry, separators=(",", ":"), sort_keys=True)
    return f"{zlib.crc32(text.encode()):08x} {text}\n".encode()


def entry_of(line: bytes) -> dict[str, Any] | None:
    """The entry on a line; None where it is not what was written."""
    checksum, _, text = line.rstrip(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != f"{zlib.crc32(text):08x}".encode():
        return None
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None
