"""Whatever happens to a journal's bytes, it never says what was not written."""

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
STEPS = st.integers(0, len(Step)).map(lambda count: list(Step)[:count])


def write(path: Path, header: Header, records: list[Record], steps: list[Step]) -> list[JournalState]:
    """What the journal must say after each of its entries."""
    journal = Journal(path, header)
    states = [read_journal(path)]
    for record in records:
        journal.record([record])
        states.append(read_journal(path))
    for step in steps:
        journal.step(step)
        states.append(read_journal(path))
    journal.close()
    return states


def read(path: Path) -> JournalState | None:
    """None where it is refused, for then nothing can be restored from it."""
    try:
        return read_journal(path)
    except JournalError as error:
        return None if "nothing can be restored from it" in str(error) else pytest.fail(str(error))


def without_damage(state: JournalState) -> tuple[object, ...]:
    return state.header, state.records, state.step


@given(HEADERS, RECORDS, STEPS)
def test_what_was_written_is_read_back(header: Header, records: list[Record], steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        states = write(Path(folder) / "journal", header, records, steps)

    assert states[-1] == JournalState(header, tuple(records), steps[-1] if steps else None)


@given(HEADERS, RECORDS, STEPS, st.data())
def test_cut_at_any_byte_it_says_what_it_said_at_its_last_whole_entry_and_that_it_is_cut(
    header: Header, records: list[Record], steps: list[Step], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        states = write(path, header, records, steps)
        whole = path.read_bytes()
        kept = whole[: data.draw(st.integers(0, len(whole)))]
        path.write_bytes(kept)
        state = read(path)

    entries = kept.count(b"\n")
    if not entries:
        assert state is None
    else:
        assert state is not None
        assert without_damage(state) == without_damage(states[entries - 1])
        assert (state.damage is None) == kept.endswith(b"\n")


@given(HEADERS, RECORDS, STEPS, st.data())
def test_any_changed_byte_is_noticed_and_nothing_from_there_on_is_believed(
    header: Header, records: list[Record], steps: list[Step], data: st.DataObject
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal"
        states = write(path, header, records, steps)
        content = bytearray(path.read_bytes())
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] ^= data.draw(st.integers(1, 255))
        before = path.read_bytes()[:position].count(b"\n")
        path.write_bytes(content)
        state = read(path)

    if not before:
        assert state is None
    else:
        assert state is not None
        assert state.damage is not None
        assert without_damage(state) == without_damage(states[before - 1])
