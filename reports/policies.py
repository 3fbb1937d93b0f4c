"""What policies make of each fault: policy set x fault -> takeover, outage, errors, blips.

Judged where the fault must be felt: at the faulty zone's gateway, or at the load balancer where the fault takes
the gateway itself away. Of the zones in which a fault was tried, and of both lanes, each figure is the worst.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaos.result import longest
from reports.words import NO_FAULT, bad_share, span
from reports.worst import MEASURED, latest, where_felt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chaos.model import Interval, Verdict, Zone
    from chaos.result import Figures, Outage, Result


@dataclass(frozen=True)
class Effect:
    """What users felt of one fault under one profile, at worst: each figure by itself, from any zone and lane."""

    fault: str
    profile: str
    zones: tuple[Zone, ...]
    """Where it was tried, and could be measured."""
    unmeasured: tuple[tuple[Zone, Verdict], ...] = ()
    """Where it was tried in vain: INFRA or INVALID."""
    failover: Interval | None = None
    """From injection until another zone answered steadily; None where that never happened in some zone or lane."""
    outage: Interval | None = None
    """The longest single outage; None where nothing was measured."""
    bad: int = 0
    """The most bad samples of a series, of ``samples`` since the steady state."""
    samples: int = 0
    blips: int | None = None
    """The most outages of a series that began after its failover, or after it was home again; None if unknown."""
    blip: Interval | None = None
    """The longest of those; None without any."""


def effects(results: Iterable[Result]) -> tuple[Effect, ...]:
    """Every fault under every profile that it was tried with, both in the order in which they were first run."""
    tried: dict[str, dict[str, list[Result]]] = {}
    for result in results:
        if result.fault not in NO_FAULT:
            tried.setdefault(result.fault, {}).setdefault(result.profile, []).append(result)
    return tuple(_effect(fault, profile, of) for fault, profiles in tried.items() for profile, of in profiles.items())


def _effect(fault: str, profile: str, results: Sequence[Result]) -> Effect:
    measured = [result for result in results if result.verdict in MEASURED]
    unmeasured = {(result.zone, result.verdict): None for result in results if result not in measured}
    felt = [figures for result in measured for figures in where_felt(result)]
    if not felt:
        return Effect(fault, profile, (), tuple(unmeasured))
    worst = max(felt, key=lambda figures: figures.bad)
    blips = [_blips(figures) for figures in felt]
    known = [one for one in blips if one is not None]
    return Effect(
        fault=fault,
        profile=profile,
        zones=tuple(dict.fromkeys(result.zone for result in measured)),
        unmeasured=tuple(unmeasured),
        failover=latest(figures.failover for figures in felt),
        outage=longest(figures.outage_longest for figures in felt),
        bad=worst.bad,
        samples=worst.samples,
        blips=max(map(len, known)) if len(known) == len(blips) else None,
        blip=longest(blip.length for one in known for blip in one) if any(known) else None,
    )


def _blips(figures: Figures) -> tuple[Outage, ...] | None:
    """Those after the failover and those after home; None in results archived before they were counted."""
    moments = ((figures.failover, figures.blips), (figures.failback, figures.relapses))
    if any(moment is not None and counted is None for moment, counted in moments):
        return None
    return (figures.blips or ()) + (figures.relapses or ())


def felt_in_words(effect: Effect) -> tuple[str, str, str]:
    """The failover, the longest outage and the bad samples of an effect that was measured."""
    return (
        span(effect.failover) if effect.failover else "never",
        span(effect.outage) if effect.outage and effect.outage.high_ns else "none",
        f"{effect.bad:,} ({bad_share(effect.bad, effect.samples)})",
    )
