"""What the probe is meant to do, and whether it did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.outages.pace import HANGING, HEALTHY
from benchmarks.outages.watchers.ours import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from benchmarks.outages.accuracy import Accuracy, Row
    from benchmarks.outages.memory import Memory
    from benchmarks.outages.pace import Round

RATE_HZ = 1000
LAG_P99_MS = 2.0
CPU_MS = 0.5
ANALYSIS_S, ANALYSIS_MB = 10.0, 300.0
GROWTH_MB = 1.0
"""What counts as flat, from the second quarter of the time to the last: the probe has some 75 MB resident."""


@dataclass(frozen=True)
class Goal:
    """One goal, what was measured, and whether that meets it."""

    text: str
    measured: str
    met: bool


def of_accuracy(accuracy: Accuracy) -> Iterator[Goal]:
    """Every outage, at the right time, by every sample."""
    ours = [row for row in accuracy.rows if row.judged.name.startswith(NAME)]
    missed = sum(_long_enough(row, accuracy.rate_hz) for row in ours)
    of = len(ours) * accuracy.outages
    yield Goal("every outage of at least two periods is found, in both lanes", f"{missed} of {of} missed", not missed)
    wrong = [violation for row in ours for violation in row.violations or ()]
    text = (
        "start, end and length of each lie in the interval that the suite gives: one period and the request's own time"
    )
    told = "".join(f"; {one}" for one in wrong[:3])
    yield Goal(text, f"{len(wrong)} of {3 * of} figures exclude the truth{told}", not wrong)
    invented = sum(row.judged.invented for row in ours)
    yield Goal("no outage is invented", str(invented), not invented)
    gone = sum(row.judged.skipped + row.lost for row in ours)
    due = sum(row.judged.due for row in ours)
    yield Goal("no sample is lost or skipped", f"{gone} of {due:,}", not gone)
    away, seen = sum(row.away for row in ours), sum(row.judged.away for row in ours)
    yield Goal("every answer of the wrong zone is noticed", f"{seen} of {away}", seen == away)


def _long_enough(row: Row, rate_hz: int) -> int:
    return sum(one.length_ns >= 2e9 / rate_hz for one in row.judged.missed)


def of_pace(rounds: Sequence[Round]) -> Iterator[Goal]:
    """The rate that one core sustains."""
    ours = [one for one in rounds if one.tool.startswith(NAME) and one.rate_hz == RATE_HZ]
    for state, text in ((HEALTHY, ""), (HANGING, ", while all requests hang to their time limit")):
        these = [one for one in ours if one.state == state]
        if these:
            lag, gone = max(one.lag_ms[1] for one in these), sum(one.skipped for one in these)
            yield Goal(
                f"{RATE_HZ:,} samples/s on one core, 99 % begun within {LAG_P99_MS:g} ms{text}",
                f"{lag:.2f} ms, {gone} skipped",
                lag < LAG_P99_MS and not gone,
            )
    kept = [one.cpu_ms or 0.0 for one in rounds if one.tool == f"{NAME}, keepalive" and one.state == HEALTHY]
    if kept:
        text = f"at most {CPU_MS:g} ms CPU a sample on a kept connection"
        yield Goal(text, f"{max(kept):.2f} ms", max(kept) <= CPU_MS)


def of_memory(memory: Memory) -> Goal:
    """Memory does not grow."""
    grown, (fds, fds_later), (threads, threads_later) = memory.grown_mb, memory.descriptors, memory.threads
    return Goal(
        f"memory is flat (it grows by less than {GROWTH_MB:g} MB), and so are descriptors and threads",
        f"{memory.most_mb:.1f} MB at most, {grown:+.1f} MB from the second to the last quarter of "
        f"{memory.seconds / 60:.0f} min ({memory.samples:,} samples), at most {fds} then {fds_later} descriptors, "
        f"{threads} then {threads_later} threads",
        grown < GROWTH_MB and fds_later <= 2 * fds and threads_later <= threads,
    )


def of_analysis(figures: Mapping[str, float]) -> Goal:
    """A day of samples is analysed in seconds."""
    taken_s, most_mb = figures["all_cpu_s"], figures["peak_mb"]
    return Goal(
        f"a day at 100/s is analysed in less than {ANALYSIS_S:g} s and {ANALYSIS_MB:g} MB",
        f"{figures['samples']:,.0f} samples: {taken_s:.1f} s, {most_mb:.0f} MB",
        taken_s < ANALYSIS_S and most_mb < ANALYSIS_MB,
    )
