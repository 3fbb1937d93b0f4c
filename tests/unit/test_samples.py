from __future__ import annotations

import json
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pytest

from chaos.errors import SamplesError
from chaos.model import Attribution, Lane, Outcome, SeriesKey, Vantage
from chaos.samples import (
    NOBODY,
    Sample,
    SampleLog,
    SampleWriter,
    Schedule,
    Series,
    SeriesPlan,
    compact,
    ended,
    read_samples,
    write_samples,
)
from chaos.samples.file import COLUMNS, METADATA_KEY

PERIOD = 1000
LB = SeriesKey("load-balancer", Lane.FRESH)
ZONE2 = SeriesKey("zone2", Lane.KEEPALIVE)
SCHEDULE = Schedule(
    PERIOD,
    5000,
    (
        SeriesPlan(Vantage("load-balancer", "http://lb/echo"), Lane.FRESH, 100),
        SeriesPlan(Vantage("zone2", "http://gw2/echo", "zone2"), Lane.KEEPALIVE, 600),
    ),
)
ATTRIBUTION = Attribution(
    pods={"echo-1": "zone1", "echo-2": "zone2"},
    nodes={"node-1": "zone1", "node-2": "zone2"},
    gateways={"gw-1": "zone1", "gw-2": "zone2"},
)


def row(i: int, series: int = 0, outcome: Outcome = Outcome.OK, zone: int = 1, **more: object) -> Sample:
    due = SCHEDULE.series[series].start_ns + i * PERIOD
    names = {"node": f"node-{zone}", "pod": f"echo-{zone}", "gateway": "gw-1"} if outcome is Outcome.OK else {}
    status = 200 if outcome is Outcome.OK else 0
    fields = {"series": series, "due_ns": due, "sent_ns": due + 3, "done_ns": due + 9, "status": status}
    return Sample(**{**fields, **names, "outcome": outcome, **more})  # type: ignore[arg-type]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "samples.arrow"


def test_columns_come_back(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(0), row(1, outcome=Outcome.REFUSED), row(0, 1, zone=2), row(1, 1, zone=1)])
    every = read_samples(path, ATTRIBUTION)
    lb, zone2 = every[LB], every[ZONE2]
    assert lb.zones == ("zone1", "zone2")
    assert lb.due_ns.tolist() == [100, 1100]
    assert (lb.sent_ns - lb.due_ns).tolist() == [3, 3]
    assert (lb.done_ns - lb.due_ns).tolist() == [9, 9]
    assert lb.outcome.tolist() == [Outcome.OK, Outcome.REFUSED]
    assert lb.status.tolist() == [200, 0]
    assert lb.zone.tolist() == [0, NOBODY]
    assert lb.good.tolist() == [True, False]
    assert lb.at_home.tolist() == [True, False]
    assert zone2.home.tolist() == [1, 1]
    assert zone2.away.tolist() == [False, True]
    assert zone2.answered_by("zone1").tolist() == [False, True]
    assert zone2.answered_by("zone3").tolist() == [False, False]


def test_rows_are_sorted_by_due_time(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(2), row(0), row(1)])
    assert read_samples(path, ATTRIBUTION)[LB].due_ns.tolist() == [100, 1100, 2100]


def test_slices_are_by_due_time(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(i) for i in range(10)])
    lb = read_samples(path, ATTRIBUTION)[LB]
    assert lb.between(1100, 3100).due_ns.tolist() == [1100, 2100]
    assert lb[2:4].done_ns.tolist() == [2109, 3109]
    assert lb[2:4].zones == lb.zones


def test_losses_are_counted_and_a_growing_series_ends_before_its_first_gap(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(0), row(1), row(4), row(0, 1, zone=2)])
    log = SampleLog(path)
    log.poll()
    assert len(log.series(ATTRIBUTION)[LB]) == 2
    assert log.series(ATTRIBUTION)[LB].lost == 0
    whole = log.whole(ATTRIBUTION)
    assert (len(whole[LB]), whole[LB].lost) == (3, 2)
    assert whole[ZONE2].lost == 0


@pytest.mark.parametrize(
    "names",
    [
        {"pod": "echo-9"},
        {"pod": ""},
        {"node": "node-2"},
        {"node": ""},
        {"gateway": "gw-9"},
        {"gateway": ""},
    ],
)
def test_an_answer_that_names_nobody_known_or_contradicts_itself_is_bad(path: Path, names: dict[str, Any]) -> None:
    write_samples(path, SCHEDULE, [replace(row(0), **names)])
    lb = read_samples(path, ATTRIBUTION)[LB]
    assert lb.outcome.tolist() == [Outcome.BAD_ANSWER]
    assert lb.zone.tolist() == [NOBODY]


