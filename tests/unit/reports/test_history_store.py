"""The history's file: every run once, several writers, nothing lost, and nothing of others overwritten."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.model import Verdict
from chaos.slo import BudgetingMethod, Objectives
from fixtures.run import publish_run
from reports import archive
from reports.history import store
from reports.history.record import ANY_ZONE, NEVER, Bounds, Figure, past
from reports.history.store import HistoryError, append, read
from reports.run import About, Failure, Run
from tests.unit.made import largest_file
from tests.unit.reports import samples_of_results as samples

ENVIRONMENT = {"zones": "zone1, zone2", "gateway": "builtin", "probe": "20/s", "mesh-chaos": "0.1.0"}
ABOUT = About(1_000.5, 1, ENVIRONMENT)


def run(name: str = "20261101T000000", about: About = ABOUT, *results: object) -> Run:
    return Run(Path("artifacts", name), about, results or samples.run())  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "history.sqlite"


def test_a_run_is_read_as_it_was_added(file: Path) -> None:
    append(run(), file)
    assert read(file) == (past(run()),)


def test_the_same_run_twice_is_one(file: Path) -> None:
    append(run(), file)
    append(run(), file)
    assert read(file) == (past(run()),)


def test_a_run_whose_folder_was_renamed_is_the_same(file: Path) -> None:
    append(run(), file)
    append(run("kept-for-the-review"), file)
    assert [one.name for one in read(file)] == ["20261101T000000"]


def test_of_a_run_that_has_lost_experiments_meanwhile_the_history_keeps_them(file: Path) -> None:
    append(run(), file)
    append(run("20261101T000000", ABOUT, samples.wrong_port()), file)
    assert len(read(file)[0].experiments) == len(samples.run())


def test_runs_of_one_name_on_two_machines_are_two(file: Path) -> None:
    append(run(), file)
    append(run(about=replace(ABOUT, started_unix_s=1_000.25)), file)
    assert [one.started_unix_s for one in read(file)] == [1_000.25, 1_000.5]


def test_the_file_alone_is_the_whole_history(file: Path) -> None:
    append(run(), file)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_run_that_did_not_end_is_refused_and_makes_no_file(file: Path) -> None:
    with pytest.raises(HistoryError, match=r"20261101T000000 did not end"):
        append(run(about=replace(ABOUT, exit_code=None)), file)
    assert not file.exists()


def test_a_run_in_which_nothing_was_tried_is_not_added(file: Path) -> None:
    append(Run(Path("x"), ABOUT, ()), file)
    assert not file.exists()


def test_a_night_without_a_mesh_is_kept_as_one_that_says_nothing(file: Path) -> None:
    about = replace(ABOUT, failures=(Failure("test_a", Verdict.INFRA, "no mesh"),))
    append(Run(Path("x"), about, ()), file)
    (night,) = read(file)
    assert (night.unmeasured, night.experiments) == (1, ())


@pytest.mark.parametrize("text", ["not SQLite at all" * 100, "SQLite format 3\0" + "x" * 5000])
def test_a_damaged_file_is_refused_by_name_and_left_as_it_is(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_text(text)
    for use in (lambda: append(run(), file), lambda: read(file)):
        with pytest.raises(HistoryError, match=r"history.sqlite is damaged.*move it away"):
            use()
    assert file.read_text() == text


def test_damage_in_the_middle_is_noticed(file: Path) -> None:
    append(run(), file)
    whole = file.read_bytes()
    size = len(whole) // 2
    file.write_bytes(whole[:size] + b"\xff" * 6000 + whole[size + 6000 :])
    with pytest.raises(HistoryError, match="is damaged"):
        append(run("other"), file)


def test_an_entry_that_makes_no_sense_is_named(file: Path) -> None:
    append(run(), file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE experiment SET verdict = 'MAYBE'")
        connection.commit()
    with pytest.raises(HistoryError, match="cannot be understood: 'MAYBE'"):
        read(file)


def test_another_programs_database_is_not_written_to(file: Path) -> None:
    file.parent.mkdir()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE theirs (a)")
        connection.commit()
    before = file.read_bytes()
    with pytest.raises(HistoryError, match="another program's database"):
        append(run(), file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 1")
    with pytest.raises(HistoryError, match="another program's database"):
        append(run(), file)
    assert len(file.read_bytes()) == len(before)


def test_a_newer_programs_history_is_refused(file: Path) -> None:
    append(run(), file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 9")
    before = file.read_bytes()
    with pytest.raises(HistoryError, match=r"newer mesh-chaos \(version 9 .*: upgrade"):
        append(run("other"), file)
    assert file.read_bytes() == before


def test_an_older_programs_history_is_brought_up_to_date(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(run(), file)
    further = ("ALTER TABLE run ADD COLUMN colour TEXT",)
    monkeypatch.setattr(store, "_MIGRATIONS", (*store._MIGRATIONS, further))
    with store._opened(file) as connection:
        assert connection.execute("SELECT colour, count(*) FROM run").fetchone() == (None, 1)
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)


def test_a_migration_that_breaks_changes_nothing(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(run(), file)
    before = file.read_bytes()
    further = ("ALTER TABLE run ADD COLUMN colour TEXT", "nonsense")
    monkeypatch.setattr(store, "_MIGRATIONS", (*store._MIGRATIONS, further))
    with pytest.raises(HistoryError, match="cannot be used"):
        append(run("other"), file)
    assert file.read_bytes() == before


def _add(file: Path, number: int) -> None:
    append(run(f"run-{number}", replace(ABOUT, started_unix_s=float(number))), file)


def test_runs_that_end_at_once_wait_for_each_other(file: Path) -> None:
    spawn = multiprocessing.get_context("fork")
    processes = [spawn.Process(target=_add, args=(file, number)) for number in range(6)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 6
    assert [one.name for one in read(file)] == [f"run-{number}" for number in range(6)]


def test_a_file_that_is_in_use_for_too_long_is_one_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    append(run(), file)
    monkeypatch.setattr(store, "WAIT_S", 0.05)
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        with pytest.raises(HistoryError, match=r"was in use by other processes for 0.05 s"):
            append(run("other"), file)


def test_a_full_disk_loses_nothing_that_was_there(file: Path) -> None:
    append(run(), file)
    before = read(file)
    many = [replace(samples.smooth(), scenario=f"further-{number}") for number in range(200)]
    with largest_file(file.stat().st_size), pytest.raises(HistoryError, match=r"history\.sqlite cannot be used"):
        append(run("other", ABOUT, *many), file)
    assert read(file) == before


def test_what_was_never_kept_is_said(file: Path) -> None:
    with pytest.raises(HistoryError, match="there is no history yet"):
        read(file)
    assert not file.parent.exists()
    with pytest.raises(HistoryError, match=r"is a folder: give the file in it, as .*history\.sqlite"):
        read(file.parent.parent)


def test_an_empty_file_is_no_history_until_a_run_is_added(file: Path) -> None:
    file.parent.mkdir()
    file.touch()
    with pytest.raises(HistoryError, match="there is no history yet"):
        read(file)
    assert file.stat().st_size == 0
    append(run(), file)
    assert read(file) == (past(run()),)


def test_a_history_without_a_run_is_none_yet(file: Path) -> None:
    append(run(), file)
    with sqlite3.connect(file) as connection:
        for table in ("series", "experiment", "run"):
            connection.execute(f"DELETE FROM {table}")
    with pytest.raises(HistoryError, match="there is no history yet"):
        read(file)


def test_the_end_of_a_run_adds_it_and_a_broken_history_hides_nothing(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "20261101T000000"
    archive.write(samples.delete_deployment(), folder / "experiment")
    page = f"report: {folder / 'report.html'}"
    assert list(publish_run(folder, ABOUT, file)) == [page]
    assert [night.name for night in read(file)] == ["20261101T000000"]

    file.write_text("damaged" * 99)
    (*_, told) = publish_run(folder, ABOUT, file)
    assert told.startswith(f"the run is not in the history: {file} is damaged")

    monkeypatch.setattr("fixtures.run.append", lambda *_: 1 / 0)
    (*_, told) = publish_run(folder, ABOUT, file)
    assert told == "the run is not in the history (ZeroDivisionError: division by zero): please report this"


def test_what_is_compared_is_told_apart_by_all_that_decides_what_can_be_measured() -> None:
    (usual,) = past(run("a", ABOUT, samples.smooth())).experiments
    changes = (
        (ABOUT, samples.smooth(zone="zone2")),
        (ABOUT, samples.smooth(profile="page")),
        (ABOUT, samples.smooth(engine="Kuma 2.13.10")),
        (ABOUT, samples.smooth(platform="kind")),
        (ABOUT, samples.smooth(scenario="walkthrough-4")),
        (ABOUT, samples.smooth(objectives=Objectives(failover=10))),
        (ABOUT, samples.smooth(objectives=Objectives(method=BudgetingMethod.TIMESLICES))),
        (replace(ABOUT, environment={**ENVIRONMENT, "zones": "a, b, c"}), samples.smooth()),
        (replace(ABOUT, environment={**ENVIRONMENT, "probe": "10/s"}), samples.smooth()),
    )
    subjects = [past(run("a", about, result)).experiments[0].subject for about, result in changes]
    assert len({usual.subject, *subjects}) == 1 + len(changes)
    same = past(run("b", ABOUT, samples.smooth(objectives=Objectives(target=99)))).experiments[0].subject
    assert same == usual.subject, "the target changes what a figure is worth, not the figure"


@pytest.mark.parametrize(
    ("engine", "other"),
    [
        ("Kuma 2.13.10, Envoy 1.40.0", "Kuma 2.14.0, Envoy 1.41.0"),
        ("Kong Mesh 2.9.1, Kubernetes v1.36.0", "Kong Mesh 2.10, Kubernetes v1.37.0"),
        ("standin 0.1.0, Envoy 1.40.0", "standin 0.2.0, Envoy 1.40.0"),
    ],
)
def test_an_engine_is_the_same_whatever_its_version(engine: str, other: str) -> None:
    subjects = [past(run("a", ABOUT, samples.smooth(engine=one))).experiments[0].subject for one in (engine, other)]
    assert subjects[0] != subjects[1]
    assert subjects[0].of_any_version() == subjects[1].of_any_version()


def test_a_subject_is_called_as_in_every_report() -> None:
    results = (
        samples.smooth(),
        samples.smooth(scenario="walkthrough-4"),
        samples.result(fault="none", zone="", scenario="test_nothing_is_found"),
    )
    titles = [one.subject.title for one in past(run("a", ABOUT, *results)).experiments]
    assert titles == [
        "delete-deployment zone1 [hardened]",
        "delete-deployment zone1 [hardened] in walkthrough-4",
        "nothing is found [page]",
    ]
    assert past(run("a", ABOUT, results[2])).experiments[0].subject.zone == ANY_ZONE


def test_what_never_came_is_longer_than_anything_and_its_outage_known_from_below_only() -> None:
    gateway = past(run("a", ABOUT, samples.wrong_port())).experiments[0].series[0]
    assert gateway.value(Figure.FAILOVER) == NEVER
    longest = gateway.value(Figure.LONGEST)
    assert longest is not None
    assert longest.low_s > 12
    assert longest.high_s == NEVER.high_s
    assert gateway.budget_time() == Bounds(gateway.spent.low_s, NEVER.high_s)


def test_the_outage_of_what_the_fault_took_away_says_nothing() -> None:
    gateway = past(run("a", ABOUT, samples.delete_gateway())).experiments[0].series[0]
    assert gateway.key.vantage == "gateway-zone1"
    assert (gateway.value(Figure.FAILOVER), gateway.value(Figure.LONGEST), gateway.budget_time()) == (None,) * 3
    assert gateway.value(Figure.FAILBACK) is not None


def test_where_nothing_may_happen_there_is_no_failover_to_compare() -> None:
    other = past(run("a", ABOUT, samples.smooth())).experiments[0].series[2]
    assert other.key.vantage == "gateway-zone2"
    assert (other.value(Figure.FAILOVER), other.value(Figure.FAILBACK)) == (None, None)
    assert other.value(Figure.TOTAL) == Bounds(0, 0)
