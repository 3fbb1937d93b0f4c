"""Histories of many nights, drawn at random: as spread as a real mesh's, with lanes that go together, and INFRA.

Nothing changes from night to night but by luck, unless the last nights are told to be slower.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaos.model import LOAD_BALANCER, Lane, SeriesKey, Verdict
from chaos.result import Expectation
from reports.history.record import NEVER, Bounds, Experiment, Measured, PastRun, Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

PERIOD_S = 0.05
DAY_S = 86_400.0
ENGINE = "Kuma 2.13.10, Envoy 1.40.0"


@dataclass(frozen=True)
class Usual:
    """What a fault usually does, in seconds."""

    fault: str
    failover: float
    failback: float
    outage: float
    spread: float


USUAL = (
    Usual("delete-deployment", 10.3, 1.0, 10.4, 0.6),
    Usual("delete-service", 0.8, 0.6, 0.0, 0.2),
    Usual("wrong-port", 4.6, 1.2, 4.2, 0.4),
    Usual("delete-gateway", 1.4, 4.0, 0.2, 1.5),
)


def subject(fault: str = "delete-deployment", zone: str = "zone1", engine: str = ENGINE) -> Subject:
    return Subject(fault, zone, "hardened", f"{fault}-{zone}-hardened", fault, "universal", engine, (("zones", "2"),))


def measured(
    failover: Bounds | None = None,
    failback: Bounds | None = None,
    outage: Bounds | None = None,
    *,
    vantage: str = "gateway-zone1",
    lane: Lane = Lane.FRESH,
    expectation: Expectation = Expectation.FAILS_OVER,
) -> Measured:
    out = outage or Bounds(0, 0)
    key = SeriesKey(vantage, lane)
    return Measured(key, expectation, 400, int(out.high_s > 0), 0, failover, failback, out, out, out)


def night(number: int, *experiments: Experiment, engine: str = ENGINE) -> PastRun:
    return PastRun(f"night-{number:03}", number * DAY_S, 0, {"engine": engine, "mesh-chaos": "0.1.0"}, 0, experiments)


def experiment(
    *series: Measured,
    of: Subject | None = None,
    verdict: Verdict = Verdict.PASS,
    documented: bool = False,
    target: float = 99.9,
) -> Experiment:
    return Experiment(of or subject(), verdict, documented, target, 0.0, series)


def at(*failovers: float) -> tuple[PastRun, ...]:
    """A night for each failover, given as an exact length in seconds."""
    lengths = (Bounds(length, length) for length in failovers)
    return tuple(night(number, experiment(measured(length))) for number, length in enumerate(lengths))


def nights(
    rng: np.random.Generator,
    count: int,
    *,
    slower_s: Sequence[float] = (),
    zones: Sequence[str] = ("zone1", "zone2"),
    usual: Sequence[Usual] = USUAL,
    failed: float = 0.05,
) -> tuple[PastRun, ...]:
    """So many nights by luck; in the last ones of them the failover of delete-deployment takes so much longer.

    ``failed`` is the share of experiments that were INFRA.
    """
    extra = [0.0] * (count - len(slower_s)) + list(slower_s)
    return tuple(
        night(number, *(_drawn(rng, fault, zone, extra[number], failed) for fault in usual for zone in zones))
        for number in range(count)
    )


def _drawn(rng: np.random.Generator, usual: Usual, zone: str, slower_s: float, failed: float) -> Experiment:
    of = subject(usual.fault, zone)
    if rng.random() < failed:
        return experiment(of=of, verdict=Verdict.INFRA)
    luck = usual.spread * rng.gamma(2.0, 0.5)
    added = luck + (slower_s if usual.fault == "delete-deployment" else 0.0)
    return experiment(
        *(_series(rng, usual, added, vantage, lane) for vantage in (f"gateway-{zone}", LOAD_BALANCER) for lane in Lane),
        of=of,
    )


def _series(rng: np.random.Generator, usual: Usual, added: float, vantage: str, lane: Lane) -> Measured:
    never = usual.fault == "wrong-port" and rng.random() < 0.02
    blip = 0.3 if usual.outage == 0 and rng.random() < 0.1 else 0.0
    outage = (usual.outage + added) * (0.5 if vantage == LOAD_BALANCER else 1.0) if usual.outage else blip
    return measured(
        NEVER if never else _seen(rng, usual.failover + added),
        _seen(rng, usual.failback + usual.spread * rng.gamma(1.0, 0.5)),
        _seen(rng, outage) if outage else None,
        vantage=vantage,
        lane=lane,
    )


def _seen(rng: np.random.Generator, length_s: float) -> Bounds:
    """A length as samples show it: between two of them, and not always equally sharp."""
    first = PERIOD_S * round(length_s / PERIOD_S)
    return Bounds(max(0.0, first - PERIOD_S), first + PERIOD_S * int(rng.integers(1, 8)))
