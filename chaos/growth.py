"""Whether something grows: a robust trend through many looks at it, and what of that is too much.

The trend is the median slope through all pairs of looks (Theil and Sen; scipy.stats.theilslopes) with its confidence
interval: one high value, or many, moves it little. What a process fills once and then has (caches, pools, tables) is no
growth, so the first half of each process's life is left out. Something grows if the *whole* interval lies above the
tolerance, and it has risen by more than what it is worth to speak of.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_S_PER_H = 3600
_MIB = 1 << 20
WARM_UP = 0.5
"""Which share of the looks is left out at the beginning."""
FEWEST = 12
"""Looks after the warm-up from which a trend is judged.

Through fewer nearly any slope goes by chance; and pytest's allocator takes a dozen experiments until it has all it
needs (measured: 100 MiB after the first, 119 after the 12th, 119.5 after the 17th).
"""
CONFIDENCE = 0.95


class Quantity(StrEnum):
    """What is looked at."""

    MEMORY = "memory"
    """Bytes that would be free if the process ended (USS), or as near as can be seen."""
    THREADS = "threads"
    DESCRIPTORS = "descriptors"
    FILES = "files"
    BYTES = "bytes in files"


class Owner(StrEnum):
    """Whose it is."""

    OURS = "ours"
    """A process of this suite's own code."""
    MESH = "mesh"
    """A program of somebody else that makes up the mesh: Envoy, kuma-cp."""


@dataclass(frozen=True)
class Tolerance:
    """What is not yet growth."""

    per_hour: float
    """The slope's lower end must be above it."""
    rise: float
    """So must the difference between the last quarter of the judged looks and the first one (medians)."""


TOLERANCES = {
    # What Allure keeps of a test until it ends: 50 KiB an experiment (7 steps, 12 attachments; measured), of which
    # there are 140 an hour; what the probe that runs besides has seen: 1.5 MB an hour.
    (Owner.OURS, Quantity.MEMORY): Tolerance(12 * _MIB, 4 * _MIB),
    # Envoy's and Kuma's statistics and caches follow what was done to the mesh, and each fault is new to some proxy.
    (Owner.MESH, Quantity.MEMORY): Tolerance(64 * _MIB, 16 * _MIB),
    # A thread or a descriptor that is left now and then; pools that are filled for the first time are smaller.
    (Owner.OURS, Quantity.THREADS): Tolerance(2, 2),
    (Owner.OURS, Quantity.DESCRIPTORS): Tolerance(2, 2),
    (Owner.MESH, Quantity.THREADS): Tolerance(2, 2),
    # Connections that proxies keep for later: as many as requests were ever under way at once.
    (Owner.MESH, Quantity.DESCRIPTORS): Tolerance(60, 50),
    (Owner.OURS, Quantity.FILES): Tolerance(2, 2),
    (Owner.OURS, Quantity.BYTES): Tolerance(_MIB, _MIB // 4),
}
"""What is borne, with the reason; everything else grows."""


@dataclass(frozen=True)
class Subject:
    """What is followed: one quantity in one process's life."""

    owner: Owner
    name: str
    """The program."""
    life: str
    """Tells the processes of one program apart, and those that were started again: these begin anew."""
    quantity: Quantity


@dataclass(frozen=True)
class Trend:
    """A line through the looks after the warm-up. Per hour, in what the quantity is counted in."""

    slope: float
    low: float
    """The lower end of the slope's 95 % confidence interval."""
    high: float
    first: float
    """The median of the first quarter of the judged looks."""
    last: float
    """The median of their last quarter."""
    looks: int
    """How many were judged."""
    span_s: float

    @property
    def rise(self) -> float:
        """By how much it has become more while it was judged."""
        return self.last - self.first


def trend(at_s: Sequence[float], values: Sequence[float]) -> Trend | None:
    """The trend of ``values`` over the moments ``at_s`` (seconds); None where there are too few."""
    begin = math.ceil(len(values) * WARM_UP)
    x, y = np.asarray(at_s[begin:], float), np.asarray(values[begin:], float)
    if len(y) < FEWEST or x[-1] <= x[0]:
        return None
    from scipy.stats import theilslopes  # noqa: PLC0415 - takes 1 s, and most runs judge no growth

    slope, _, low, high = (float(one) * _S_PER_H for one in theilslopes(y, x, CONFIDENCE))
    quarter = max(1, len(y) // 4)
    first, last = float(np.median(y[:quarter])), float(np.median(y[-quarter:]))
    return Trend(slope, low, high, first, last, len(y), float(x[-1] - x[0]))


@dataclass(frozen=True)
class Growth:
    """How one subject fared."""

    subject: Subject
    trend: Trend | None
    """None where its life was too short for one."""

    @property
    def grows(self) -> bool:
        """Whether it becomes more for certain, by more than is borne."""
        if self.trend is None:
            return False
        tolerance = TOLERANCES[self.subject.owner, self.subject.quantity]
        return self.trend.low > tolerance.per_hour and self.trend.rise > tolerance.rise


@dataclass(frozen=True)
class Looks:
    """All that was seen of every subject, in 16 bytes a look: what watches for growth must not grow itself."""

    _seen: dict[Subject, tuple[array[float], array[float]]] = field(default_factory=dict)

    def add(self, subject: Subject, at_s: float, value: float) -> None:
        """Keep one look."""
        moments, values = self._seen.setdefault(subject, (array("d"), array("d")))
        moments.append(at_s)
        values.append(value)

    def growths(self) -> tuple[Growth, ...]:
        """How every subject fared, in the order in which they were first seen."""
        return tuple(Growth(subject, trend(*seen)) for subject, seen in self._seen.items())


def worst(growths: Sequence[Growth]) -> Iterator[tuple[Growth, int, int]]:
    """Of each program and quantity the life that grows most, with how many lives were judged, and how many there were.

    Ours first; a life that was too short is shown only where none was longer.
    """
    kinds: dict[tuple[Owner, str, Quantity], list[Growth]] = {}
    for one in growths:
        kinds.setdefault((one.subject.owner, one.subject.name, one.subject.quantity), []).append(one)
    for _, lives in sorted(kinds.items(), key=lambda kind: list(Owner).index(kind[0][0])):
        judged = [one for one in lives if one.trend is not None]
        yield max(judged or lives, key=_badness), len(judged), len(lives)


def _badness(growth: Growth) -> tuple[bool, float]:
    return growth.grows, growth.trend.low if growth.trend else 0.0
