from __future__ import annotations

from itertools import groupby, pairwise

from hypothesis import given
from hypothesis import strategies as st

from chaos.model import Interval, Outcome
from reports import words
from reports.answers import spells
from tests.unit.reports.samples_of_results import outcome, segments_of

_RUNS = st.lists(
    st.tuples(st.sampled_from(["zone1", "zone2", "zone3", "503", "TIMEOUT"]), st.integers(1, 60)), max_size=30
)


@given(_RUNS)
def test_spells_hold_every_segment_once_in_order_without_a_gap(runs: list[tuple[str, int]]) -> None:
    segments = segments_of([answer for answer, times in runs for _ in range(times)], None)
    told = spells(segments)
    assert [part.segment for spell in told for part in spell.parts] == list(segments)
    assert all(before.end_ns == after.start_ns for before, after in pairwise(told))


@given(_RUNS)
def test_every_bad_sample_is_counted_and_named(runs: list[tuple[str, int]]) -> None:
    answers = [answer for answer, times in runs for _ in range(times)]
    told = spells(segments_of(answers, None))
    bad = [answer for answer in answers if outcome(answer) is not Outcome.OK]
    assert sum(spell.bad for spell in told) == len(bad)
    counted: dict[str, int] = {}
    for spell in told:
        for error, number in spell.errors.items():
            assert error in spell.name
            counted[error] = counted.get(error, 0) + number
    assert counted == {error: len(list(same)) for error, same in groupby(sorted(bad))}


@given(st.integers(0, 10**12), st.integers(0, 10**12))
def test_an_interval_in_words_holds_the_interval(one: int, other: int) -> None:
    low, high = sorted((one, other))
    said = words.span(Interval(low, high)).removesuffix(" s").split("-")
    assert float(said[0]) <= low / 1e9
    assert float(said[-1]) >= high / 1e9


@given(st.floats(0, 1))
def test_availability_in_words_never_flatters(ratio: float) -> None:
    said = float(words.share(ratio).removesuffix(" %"))
    assert said <= ratio * 100 + 1e-9
    assert (said == 100) == (ratio == 1)
