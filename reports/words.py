"""How figures are put into words, the same in every report.

Nothing is made to look better or more exact than it is: an interval's low end is rounded down and
its high end up, availability is rounded down.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chaos.result import Result

_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]+")
"""Control, direction and line characters: they change terminals, or are not allowed in XML."""
NO_FAULT = frozenset({"", "none"})
"""What stands for the fault of an experiment without one."""
_NOISE = 1e-9
"""What binary fractions add or take away: 0.589 * 100 must not become 58.8."""
_LONG_S = 10
_NOT_ALL = 99.99


class Bounded(Protocol):
    """What is known to lie between two ends only: a length in seconds, or a share of something."""

    @property
    def low_s(self) -> float:
        """Its lower end; infinite for what never came."""

    @property
    def high_s(self) -> float:
        """Its upper end; infinite where none is known."""


def plain(text: str) -> str:
    """``text`` on one line, without characters that would change a terminal or break XML."""
    return _UNPRINTABLE.sub(" ", text)


def title(result: Result) -> str:
    """What an experiment is called everywhere: ``delete-deployment zone1 [page]``, and which repeat of it it is."""
    return f"{case(result)}{f', repeat {result.repeat}' if result.repeat else ''}"


def case(result: Result) -> str:
    """What all repeats of an experiment are called."""
    return f"{subject(result)} [{plain(result.profile)}]"


def subject(result: Result) -> str:
    """What was tried, and where."""
    return plain(f"{name(result)} {result.zone}".strip())


def name(result: Result) -> str:
    """What was tried: the fault; without one the claim that was looked into, or else the scenario."""
    if result.fault not in NO_FAULT:
        return plain(result.fault)
    alone = len(result.claims) == 1 and not result.figures
    return plain(result.claims[0]) if alone else sentence(result.scenario)


def sentence(scenario: str) -> str:
    """A test's name as a sentence, without its parameters: ``a mesh that is left alone``."""
    if not scenario.startswith("test_"):
        return plain(scenario)
    return plain(re.split(r"[\[-]", scenario)[0].removeprefix("test_").replace("_", " "))


def seconds(length_ns: int) -> str:
    """A length in seconds, to the tenth: ``10.3s``."""
    return f"{length_ns / 1e9:.1f}s"


def day_and_time(unix_s: float) -> str:
    """A moment of the wall clock, whoever reads it wherever: ``2026-11-24 02:13:04 UTC``."""
    return datetime.fromtimestamp(unix_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def span(length: Bounded) -> str:
    """A length as an interval: ``10.3-10.5 s``, hundredths below ten seconds; ``never`` for what never came."""
    if math.isinf(length.low_s):
        return "never"
    return _between(length.low_s, length.high_s, 1 if length.high_s >= _LONG_S else 2, "s")


def shares_of(found: Bounded) -> str:
    """A share as an interval in per cent; ``all`` where it is infinite."""
    return "all" if math.isinf(found.low_s) else _between(100 * found.low_s, 100 * found.high_s, 2, "%")


def cost(low_and_high: tuple[float, float]) -> str:
    """A share of the error budget as an interval: ``0.39-0.40 %``."""
    return _range(100 * low_and_high[0], 100 * low_and_high[1], 2, "%")


def share(ratio: float) -> str:
    """A ratio in per cent, rounded down, so that 100 % means all."""
    return f"{min(_down(100 * ratio, 2), _NOT_ALL):.2f} %" if ratio < 1 else "100 %"


def percent(ratio: float, digits: int, *, outwards: bool = True) -> str:
    """A ratio in per cent, rounded up or down."""
    return f"{(up if outwards else _down)(100 * ratio, digits):.{digits}f} %"


def bad_share(bad: int, samples: int) -> str:
    """How many of so many are bad, in per cent, rounded up: 0 % means none."""
    return f"{up(100 * bad / samples, 1):.1f} %" if bad and samples else "0 %"


def count(number: int, noun: str) -> str:
    """``1 outage``, ``2 outages``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _between(low: float, high: float, digits: int, unit: str) -> str:
    if math.isinf(high):
        return f"over {_down(low, digits):.{digits}f} {unit}"
    return _range(low, high, digits, unit)


def _range(low: float, high: float, digits: int, unit: str) -> str:
    first, last = f"{_down(low, digits):.{digits}f}", f"{up(high, digits):.{digits}f}"
    return f"{first} {unit}" if first == last else f"{first}-{last} {unit}"


def _down(value: float, digits: int) -> float:
    return math.floor(value * 10**digits + _NOISE) / 10**digits if math.isfinite(value) else value


def up(value: float, digits: int) -> float:
    """A number rounded up, without what binary fractions add to it."""
    return math.ceil(value * 10**digits - _NOISE) / 10**digits if math.isfinite(value) else value
