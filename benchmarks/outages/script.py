"""Which outages there will be, and when there were."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chaos.model import Interval

if TYPE_CHECKING:
    from collections.abc import Sequence


class Kind(StrEnum):
    """What goes wrong with every request that arrives during an outage."""

    REFUSED = "refused"
    """Nobody listens, and what was connected has been reset."""
    RESET = "reset"
    """Connections are accepted, and reset when a request has come."""
    HOLE = "never answered"
    """Connections and requests are accepted, and nothing ever comes back."""
    DEAF = "never connected"
    """The queue of connections is full: the kernel drops each SYN, as a host does that is gone."""
    ERROR = "503"
    """Answered at once, with a status of 503."""
    SLOW = "slow"
    """Answered as it should be, but ``SLOW_S`` later."""
    ZONE = "wrong zone"
    """Answered at once and as it should be, but by the other zone."""


SLOW_S = 0.3
"""Seconds by which a slow answer is late: above every judge's limit, below every tool's time limit."""
_GAP_S = (1.3, 2.3)
"""Seconds between two outages; above the time limit of requests, so that none can span two of them."""
_FIRST_S = 2.0


@dataclass(frozen=True)
class Planned:
    """One outage of the script, in seconds from its beginning."""

    kind: Kind
    start_s: float
    length_s: float


@dataclass(frozen=True)
class Happened:
    """An outage as it was: its edges, as what the clock said before and after the server had changed."""

    kind: Kind
    start: Interval
    end: Interval

    @property
    def length_ns(self) -> int:
        """From the middle of one edge to the middle of the other."""
        return middle(self.end) - middle(self.start)


def middle(edge: Interval) -> int:
    """The middle of an edge, which takes the server some 20 microseconds (monotonic ns)."""
    return (edge.low_ns + edge.high_ns) // 2


def drawn(seed: int, lengths_s: Sequence[float], kinds: Sequence[Kind] = tuple(Kind)) -> tuple[Planned, ...]:
    """Every kind in every length, in random order, at random moments, each up to a fifth longer than its length."""
    dice = random.Random(seed)  # noqa: S311 - a script, no secret
    pairs = [(kind, length) for kind in kinds for length in lengths_s]
    dice.shuffle(pairs)
    at, script = _FIRST_S, list[Planned]()
    for kind, length in pairs:
        script.append(Planned(kind, at, length * dice.uniform(1.0, 1.2)))
        at += script[-1].length_s + dice.uniform(*_GAP_S)
    return tuple(script)


def length_s(script: Sequence[Planned]) -> float:
    """How long the script takes, with calm before and after."""
    return script[-1].start_s + script[-1].length_s + _GAP_S[1]


def dumps(of: Sequence[Planned | Happened]) -> str:
    """One line of JSON."""
    return json.dumps([asdict(one) for one in of])


def planned(text: str | bytes) -> tuple[Planned, ...]:
    """What ``dumps`` wrote of a script."""
    return tuple(Planned(Kind(one["kind"]), one["start_s"], one["length_s"]) for one in json.loads(text))


def happened(text: str | bytes) -> tuple[Happened, ...]:
    """What ``dumps`` wrote of what happened."""
    return tuple(
        Happened(Kind(one["kind"]), Interval(**one["start"]), Interval(**one["end"])) for one in json.loads(text)
    )
