"""What is wrong with figures is the same by kind (rules) and in words (verdicts)."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from chaos.diagnosis.troubles import Trouble, troubles
from chaos.model import NS_PER_S, Interval, Lane
from chaos.result import Expectation, Outage
from chaos.slo import Objectives
from chaos.verdict import judge
from tests.unit.diagnosis.made import figures

LENGTHS = st.integers(0, 40).map(lambda s: Interval(s * NS_PER_S, s * NS_PER_S + NS_PER_S // 2))
COUNTS = st.integers(0, 2)
OUTAGES = LENGTHS.map(lambda length: (Outage(0, length.low_ns, length, 3),)) | st.just(())
CHANGES = st.fixed_dictionaries(
    {
        "failover": LENGTHS | st.none(),
        "failback": LENGTHS | st.none(),
        "recovered": LENGTHS | st.none(),
        "return_outage": LENGTHS,
        "relapses": OUTAGES | st.none(),
        "outages": OUTAGES,
        "bad": COUNTS,
        "away": COUNTS,
        "bad_after_failover": COUNTS,
        "faulty_after_failover": COUNTS,
    }
)


@given(st.sampled_from(Expectation), CHANGES)
def test_there_is_trouble_exactly_where_the_verdict_finds_something(
    expectation: Expectation, changes: dict[str, object]
) -> None:
    one = replace(figures("gateway-zone1", Lane.FRESH, expectation), **changes)  # type: ignore[arg-type]
    assert bool(troubles(one, Objectives())) == bool(judge(one, Objectives(), None))


def test_each_kind_is_told_apart() -> None:
    def of(**changes: object) -> set[Trouble]:
        made = figures("gateway-zone1", Lane.FRESH, Expectation.FAILS_OVER)
        return set(troubles(replace(made, **changes), Objectives()))  # type: ignore[arg-type]

    late = Interval(20 * NS_PER_S, 21 * NS_PER_S)
    assert of() == set()
    assert of(failover=None) == {Trouble.NO_FAILOVER}
    assert of(failover=late) == {Trouble.LATE_FAILOVER}
    assert of(bad_after_failover=1) == {Trouble.UNHELD}
    assert of(faulty_after_failover=1) == {Trouble.UNHELD}
    assert of(outages=(Outage(0, late.low_ns, late, 9),)) == {Trouble.LONG_OUTAGE}
    assert of(return_outage=late) == {Trouble.LONG_RETURN}
    relapse = (Outage(0, late.low_ns, late, 9),)
    assert of(failover=None, return_outage=late) == {Trouble.NO_FAILOVER}
    assert of(failover=None, relapses=relapse) == {Trouble.NO_FAILOVER, Trouble.LONG_RETURN}
    assert of(failback=None) == {Trouble.NO_RETURN}
    assert of(failback=late) == {Trouble.LATE_RETURN}
