"""What happened in a fake mesh, in order, one line each."""

from __future__ import annotations

import os
from pathlib import Path


def event(text: str) -> None:
    """Add a line, in one write: many processes do so."""
    with Path(os.environ["FAKE_KUMA_EVENTS"]).open("a") as file:
        file.write(f"{text}\n")


def misbehaves(how: str) -> bool:
    """Whether a test asked for this."""
    return os.environ.get("FAKE_KUMA") == how
