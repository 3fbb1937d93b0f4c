"""The timeline analysis against a brute-force statement of what its words mean."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chaos import slo, timeline
from chaos.model import Interval, Lane, Outcome, SeriesKey
from chaos.samples import NOBODY, Series
from chaos.slo import Objectives

PERIOD = 50
ZONES = ("zone1", "zone2", "zone3")


@dataclass(frozen=True)
class One:
    """A sample in the plainest form."""

    due: int
    done: int
    zone: str | None
    home: str

    @property
    def good(self) -> bool:
        return self.zone is not None

    @property
    def at_home(self) -> bool:
        return self.zone == self.home

    @property
    def away(self) -> bool:
        return self.good and not self.at_home


def samples() -> st.SearchStrategy[list[One]]:
    # runs of equal answers, as a mesh gives them, rather than noise in which no run is ever long
    answer = st.tuples(st.sampled_from([None, *ZONES]), st.sampled_from(["zone1", "zone1", "zone2"]))
    blocks = st.lists(st.tuples(answer, st.integers(1, 6), st.integers(1, 400)), max_size=14)
    return blocks.map(_unroll)


def _unroll(blocks: list[tuple[tuple[str | None, str], int, int]]) -> list[One]:
    flat = [(zone, home, latency) for (zone, home), count, latency in blocks for _ in range(count)]
    return [One(i * PERIOD, i * PERIOD + latency, zone, home) for i, (zone, home, latency) in enumerate(flat)]


def series(of: list[One]) -> Series:
    code = {zone: index for index, zone in enumerate(ZONES)}
    return Series(
        key=SeriesKey("gateway-zone1", Lane.FRESH),
        period_ns=PERIOD,
        zones=ZONES,
        due_ns=np.array([one.due for one in of], np.int64),
        sent_ns=np.array([one.due for one in of], np.int64),
        done_ns=np.array([one.done for one in of], np.int64),
        outcome=np.array([Outcome.OK if one.good else Outcome.HTTP_ERROR for one in of], np.uint8),
        status=np.array([200 if one.good else 503 for one in of], np.uint16),
        zone=np.array([code[one.zone] if one.zone else NOBODY for one in of], np.int8),
        home=np.array([code[one.home] for one in of], np.int8),
    )


moments = st.tuples(st.integers(0, 60 * PERIOD), st.integers(0, 200)).map(lambda m: Interval(m[0], m[0] + m[1]))
lengths = st.integers(1, 5)


def _run_start(of: list[One], start: int, position: int) -> int:
    """Where the run of home samples that holds ``position`` begins, not before ``start``."""
    while position > start and of[position - 1].at_home:
        position -= 1
    return position


def first_affected_position(of: list[One], since: Interval) -> int:
    return next((i for i, one in enumerate(of) if one.done >= since.low_ns), len(of))


@given(samples())
def test_outages_are_the_maximal_runs_of_bad_samples(of: list[One]) -> None:
    expected = []
    for i, one in enumerate(of):
        if one.good or (i and not of[i - 1].good):
            continue
        j = i
        while j + 1 < len(of) and not of[j + 1].good:
            j += 1
        before = of[i - 1].due if i else one.due - PERIOD
        after = of[j + 1].due if j + 1 < len(of) else of[j].due + PERIOD
        expected.append((one.due, of[j].due, j - i + 1, of[j].due - one.due, after - before))

    found = timeline.outages(series(of))

    assert [(o.first_due_ns, o.last_due_ns, o.samples, o.length.low_ns, o.length.high_ns) for o in found] == expected


@given(samples(), st.integers(0, 60 * PERIOD), st.integers(0, 8 * PERIOD), st.data())
def test_blips_are_the_outages_after_a_steady_answer_with_those_close_together_as_one(
    of: list[One], until: int, calm: int, data: st.DataObject
) -> None:
    if not of:
        return
    index = data.draw(st.integers(0, len(of) - 1))
    grouped: list[list[int]] = []
    for i in range(index + 1, len(of)):
        straddles = all(not one.good for one in of[index : i + 1])  # began before, or with, the steady answer
        if of[i].good or straddles:
            continue
        adjacent = grouped and grouped[-1][-1] == i - 1
        if grouped and (adjacent or of[i].due - of[grouped[-1][-1]].due <= calm):
            grouped[-1].append(i)
        else:
            grouped.append([i])
    expected = [(of[g[0]].due, of[g[-1]].due, len(g)) for g in grouped if of[g[0]].due < until]

    found = timeline.blips(series(of), timeline.Found(index, timeline.moment(series(of), index)), until, calm)

    assert [(blip.first_due_ns, blip.last_due_ns, blip.samples) for blip in found] == expected


@given(samples(), moments)
def test_detection_is_the_first_sample_not_at_home_to_end_after_injection(of: list[One], injected: Interval) -> None:
    start = first_affected_position(of, injected)
    expected = next((i for i in range(start, len(of)) if not of[i].at_home), None)

    found = timeline.detect(series(of), injected)

    assert (None if found is None else found.index) == expected


@given(samples(), moments, lengths, st.sampled_from(ZONES))
def test_failover_is_the_first_of_k_good_samples_from_elsewhere(
    of: list[One], injected: Interval, k: int, faulty: str
) -> None:
    """Of the first k; where the k before the injection are such too, of those that go on for k past its proof."""

    def elsewhere(low: int, high: int) -> bool:
        return all(one.good and one.zone != faulty for one in of[low:high])

    def first_run(start: int) -> int | None:
        return next((i for i in range(start, len(of) - k + 1) if elsewhere(i, i + k)), None)

    start = first_affected_position(of, injected)
    expected = first_run(start)
    if start >= k and elsewhere(start - k, start):
        expected = first_run(first_affected_position(of, Interval(injected.high_ns, injected.high_ns)))
        while expected is not None and expected > start and elsewhere(expected - 1, expected):
            expected -= 1

    found = timeline.failover(series(of), injected, {faulty}, k)

    assert (None if found is None else found.index) == expected


@given(samples(), moments, lengths, st.booleans())
def test_a_recovery_is_the_first_good_sample_after_the_last_bad_one(
    of: list[One], injected: Interval, k: int, at_home: bool
) -> None:
    start = first_affected_position(of, injected)
    bad = [i for i in range(start, len(of)) if not (of[i].at_home if at_home else of[i].good)]

    found = timeline.recovery(series(of), injected, k, at_home=at_home)

    if not bad:
        assert found == Interval(0, 0)
    elif bad[-1] + k >= len(of):
        assert found is None
    else:
        assert found == timeline.moment(series(of), bad[-1] + 1).since(injected)


@given(samples(), moments, lengths, st.sets(st.sampled_from(ZONES), min_size=1))
def test_failback_is_final_and_begins_once_every_repaired_zone_has_answered(
    of: list[One], restored: Interval, k: int, repaired: set[str]
) -> None:
    def home_run(start: int) -> int | None:
        """The first position by which all have answered in its run, k before the run's end, each one in the last k."""
        for i in range(start, len(of)):
            if not of[i].at_home:
                continue
            begin = _run_start(of, start, i)
            end = next((j for j in range(i, len(of)) if not of[j].at_home), len(of))
            answered = [one.zone for one in of[begin : i + 1]]
            complete = repaired <= set(answered) and not repaired <= set(answered[:-1])
            last = {one.zone for one in of[max(begin, end - k) : end]}
            if complete and end - i >= k and repaired <= last:
                return i
        return None

    first = home_run(first_affected_position(of, restored))
    strayed = [] if first is None else [i for i in range(first, len(of)) if not of[i].at_home]
    expected = home_run(strayed[-1] + 1) if strayed else first

    found = timeline.failback(series(of), restored, repaired, k)

    assert (None if found.found is None else found.found.index) == expected
    assert (None if found.first is None else found.first.index) == first
    assert found.late_away == sum(of[i].away for i in strayed)


