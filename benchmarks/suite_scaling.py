"""How the suite scales with xdist workers: the same run with each number of them, one after the other.

For each: wall time, how busy all cores of the machine were meanwhile (whatever kept them so: run nothing else), how
much of the tests' time was the mesh's own and how much the suite's (``reports.walltime``), and what the run came to,
for a run that is INVALID because a machine is too busy has not scaled.

Run: python -m benchmarks.suite_scaling [--workers 1 2 4] [--marker failover] [--artifacts FOLDER] [-- MORE OPTIONS]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from rich.console import Console

from fixtures.run import RUN_FOLDER_VARIABLE
from reports.run import read_run
from reports.walltime import together, wall_times

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.run import Run
    from reports.walltime import WallTime

ROOT = Path(__file__).parents[1]
console = Console(highlight=False, markup=False, width=120)


@dataclass(frozen=True)
class Round:
    """One run with so many workers."""

    workers: int
    wall_s: float
    busy: float
    """Of all cores' time, from 0 to 1."""
    run: Run

    @property
    def time(self) -> WallTime:
        """The tests' times together."""
        return together(wall_times(self.run.about.times, self.run.results))

    @property
    def counts(self) -> str:
        """What it came to."""
        found = Counter(result.verdict.value for result in self.run.results)
        return ", ".join(f"{count} {verdict}" for verdict, count in sorted(found.items()))


def carried_out(workers: int, options: argparse.Namespace) -> Round:
    """The run with so many workers."""
    given = ("-q", "-p", "no:cacheprovider", "-m", options.marker, "-n", str(workers), *options.more)
    command = (sys.executable, "-m", "pytest", f"--artifacts={options.artifacts}", *given)
    environment = {name: value for name, value in os.environ.items() if name != RUN_FOLDER_VARIABLE}
    before, began = _busy_s(), time.monotonic()
    with (options.artifacts / f"pytest-{workers}.log").open("w") as log:
        subprocess.run(command, check=False, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    wall_s = time.monotonic() - began
    busy = (_busy_s() - before) / (wall_s * (psutil.cpu_count() or 1))
    return Round(workers, wall_s, busy, read_run(options.artifacts / "latest"))


def _busy_s() -> float:
    """Since the machine started, of all cores together."""
    times = psutil.cpu_times()
    return float(sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0))


def table(rounds: Sequence[Round]) -> str:
    """The rounds side by side, in Markdown."""
    rows = ["| workers | wall | speedup | CPU | tests' time | ours | verdicts |", "| --- " * 7 + "|"]
    for one in rounds:
        told = (
            f"{one.workers}", f"{one.wall_s:.0f} s", f"{rounds[0].wall_s / one.wall_s:.2f}", f"{one.busy:.0%}",
            f"{one.time.total_s:.0f} s", f"{one.time.share:.1%}", one.counts,
        )  # fmt: skip
        rows.append(f"| {' | '.join(told)} |")
    return "\n".join(rows)


def main() -> None:
    """Carry out every round and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--marker", default="failover")
    parser.add_argument("--artifacts", type=Path, help="default: a temporary folder")
    parser.add_argument("more", nargs="*", help="options for pytest, after --")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mesh-chaos-scaling-") as folder:
        options.artifacts = (options.artifacts or Path(folder)).absolute()
        options.artifacts.mkdir(parents=True, exist_ok=True)
        rounds = []
        for workers in options.workers:
            rounds.append(carried_out(workers, options))
            console.print(f"{workers} workers: {rounds[-1].wall_s:.0f} s, {rounds[-1].counts}")
    console.print(f"\npytest -m {options.marker}, {psutil.cpu_count()} cores\n\n{table(rounds)}", soft_wrap=True)


if __name__ == "__main__":
    main()
