"""Several faults of one experiment as they were injected, the same in every report; and the one of an older result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.result import Injection
from reports.words import plain

if TYPE_CHECKING:
    from chaos.model import Interval
    from chaos.result import Result


def injections(result: Result) -> tuple[Injection, ...]:
    """Every fault that was injected, in order; one whose effect was never proved has no moment."""
    if result.injections or result.injected is None:
        return result.injections
    return (Injection(result.fault, result.zone, result.injected, result.effect),)


def in_effect(result: Result) -> tuple[tuple[str, Interval], ...]:
    """Those that took effect: what each is called, and [request sent, effect confirmed]."""
    every = injections(result)
    return tuple((called(one) if len(every) > 1 else "fault", one.moment) for one in every if one.moment)


def called(injection: Injection) -> str:
    """A fault and its zone."""
    return plain(f"{injection.fault} {injection.zone}")


def sequence(result: Result) -> str:
    """Several faults in a line: ``delete-cluster zone1, then delete-deployment zone2``; empty where there is one."""
    every = injections(result)
    return ", then ".join(map(called, every)) if len(every) > 1 else ""
