"""The benchmark's server against the real probe: every kind of outage, and the truth about it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from benchmarks.outages import script
from benchmarks.outages.accuracy import measure
from benchmarks.outages.server import Server
from benchmarks.outages.watchers.k6 import K6
from benchmarks.outages.watchers.ours import Ours

if TYPE_CHECKING:
    import pytest


def test_every_kind_of_outage_is_found_and_every_interval_holds_the_truth() -> None:
    seen = measure(script.drawn(3, [0.3]), 100, one_by_one=False, progress=lambda _: None, watchers=(Ours(),))

    fresh, keepalive = seen.rows
    for row in (fresh, keepalive):
        assert row.violations == ()
        assert row.lost == row.judged.skipped == row.judged.invented == 0
        assert not row.judged.missed
        assert row.judged.away == row.away > 0
    assert len(fresh.told.outages) == seen.outages == len(script.Kind)


def test_a_tool_that_cannot_be_had_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    seen = measure(
        script.drawn(3, [0.1], [script.Kind.ERROR]),
        20,
        one_by_one=True,
        progress=lambda _: None,
        watchers=(K6(), Ours()),
    )
    assert len(seen.rows) == 2
    assert set(seen.missing) == {"k6"}


def test_a_script_longer_than_a_pipe_holds_reaches_the_server_whole() -> None:
    with Server(1) as server:
        server.say(f"play {' ' * 100_000}{script.dumps([script.Planned(script.Kind.ERROR, 0.1, 0.1)])}")
        (told,) = json.loads(server.answer())
    assert len(script.happened(told["outages"])) == 1
