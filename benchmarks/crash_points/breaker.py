"""The process that is killed: it breaks a mesh and puts it back as an experiment does, without a probe."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from benchmarks.crash_points.points import Points, Watched, watch_changes
from chaos import undo
from chaos.breaking import Breaking
from chaos.clock import MonotonicClock
from chaos.fault import Stage
from chaos.faults import fault as fault_named
from chaos.watch import Pace
from fixtures.platforms import platform as platform_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chaos.platform import Platform


@dataclass(frozen=True)
class Breakage:
    """What is broken where, and where its process dies."""

    platform: str
    locator: Mapping[str, str]
    fault: str
    zone: str
    folder: Path
    """The experiment's: where its journal goes."""
    passed: Path
    """Where the points that were passed are noted at the end."""
    die_at: str | None


def carry_out(wanted: Breakage) -> None:
    """Break and mend; the points that were passed are written where nothing else went wrong."""
    os.setpgid(0, 0)  # Ctrl-C is for the campaign, which lets this end
    points = Points(wanted.die_at)
    mesh = platform_named(wanted.platform).attach(dict(wanted.locator))
    try:
        watch_changes(points, wanted.locator.get("folder", "/dev/null/none"))
        _break_and_mend(wanted, cast("Platform", Watched(mesh, points)))
    finally:
        mesh.close()
    wanted.passed.write_text(json.dumps(points.passed))


def _break_and_mend(wanted: Breakage, mesh: Platform) -> None:
    """What ``chaos.attempt`` does between steady state and failback."""
    stage = Stage(fault_named(wanted.fault), wanted.zone)
    breaking = Breaking(mesh, (stage,), MonotonicClock(), note=lambda _: None, obey=lambda: None)
    breaking.record(wanted.folder, stage.fault.name, time.time())

    def broken() -> None:
        breaking.inject(0, stage)
        breaking.prove(0, stage, Pace().effect_limit)
        breaking.prove_lasting()

    undo.mended(broken, lambda: _restored(breaking))


def _restored(breaking: Breaking) -> None:
    for complaint in breaking.restore():
        raise complaint
