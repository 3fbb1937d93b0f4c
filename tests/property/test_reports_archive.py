from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chaos.model import Interval, Lane, Outcome, SeriesKey, Verdict
from chaos.result import (
    Expectation,
    Figures,
    Finding,
    LogEntry,
    Outage,
    ProbeHealth,
    Result,
    Segment,
)
from chaos.slo import Availability, Objectives
from reports.archive import dump, load

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_NS = st.integers(min_value=0, max_value=2**63 - 1)
_COUNT = st.integers(min_value=0, max_value=2**40)
_FLOAT = st.floats(allow_nan=False)
_INTERVAL = st.tuples(_NS, _NS).map(lambda ends: Interval(*sorted(ends)))
_KEY = st.builds(SeriesKey, _TEXT, st.sampled_from(Lane))
_SEGMENT = st.builds(Segment, _TEXT, st.sampled_from(Outcome), _NS, _NS, _COUNT, st.booleans())
_OUTAGE = st.builds(Outage, _NS, _NS, _INTERVAL, _COUNT)


def _some(values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, max_size=3).map(tuple)


_FIGURES = st.builds(
    Figures,
    key=_KEY,
    expectation=st.sampled_from(Expectation),
    samples=_COUNT,
    bad=_COUNT,
    away=_COUNT,
    away_while_faulty=st.none() | _COUNT,
    lost=_COUNT,
    detect=st.none() | _INTERVAL,
    failover=st.none() | _INTERVAL,
    failback=st.none() | _INTERVAL,
    outages=_some(_OUTAGE),
    bad_after_failover=_COUNT,
    late_away=_COUNT,
    return_outage=_INTERVAL,
    availability=st.builds(Availability, _FLOAT, _FLOAT, _FLOAT),
    burn_rate=_FLOAT,
    budget_cost=st.tuples(_FLOAT, _FLOAT),
    latency_p50_ms=_FLOAT,
    latency_p99_ms=_FLOAT,
    segments=_some(_SEGMENT),
    blips=st.none() | _some(_OUTAGE),
    relapses=st.none() | _some(_OUTAGE),
)
_RESULT = st.builds(
    Result,
    scenario=_TEXT,
    fault=_TEXT,
    zone=_TEXT,
    profile=_TEXT,
    platform=_TEXT,
    engine=_TEXT,
    claims=_some(_TEXT),
    objectives=st.builds(Objectives, _FLOAT, _FLOAT, _FLOAT, _FLOAT, _FLOAT, _FLOAT),
    verdict=st.sampled_from(Verdict),
    findings=_some(st.builds(Finding, st.sampled_from(Verdict), _TEXT, st.none() | _KEY)),
    figures=_some(_FIGURES),
    injected=st.none() | _INTERVAL,
    restored=st.none() | _INTERVAL,
    mended=st.none() | _INTERVAL,
    effect=_TEXT,
    probe=st.none() | st.builds(ProbeHealth, _COUNT, _COUNT, _FLOAT, _FLOAT),
    log=_some(st.builds(LogEntry, _NS, _TEXT, _TEXT)),
    started_ns=_NS,
    ended_ns=_NS,
    started_unix_s=_FLOAT,
    artifacts=_TEXT,
)


@given(_RESULT)
def test_every_result_comes_back_exactly_as_it_was(result: Result) -> None:
    again = load(dump(result))
    assert again == result
    assert repr(again) == repr(result)  # also the types: 1 == 1.0 == True
