"""What rules are told of samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from chaos.diagnosis.facts import Answered, spans, tally
from chaos.diagnosis.names import Named, names
from chaos.model import NS_PER_S, Attribution, Lane, Outcome, SeriesKey, Vantage
from chaos.samples import NOBODY, Sample, Schedule, Series, SeriesPlan, write_samples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PERIOD = NS_PER_S // 10
GATEWAY = Vantage("gateway-zone1", "http://gw1/echo", "zone1")
ATTRIBUTION = Attribution({"echo-1": "zone1", "echo-2": "zone2"}, {"node-1": "zone1", "node-2": "zone2"}, {})


def series(answers: Sequence[str]) -> Series:
    """At zone 1's gateway, one answer a tenth of a second: ``1`` and ``2`` are zones, ``x`` is 503, ``t`` a timeout."""
    due = np.arange(len(answers), dtype=np.int64) * PERIOD
    outcomes = {"x": Outcome.HTTP_ERROR, "t": Outcome.TIMEOUT}
    return Series(
        SeriesKey(GATEWAY.name, Lane.FRESH), PERIOD, ("zone1", "zone2"), due, due, due + 1_000_000,
        outcome=np.array([outcomes.get(a, Outcome.OK) for a in answers], np.uint8),
        status=np.array([{"x": 503, "t": 0}.get(a, 200) for a in answers], np.uint16),
        zone=np.array([{"1": 0, "2": 1}.get(a, NOBODY) for a in answers], np.int8),
        home=np.zeros(len(answers), np.int8),
    )  # fmt: skip


def test_a_span_is_counted_by_answer_the_most_frequent_first() -> None:
    told = tally(series("1111xx2t"))
    assert (told.samples, told.home, told.away, told.bad) == (8, 4, 1, 3)
    assert set(told.answers) == {
        Answered("zone1", 4, good=True),
        Answered("503", 2, good=False),
        Answered("zone2", 1, good=True),
        Answered("TIMEOUT", 1, good=False),
    }
    assert [one.answer for one in told.answers][:2] == ["zone1", "503"]
    assert str(tally(series("1x1"))) == "zone1 x2, 503 x1"
    assert told.from_zones("zone2") == 1


@pytest.mark.parametrize(
    ("answers", "absences", "absence", "presence"),
    [
        ("111111", 0, 0.0, 6.0),
        ("1xx1221", 2, 2.0, 1.0),
        ("xx11xx", 0, 0.0, 2.0),
        ("1x1x1x1", 3, 1.0, 1.0),
        ("xxx", 0, 0.0, 0.0),
        ("", 0, 0.0, 0.0),
    ],
)
def test_only_an_absence_between_two_presences_is_one(
    answers: str, absences: int, absence: float, presence: float
) -> None:
    told = tally(series(answers))
    assert (told.absences, told.absence, told.presence) == (absences, absence, presence)


def test_nothing_is_mostly_so_where_there_is_no_sample() -> None:
    assert not tally(series("")).mostly(0)
    assert tally(series("x" * 9 + "1")).mostly(9)
    assert not tally(series("x" * 8 + "11")).mostly(8)


def test_an_experiment_is_cut_at_its_moments() -> None:
    """1 s before it, 3 s of fault of which the proof took 0.5 s, 2 s after it."""
    whole = series("1" * 10 + "x" * 5 + "x" * 10 + "2" * 15 + "1" * 20)
    told = spans(whole, PERIOD * 10, PERIOD * 15, PERIOD * 40)
    assert str(told.before) == "zone1 x10"
    assert str(told.broken) == "zone2 x15, 503 x10"
    assert str(told.last) == "zone2 x15, 503 x5"
    assert str(told.after) == "zone1 x20"
    assert str(told.ending) == "zone1 x20"


def test_without_an_injection_all_of_it_is_before() -> None:
    told = spans(series("1" * 10 + "x" * 25), None, None, None)
    assert told.before.samples == 35
    assert str(told.ending) == "503 x20"
    assert told.broken.samples == told.after.samples == 0


def test_a_series_without_a_sample_has_empty_spans() -> None:
    assert spans(series(""), 0, 1, 2).broken.samples == 0


def file_of(folder: Path, *rows: tuple[int, str, str, int]) -> Path:
    """Samples that name a pod and a node with a status, by position."""
    path = folder / "samples.arrow"
    schedule = Schedule(PERIOD, NS_PER_S, (SeriesPlan(GATEWAY, Lane.FRESH, 0),))
    samples = [
        Sample(0, i * PERIOD, i * PERIOD, i * PERIOD + 5, Outcome.OK if status == 200 else Outcome.HTTP_ERROR,
               status, node, pod)
        for i, pod, node, status in rows
    ]  # fmt: skip
    write_samples(path, schedule, samples)
    return path


def test_names_are_counted_within_the_time_with_the_zones_that_they_stand_for(tmp_path: Path) -> None:
    path = file_of(
        tmp_path,
        (0, "echo-1", "node-1", 200),
        (1, "echo-1", "node-2", 200),
        (2, "echo-1", "node-2", 200),
        (3, "stranger", "node-1", 200),
        (4, "", "", 503),
        (9, "echo-2", "node-2", 200),
    )
    found = names(path, ATTRIBUTION, PERIOD, 9 * PERIOD)
    assert set(found) == {
        Named("gateway-zone1", "echo-1", "zone1", "node-2", "zone2", True, 2),
        Named("gateway-zone1", "stranger", None, "node-1", "zone1", True, 1),
    }


def test_a_file_that_cannot_be_read_names_nobody(tmp_path: Path) -> None:
    (tmp_path / "samples.arrow").write_bytes(b"no Arrow at all")
    assert names(tmp_path / "samples.arrow", ATTRIBUTION, 0, 1) == ()
    assert names(tmp_path / "missing.arrow", ATTRIBUTION, 0, 1) == ()


def test_a_secret_in_a_name_is_not_kept(tmp_path: Path) -> None:
    path = file_of(tmp_path, (0, "http://user:secret@echo-1", "node-1", 200))
    (found,) = names(path, ATTRIBUTION, 0, NS_PER_S)
    assert "secret" not in found.pod
