"""Sabotages in the terminal summary: which were caught, and whether it knew why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from chaos.detection import Detected
from chaos.redaction import redacted
from reports.sabotages import rate, remark
from reports.terminal.console import show, wrapped
from reports.words import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from chaos.detection import Detection

_COLOURS = {
    Detected.CAUGHT: "bold green",
    Detected.UNDIAGNOSED: "bold cyan",
    Detected.MISDIAGNOSED: "bold red",
    Detected.UNDETECTED: "bold red",
    Detected.NOT_TRIED: "bold yellow",
}


def render(detections: Sequence[Detection], console: Console) -> None:
    """Print which sabotages were caught, and the detection rate."""
    for detection in detections:
        named = f"  {detection.cause}" if detection.cause else ""
        heading = Text.assemble((plain(detection.sabotage), "bold"), "  ")
        heading.append(detection.standing.value, _COLOURS[detection.standing]).append(plain(named), "dim")
        show(console, heading)
        wrapped(console, redacted(remark(detection)), "  ")
    show(console, Text(str(rate(detections))))