def test_without_known_nodes_the_pod_decides(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(0, node="")])
    known = Attribution(ATTRIBUTION.pods, {}, ATTRIBUTION.gateways)
    assert read_samples(path, known)[LB].at_home.tolist() == [True]


def test_with_a_load_balancer_that_does_not_say_who_served_any_zone_is_home(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(0, gateway=""), row(1, zone=2, gateway="")])
    known = Attribution(ATTRIBUTION.pods, ATTRIBUTION.nodes, {})
    assert read_samples(path, known)[LB].at_home.tolist() == [True, True]


def test_a_zone_without_any_pod_is_a_zone_all_the_same(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(0), row(0, 1)])
    known = Attribution({"echo-1": "zone1"}, {"node-1": "zone1"}, {"gw-1": "zone1", "gw-3": "zone3"})
    every = read_samples(path, known)
    assert every[LB].zones == ("zone1", "zone2", "zone3")
    assert every[ZONE2].away.tolist() == [True]


def test_a_log_follows_a_growing_file(path: Path) -> None:
    with SampleWriter(path, SCHEDULE) as writer:
        log = SampleLog(path)
        log.poll()
        assert log.schedule == SCHEDULE
        assert len(log.series(ATTRIBUTION)[LB]) == 0
        for i in range(5):
            writer.write([row(2 * i), row(2 * i + 1)])
            log.poll()
            assert len(log.series(ATTRIBUTION)[LB]) == 2 * (i + 1)
    log.poll()
    assert log.series(ATTRIBUTION)[LB].due_ns.tolist() == [100 + i * PERIOD for i in range(10)]
    log.close()
    log.poll()
    assert len(log.whole(ATTRIBUTION)[LB]) == 10


def test_a_log_of_an_empty_file_waits(path: Path) -> None:
    path.touch()
    log = SampleLog(path)
    log.poll()
    assert log.schedule is None
    assert log.series(ATTRIBUTION) == {}


def test_an_empty_batch_is_nothing(path: Path) -> None:
    write_samples(path, SCHEDULE, [])
    assert len(read_samples(path, ATTRIBUTION)[LB]) == 0


def test_only_its_user_may_read_a_file(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(0)])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    compact(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_compacting_keeps_every_row_in_less_space_and_disturbs_no_reader(path: Path) -> None:
    with SampleWriter(path, SCHEDULE) as writer:
        log = SampleLog(path)
        for i in range(300):
            writer.write([row(i), row(i, 1)])
    log.poll()
    before, long = path.stat().st_size, read_samples(path, ATTRIBUTION)
    compact(path)
    assert path.stat().st_size < before / 5
    short = read_samples(path, ATTRIBUTION)
    log.poll()
    for key, series in log.whole(ATTRIBUTION).items():
        for column in ("due_ns", "sent_ns", "done_ns", "outcome", "status", "zone", "home"):
            assert np.array_equal(getattr(long[key], column), getattr(short[key], column))
            assert np.array_equal(getattr(long[key], column), getattr(series, column))
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_compacting_makes_batches_of_bounded_size(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaos.samples.file._BIG_BATCH", 10)
    with SampleWriter(path, SCHEDULE) as writer:
        for i in range(25):
            writer.write([row(i)])
    compact(path)
    assert [len(batch) for batch in pa.ipc.open_stream(path)] == [10, 10, 5]


def test_where_there_is_no_room_to_compact_the_file_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_samples(path, SCHEDULE, [row(0)])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("chaos.samples.file._rewrite", full)
    compact(path)
    assert len(read_samples(path, ATTRIBUTION)[LB]) == 1
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_any_arrow_reader_opens_it(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(0)])
    table = pa.ipc.open_stream(path).read_all()
    assert table.column_names[:3] == ["series", "due_ns", "sent_ns"]
    assert table["pod"].to_pylist() == ["echo-1"]


@pytest.mark.parametrize("where", ["/dev/full", "/no/such/folder/samples", "/"])
def test_a_file_that_cannot_be_written_is_one_clear_line(where: str) -> None:
    with pytest.raises(SamplesError, match=rf"cannot be written to {where}: [A-Z].*free the disk or choose"):
        SampleWriter(Path(where), SCHEDULE).write([row(0)])


FILL = """
import resource, sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from tests.unit.test_samples import SCHEDULE, SamplesError, SampleWriter, row
former = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (9000, former[1]))
writer = SampleWriter(Path(sys.argv[1]), SCHEDULE)
for i in range(1000):
    try:
        writer.write([row(i)])
    except SamplesError as error:
        print(i, error, sep="|")
        break
resource.setrlimit(resource.RLIMIT_FSIZE, former)
"""


def test_a_disk_that_fills_up_leaves_what_was_written_before(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path), str(Path(__file__).parents[2])],
        capture_output=True,
        text=True,
        check=True,
    )
    count, _, message = done.stdout.partition("|")
    assert "File too large" in message
    assert done.stderr == ""
    assert len(read_samples(path, ATTRIBUTION)[LB]) == int(count) > 0


