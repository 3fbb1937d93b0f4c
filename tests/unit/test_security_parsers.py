"""Input that once crashed a parser, or took it too long: found by ``make fuzz``, kept so that it does not again."""

from __future__ import annotations

import sqlite3
import time
import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from chaos.composition import read_composition
from chaos.errors import InfraError, SettingsError
from chaos.journal import Header, Journal, Step, read_journal
from fixtures import envoys, shown
from fixtures.durations import parse_go_duration
from fixtures.pages import PageError
from fixtures.platforms.universal.standin.errors import ApiError
from fixtures.platforms.universal.standin.resources.registry import read_document
from reports.history import store
from tests.unit.reports.made_histories import nights

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("text", ["9" * 200_000, "1." * 100_000, "1h" * 50_000 + "x"])
def test_a_long_text_is_no_duration_and_that_is_told_at_once(text: str) -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match="not a duration"):
        parse_go_duration(text)
    assert time.process_time() - began < 0.5


def test_the_longest_duration_that_go_writes_is_read() -> None:
    assert parse_go_duration("2562047h47m16.854775807s") == pytest.approx(2**63 / 1e9)


def test_a_key_that_is_no_text_is_refused_with_its_file(tmp_path: Path) -> None:
    file = tmp_path / "experiment.yaml"
    file.write_text('name: a\n"\\uD800": 1\nfaults: []\n')
    with pytest.raises(SettingsError, match=r"experiment\.yaml:\d+:\d+: ") as refused:
        read_composition(file)
    assert len(str(refused.value).splitlines()) == 1


@pytest.mark.parametrize("kind", ["{}", "[]", "null", "7"])
def test_a_record_of_no_kind_is_damage_of_its_line(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "journal.jsonl"
    begun = Journal(file, Header("universal", {}, "delete-service", "zone1", 1.0))
    begun.step(Step.INJECTING)
    begun.close()
    text = f'{{"record":{{"target":{{"kind":{kind},"zone":"zone1","name":"echo"}},"state":{{}}}}}}'
    with file.open("a") as journal:
        journal.write(f"{zlib.crc32(text.encode()):08x} {text}\n")
    state = read_journal(file)
    assert state.damage is not None
    assert "line 3" in state.damage
    assert state.must_restore


@pytest.fixture
def history(tmp_path: Path) -> Path:
    file = tmp_path / "history.sqlite"
    with store._opened(file, make=True) as connection, store._transaction(connection):
        for past in nights(np.random.default_rng(1), 2):
            store._insert(connection, past)
    assert len(store.read(file)) == 2
    return file


@pytest.mark.parametrize("conditions", ["3", "null", "0.5", "[1]", "[" * 100_000])
def test_conditions_that_are_none_are_an_entry_that_cannot_be_understood(history: Path, conditions: str) -> None:
    with closing(sqlite3.connect(history)) as connection, connection:
        connection.execute("UPDATE experiment SET conditions = ?", (conditions,))
    with pytest.raises(store.HistoryError, match="has an entry that cannot be understood"):
        store.read(history)


def test_damage_is_told_also_where_what_is_damaged_is_a_name(history: Path) -> None:
    content = history.read_bytes()
    history.write_bytes(content.replace(b"sqlite_autoindex_run_1", b"sqlite_autoindex_ru\xff_1"))
    with pytest.raises(store.HistoryError, match=r"history\.sqlite"):
        store.read(history)


PAGES: tuple[Any, ...] = (
    None,
    [],
    7,
    "text",
    {"items": 7},
    {"items": [None]},
    {"items": [{}]},
    {"cluster_statuses": [7]},
)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_that_is_another_one_is_read_or_no_page_and_nothing_else(page: Any) -> None:
    for read in (envoys.upstreams, shown.advertised, shown.mtls, shown.deregistration_s):
        try:
            read(page)
        except InfraError as error:
            assert "what the mesh shows of itself cannot be understood" in str(error)  # noqa: PT017 - or no error


def test_a_number_that_no_clock_can_show_is_no_page() -> None:
    check = {"unhealthy_threshold": 10**400, "interval": "1s"}
    config = {"configs": [{"static_clusters": [{"cluster": {"health_checks": [check]}}]}]}
    with pytest.raises(PageError, match="balancer: OverflowError"):
        envoys.balancer({}, config, {})


@pytest.mark.parametrize(
    "text", [b"a: " + b"9" * 5000, b"a: !!int x", b"? {a: 1}\n: b", b"[" * 100_000, b"a: 2026-13-01"]
)
def test_a_document_that_is_none_is_a_bad_request(text: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        read_document(text)
    assert refused.value.status == 400
