"""Tools' own output, recorded (k6: as its manual describes it), becomes the same columns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.outages.watched import WallClock, Watched, answered, wall_ns
from benchmarks.outages.watchers import MissingTool, Task, chaostoolkit, k6, vegeta
from benchmarks.outages.watchers.ours import watched as ours
from chaos.model import NS_PER_S, Lane
from tests.unit import made

if TYPE_CHECKING:
    from collections.abc import Iterator

RECORDED = Path(__file__).parent / "bench"
BEGAN = wall_ns("2026-11-29T09:58:55Z")
CLOCK = WallClock(BEGAN)
PERIOD = NS_PER_S // 10


def lines(name: str) -> Iterator[Any]:
    return map(json.loads, (RECORDED / name).read_text().splitlines())


def rounded_ms(of: Watched) -> list[tuple[int, int]]:
    return [(begun // 10**6, end // 10**6) for begun, end in zip(of.begun_ns.tolist(), of.end_ns.tolist(), strict=True)]


def test_vegeta_tells_when_each_request_began_its_latency_status_and_body() -> None:
    seen = vegeta.watched(lines("vegeta.jsonl"), PERIOD, CLOCK, Lane.FRESH)
    #                         ok    ok    refused 503   away  hung  reset
    assert seen.ok.tolist() == [True, True, False, False, True, False, False]
    assert seen.away.tolist() == [False, False, False, False, True, False, False]
    assert rounded_ms(seen)[0] == (504, 510)
    assert (seen.end_ns - seen.begun_ns).tolist()[5] == 300_708_898


def test_the_toolkits_journal_tells_when_each_probe_began_and_ended_and_what_came() -> None:
    seen = chaostoolkit.watched(json.loads((RECORDED / "chaostoolkit.json").read_text()), PERIOD, CLOCK)
    #                         ok    refused 503   away  hung   reset
    assert seen.ok.tolist() == [True, False, False, True, False, False]
    assert seen.away.tolist() == [False, False, False, True, False, False]
    assert rounded_ms(seen)[0] == (1037, 1054)
    assert seen.due_ns.tolist()[1] == seen.begun_ns.tolist()[0] + PERIOD


def test_k6_tells_when_each_request_ended_and_the_script_what_it_took() -> None:
    seen = k6.watched(lines("k6.jsonl"), PERIOD, CLOCK)
    assert rounded_ms(seen) == [(510, 513), (611, 911), (711, 712), (811, 812)]
    assert seen.ok.tolist() == [True, False, True, False]
    assert seen.away.tolist() == [False, False, True, False]


def test_our_samples_keep_their_lane_and_all_their_moments() -> None:
    series = made.series(["zone1", "bad", "zone2"], lane=Lane.KEEPALIVE)
    seen = ours(series)
    assert seen.lane is Lane.KEEPALIVE
    assert seen.ok.tolist() == [True, False, True]
    assert seen.away.tolist() == [False, False, True]
    assert (seen.due_ns.tolist(), seen.begun_ns.tolist()) == (series.due_ns.tolist(), series.sent_ns.tolist())


@pytest.mark.parametrize(
    ("body", "zone"),
    [
        (b"Welcome, you are connected to node mesh-zone2.\nRunning on Pod echo-zone2.\n", "zone2"),
        (b"Welcome, you are connected to node elsewhere.\n", None),
        (b"no healthy upstream", None),
        (b"", None),
    ],
)
def test_the_zone_is_the_one_that_the_answer_names(body: bytes, zone: str | None) -> None:
    assert answered(body) == zone


def test_a_tool_that_is_not_there_is_named_as_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingTool, match="AGPL"):
        k6.K6().start(Task("http://127.0.0.1:1/", 10, 1.0, 1.0, tmp_path))