def test_what_is_no_sample_file_is_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(SamplesError, match="No such file"):
        SampleLog(tmp_path / "missing")
    path.write_bytes(b"due,sent,done\n")
    with pytest.raises(SamplesError, match="no Arrow stream"):
        read_samples(path, ATTRIBUTION)
    with pa.ipc.new_stream(str(path), pa.schema([("x", pa.int8())])):
        pass
    with pytest.raises(SamplesError, match="columns are others"):
        read_samples(path, ATTRIBUTION)


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        (b'{"version": 99}', "version 99, this program reads 1: read it with the release that wrote it"),
        (b"{}", "cannot be understood"),
        (b"[", "cannot be understood"),
    ],
)
def test_a_schedule_that_is_none_is_refused(metadata: bytes, reason: str) -> None:
    with pytest.raises(SamplesError, match=reason):
        Schedule.loads(metadata)


def test_a_schedule_comes_back() -> None:
    assert Schedule.loads(SCHEDULE.dumps()) == SCHEDULE


@pytest.mark.parametrize(
    ("wrong", "how"),
    [
        ({"series": 99}, "no known series or outcome"),
        ({"outcome": 99}, "no known series or outcome"),
        ({"due_ns": 101}, "never due"),
        ({"due_ns": 100 - PERIOD}, "never due"),
        ({"sent_ns": 99}, "sent before they were due"),
        ({"done_ns": 102}, "ended before they were sent"),
        ({"due_ns": -(2**63)}, "never due"),
        ({"sent_ns": -(2**63)}, "sent before they were due"),
    ],
)
def test_rows_that_cannot_be_are_damage(path: Path, wrong: dict[str, int], how: str) -> None:
    write_samples(path, SCHEDULE, [row(1), Sample(**{**vars(row(0)), **wrong})])
    with pytest.raises(SamplesError, match=f"is damaged: it has .*{how}"):
        read_samples(path, ATTRIBUTION)


def test_a_sample_with_two_rows_is_damage_for_it_would_hide_a_lost_one(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(0), row(1), row(1), row(3)])
    with pytest.raises(SamplesError, match="is damaged: a sample has two rows"):
        read_samples(path, ATTRIBUTION)


def test_a_file_that_was_closed_is_told_from_one_whose_writer_was_killed(path: Path) -> None:
    with SampleWriter(path, SCHEDULE) as writer:
        writer.write([row(0)])
        assert not ended(path)
        assert len(read_samples(path, ATTRIBUTION)[LB]) == 1
    assert ended(path)
    compact(path)
    assert ended(path)


def test_what_follows_the_end_is_damage(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(0)])
    path.write_bytes(path.read_bytes() * 2)
    with pytest.raises(SamplesError, match="is damaged: it goes on after its end"):
        read_samples(path, ATTRIBUTION)


@pytest.mark.parametrize("closed", [True, False])
def test_a_run_that_ended_before_its_first_sample_has_series_without_any(path: Path, *, closed: bool) -> None:
    writer = SampleWriter(path, SCHEDULE)
    if closed:
        writer.close()
    assert {key: (len(series), series.lost) for key, series in read_samples(path, ATTRIBUTION).items()} == {
        LB: (0, 0),
        ZONE2: (0, 0),
    }
    assert ended(path) is closed


def test_an_empty_file_holds_nothing_and_was_not_closed(path: Path) -> None:
    path.touch()
    assert read_samples(path, ATTRIBUTION) == {}
    assert not ended(path)


@pytest.mark.parametrize("columns", [[], [("zone", pa.int8())]], ids=["the same columns", "a further column"])
@pytest.mark.parametrize("version", [0, 2, "1.5"])
def test_a_file_of_another_version_is_refused_with_the_version_named(
    path: Path, version: object, columns: list[tuple[str, Any]]
) -> None:
    text = SCHEDULE.dumps().replace(b'"version": 1', json.dumps({"version": version}).encode()[1:-1])
    with pa.ipc.new_stream(str(path), pa.schema([*COLUMNS, *columns], metadata={METADATA_KEY: text})):
        pass
    with pytest.raises(
        SamplesError, match=f"{path} cannot be read: its sample format is version {version}, this .* 1:"
    ):
        read_samples(path, ATTRIBUTION)


def test_a_file_that_goes_on_in_another_version_is_refused(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(0)])
    first = path.read_bytes().removesuffix(b"\xff\xff\xff\xff\0\0\0\0")
    write_samples(path, SCHEDULE, [row(1)])
    path.write_bytes(first + path.read_bytes())
    with pytest.raises(SamplesError, match="is damaged: it holds a schema out of place"):
        read_samples(path, ATTRIBUTION)


