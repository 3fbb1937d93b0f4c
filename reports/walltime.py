"""Where a run's time went: what the mesh took (its timers, the windows in which it is watched), and what the suite did.

The mesh's own: bringing it up, and every phase of an experiment, in which the suite waits for the mesh or watches it.
Ours: the rest of a test, that is starting and ending the probe, analysis, reports, pytest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaos.model import NS_PER_S
from reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from chaos.result import Result
    from reports.run import Timing

OURS_AT_MOST = 0.10
"""Of a test's time: what the suite allows itself."""


@dataclass(frozen=True)
class WallTime:
    """One test's time, or that of several together, in seconds."""

    name: str
    bring_up_s: float
    watched_s: float
    """All phases of its experiments."""
    ours_s: float

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.bring_up_s + self.watched_s + self.ours_s

    @property
    def share(self) -> float:
        """How much of it is ours, from 0 to 1."""
        return self.ours_s / self.total_s if self.total_s else 0.0


def wall_times(times: Iterable[Timing], results: Iterable[Result]) -> tuple[WallTime, ...]:
    """Each test's time, the test first that took most of ours; without tests whose phases were not timed.

    What was found of a claim without an experiment of its own has no phases, and takes no time.
    """
    watched = {_folder(one): _watched_s(one) for one in results if one.phases or one.started_ns == one.ended_ns}
    found = [
        WallTime(time.test, time.setup_s, sum(watched[one] for one in time.folders), _ours_s(time, watched))
        for time in times
        if time.folders and watched.keys() >= set(time.folders)
    ]
    return tuple(sorted(found, key=lambda one: -one.share))


def _folder(result: Result) -> str:
    return result.artifacts.rpartition("/")[2]


def _watched_s(result: Result) -> float:
    return sum(phase.ended_ns - phase.begun_ns for phase in result.phases) / NS_PER_S


def _ours_s(time: Timing, watched: dict[str, float]) -> float:
    return max(0.0, time.call_s - sum(watched[one] for one in time.folders)) + time.teardown_s


def together(every: Sequence[WallTime]) -> WallTime:
    """The sum of them."""
    return WallTime(
        count(len(every), "test"),
        sum(one.bring_up_s for one in every),
        sum(one.watched_s for one in every),
        sum(one.ours_s for one in every),
    )


def in_words(one: WallTime) -> str:
    """How much was whose."""
    bring_up = f"bring-up {one.bring_up_s:.1f} s, " if one.bring_up_s > 1 else ""
    return f"{one.total_s:.1f} s: {bring_up}watched {one.watched_s:.1f} s, ours {one.ours_s:.1f} s ({one.share:.1%})"
