"""The runs that Allure draws its trends from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from reports import allure_history
from reports.allure_history import History, Point, added, read, write
from reports.archive import ArchiveError

if TYPE_CHECKING:
    from pathlib import Path


def point(name: str, timestamp_ms: int, **more: object) -> Point:
    return Point(name, timestamp_ms, json.dumps({"name": name, "timestamp": timestamp_ms, **more}))


def names(history: History) -> list[str]:
    return [one.name for one in history.points]


def test_there_is_no_history_before_the_first_run(tmp_path: Path) -> None:
    assert read(tmp_path / "history.jsonl") == History(())


def test_what_is_written_is_read_oldest_first(tmp_path: Path) -> None:
    path = tmp_path / "new" / "history.jsonl"
    write(History((point("late", 2, tests="größer"), point("early", 1))), path)
    assert read(path) == History((point("early", 1), point("late", 2, tests="größer")))


def test_a_run_has_one_point_however_often_its_report_is_made() -> None:
    history = History(()).plus(point("a", 1)).plus(point("b", 2)).plus(point("a", 1, again=True))
    assert names(history) == ["a", "b"]
    assert "again" in history.points[0].line


def test_an_older_run_is_put_in_its_place_and_knows_what_went_before_it_only() -> None:
    history = History(()).plus(point("a", 1)).plus(point("c", 3)).plus(point("b", 2))
    assert names(history) == ["a", "b", "c"]
    assert names(history.before("b", 2)) == ["a"]
    assert names(history.before("c", 3)) == ["a", "b"]


def test_a_year_of_nights_is_kept() -> None:
    history = History(tuple(point(str(i), i) for i in range(allure_history.LIMIT))).plus(point("new", 10**6))
    assert len(history.points) == allure_history.LIMIT
    assert (history.points[0].name, history.points[-1].name) == ("1", "new")


@pytest.mark.parametrize("damage", ["{", "[]", "7", '{"name": "x"}', '{"name": "x", "timestamp": "soon"}', "\0"])
def test_lines_that_are_no_run_are_counted_and_left_out(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text(f"{damage}\n\n{point('a', 1).line}\n")
    assert read(path) == History((point("a", 1),), damaged=1)


def test_what_allure_adds_is_dated_by_the_run(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    write(History((point("a", 1), point("b", 999, kept="yes"))), path)
    found = added(path, "b", 2)
    assert (found.name, found.timestamp_ms) == ("b", 2)
    assert json.loads(found.line) == {"name": "b", "timestamp": 2, "kept": "yes"}
    with pytest.raises(ArchiveError, match="noted no run 'c'"):
        added(path, "c", 3)


def test_a_history_that_cannot_be_read_or_written_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot be read: Is a directory"):
        read(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveError, match="file cannot be made: File exists"):
        write(History(()), tmp_path / "file" / "history.jsonl")
