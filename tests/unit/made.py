"""Settings, series and results for tests, made from the few words that matter to each."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from chaos.model import NS_PER_S, Interval, Lane, Outcome, SeriesKey
from chaos.samples import Series
from fixtures.options import OPTIONS, parse_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fixtures.options import Settings

START_NS = 1_000 * NS_PER_S
ZONES = ("zone1", "zone2")


def texts(**given: str) -> dict[str, str]:
    """Every option's text: its default but for those that are given."""
    return {option.name: given.get(option.name.replace("-", "_"), option.default) for option in OPTIONS}


def settings(**given: str) -> Settings:
    return parse_settings(texts(**given))


def series(answers: Sequence[str], home: str | None = "zone1", lane: Lane = Lane.FRESH, rate_hz: int = 20) -> Series:
    """One sample for each answer: a zone's name, or ``bad``. ``home`` is None at the load balancer.

    The load balancer's samples are all at home: the gateway that served is of the zone that answered.
    """
    count, period_ns = len(answers), NS_PER_S // rate_hz
    due = START_NS + np.arange(count, dtype=np.int64) * period_ns
    zone = np.array([ZONES.index(answer) if answer in ZONES else -1 for answer in answers], np.int8)
    good = np.array([answer in ZONES for answer in answers], np.bool_)
    return Series(
        key=SeriesKey(f"gateway-{home}" if home else "load-balancer", lane),
        period_ns=period_ns,
        zones=ZONES,
        due_ns=due,
        sent_ns=due,
        done_ns=due + 2_000_000,
        outcome=np.where(good, int(Outcome.OK), int(Outcome.HTTP_ERROR)).astype(np.uint8),
        status=np.where(good, 200, 503).astype(np.uint16),
        zone=zone,
        home=np.full(count, ZONES.index(home), np.int8) if home else zone.copy(),
    )


def seconds(low: float, high: float) -> Interval:
    return Interval(round(low * NS_PER_S), round(high * NS_PER_S))


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file of this process can grow beyond ``size`` bytes: what a full disk does, without filling one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
