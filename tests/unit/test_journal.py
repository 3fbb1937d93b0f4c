"""The undo journal: on disk before anything is touched, and only its whole lines are believed."""

from __future__ import annotations

import errno
import json
import os
import stat
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from chaos.errors import InfraError, JournalError
from chaos.journal import Header, Journal, JournalState, Step, held, read_journal
from chaos.platform import Kind, Record, Target
from tests.unit.made import largest_file

if TYPE_CHECKING:
    from pathlib import Path

HEADER = Header("universal", {"folder": "/run/mesh"}, "delete-service", "zone1", 1_700_000_000.5)
RECORDS = (
    Record(Target(Kind.SERVICE, "zone1", "echo"), {"dataplanes": [{"name": "echo-1", "port": 8081, "ö": None}]}),
    Record(Target(Kind.CLUSTER, "zone2", "zone2"), {"processes": [], "resources": ["line\nbreak", 1.5, True]}),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def written(path: Path, *steps: Step, records: tuple[Record, ...] = RECORDS) -> Path:
    journal = Journal(path, HEADER)
    journal.record(records)
    for step in steps:
        journal.step(step)
    journal.close()
    return path


def entry(document: dict[str, Any]) -> bytes:
    """A line as a release of the suite writes it."""
    text = json.dumps(document).encode()
    return f"{zlib.crc32(text):08x} ".encode() + text + b"\n"


def test_what_is_written_is_read_back(path: Path) -> None:
    state = read_journal(written(path, Step.INJECTING, Step.EFFECTIVE))

    assert state == JournalState(HEADER, RECORDS, Step.EFFECTIVE)


def test_every_entry_is_on_disk_when_its_method_returns(path: Path) -> None:
    journal = Journal(path, HEADER)
    (part,) = path.parent.iterdir()
    for number in (1, 2):
        journal.record(RECORDS[number - 1 : number])
        assert read_journal(part).records == RECORDS[:number]
    for step in Step:
        journal.step(step)
        assert read_journal(path).step is step
    journal.close()


@pytest.mark.parametrize(
    ("steps", "must"),
    [
        ((Step.INJECTING,), True),
        ((Step.INJECTING, Step.EFFECTIVE), True),
        ((Step.INJECTING, Step.EFFECTIVE, Step.RESTORING), True),
        ((Step.INJECTING, Step.RESTORING), True),
        (tuple(Step), False),
    ],
)
def test_from_the_first_touch_until_all_is_back_the_mesh_must_be_restored(
    path: Path, steps: tuple[Step, ...], must: bool
) -> None:
    assert read_journal(written(path, *steps)).must_restore is must


def test_there_is_none_until_its_first_step_and_then_it_has_every_record(path: Path) -> None:
    journal = Journal(path, HEADER)
    journal.record(RECORDS)
    assert not path.exists()
    journal.step(Step.INJECTING)
    assert list(path.parent.iterdir()) == [path]
    assert read_journal(path) == JournalState(HEADER, RECORDS, Step.INJECTING)
    journal.close()


def test_of_two_that_begin_at_once_in_one_folder_one_is_refused_and_the_others_is_whole(path: Path) -> None:
    first, second = Journal(path, HEADER), Journal(path, HEADER)
    first.record(RECORDS)
    first.step(Step.INJECTING)
    with pytest.raises(JournalError, match="cannot be written"):
        second.step(Step.INJECTING)
    assert read_journal(path) == JournalState(HEADER, RECORDS, Step.INJECTING)


def test_only_its_user_may_read_it_for_it_may_hold_secrets_of_the_mesh(path: Path) -> None:
    assert stat.S_IMODE(written(path, Step.INJECTING).stat().st_mode) == 0o600


def test_a_journal_is_never_overwritten(path: Path) -> None:
    before = written(path, Step.INJECTING).read_bytes()

    with pytest.raises(JournalError, match="File exists"):
        Journal(path, HEADER)
    assert path.read_bytes() == before


@pytest.mark.parametrize("place", ["missing/journal.jsonl", "/dev/full", "/dev/null/journal.jsonl"])
def test_where_it_cannot_be_written_nothing_may_be_injected(tmp_path: Path, place: str) -> None:
    with pytest.raises(JournalError, match=r"journal.*cannot be written \(.+\); nothing was injected") as caught:
        Journal(tmp_path / place, HEADER)
    assert len(str(caught.value).splitlines()) == 1


def test_a_full_disk_is_noticed_at_every_byte_and_what_was_written_before_still_counts(path: Path) -> None:
    begun = len(written(path, Step.INJECTING).read_bytes())
    path.unlink()
    whole = written(path, *Step).read_bytes()
    for size in range(len(whole)):
        path.unlink(missing_ok=True)
        with largest_file(size), pytest.raises(JournalError, match="cannot be written"):
            written(path, *Step)
        assert list(path.parent.iterdir()) == ([path] if size >= begun else [])
        if size >= begun:
            state = read_journal(path)
            assert (state.records, state.lost_records, state.must_restore) == (RECORDS, False, True)
            assert (state.damage is None) == whole[:size].endswith(b"\n")


@pytest.mark.parametrize("content", [b"", b"\n", b"hello\n", b"{}\n", b"\0" * 4096, entry({"step": "injecting"})])
def test_what_is_no_journal_is_refused_in_one_line(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    with pytest.raises(JournalError, match="not an undo journal") as caught:
        read_journal(path)
    assert len(str(caught.value).splitlines()) == 1


def test_a_missing_journal_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"nowhere\.jsonl: no journal there \(No such file or directory\)"):
        read_journal(tmp_path / "nowhere.jsonl")


def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="Is a directory"):
        read_journal(tmp_path)