@pytest.mark.parametrize("field", ["period_ns", "timeout_ns"])
@pytest.mark.parametrize("value", ["0.5", '"1"', "-1", str(2**63)])
def test_a_schedule_of_impossible_times_is_refused(field: str, value: str) -> None:
    text = SCHEDULE.dumps().decode().replace(f'"{field}": {getattr(SCHEDULE, field)}', f'"{field}": {value}')
    with pytest.raises(SamplesError, match="cannot be understood"):
        Schedule.loads(text.encode())


LONG = 10**12
"""More nanoseconds than four bytes hold."""


def test_moments_are_exact_however_far_apart(path: Path) -> None:
    late = replace(row(1), sent_ns=1100 + LONG, done_ns=1100 + 3 * LONG + 1)
    write_samples(path, SCHEDULE, [row(0), late, row(LONG)])
    lb = read_samples(path, ATTRIBUTION)[LB]
    assert lb.due_ns.tolist() == [100, 1100, 100 + LONG * PERIOD]
    assert lb.sent_ns.tolist() == [103, 1100 + LONG, 103 + LONG * PERIOD]
    assert lb.done_ns.tolist() == [109, 1101 + 3 * LONG, 109 + LONG * PERIOD]
    assert lb.lag_ns.tolist() == [3, LONG, 3]
    assert lb.lost == LONG - 2


def test_a_series_keeps_its_moments_through_slices_and_changes(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(i) for i in (0, 1, 2, 5, 7)])
    lb = read_samples(path, ATTRIBUTION)[LB]
    part = lb[1:4][::2]
    assert part.due_ns.tolist() == [1100, 5100]
    assert (lb.due_ns[0], part.sent_ns.tolist(), lb.done_ns[4]) == (100, [1103, 5103], 7109)
    moved = replace(part, done_ns=part.done_ns + LONG)
    assert (moved.sent_ns.tolist(), moved.done_ns.tolist()) == ([1103, 5103], [1109 + LONG, 5109 + LONG])
    assert len(lb[5:]) == 0


def test_a_series_off_any_schedule_is_exact_too() -> None:
    due = np.array([5, 17, 1017, LONG], np.int64)
    series = Series(
        LB, PERIOD, ("zone1",), due, due - 3, due + LONG,
        outcome=np.zeros(4, np.uint8), status=np.zeros(4, np.uint16),
        zone=np.zeros(4, np.int8), home=np.zeros(4, np.int8),
    )  # fmt: skip
    assert series.due_ns.tolist() == due.tolist()
    assert series.sent_ns.tolist() == (due - 3).tolist()
    assert series.done_ns.tolist() == (due + LONG).tolist()


def test_a_sample_takes_thirteen_bytes_of_memory(path: Path) -> None:
    write_samples(path, SCHEDULE, [row(i) for i in range(1000)])
    held = vars(read_samples(path, ATTRIBUTION)[LB])
    assert isinstance(held["due_ns"].steps, range)
    columns = [held["sent_ns"].by, held["done_ns"].by, *(held[name] for name in ("outcome", "status", "zone", "home"))]
    assert sum(column.nbytes for column in columns) == 13 * 1000


def test_many_batches_are_sorted_by_series_now_and_then(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaos.samples.log._MANY", 7)
    with SampleWriter(path, SCHEDULE) as writer:
        for i in range(0, 30, 2):
            writer.write([row(i + 1), row(i, 1, zone=2), row(i)])
    log = SampleLog(path)
    for _ in range(2):
        log.poll()
        assert log.whole(ATTRIBUTION)[LB].due_ns.tolist() == [100 + i * PERIOD for i in range(30)]
        assert log.whole(ATTRIBUTION)[ZONE2].due_ns.tolist() == [600 + i * PERIOD for i in range(0, 30, 2)]
    assert len(log.whole(ATTRIBUTION, keep=False)[LB]) == 30
    assert len(log.whole(ATTRIBUTION)[LB]) == 0


def test_a_batch_of_nothing_but_different_names_is_read_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaos.samples.answers._MOST", 1000)
    names = [{"pod": f"echo-{i}", "node": f"node-{i}", "gateway": f"gw-{i}"} for i in range(100)]
    write_samples(path, SCHEDULE, [replace(row(i), **name, status=i) for i, name in enumerate(names)])  # type: ignore[arg-type]
    lb = read_samples(path, ATTRIBUTION)[LB]
    assert lb.status.tolist() == list(range(100))
    assert lb.zone.tolist() == [NOBODY, 0, 1, *[NOBODY] * 97]


def test_a_large_file_is_read_in_slices(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SampleWriter(path, SCHEDULE) as writer:
        for i in range(50):
            writer.write([row(i)])
    monkeypatch.setattr("chaos.samples.file._SLICE", 100)  # less than any message
    assert len(read_samples(path, ATTRIBUTION)[LB]) == 50
