"""Who answered, and for how long: a series' segments condensed to what a person can read.

A load balancer asks its zones in turn, so that its segments are one or two samples long. Such short
segments are told together as one *spell* (``zone1+zone2``). A bad sample is never absorbed: a spell
that holds one names what came instead, and how many there were.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, TypeVar

from chaos.model import NS_PER_S, Outcome
from chaos.result import Expectation
from reports.words import plain, seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chaos.result import Figures, Result, Segment

T = TypeVar("T")
_LONG_NS = NS_PER_S // 2
_LONG_SAMPLES = 10
"""A segment of this length and this many samples is told on its own, whatever comes before or after."""
_CALM_NS = NS_PER_S // 2
"""Bad samples further apart than this belong to different spells."""
_ABSENT_NS = NS_PER_S
_ABSENT_PERIODS = 20
"""A zone that has not answered for this long and this many samples is no longer one of those that answer in turn."""


@dataclass(frozen=True)
class Timed:
    """A segment and when it ends: where the next begins."""

    segment: Segment
    end_ns: int

    @property
    def start_ns(self) -> int:
        """When its first sample was due."""
        return self.segment.first_due_ns

    @property
    def bad(self) -> bool:
        """Whether its requests went wrong."""
        return self.segment.outcome != Outcome.OK

    @property
    def long(self) -> bool:
        """Whether it is told on its own."""
        return self.end_ns - self.start_ns >= _LONG_NS and self.segment.samples >= _LONG_SAMPLES


@dataclass(frozen=True)
class Spell:
    """A stretch of a series in which the same answers came, one alone or several in turn."""

    parts: tuple[Timed, ...]

    @property
    def start_ns(self) -> int:
        """When its first sample was due."""
        return self.parts[0].start_ns

    @property
    def end_ns(self) -> int:
        """When the first sample after it was due."""
        return self.parts[-1].end_ns

    @property
    def samples(self) -> int:
        """How many requests it holds."""
        return sum(part.segment.samples for part in self.parts)

    @property
    def bad(self) -> int:
        """How many of them went wrong."""
        return sum(part.segment.samples for part in self.parts if part.bad)

    @property
    def zones(self) -> dict[str, int]:
        """How many requests each zone answered, by the zone's name."""
        return _counts(part for part in self.parts if not part.bad)

    @property
    def errors(self) -> dict[str, int]:
        """How many times each wrong answer came, by its name."""
        return _counts(part for part in self.parts if part.bad)

    @property
    def name(self) -> str:
        """The answers: zones first, then what came instead."""
        return plain("+".join([*self.zones, *self.errors]))

    def __str__(self) -> str:
        mixed = f" ({self.bad} of {self.samples} bad)" if 0 < self.bad < self.samples else ""
        return f"{self.name} {seconds(self.end_ns - self.start_ns)}{mixed}"


