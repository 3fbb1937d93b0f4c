"""Moments of an experiment, put into words by the wall clock and by the plot's axis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from chaos.model import NS_PER_S

if TYPE_CHECKING:
    from chaos.result import Result


@dataclass(frozen=True)
class Moments:
    """The clocks of one experiment: monotonic ns, the wall clock, and seconds since the injection was asked for.

    Without an injection the axis begins with the first sample that was judged, or else with the experiment.
    """

    started_ns: int
    started_unix_s: float
    zero_ns: int

    @classmethod
    def of(cls, result: Result) -> Moments:
        """Those of ``result``."""
        firsts = [figures.segments[0].first_due_ns for figures in result.figures if figures.segments]
        zero = result.injected.low_ns if result.injected else min(firsts, default=result.started_ns)
        return cls(result.started_ns, result.started_unix_s, zero)

    def unix_s(self, ns: int) -> float:
        """Seconds since the epoch."""
        return self.started_unix_s + (ns - self.started_ns) / NS_PER_S

    def ns(self, unix_s: float) -> int:
        """Monotonic ns of a moment of the wall clock."""
        return self.started_ns + round((unix_s - self.started_unix_s) * NS_PER_S)

    def axis(self, ns: int) -> float:
        """Seconds on the plot's axis."""
        return (ns - self.zero_ns) / NS_PER_S

    def clock(self, ns: int) -> str:
        """The time of day: ``02:13:04.512``."""
        return datetime.fromtimestamp(self.unix_s(ns), UTC).strftime("%H:%M:%S.%f")[:-3]

    def offset(self, ns: int) -> str:
        """Where it is on the axis: ``+12.34 s``."""
        return f"{self.axis(ns):+.2f} s"
