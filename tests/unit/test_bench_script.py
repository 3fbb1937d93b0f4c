"""A script is drawn from its seed alone, and what happened survives its way from the server."""

from __future__ import annotations

import itertools

from benchmarks.outages import script
from benchmarks.outages.accuracy import TIMEOUT_S
from benchmarks.outages.script import Happened, Kind
from chaos.model import Interval


def test_a_script_has_every_kind_in_every_length_and_the_seed_alone_decides() -> None:
    drawn = script.drawn(7, [0.02, 1.0])
    assert drawn == script.drawn(7, [0.02, 1.0])
    assert drawn != script.drawn(8, [0.02, 1.0])
    assert sorted((one.kind, one.length_s >= 1.0) for one in drawn) == sorted(itertools.product(Kind, (False, True)))
    assert min(one.length_s for one in drawn) >= 0.02


def test_no_request_can_span_two_outages() -> None:
    for one, other in itertools.pairwise(script.drawn(7, [0.02, 1.0])):
        assert other.start_s - one.start_s - one.length_s > TIMEOUT_S


def test_scripts_and_what_happened_can_be_told() -> None:
    drawn = script.drawn(7, [0.02])
    assert script.planned(script.dumps(drawn)) == drawn
    seen = (Happened(Kind.DEAF, Interval(1, 2), Interval(30, 40)),)
    assert script.happened(script.dumps(seen)) == seen
    assert seen[0].length_ns == 34