def _counts(parts: Iterable[Timed]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for part in parts:
        counts[part.segment.answer] = counts.get(part.segment.answer, 0) + part.segment.samples
    return dict(sorted(counts.items()))


def timed(segments: Sequence[Segment]) -> tuple[Timed, ...]:
    """Each segment with its end; the last ends one period after its last sample."""
    if not segments:
        return ()
    ends = [segment.first_due_ns for segment in segments[1:]]
    ends.append(segments[-1].last_due_ns + period_ns(segments))
    return tuple(Timed(segment, end) for segment, end in zip(segments, ends, strict=True))


def period_ns(segments: Sequence[Segment]) -> int:
    """The time between two samples, as far as segments tell it; 0 for a single sample."""
    within = ((s.last_due_ns - s.first_due_ns) // (s.samples - 1) for s in segments if s.samples > 1)
    between = (after.first_due_ns - before.last_due_ns for before, after in pairwise(segments))
    return min((length for length in (*within, *between) if length > 0), default=0)


def spells(segments: Sequence[Segment]) -> tuple[Spell, ...]:
    """The segments as spells: in order, without a gap, each segment in exactly one."""
    absent_ns = max(_ABSENT_NS, _ABSENT_PERIODS * period_ns(segments))
    runs = groupby(timed(segments), key=lambda part: part.long)
    found = (Spell(tuple(spell)) for long, run in runs for spell in _split(list(run), absent_ns, long=long))
    return tuple(_joined(found))


def _joined(found: Iterable[Spell]) -> Iterator[Spell]:
    """Neighbours with the same good answers as one: through whichever gateway a zone was reached."""
    for _, alike in groupby(found, key=lambda spell: (spell.bad == 0 and spell.name) or spell):
        yield Spell(tuple(part for spell in alike for part in spell.parts))


def _split(run: list[Timed], absent_ns: int, *, long: bool) -> Iterator[list[Timed]]:
    """Long segments one by one; short ones apart where trouble begins or ends, or other zones take turns."""
    if long:
        yield from ([part] for part in run)
        return
    for troubled, stretch in _alike(run, _troubled(run)):
        if troubled:
            yield stretch
        else:
            yield from (spell for _, spell in _alike(stretch, _turns(stretch, absent_ns)))


def _alike(run: list[Timed], marks: Sequence[T]) -> Iterator[tuple[T, list[Timed]]]:
    """Neighbours with the same mark, together."""
    for mark, pairs in groupby(zip(marks, run, strict=True), key=lambda pair: pair[0]):
        yield mark, [part for _, part in pairs]


def _turns(run: list[Timed], absent_ns: int) -> list[frozenset[str]]:
    """For each short good segment, which zones answer in turn at that time."""
    turns: list[set[str]] = [set() for _ in run]
    for zone in {part.segment.answer for part in run}:
        answered = [index for index, part in enumerate(run) if part.segment.answer == zone]
        for before, after in pairwise([-1, *answered, len(run)]):
            since = run[0].start_ns if before < 0 else run[before].end_ns
            until = run[-1].end_ns if after == len(run) else run[after].start_ns
            for index in range(max(before, 0), min(after + 1, len(run)) if until - since < absent_ns else before + 1):
                turns[index].add(zone)
    return [frozenset(zones) for zones in turns]


def _troubled(run: list[Timed]) -> list[bool]:
    """For each short segment, whether it is bad, or lies in a short calm between two that are."""
    marks = [part.bad for part in run]
    bad = [index for index, mark in enumerate(marks) if mark]
    for before, after in pairwise(bad):
        if run[after].start_ns - run[before].end_ns < _CALM_NS:
            marks[before:after] = [True] * (after - before)
    return marks


def in_words(figures: Figures, most: int = 12) -> list[tuple[str, bool]]:
    """Who answered a series, spell by spell, and whether some of it was bad.

    Of more than ``most`` spells the middle is only counted.
    """
    told = spells(figures.segments)
    if len(told) <= most:
        return [(str(spell), spell.bad > 0) for spell in told]
    first, last = most // 2, len(told) - most + most // 2
    bad = sum(spell.bad for spell in told[first:last])
    middle = f"({last - first} more changes with {bad} bad: see the timeline)"
    ends = [(str(spell), spell.bad > 0) for spell in (*told[:first], *told[last:])]
    return [*ends[:first], (middle, bad > 0), *ends[first:]]


def quiet(figures: Figures) -> bool:
    """Whether nothing happened here: the same good answers from home throughout."""
    troubles = (figures.bad, figures.away, figures.lost, figures.late_away, len(spells(figures.segments)) - 1)
    return figures.samples > 0 and not any(troubles)


def absent(figures: Figures, result: Result) -> tuple[str, ...]:
    """What should have come about in a series and did not, as far as the experiment got."""
    stays = figures.expectation is Expectation.FAILS_OVER and figures.failover is None
    ails = figures.expectation is Expectation.RECOVERS and figures.recovered is None
    strays = figures.expectation is not Expectation.UNTOUCHED and figures.failback is None
    return (
        *(("no failover",) if stays and result.injected else ()),
        *(("not recovered",) if ails and result.injected else ()),
        *(("not home again",) if strays and result.restored else ()),
    )
