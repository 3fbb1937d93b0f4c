"""The steady state: every vantage is answered at home, and still is when something is about to be touched."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from chaos import timeline, watch
from chaos.diagnosis.clues import NOTHING, Taken, taken
from chaos.diagnosis.hidden import hidden
from chaos.errors import InfraError, InvalidRun
from chaos.model import Verdict
from chaos.outlook import entered_zones

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chaos.model import SeriesKey
    from chaos.platform import Platform
    from chaos.result import Finding
    from chaos.samples import Series
    from chaos.watch import Pace

    AllSeries = Mapping[SeriesKey, Series]

UNSTEADY = "no steady state"
"""How every finding begins that a mesh did not answer as it should even before a fault."""
_FOREVER = (1 << 63) - 1


class Watch(Protocol):
    """Follows the samples as they come."""

    def __call__(self, done: Callable[[AllSeries], bool], limit_s: float) -> bool:
        """Whether ``done`` was true of them before the limit."""
        ...


class SteadyState:
    """The steady state of one experiment."""

    def __init__(self, platform: Platform, pace: Pace, watch: Watch) -> None:
        self.since_ns: int | None = None
        """Since when every series has been at home (monotonic ns); None while that is not so, and once it was lost."""
        self.clues = Taken()
        """What the mesh showed of itself meanwhile."""
        self._platform = platform
        self._pace = pace
        self._watch = watch
        self._newest: AllSeries = {}

    def reach(self) -> None:
        """Wait for it, and see whether retries hide anything in it.

        Raises:
            InfraError: there is none.
        """
        pace = self._pace
        reached = self._watch(self._is_reached, pace.steady_limit)
        if reached and (first := taken(self._platform.clues)) != NOTHING:
            self.clues = replace(self.clues, first=first)
            self._watch(lambda _: False, pace.between_looks)
        self._look()
        if not reached:
            newest = (f"{key} is answered by {timeline.answer(s, -1)}" for key, s in self._newest.items() if len(s))
            raise InfraError(f"{UNSTEADY} within {pace.steady_limit:g} s: {'; '.join(newest) or 'no sample yet'}")
        if found := hidden(self.clues.first, self.clues.before):
            raise InfraError(f"{UNSTEADY}: {'; '.join(found)}: repair it first")

    def _is_reached(self, every: AllSeries) -> bool:
        self._newest = every
        self.since_ns = watch.steady_since(every, entered_zones(self._platform.vantages), self._pace)
        return self.since_ns is not None

    def _look(self) -> None:
        self.clues = replace(self.clues, before=taken(self._platform.clues))

    def require(self, until_ns: int, timeout_s: float) -> None:
        """Wait until whatever was due by ``until_ns`` (monotonic) was answered at home, in every series.

        What was asked before may not have been answered yet: a request that hangs ends after ``timeout_s``.

        Raises:
            InfraError: something was not; it is not waited for again, for a user's request has failed.
            InvalidRun: the probe took no samples.
        """
        since_ns, lost = self.since_ns, list[str]()
        assert since_ns is not None

        def told(every: AllSeries) -> bool:
            lost[:] = filter(None, [strayed(every, since_ns)])
            return bool(lost) or all(len(s) and int(s.due_ns[-1]) >= until_ns for s in every.values())

        limit_s = self._pace.steady_limit + timeout_s
        if not self._watch(told, limit_s):
            raise InvalidRun(f"the probe took no sample for {limit_s:g} s in the steady state")
        if lost:
            self.since_ns = None
            self._look()
            raise InfraError(f"{UNSTEADY}: {lost[0]}")


def strayed(every: AllSeries, since_ns: int, until_ns: int = _FOREVER) -> str | None:
    """What of the samples due since ``since_ns`` was not at home and had ended before ``until_ns``, in words.

    None where all were at home.
    """
    told = [_strayed(series.between(since_ns, _FOREVER), until_ns) for series in every.values()]
    return "; ".join(filter(None, told)) or None


def _strayed(series: Series, until_ns: int) -> str:
    ended = series.done_ns < until_ns
    found = np.flatnonzero(ended & ~series.at_home)
    if not len(found):
        return ""
    return (
        f"{series.key} was answered by {timeline.answer(series, int(found[0]))} before anything was injected "
        f"({len(found)} of {int(ended.sum())} samples not at home)"
    )


def is_unsteady(finding: Finding) -> bool:
    """Whether it says that the mesh was not steady to begin with."""
    return finding.verdict is Verdict.INFRA and finding.text.startswith(UNSTEADY)
