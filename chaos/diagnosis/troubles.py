"""What is wrong with one series' figures, by kind: what ``chaos.verdict`` says in words."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

from chaos.result import Expectation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.model import Interval
    from chaos.result import Figures
    from chaos.slo import Objectives


class Trouble(Enum):
    """A kind of broken objective."""

    NO_FAILOVER = auto()
    """No other zone took over."""
    LATE_FAILOVER = auto()
    UNHELD = auto()
    """Bad answers, or the faulty zone's, after the failover."""
    LONG_OUTAGE = auto()
    LONG_RETURN = auto()
    """Outages during the return."""
    NO_RETURN = auto()
    """It did not come home."""
    LATE_RETURN = auto()
    NO_RECOVERY = auto()
    """Bad to the end of the watch, or for too long."""
    DISTURBED = auto()
    """Bad, or away, where nothing may happen."""


def troubles(one: Figures, objectives: Objectives) -> frozenset[Trouble]:
    """All that is wrong, nothing where the series meets every objective."""
    return frozenset(_JUDGES[one.expectation](one, objectives))


def _exceeds(length: Interval, bound_s: float) -> bool:
    return length.high_s > bound_s


def _failover(one: Figures, objectives: Objectives) -> Iterator[Trouble]:
    if one.failover is None:
        yield Trouble.NO_FAILOVER
    else:
        if _exceeds(one.failover, objectives.failover):
            yield Trouble.LATE_FAILOVER
        if one.bad_after_failover or one.faulty_after_failover:
            yield Trouble.UNHELD
        if _exceeds(one.return_outage, objectives.return_outage):
            yield Trouble.LONG_RETURN
    if _exceeds(one.outage_longest, objectives.outage):
        yield Trouble.LONG_OUTAGE
    yield from _return(one, objectives) if one.failover else _relapsed_return(one, objectives)


def _relapsed_return(one: Figures, objectives: Objectives) -> Iterator[Trouble]:
    if _exceeds(one.relapsed, objectives.return_outage):
        yield Trouble.LONG_RETURN
    yield from _return(one, objectives)


def _return(one: Figures, objectives: Objectives) -> Iterator[Trouble]:
    if one.failback is None:
        yield Trouble.NO_RETURN
    elif _exceeds(one.failback, objectives.failback):
        yield Trouble.LATE_RETURN


def _recovery(one: Figures, objectives: Objectives) -> Iterator[Trouble]:
    if one.recovered is None or _exceeds(one.recovered, objectives.failover):
        yield Trouble.NO_RECOVERY
    if one.recovered is not None and _exceeds(one.return_outage, objectives.return_outage):
        yield Trouble.LONG_RETURN
    if _exceeds(one.outage_longest, objectives.outage):
        yield Trouble.LONG_OUTAGE
    yield from _return(one, objectives) if one.recovered else _relapsed_return(one, objectives)


def _service(one: Figures, objectives: Objectives) -> Iterator[Trouble]:
    if one.bad:
        yield Trouble.DISTURBED
    yield from _return(one, objectives)


def _untouched(one: Figures, _: Objectives) -> Iterator[Trouble]:
    if one.bad or one.away:
        yield Trouble.DISTURBED


_JUDGES = {
    Expectation.FAILS_OVER: _failover,
    Expectation.MAY_DIE: _relapsed_return,
    Expectation.RECOVERS: _recovery,
    Expectation.SERVED: _service,
    Expectation.UNTOUCHED: _untouched,
}
