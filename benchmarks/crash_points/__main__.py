"""``python -m benchmarks.crash_points``: options, progress, the table of faults, and the same as JSON."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform as machine
import signal
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.util import get_temp_dir
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from rich.box import MARKDOWN
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from benchmarks.crash_points.campaign import Campaign
from chaos.clock import MonotonicClock, poll
from chaos.faults import faults
from fixtures.lifeline import adopt_orphans
from fixtures.platforms import platform as platform_named

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.crash_points.kill import Outcome

INTERRUPTED = 130
_LOOK_S = 0.5
_END_S = 10.0
_HELPERS = ("multiprocessing.forkserver", "multiprocessing.resource_tracker")
console = Console(highlight=False, markup=False, width=120)


def possible(platform: str) -> list[str]:
    """The faults that there are on a platform."""
    refusal = platform_named(platform).refusal
    return [name for name, fault in faults().items() if refusal(fault.kind, fault.action) is None]


def read_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--platform", choices=("universal", "kubernetes"), default="universal")
    parser.add_argument("--kills", type=int, default=500, help="at least; every point counts, random moments fill up")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fault", action="append", help="this one only; may be given several times")
    parser.add_argument("--points", type=int, help="at most so many points of each fault, chosen by the seed")
    parser.add_argument("--meshes", type=int, default=2, help="side by side")
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts", "crash-points").absolute())
    return parser.parse_args()


def carried_out(campaign: Campaign, meshes: int) -> None:
    """Show how far it is; Ctrl-C lets each mesh finish the kill that is under way, and ends it."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    shown = Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console)
    with ThreadPoolExecutor(1) as pool, shown as progress:
        task = progress.add_task("kills", total=None)
        campaign.note = progress.print
        work = pool.submit(campaign.carry_out, meshes)
        while not wait([work], _LOOK_S).done:
            progress.update(task, completed=campaign.killed, total=campaign.planned or None)
        work.result()


def left_behind(folder: Path) -> list[str]:
    """Processes that became this one's, and files in the temporary folder of all."""
    commands = {child.pid: " ".join(_command(child)) for child in psutil.Process().children(recursive=True)}
    mine = {pid: text for pid, text in commands.items() if text and not any(helper in text for helper in _HELPERS)}
    return [f"process {pid} {text:.150}" for pid, text in mine.items()] + list(map(str, folder.iterdir()))


def _command(process: psutil.Process) -> list[str]:
    """Its command line; empty for one that has ended."""
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def rows(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, ...]]:
    """A line for each fault, then for all."""
    names = sorted({one.plan.fault for one in outcomes})
    for name in [*names, "all"]:
        mine = [one for one in outcomes if name in {one.plan.fault, "all"}]
        kills = [one for one in mine if one.killed]
        repairs = [one.restore_s for one in kills if one.told]
        took = f"{statistics.median(repairs):.1f} s, {max(repairs):.1f} s" if repairs else "-"
        at_points = sum(one.plan.die_at is not None for one in kills)
        differing = sum(bool(one.problems) for one in mine)
        yield name, str(at_points), str(len(kills) - at_points), str(differing), took


def told(outcomes: Sequence[Outcome], left: Sequence[str]) -> None:
    """The table, as the docs have it."""
    table = Table("fault", "at points", "at random", "differences", "restore: median, worst", box=MARKDOWN)
    for row in rows(outcomes):
        table.add_row(*row)
    console.print(table)
    console.print(f"left behind: {'; '.join(left) or 'nothing'}")


def main() -> None:
    """Carry a campaign out and tell of it."""
    options = read_options()
    names = options.fault or possible(options.platform)
    console.print(f"{len(os.sched_getaffinity(0))} cores, {machine.machine()}, Python {machine.python_version()}")
    folder = options.artifacts / time.strftime("%Y%m%dT%H%M%S")
    folder.mkdir(parents=True)
    get_temp_dir()  # multiprocessing's own, which it removes itself, is not among what is looked for
    with tempfile.TemporaryDirectory(prefix="crash-") as temporary:
        os.environ["TMPDIR"] = tempfile.tempdir = temporary
        adopt_orphans()
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["benchmarks.crash_points.breaker"])
        campaign = Campaign(
            options.platform, names, options.kills, options.seed, folder, context, options.points, console.print
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: campaign.stopped.set())
        carried_out(campaign, options.meshes)
        poll(MonotonicClock(), lambda: not left_behind(Path(temporary)), _END_S)  # a kept mesh's keeper ends by itself
        left = left_behind(Path(temporary))
    told(campaign.outcomes, left)
    document = {"options": vars(options), "outcomes": [asdict(one) for one in campaign.outcomes], "left": left}
    (folder / "crash-points.json").write_text(json.dumps(document, indent=1, default=str))
    console.print(f"{folder / 'crash-points.json'}")
    if campaign.stopped.is_set():
        sys.exit(INTERRUPTED)
    sys.exit(1 if left or any(one.problems for one in campaign.outcomes) else 0)


if __name__ == "__main__":
    main()
