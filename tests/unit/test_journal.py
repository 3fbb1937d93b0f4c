"""The undo journal: on disk before anything is touched, and believed only as far as it is whole."""

from __future__ import annotations

import json
import stat
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from chaos.errors import JournalError
from chaos.journal import Header, Journal, JournalState, Step, read_journal
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
    assert read_journal(path) == JournalState(HEADER)
    for number in (1, 2):
        journal.record(RECORDS[number - 1 : number])
        assert read_journal(path).records == RECORDS[:number]
    for step in Step:
        journal.step(step)
        assert read_journal(path).step is step
    journal.close()


@pytest.mark.parametrize(
    ("steps", "must"),
    [
        ((), False),
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


def test_only_its_user_may_read_it_for_it_may_hold_secrets_of_the_mesh(path: Path) -> None:
    assert stat.S_IMODE(written(path).stat().st_mode) == 0o600


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
    whole = written(path, Step.INJECTING).read_bytes()
    header = whole.index(b"\n") + 1
    for size in range(header, len(whole)):
        path.unlink()
        with largest_file(size), pytest.raises(JournalError, match="cannot be written"):
            written(path, Step.INJECTING)
        state = read_journal(path)
        assert state.records == RECORDS[: len(state.records)]
        assert state.step is None
        assert (state.damage is None) == whole[:size].endswith(b"\n")


def test_a_full_disk_is_noticed_before_there_is_a_header(path: Path) -> None:
    with largest_file(10), pytest.raises(JournalError, match="cannot be written"):
        Journal(path, HEADER)
    with pytest.raises(JournalError, match="nothing can be restored from it"):
        read_journal(path)


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


def test_damage_says_which_line_and_everything_after_it_is_not_believed(path: Path) -> None:
    lines = written(path, *Step).read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b"zone2", b"zone1", 1)
    path.write_bytes(b"".join(lines))

    state = read_journal(path)

    assert state.damage == "line 3 of 7 is damaged"
    assert state.records == RECORDS[:1]
    assert state.step is None


def test_a_journal_of_another_release_is_refused_and_says_what_to_do(path: Path) -> None:
    path.write_bytes(entry({"header": {**vars(HEADER), "version": 7}}))

    with pytest.raises(JournalError, match="has format 7, not 1: restore with the release that wrote it"):
        read_journal(path)


def test_a_journal_of_a_later_release_is_refused_also_where_its_header_holds_more(path: Path) -> None:
    path.write_bytes(entry({"header": {**vars(HEADER), "version": 2, "run": "20260101"}}))

    with pytest.raises(JournalError, match="has format 2"):
        read_journal(path)
