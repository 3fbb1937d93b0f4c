"""One command for all of it; ``--only`` for a part. The exit code is 1 where a goal of ours is not met."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks import analysis_memory
from benchmarks.outages import accuracy, goals, memory, pace, script, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = ("accuracy", "pace", "memory", "analysis")
LENGTHS_S = (0.02, 0.03, 0.05, 0.1, 0.3, 1.0, 3.0, 10.0)
QUICK_S = (0.02, 0.1, 1.0)
DAY = 8_640_000
BEGIN, END = "<!-- measured: python -m benchmarks.outages -->", "<!-- end of what was measured -->"
console = Console(highlight=False, markup=False, width=240)
progress = Console(stderr=True, highlight=False, markup=False)


def main() -> int:
    """Measure what is asked for, and show it."""
    options = parsed()
    began = tables.machine(datetime.now(UTC))
    found: list[goals.Goal] = []
    sections = [section for part in PARTS if part in options.only for section in measured(part, options, found)]
    text = "\n\n".join([began, tables.of_goals(found), *sections])
    console.print(text, soft_wrap=True)
    if options.into:
        put(options.into, text)
    return 0 if all(goal.met for goal in found) else 1


def parsed() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outages", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter outages, shorter rounds: 6 minutes")
    parser.add_argument("--one-by-one", action="store_true", help="play the script anew for each tool")
    parser.add_argument("--seed", type=int, default=1, help="of the script")
    parser.add_argument("--rate", type=int, default=100, help="samples a second of the script's watchers")
    parser.add_argument("--rates", type=int, nargs="+", default=[100, 1000], help="samples a second of the rounds")
    parser.add_argument("--seconds", type=float, help="of each round (default 10)")
    parser.add_argument("--hours", type=float, help="for which the probe's memory is watched (default 0.05)")
    parser.add_argument("--into", type=Path, metavar="FILE", help="write what was measured into this document")
    options = parser.parse_args()
    options.seconds = options.seconds or (4.0 if options.quick else 10.0)
    options.hours = options.hours or (0.02 if options.quick else 0.05)
    return options


def measured(part: str, options: argparse.Namespace, found: list[goals.Goal]) -> Iterator[str]:
    """One part's goals, which go to ``found``, and its table."""
    if part == "accuracy":
        outages = script.drawn(options.seed, QUICK_S if options.quick else LENGTHS_S)
        seen = accuracy.measure(outages, options.rate, one_by_one=options.one_by_one, progress=progress.print)
        found += goals.of_accuracy(seen)
        how = "one by one" if options.one_by_one else "side by side"
        yield (
            f"{len(outages)} outages (seed {options.seed}), {seen.rate_hz} samples/s, {how}; errors in ms, median / "
            f"greatest. The server's slowest edge took {seen.edge_us:.0f} microseconds.\n\n{tables.of_accuracy(seen)}"
        )
    elif part == "pace":
        rounds = list(pace.measure(options.rates, options.seconds, progress.print))
        found += goals.of_pace(rounds)
        yield f"Each tool alone, {options.seconds:g} s a round.\n\n{tables.of_pace(rounds)}"
    elif part == "memory":
        found.append(goals.of_memory(memory.measure(options.hours, options.seed, progress.print)))
    else:
        progress.print(f"analysis: {DAY:,} samples")
        found.append(goals.of_analysis(analysis_memory.measured(DAY)))


def put(file: Path, text: str) -> None:
    """Replace what was measured before in a document.

    Raises:
        ValueError: the document has no place for it.
    """
    before, _, rest = file.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{file} has no lines {BEGIN} and {END}")
    file.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")


if __name__ == "__main__":
    sys.exit(main())
