from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaos.errors import SamplesError
from chaos.model import Attribution, Lane, Outcome, Vantage
from chaos.samples import Sample, SampleLog, SampleWriter, Schedule, SeriesPlan, compact, ended, read_samples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chaos.model import SeriesKey
    from chaos.samples import Series

PERIOD = 1000
SCHEDULE = Schedule(
    PERIOD,
    5000,
    tuple(
        SeriesPlan(Vantage(name, "http://h/", zone), lane, start)
        for start, (name, zone, lane) in enumerate(
            [("load-balancer", None, Lane.FRESH), ("zone1", "zone1", Lane.FRESH), ("zone1", "zone1", Lane.KEEPALIVE)]
        )
    ),
)
ATTRIBUTION = Attribution({"p1": "zone1", "p2": "zone2"}, {"n1": "zone1"}, {"g1": "zone1"})

names = st.sampled_from(["", "p1", "p2", "n1", "g1", "b\u00f6se", "x" * 300])
rows = st.builds(
    lambda series, i, lag, took, outcome, status, node, pod, gateway: Sample(
        series,
        due := SCHEDULE.series[series].start_ns + i * PERIOD,
        due + lag,
        due + lag + took,
        outcome,
        status,
        node,
        pod,
        gateway,
    ),
    st.integers(0, 2),
    st.integers(0, 10**12),
    st.integers(0, 10**10),
    st.integers(0, 10**10),
    st.sampled_from(Outcome),
    st.integers(0, 65535),
    names,
    names,
    names,
)


def _once(content: list[list[Sample]]) -> list[list[Sample]]:
    """Without the further rows of a sample, which make a file a damaged one."""
    first = {(row.series, row.due_ns): id(row) for batch in reversed(content) for row in reversed(batch)}
    return [[row for row in batch if first[row.series, row.due_ns] == id(row)] for batch in content]


batches = st.lists(st.lists(rows, max_size=8), max_size=6).map(_once)


def write(path: Path, content: list[list[Sample]]) -> None:
    with SampleWriter(path, SCHEDULE) as writer:
        for batch in content:
            writer.write(batch)


def stamps(every: Mapping[SeriesKey, Series]) -> list[tuple[int, ...]]:
    return sorted(
        row
        for index, series in enumerate(every.values())
        for row in zip(
            [index] * len(series),
            series.due_ns.tolist(),
            series.sent_ns.tolist(),
            series.done_ns.tolist(),
            series.status.tolist(),
            strict=True,
        )
    )


def expected(content: list[list[Sample]]) -> list[tuple[int, ...]]:
    return sorted((r.series, r.due_ns, r.sent_ns, r.done_ns, r.status) for batch in content for r in batch)


@given(batches)
@settings(max_examples=50, deadline=None)
def test_what_was_written_is_read_also_compacted(content: list[list[Sample]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "samples")
        write(path, content)
        assert stamps(read_samples(path, ATTRIBUTION)) == expected(content)
        compact(path)
        assert stamps(read_samples(path, ATTRIBUTION)) == expected(content)


@given(batches, st.data())
@settings(max_examples=50, deadline=None)
def test_a_log_sees_the_same_however_the_file_grows(content: list[list[Sample]], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, growing = Path(folder, "samples"), Path(folder, "growing")
        write(path, content)
        whole = path.read_bytes()
        growing.touch()
        log, position = SampleLog(growing), 0
        while position < len(whole):
            step = data.draw(st.integers(1, len(whole) - position))
            with growing.open("ab") as file:
                file.write(whole[position : position + step])
            position += step
            log.poll()
        assert stamps(log.whole(ATTRIBUTION)) == expected(content)
        log.close()


def test_a_file_cut_at_any_byte_is_a_prefix_of_its_batches(tmp_path: Path) -> None:
    content = [
        [
            Sample(0, i * PERIOD, i * PERIOD + 1, i * PERIOD + 2, Outcome.OK, 200, "n1", "p1", "g1")
            for i in (2 * b, 2 * b + 1)
        ]
        for b in range(2)
    ]
    path, cut = tmp_path / "samples", tmp_path / "cut"
    write(path, content)
    whole, seen = path.read_bytes(), set()
    for length in range(len(whole) + 1):
        cut.write_bytes(whole[:length])
        got = stamps(read_samples(cut, ATTRIBUTION))
        assert ended(cut) is (length == len(whole))
        assert got in [expected(content[:n]) for n in range(3)]
        seen.add(len(got))
    assert seen == {0, 2, 4}


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_flipped_bytes_are_read_or_refused_and_nothing_else(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "samples")
        write(
            path,
            [
                [Sample(0, i * PERIOD, i * PERIOD + 1, i * PERIOD + 2, Outcome.OK, 200, "n1", "p1", "g1")]
                for i in range(6)
            ],
        )
        content = bytearray(path.read_bytes())
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        path.write_bytes(content)
        with contextlib.suppress(SamplesError):
            read_samples(path, ATTRIBUTION)


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "samples")
        path.write_bytes(content)
        with contextlib.suppress(SamplesError):
            assert read_samples(path, ATTRIBUTION) == {}


@given(st.binary())
def test_any_schedule_is_read_or_refused(text: bytes) -> None:
    with pytest.raises(SamplesError):
        Schedule.loads(text)
