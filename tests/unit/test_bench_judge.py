"""One judge for every tool: what it makes of samples whose outages are known."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.outages.judge import SLOW_LIMIT_NS, Judged, judge
from benchmarks.outages.script import Happened, Kind
from benchmarks.outages.watched import Watched, scheduled
from chaos.model import Interval

MS = 1_000_000
PERIOD = 10 * MS
END = 10_000 * MS


def outage(start_ms: int, end_ms: int, kind: Kind = Kind.ERROR) -> Happened:
    return Happened(kind, Interval(start_ms * MS, start_ms * MS), Interval(end_ms * MS, end_ms * MS))


def watched(bad: set[int], *, late: dict[int, int] | None = None, took: dict[int, int] | None = None) -> Watched:
    """1,000 samples, 10 ms apart: some bad, some begun late, some that took other than 1 ms (both in ms)."""
    due = np.arange(1000, dtype=np.int64) * PERIOD
    begun = due + np.array([(late or {}).get(i, 0) for i in range(1000)]) * MS
    end = begun + np.array([(took or {}).get(i, 1) for i in range(1000)]) * MS
    ok = np.array([i not in bad for i in range(1000)])
    return Watched("tool", PERIOD, due, begun, end, ok, np.zeros(1000, np.bool_))


def judged(of: Watched, *outages: Happened) -> Judged:
    return judge(of, outages, 0, END)


def test_an_outage_lasts_from_the_first_bad_sample_to_the_next_good_one() -> None:
    (seen,) = judged(watched({10, 11, 12}), outage(95, 125)).seen
    assert (seen.start_ns, seen.end_ns) == (100 * MS, 130 * MS)
    assert (seen.start_error_ns, seen.end_error_ns, seen.length_error_ns) == (5 * MS, 5 * MS, 0)
    assert seen.pieces == 1


def test_a_sample_that_began_before_the_outage_and_was_still_under_way_belongs_to_it() -> None:
    (seen,) = judged(watched({9, 10}, took={9: 8}), outage(96, 109)).seen
    assert seen.start_error_ns == -6 * MS


def test_what_was_not_seen_is_missed_and_what_was_not_there_is_invented() -> None:
    found = judged(watched({50, 51, 900}), outage(495, 515), outage(700, 720))
    assert [seen.outage.start.low_ns for seen in found.seen] == [495 * MS]
    assert [missed.start.low_ns for missed in found.missed] == [700 * MS]
    assert found.invented == 1


def test_pieces_of_one_outage_are_one_that_lasts_from_the_first_to_the_last() -> None:
    (seen,) = judged(watched({10, 11, 13, 14}), outage(95, 145)).seen
    assert (seen.pieces, seen.start_ns, seen.end_ns) == (2, 100 * MS, 150 * MS)


def test_two_outages_that_a_tool_cannot_tell_apart_are_one_found_and_one_missed() -> None:
    found = judged(watched(set(range(10, 40))), outage(100, 150), outage(300, 390))
    assert [seen.outage.start.low_ns for seen in found.seen] == [100 * MS]
    assert len(found.missed) == 1


@pytest.mark.parametrize(("took_ms", "bad"), [(SLOW_LIMIT_NS // MS, False), (SLOW_LIMIT_NS // MS + 1, True)])
def test_an_answer_that_takes_too_long_is_bad(took_ms: int, *, bad: bool) -> None:
    assert len(judged(watched(set(), took={20: took_ms}), outage(195, 210, Kind.SLOW)).seen) == bad


def test_another_zones_answer_is_bad_and_counted() -> None:
    of = watched(set())
    of.away[[30, 31]] = True
    found = judged(of, outage(295, 315, Kind.ZONE))
    assert len(found.seen) == 1
    assert found.away == 2


def test_samples_that_are_not_there_are_skipped() -> None:
    whole = watched(set())
    half = whole.between(0, END // 2)
    assert judged(whole).skipped == 0
    assert judged(half).skipped == 500
    assert judged(half).due == 1000


def test_lag_is_that_of_samples_due_while_nothing_was_answered_for_long() -> None:
    late = dict.fromkeys(range(100, 250), 7) | {900: 500}
    assert judged(watched(set(), late=late), outage(1000, 2500, Kind.HOLE)).lag_p99_ms == pytest.approx(7.0)
    assert judged(watched(set(), late=late), outage(1000, 2500, Kind.ERROR)).lag_p99_ms is None
    assert judged(watched(set(), late=late), outage(1000, 1900, Kind.DEAF)).lag_p99_ms is None


def test_a_schedule_is_laid_through_the_most_punctual_sample() -> None:
    assert scheduled(np.array([103, 110, 125]), 10).tolist() == [100, 110, 120]
    assert scheduled(np.zeros(0, np.int64), 10).tolist() == []