def test_damage_says_which_line_and_the_whole_ones_are_believed(path: Path) -> None:
    lines = written(path, *Step).read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"zone2", b"zone1", 1)
    path.write_bytes(b"".join(lines))

    state = read_journal(path)

    assert state.damage == "line 3 of 7 is damaged"
    assert state.records == RECORDS[:1]
    assert state.step is Step.RESTORED
    assert state.lost_records
    assert not state.must_restore  # everything was put back, that one too


def test_without_its_first_line_it_says_what_it_recorded(path: Path) -> None:
    path.write_bytes(b"0" + written(path, Step.INJECTING).read_bytes())
    with pytest.raises(JournalError, match=r"nothing can be restored from it; look at .*: service echo in zone1, clus"):
        read_journal(path)


def test_a_journal_of_another_release_is_refused_and_says_what_to_do(path: Path) -> None:
    path.write_bytes(entry({"header": {**vars(HEADER), "version": 7}}))

    with pytest.raises(JournalError, match="has format 7, not 1: restore with the release that wrote it"):
        read_journal(path)


def test_a_journal_of_a_later_release_is_refused_also_where_its_header_holds_more(path: Path) -> None:
    path.write_bytes(entry({"header": {**vars(HEADER), "version": 2, "run": "20260101"}}))

    with pytest.raises(JournalError, match="has format 2"):
        read_journal(path)


def test_nobody_repairs_while_its_writer_lives_or_another_repairs(path: Path) -> None:
    journal = Journal(path, HEADER)
    journal.step(Step.INJECTING)
    busy = pytest.raises(InfraError, match=rf"journal\.jsonl is in use by process {os.getpid()}: wait for it, or end")
    with busy, held(path):
        pytest.fail("its writer lives")
    journal.close()
    with held(path):
        with busy, held(path):
            pytest.fail("another repairs")
        assert read_journal(path).must_restore
    with held(path):
        pass


def test_holding_what_is_not_there_is_left_to_its_reader(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no journal there"), held(tmp_path / "nowhere.jsonl"):
        read_journal(tmp_path / "nowhere.jsonl")


def test_a_file_system_without_hard_links_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "link", refuse)
    journal = Journal(tmp_path / "journal.jsonl", HEADER)
    journal.step(Step.INJECTING)
    journal.close()
    assert read_journal(tmp_path / "journal.jsonl").step is Step.INJECTING
    assert [path.name for path in tmp_path.iterdir()] == ["journal.jsonl"]
