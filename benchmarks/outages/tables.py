"""What was measured, as Markdown."""

from __future__ import annotations

import os
import platform
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.outages.script import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from benchmarks.outages.accuracy import Accuracy, Row
    from benchmarks.outages.goals import Goal
    from benchmarks.outages.judge import Seen
    from benchmarks.outages.pace import Round

_ERRORS: tuple[Callable[[Seen], int], ...] = (
    lambda seen: seen.start_error_ns,
    lambda seen: seen.end_error_ns,
    lambda seen: seen.length_error_ns,
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine(now: datetime) -> str:
    """On what, and how busy it was."""
    cores = len(os.sched_getaffinity(0))
    before = " ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"Measured on {now:%Y-%m-%d %H:%M} UTC, {platform.system()} {platform.machine()}, {cores} cores, Python "
        f"{platform.python_version()}; load average when it began: {before}."
    )


def of_goals(goals: Iterable[Goal]) -> str:
    """Each goal, and whether it was met."""
    return table(
        ["goal", "measured", "met"], ([goal.text, goal.measured, "yes" if goal.met else "**no**"] for goal in goals)
    )


def of_accuracy(accuracy: Accuracy) -> str:
    """One row a tool and lane."""
    head = ["tool", "found", "missed", "in pieces", "invented", "start", "end", "length", "wrong zone noticed"]
    head += ["samples", "not sent", "CPU a sample", "lag p99, all hang"]
    missing = [[name, f"missing: {why}", *[""] * (len(head) - 2)] for name, why in accuracy.missing.items()]
    return table(head, [*map(_accuracy_row, accuracy.rows), *missing])


def _accuracy_row(row: Row) -> list[str]:
    judged = row.judged
    lag = "-" if judged.lag_p99_ms is None else f"{judged.lag_p99_ms:.2f} ms"
    return [
        judged.name,
        str(len(judged.seen)),
        _missed(row),
        str(sum(seen.pieces > 1 for seen in judged.seen)),
        str(judged.invented),
        *(_error([of(seen) for seen in judged.seen]) for of in _ERRORS),
        f"{judged.away} of {row.away}",
        f"{judged.samples:,}",
        f"{judged.skipped:,}",
        f"{row.cpu_ms:.2f} ms",
        lag,
    ]


def _missed(row: Row) -> str:
    kinds = {kind: sum(one.kind is kind for one in row.judged.missed) for kind in Kind}
    told = ", ".join(f"{count} {kind}" for kind, count in kinds.items() if count)
    return f"{len(row.judged.missed)} ({told})" if told else "0"


def _error(errors_ns: Sequence[int]) -> str:
    """Median and greatest of what is wrong, in ms, whichever way."""
    if not errors_ns:
        return "-"
    sizes = np.abs(errors_ns) / 1e6
    return f"{np.median(sizes):.1f} / {sizes.max():.1f}"


def of_pace(rounds: Iterable[Round]) -> str:
    """One row a tool, rate and state."""
    head = ["rate", "server", "tool", "samples", "not sent", "CPU a sample", "lag p50", "p99", "max, ms"]
    return table(
        head,
        (
            [
                f"{one.rate_hz:,}/s",
                one.state,
                one.tool,
                f"{one.samples:,}",
                f"{one.skipped:,}",
                "-" if one.cpu_ms is None else f"{one.cpu_ms:.2f} ms",
                *(f"{lag:.2f}" for lag in one.lag_ms),
            ]
            for one in rounds
        ),
    )
