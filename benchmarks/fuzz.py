"""Every parser of the suite against damaged input: how many were tried, read, refused, and how many crashed.

Input is what the suite ships or writes, with bytes and structure damaged (``tests/fuzzing``). A crash is any error but
those that the parser documents, more than 1 s of CPU time for one input, 1 GiB of memory for all, a signal, or no end.
Each parser is tried in a process of its own. What crashes is kept in a folder, and told by parser and error; a seed
tries the same inputs again. Exit code 1 if anything crashed.

Run: python -m benchmarks.fuzz [--seconds 60] [--seed 1] [--only NAME ...]
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.fuzzing.parsers import PARSERS, Parser, tried

ROOT = Path(__file__).parents[1]
LONGEST_S = 1.0
MOST_BYTES = 1 << 30
_STARTS_S = 120.0
"""For a process to import the suite and to end, on a busy machine."""


@dataclass
class Tally:
    """What became of a parser's inputs."""

    parser: str
    inputs: int = 0
    read: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    crashes: dict[str, int] = field(default_factory=dict)
    """How often each, by what was raised where."""


def main() -> int:
    """Try them all, and print the table."""
    given = _arguments()
    if given.inside:
        return _inside(given)
    kept = Path(given.keep or tempfile.mkdtemp(prefix="mesh-chaos-fuzz-"))
    kept.mkdir(parents=True, exist_ok=True)
    names = given.only or [parser.name for parser in PARSERS]
    tallies = [_tried_apart(name, given.seconds / len(names), given.seed, kept) for name in names]
    _show(tallies, given.seed, kept)
    return int(any(tally.crashes for tally in tallies))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="for all parsers together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=[one.name for one in PARSERS], metavar="NAME")
    parser.add_argument("--keep", help="the folder for inputs that crash; default: a new one")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _tried_apart(name: str, seconds: float, seed: int, kept: Path) -> Tally:
    """One parser, in a process of its own: a signal or a hang there is a crash too."""
    command = [sys.executable, "-m", "benchmarks.fuzz", "--inside", "--only", name, "--keep", str(kept)]
    command += ["--seconds", str(seconds), "--seed", str(seed)]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=seconds + _STARTS_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Tally(name, crashes={f"it never ended: {kept / name}": 1})
    if done.returncode:
        return Tally(name, crashes={f"exit code {done.returncode}: {kept / name}\n{done.stderr[-2000:]}": 1})
    return Tally(**json.loads(done.stdout))


def _inside(given: argparse.Namespace) -> int:
    (parser,) = (one for one in PARSERS if one.name == given.only[0])
    folder = Path(given.keep) / parser.name
    folder.mkdir(exist_ok=True)
    tally = _try(parser, folder, given.seconds, random.Random(f"{parser.name} {given.seed}"))  # noqa: S311 - to be repeated
    Console(soft_wrap=True, highlight=False, markup=False).print(json.dumps(asdict(tally)))
    return 0


def _try(parser: Parser, folder: Path, seconds: float, chance: random.Random) -> Tally:
    for content in parser.corpus():
        if not tried(parser, content, folder):
            raise AssertionError(f"{parser.name} refuses what it is shipped with: {content[:200]!r}")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tally, crashes = Tally(parser.name), Counter[str]()
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        content = chance.choice(parser.mutations)(chance.choice(parser.corpus()), chance)
        if crash := _tried(parser, content, folder, tally):
            crashes[crash] += 1
            (folder / f"crash-{len(crashes)}").write_bytes(content)
    used = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    if used > MOST_BYTES:
        crashes[f"used {used >> 20:,} MiB"] += 1
    tally.crashes = dict(crashes)
    return tally


def _tried(parser: Parser, content: bytes, folder: Path, tally: Tally) -> str | None:
    """Try one input; what crashed, where it did."""
    tally.inputs += 1
    began = time.thread_time()
    try:
        if tried(parser, content, folder):
            tally.read += 1
        else:
            tally.refused += 1
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return _where(error)
    took = time.thread_time() - began
    tally.slowest_s = max(tally.slowest_s, took)
    return "took more than 1 s" if took > LONGEST_S else None


def _where(error: BaseException) -> str:
    """The error and the suite's own line that it came through last."""
    trace, last = error.__traceback__, ""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(str(ROOT)) and ".venv" not in file:
            last = f"{os.path.relpath(file, ROOT)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__} at {last}"


def _show(tallies: list[Tally], seed: int, kept: Path) -> None:
    table = Table("parser")
    for name in ("inputs", "read", "refused", "crashed", "slowest, ms"):
        table.add_column(name, justify="right")
    for one in tallies:
        crashed = sum(one.crashes.values())
        table.add_row(
            one.parser, f"{one.inputs:,}", f"{one.read:,}", f"{one.refused:,}", str(crashed),
            f"{1000 * one.slowest_s:.0f}",
        )  # fmt: skip
    console = Console(soft_wrap=True, highlight=False)
    console.print(table)
    inputs, crashes = sum(one.inputs for one in tallies), sum(sum(one.crashes.values()) for one in tallies)
    console.print(f"{inputs:,} inputs, {crashes} crashes; seed {seed}; what crashed is in {kept}", markup=False)
    for one in tallies:
        for what, count in one.crashes.items():
            console.print(f"{one.parser}: {count} x {what}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
