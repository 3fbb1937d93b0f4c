"""What an experiment found, as data: everything a report prints is in here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chaos.model import Interval, Outcome, SeriesKey, Verdict, Zone
from chaos.slo import Availability, Objectives  # noqa: TC001 - archives read the annotations at run time

if TYPE_CHECKING:
    from collections.abc import Iterable


class Expectation(StrEnum):
    """What a fault may do to a vantage."""

    FAILS_OVER = "fails-over"
    """Another zone answers within the objective, and home again after repair."""
    MAY_DIE = "may-die"
    """Not judged while the fault lasts (what it asks is what was deleted); home again after repair."""
    UNTOUCHED = "untouched"
    """No bad sample and none from another zone, at any time."""


@dataclass(frozen=True)
class Segment:
    """A maximal run of samples of one series with the same answer.

    ``answer`` is the answering zone's name, or for bad samples what came instead (``503``, ``REFUSED``, ...).
    """

    answer: str
    outcome: Outcome
    first_due_ns: int
    last_due_ns: int
    samples: int
    away: bool = False
    """Whether a zone other than home answered."""


@dataclass(frozen=True)
class Outage:
    """A maximal run of bad samples by due time.

    ``length``: at least from the first to the last bad sample, at most from the good one
    before to the good one after.
    """

    first_due_ns: int
    last_due_ns: int
    length: Interval
    samples: int


@dataclass(frozen=True)
class Figures:
    """One series' figures. Lengths count from the injection, or from when the target was what it was again."""

    key: SeriesKey
    expectation: Expectation
    samples: int
    bad: int
    away: int
    lost: int
    detect: Interval | None
    """First bad or not-home sample after injection."""
    failover: Interval | None
    """First of k consecutive good samples from another zone."""
    failback: Interval | None
    """First of k consecutive samples from home, the repaired zone among them, with no later away sample."""
    outages: tuple[Outage, ...]
    bad_after_failover: int
    """Bad samples between failover and restoration."""
    faulty_after_failover: int
    """Samples that the faulty zone itself answered between failover and restoration."""
    late_away: int
    """Away samples after home had first answered k times in a row."""
    return_outage: Interval
    """Total outage after restoration began."""
    availability: Availability
    burn_rate: float
    """What was bad of the whole experiment, by the budgeting method, over the allowance (SRE workbook, ch. 5)."""
    budget_cost: tuple[float, float]
    """Share of the objective's error budget that this event's outages used: at least, at most."""
    latency_p50_ms: float
    latency_p99_ms: float
    segments: tuple[Segment, ...]
    blips: tuple[Outage, ...] | None = None
    """Outages that begin after failover while the fault lasts, those half a second apart as one (``timeline.blips``).

    None without a failover, and in results archived before they were counted.
    """
    relapses: tuple[Outage, ...] | None = None
    """The same after home had first answered k times in a row; None where it did not, and in older archives."""
    away_while_faulty: int | None = None
    """Samples that another zone than home answered for certain before the repair began; None in older archives."""

    @property
    def outage_total(self) -> Interval:
        """All outages together."""
        return total(outage.length for outage in self.outages)

    @property
    def outage_longest(self) -> Interval:
        """The longest outage, by its low end then its high end."""
        return max((o.length for o in self.outages), key=lambda i: (i.low_ns, i.high_ns), default=Interval(0, 0))


def total(lengths: Iterable[Interval]) -> Interval:
    """The sum of lengths, as an interval."""
    low = high = 0
    for length in lengths:
        low += length.low_ns
        high += length.high_ns
    return Interval(low, high)


@dataclass(frozen=True)
class Finding:
    """One reason for the verdict."""

    verdict: Verdict
    text: str
    series: SeriesKey | None = None
    claim: str = ""
    """The claim that it breaks; empty for one that concerns the whole experiment."""


@dataclass(frozen=True)
class ProbeHealth:
    """Whether the probe kept its schedule; beyond its bounds the run is INVALID."""

    samples: int
    lost: int
    lag_p99_ms: float
    lag_max_ms: float


@dataclass(frozen=True)
class LogEntry:
    """One line of the log of what was done when."""

    at_ns: int
    phase: str
    text: str


@dataclass(frozen=True)
class Result:
    """One experiment, finished. Moments are monotonic ns; ``started_unix_s`` ties them to the wall clock."""

    scenario: str
    fault: str
    zone: Zone
    profile: str
    platform: str
    engine: str
    claims: tuple[str, ...]
    objectives: Objectives
    verdict: Verdict
    findings: tuple[Finding, ...]
    figures: tuple[Figures, ...]
    injected: Interval | None
    """[request sent, effect confirmed]."""
    restored: Interval | None
    """[first request sent, restoration confirmed]: the fault lasts until its low end."""
    effect: str
    """The proof that the fault was in effect, in words."""
    probe: ProbeHealth | None
    log: tuple[LogEntry, ...]
    started_ns: int
    ended_ns: int
    started_unix_s: float
    artifacts: str
    """The folder with samples, journal and evidence."""
    mended: Interval | None = None
    """[last seen not to be what it was, restoration confirmed]: the way home is counted from it.

    A cluster takes minutes to start. None without a restoration, and in results archived before it was told apart.
    """
