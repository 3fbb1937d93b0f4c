"""What users felt of one experiment, at worst: one line of figures for a table.

A fault is judged where it must be felt: see ``where_felt``. INFRA and INVALID say nothing of the mesh.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaos.model import LOAD_BALANCER, Verdict
from chaos.result import Expectation, longest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chaos.model import Interval
    from chaos.result import Figures, Result

MEASURED = (Verdict.PASS, Verdict.FAIL)
"""INFRA and INVALID say nothing of the mesh."""


@dataclass(frozen=True)
class Worst:
    """Each figure by itself, from any lane and any vantage that is judged while the fault lasts."""

    failover: Interval | None
    """Where the fault is felt; None where that never came about, or was not to."""
    failback: Interval | None
    """None where home never answered steadily again, or never stopped."""
    outage: Interval
    """The longest single outage."""
    bad: int
    samples: int
    cost: tuple[float, float]
    """The share of the error budget of the series that used most."""


def worst(result: Result) -> Worst | None:
    """The worst figures of ``result``; None where it measured nothing of the mesh, as with INFRA and INVALID."""
    judged = [one for one in result.figures if one.expectation is not Expectation.MAY_DIE] or result.figures
    if result.verdict not in MEASURED or not judged:
        return None
    felt = where_felt(result)
    leaving = [one for one in result.figures if one.expectation is not Expectation.UNTOUCHED]
    return Worst(
        failover=latest(one.failover for one in felt) if felt else None,
        failback=latest(one.failback for one in leaving) if leaving else None,
        outage=longest(one.outage_longest for one in judged),
        bad=sum(one.bad for one in judged),
        samples=sum(one.samples for one in judged),
        cost=max((one.budget_cost for one in judged), key=lambda cost: (cost[1], cost[0])),
    )


def where_felt(result: Result) -> list[Figures]:
    """The series at which a fault is judged: the gateway's in front of it, else the load balancer's."""
    felt = [figures for figures in result.figures if figures.expectation is Expectation.FAILS_OVER]
    at_gateway = [figures for figures in felt if figures.key.vantage != LOAD_BALANCER]
    return at_gateway or felt


def latest(moments: Iterable[Interval | None]) -> Interval | None:
    """The latest moment; None if one of them never came."""
    known = list(moments)
    came = [moment for moment in known if moment is not None]
    return longest(came) if len(came) == len(known) else None
