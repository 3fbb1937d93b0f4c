"""From the run's sabotages to their table on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.detection import Detected
from reports.glance import told
from reports.html.page import Table
from reports.sabotages import HEADINGS, cells, rate

if TYPE_CHECKING:
    from reports.run import Run

_TONES = {
    Detected.CAUGHT: "good",
    Detected.UNDIAGNOSED: "known",
    Detected.MISDIAGNOSED: "bad",
    Detected.UNDETECTED: "bad",
    Detected.NOT_TRIED: "doubt",
}


def sabotaged(run: Run) -> Table | None:
    """Each mesh that was wrong on purpose, and what the ordinary experiment made of it."""
    if not run.detections:
        return None
    rows = tuple(tuple(map(told, cells(detection))) for detection in run.detections)
    tones = tuple(_TONES[detection.standing] for detection in run.detections)
    caption = "Meshes that were wrong on purpose"
    return Table(caption, HEADINGS, rows, tones, note=f"{rate(run.detections)}.", is_long=True)
