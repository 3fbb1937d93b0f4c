"""How often the suite finds something where nothing is broken: experiments without a fault, one after the other.

Each mesh is a new one, brought up for so many repeats of ``scenarios/test_control.py`` (``pytest -m control --repeat``)
on the stand-in; the profiles take turns. Conditions: ``idle``, where this program keeps nothing busy, and ``busy``,
where every core has a process beside it that never waits. A FAIL is a false alarm, and ends with exit code 1. INVALID
and INFRA are none: they say that nothing could be measured, and are not counted among the runs either.

Run: python -m benchmarks.no_false_alarms [--conditions idle busy] [--meshes 6] [--repeats 10]
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from chaos.model import Verdict
from fixtures.run import RUN_FOLDER_VARIABLE
from reports.history.statistics import failure_rate_below
from reports.run import read_run
from reports.worst import MEASURED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from reports.run import Run

ROOT = Path(__file__).parents[1]
PROFILES = ("page", "hardened")
_BUSY = "import os; mine = os.getppid()\nwhile os.getppid() == mine: pass"
"""Never waits, and ends with the process that started it, however that ends."""
console = Console(highlight=False, markup=False, width=120)


@contextmanager
def every_core_busy() -> Iterator[None]:
    """A process for each core, as important as this one, that takes all of it that it can get."""
    with ExitStack() as stack:
        for _ in os.sched_getaffinity(0):
            process = stack.enter_context(subprocess.Popen([sys.executable, "-c", _BUSY]))
            stack.callback(process.kill)
        yield


def controls(profile: str, repeats: int, artifacts: Path) -> Run:
    """So many controls on a new mesh."""
    given = ("-m", "control", "--engine=standin", f"--profile={profile}", f"--repeat={repeats}")
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--artifacts={artifacts}", *given)
    environment = {name: value for name, value in os.environ.items() if name != RUN_FOLDER_VARIABLE}
    artifacts.mkdir(parents=True, exist_ok=True)
    with (artifacts / "pytest.log").open("a") as log:
        subprocess.run(command, check=False, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
    return read_run(artifacts / "latest")


def outcomes(condition: str, options: argparse.Namespace) -> Counter[str]:
    """What the controls of all meshes of a condition came to; each mesh is told as soon as it is known."""
    found: Counter[str] = Counter()
    for number, profile in enumerate(islice(cycle(PROFILES), options.meshes), 1):
        run = controls(profile, options.repeats, options.artifacts / condition)
        of_mesh = Counter(result.verdict.value for result in run.results)
        of_mesh["no result"] = options.repeats - len(run.results)
        found += of_mesh
        told = ", ".join(f"{count} {verdict}" for verdict, count in of_mesh.items() if count)
        console.print(f"{condition}, mesh {number} of {options.meshes} [{profile}], {run.folder}: {told}")
    return found


def verdict_line(condition: str, found: Counter[str], took_s: float) -> str:
    """The counts, and what the rate of false alarms is below."""
    alarms, measured = found[Verdict.FAIL], sum(found[verdict] for verdict in MEASURED)
    counts = ", ".join(f"{found[name]} {name}" for name in (*Verdict, "no result"))
    bound = f"{100 * failure_rate_below(alarms, measured):.3g} % (95 %)"
    return f"{condition}: {counts}: {alarms} false alarms in {measured} runs, rate below {bound}; {took_s / 60:.0f} min"


def main() -> None:
    """Run every condition."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conditions", nargs="+", choices=("idle", "busy"), default=["idle", "busy"])
    parser.add_argument("--meshes", type=int, default=6, help="of each condition")
    parser.add_argument("--repeats", type=int, default=10, help="on each mesh")
    parser.add_argument("--artifacts", type=Path, default=Path("artifacts", "no-false-alarms").absolute())
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is ended, as after Ctrl-C
    console.print(f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}, Python {platform.python_version()}")
    alarms = 0
    for condition in options.conditions:
        began = time.monotonic()
        with every_core_busy() if condition == "busy" else ExitStack():
            found = outcomes(condition, options)
        alarms += found[Verdict.FAIL]
        console.print(verdict_line(condition, found, time.monotonic() - began))
    sys.exit(1 if alarms else 0)


if __name__ == "__main__":
    main()
