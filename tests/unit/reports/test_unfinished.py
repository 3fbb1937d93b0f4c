"""What is said of an experiment that left no result, where its journal does not say it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.journal import Header, Journal, Step
from reports.unfinished import unfinished

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("damaged", [False, True])
def test_a_journal_that_cannot_be_read_does_not_mean_that_nothing_is_left(tmp_path: Path, *, damaged: bool) -> None:
    path = tmp_path / "journal.jsonl"
    journal = Journal(path, Header("kind", {}, "delete-cluster", "zone1", 0.0, version=1 if damaged else 9))
    journal.step(Step.INJECTING)
    journal.close()
    if damaged:
        path.write_bytes(b"0" + path.read_bytes()[1:].replace(b"header", b"h"))

    said = unfinished(tmp_path)

    assert said.startswith(f"it left no result; a fault may still be in effect: {path} ")
    assert ("nothing can be restored" if damaged else "restore with the release that wrote it") in said


def test_before_there_was_a_journal_nothing_was_touched(tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl.123.part").write_text('12345678 {"hea')
    assert unfinished(tmp_path) == "it left no result"


@pytest.mark.parametrize("left", ["", '12345678 {"hea'])
def test_a_journal_is_whole_once_it_is_there_so_that_a_shorter_one_may_have_lost_anything(
    tmp_path: Path, left: str
) -> None:
    (tmp_path / "journal.jsonl").write_text(left)
    assert "a fault may still be in effect" in unfinished(tmp_path)
