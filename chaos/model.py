"""The words of an experiment: zones, vantages, lanes, outcomes, intervals, verdicts.

All times are ``time.monotonic_ns()`` of this machine unless a name says otherwise.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

Zone: TypeAlias = str
"""A zone's name, for example ``zone1``."""

NS_PER_S = 1_000_000_000


class Lane(StrEnum):
    """How the probe connects. Both are always probed: reused connections hide failures."""

    FRESH = "fresh"
    """A new connection for each request."""
    KEEPALIVE = "keepalive"
    """Connections are reused as long as the peer allows."""


class Outcome(IntEnum):
    """How one request ended. Everything but ``OK`` is *bad*: a user would have noticed."""

    OK = 0
    """HTTP 200 with an echo answer that names its pod and node."""
    REFUSED = 1
    """The connection was refused."""
    RESET = 2
    """The connection was closed or reset before the answer was complete."""
    TIMEOUT = 3
    """No complete answer within the request's time limit."""
    HTTP_ERROR = 4
    """An answer with a status other than 200."""
    BAD_ANSWER = 5
    """HTTP 200, but not an echo answer, or one that names an unknown or contradictory zone."""
    UNREACHABLE = 6
    """No route, or another operating system error while connecting."""


@dataclass(frozen=True)
class Vantage:
    """Where the probe asks: the global load balancer, or one zone's gateway.

    ``zone`` is the gateway's zone, None for the load balancer.
    """

    name: str
    url: str
    zone: Zone | None = None


LOAD_BALANCER = "load-balancer"
"""The name of the load balancer's vantage on every platform."""
ECHO_PATH = "/echo"
"""Where every vantage is asked."""
GATEWAY_HEADER = "x-mesh-chaos-gateway"
"""The response header by which a load balancer names the gateway that served."""


def vantages_of(load_balancer: str, gateways: Mapping[Zone, str]) -> tuple[Vantage, ...]:
    """The load balancer's at this URL, then each gateway's at its own: every mesh's vantages, on every platform."""
    return (
        Vantage(LOAD_BALANCER, load_balancer),
        *(Vantage(f"gateway-{zone}", url, zone) for zone, url in gateways.items()),
    )


@dataclass(frozen=True, order=True)
class SeriesKey:
    """One sequence of samples: a vantage seen through a lane."""

    vantage: str
    lane: Lane

    def __str__(self) -> str:
        return f"{self.vantage}/{self.lane}"


@dataclass(frozen=True)
class Interval:
    """A moment or a length that is known only to lie within [low, high], in nanoseconds."""

    low_ns: int
    high_ns: int

    def __post_init__(self) -> None:
        if self.low_ns > self.high_ns:
            raise ValueError(f"an interval's low end must not exceed its high end: {self.low_ns} > {self.high_ns}")

    @property
    def low_s(self) -> float:
        """The low end in seconds."""
        return self.low_ns / NS_PER_S

    @property
    def high_s(self) -> float:
        """The high end in seconds."""
        return self.high_ns / NS_PER_S

    def since(self, start: Interval) -> Interval:
        """The time from ``start`` (a moment) to this (a moment), never below zero."""
        return Interval(max(0, self.low_ns - start.high_ns), max(0, self.high_ns - start.low_ns))

    def __str__(self) -> str:
        return f"{self.low_s:.2f} to {self.high_s:.2f} s"


@dataclass(frozen=True)
class Attribution:
    """What names in an answer stand for: asked of the platform, never guessed.

    A zone is identified by pod name first and by node name second; the two must agree.
    """

    pods: dict[str, Zone]
    nodes: dict[str, Zone]
    gateways: dict[str, Zone]
    """The load balancer's name for the gateway that served (response header) -> its zone."""

    def text(self) -> str:
        """As it is kept beside samples (``chaos.samples.ATTRIBUTION_FILE``): JSON, the same for the same names."""
        return json.dumps(vars(self), indent=1, sort_keys=True)


class Verdict(StrEnum):
    """What an experiment concludes; in a run of several the first in this order that occurs counts."""

    FAIL = "FAIL"
    """An objective or a claim is broken."""
    INFRA = "INFRA"
    """Steady state never reached, fault never effective, or restoration not verified."""
    INVALID = "INVALID"
    """The probe's own lag or losses exceed their bound: nothing may be concluded."""
    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    """Every objective met."""


EXIT_CODES = {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INFRA: 10, Verdict.INVALID: 11}
"""A run's. pytest's own codes (1 failed, 2 interrupted, 3 internal error, 4 wrong usage, 5 nothing collected) stay."""
