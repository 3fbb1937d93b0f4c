"""Whatever happens to a journal's bytes: what is whole is restored, the damage is told, and nothing is ever guessed."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import JournalError
from chaos.journal import Header, Journal, JournalState, Step, read_journal
from chaos.platform import Kind, Record, Target

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.text(max_size=12)
RECORDS = st.lists(
    st.builds(
        Record, st.builds(Target, st.sampled_from(Kind), NAMES, NAMES), st.dictionaries(st.text(), JSON, max_size=3)
    ),
    max_size=3,
)
HEADERS = st.builds(
    Header, NAMES, st.dictionaries(NAMES, NAMES, max_size=2), NAMES, NAMES, st.floats(0, 4e9), st.just(1)
)
STEPS = st.integers(1, len(Step)).map(lambda count: list(Step)[:count])


def write(folder: str, header: Header, records: list[Record], steps: list[Step]) -> Path:
    path = Path(folder) / "journal"
    journal = Journal(path, header)
    journal.record(records)
    for step in steps:
        journal.step(step)
    journal.close()
    return path


def read(path: Path) -> JournalState | None:
    """None where it is refused, for then nothing can be restored from it."""
    try:
        return read_journal(path)
    except JournalError as error:
        return None if "nothing can be restored from it" in str(error) else pytest.fail(str(error))


def assert_true(state: JournalState | None, written: JournalState, whole: set[int]) -> None:
    """That it says what the whole lines say, and of the others only that they are damaged.

    ``whole`` are the numbers of the lines that are: the header, each record, each step.
    """
    if 0 not in whole:
        assert state is None
        return
    assert state is not None
    count = len(written.records)
    records = [record for number, record in enumerate(written.records, 1) if number in whole]
    steps = [step for number, step in enumerate(Step, 1 + count) if number in whole]
    assert state.header == written.header
    assert list(state.records) == records
    assert state.step is (steps[-1] if steps else None)
    lost = count > len(records) or not steps
    if lost and state.must_restore:
        assert state.may_lack_records
        assert state.damage is not None
    if state.may_lack_records:  # a first step that is damaged hides whether a record was lost before it
        assert lost or 1 + count not in whole
    if state.step is not Step.RESTORED:
        assert state.must_restore


@given(HEADERS, RECORDS, STEPS)
def test_what_was_written_is_read_back(header: Header, records: list[Record], steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = read(write(folder, header, records, steps))

    assert state == JournalState(header, tuple(records), steps[-1])


@given(HEADERS, RECORDS, STEPS, st.data())
def test_cut_at_any_byte_it_says_what_its_whole_lines_say_and_must_be_restored_as_long_as_it_does_not_say_it_was(
    header: Header, records: list[Record], steps: list[Step], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, header, records, steps)
        written, content = read_journal(path), path.read_bytes()
        kept = content[: data.draw(st.integers(0, len(content)))]
        path.write_bytes(kept)
        state = read(path)

    whole = set(range(kept.count(b"\n")))
    assert_true(state, written, whole)
    if state is not None:
        begun = len(whole) > 1 + len(records)
        assert (state.damage is None) == (begun and kept.endswith(b"\n"))
        assert state.may_lack_records == (not begun)


@given(HEADERS, RECORDS, STEPS, st.data())
def test_of_any_changed_bytes_each_line_with_one_is_noticed_and_no_other_is_lost(
    header: Header, records: list[Record], steps: list[Step], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write(folder, header, records, steps)
        written, before = read_journal(path), path.read_bytes()
        content = bytearray(before)
        for position in data.draw(st.sets(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
            content[position] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        state = read(path)

    if state is not None:
        assert state.damage is not None
    assert_true(state, written, _whole(before, bytes(content)))


def _whole(before: bytes, now: bytes) -> set[int]:
    """The lines that are what they were, and begin and end there."""
    found, start = set(), 0
    for number, line in enumerate(before.splitlines(keepends=True)):
        end = start + len(line)
        begins = start == 0 or now[start - 1 : start] == b"\n"
        if begins and now[start:end] == line:
            found.add(number)
        start = end
    return found


@pytest.mark.parametrize("value", [0x00, 0x01, 0x0A, 0x0D, 0x22, 0x80, 0xFF])
def test_every_byte_of_a_real_journal_can_be_any_other_without_being_believed(tmp_path: Path, value: int) -> None:
    records = [Record(Target(kind, "zone1", "echo"), {"port": 8081, "name": "é"}) for kind in list(Kind)[:2]]
    path = write(str(tmp_path), Header("universal", {"folder": "/m"}, "f", "zone1", 1.5), records, list(Step)[:2])
    written, before = read_journal(path), path.read_bytes()
    for position, byte in enumerate(before):
        content = bytearray(before)
        content[position] = value if byte != value else value ^ 1
        path.write_bytes(content)
        assert_true(read(path), written, _whole(before, bytes(content)))