@given(samples())
def test_segments_tell_every_sample_once_and_in_order(of: list[One]) -> None:
    told = [answer for segment in timeline.segments(series(of)) for answer in [segment.answer] * segment.samples]

    assert told == [one.zone or "503" for one in of]


@given(samples())
def test_neighbouring_segments_differ(of: list[One]) -> None:
    found = timeline.segments(series(of))

    assert all((a.answer, a.away) != (b.answer, b.away) for a, b in itertools.pairwise(found))


@given(samples(), st.data())
def test_a_moment_lies_between_the_sample_before_and_the_end_of_the_one_that_saw_it(
    of: list[One], data: st.DataObject
) -> None:
    if not of:
        return
    index = data.draw(st.integers(0, len(of) - 1))
    found = timeline.moment(series(of), index)

    assert found.low_ns == of[max(0, index - 1)].due
    assert found.high_ns >= of[index].done


@given(samples(), st.integers(1, 10 * PERIOD))
def test_availability_counts_samples_slices_and_ratios(of: list[One], slice_ns: int) -> None:
    found = slo.availability(series(of), Objectives(timeslice=slice_ns / 1e9))

    assert found.occurrences == (sum(one.good for one in of) / len(of) if of else 1.0)
    slices: dict[int, list[bool]] = {}
    for one in of:
        slices.setdefault((one.due - of[0].due) // slice_ns, []).append(one.good)
    ratios = [sum(good) / len(good) for good in slices.values()] or [1.0]
    assert np.isclose(found.ratio_timeslices, sum(ratios) / len(ratios))
    assert np.isclose(found.timeslices, sum(ratio >= 0.999 for ratio in ratios) / len(ratios))
