"""What an experiment found, as data: everything a report prints is in here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Diagnosis  # noqa: TC001 - archives read the annotations at run time
from chaos.model import Interval, Outcome, SeriesKey, Verdict, Zone
from chaos.slo import Availability, Objectives  # noqa: TC001 - as above

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
    RECOVERS = "recovers"
    """Whoever answers, no bad sample any more within the objective; home again after repair."""
    SERVED = "served"
    """No bad sample at any time, whoever answers; home again after repair."""


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

    ``length``: for how long requests that were sent failed: at least from the first to the last bad sample, at most
    from the good one before to the good one after, each by when it was *sent*. By when they were due, a probe that was
    held up as an outage ended would tell it shorter than it was.
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
    recovered: Interval | None = None
    """From the injection until the last bad sample was over while the fault lasts; None where that was not seen.

    Only where the vantage is to recover; where a replica was lost, another zone's answer is none either.
    """
    away_while_faulty: int | None = None
    """Samples that another zone than home answered for certain before the repair began; None in older archives."""

    @property
    def outage_total(self) -> Interval:
        """All outages together."""
        return total(outage.length for outage in self.outages)

    @property
    def relapsed(self) -> Interval:
        """All outages together that began after home had first answered."""
        return total(outage.length for outage in self.relapses or ())

    @property
    def outage_longest(self) -> Interval:
        """The longest outage; nothing where there was none."""
        return longest(outage.length for outage in self.outages) if self.outages else Interval(0, 0)


def longest(lengths: Iterable[Interval]) -> Interval:
    """The one that may have been longest, by its high end then its low end: that is what has to meet a bound."""
    return max(lengths, key=lambda length: (length.high_ns, length.low_ns))


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
class Phase:
    """One phase of an experiment, in which the mesh does something and is watched."""

    name: str
    begun_ns: int
    ended_ns: int
    certain: bool | None = None
    """Whether it ended because its answer was certain; False where its limit ended it, None where it waits for none."""


@dataclass(frozen=True)
class Injection:
    """One of an experiment's faults, as it was injected."""

    fault: str
    zone: Zone
    moment: Interval | None
    """[request sent, effect confirmed]; None where its effect was never proved."""
    effect: str
    """The proof that it was in effect, in words."""


@dataclass(frozen=True)
class Repeat:
    """Which of so many repeats of an experiment this is, from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number} of {self.of}"


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
    """[request sent, effect confirmed], of the first fault where there are several."""
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
    injections: tuple[Injection, ...] = ()
    """Every fault, in the order in which they were injected; none in results archived before there could be several."""
    repeat: Repeat | None = None
    """None for an experiment that is not repeated."""
    phases: tuple[Phase, ...] = ()
    """Every phase, in the order in which they began; none in results archived before they were timed."""
    diagnosis: Diagnosis | None = None
    """Why the mesh failed; None where it did not, or nothing can be said of it, and in older archives."""
