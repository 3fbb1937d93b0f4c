"""One series in memory, as columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from chaos.model import Outcome, SeriesKey, Zone

if TYPE_CHECKING:
    import numpy.typing as npt

NOBODY = -1
"""The zone code of a sample that no known zone answered."""
_COLUMNS = ("due_ns", "sent_ns", "done_ns", "outcome", "status", "zone", "home")


@dataclass(frozen=True)
class Series:
    """The samples of one vantage and lane, by due time, without a gap, as numpy columns.

    ``zone`` and ``home`` hold indices into ``zones``; ``NOBODY`` where no known zone answered.
    """

    key: SeriesKey
    period_ns: int
    zones: tuple[Zone, ...]
    due_ns: npt.NDArray[np.int64]
    sent_ns: npt.NDArray[np.int64]
    done_ns: npt.NDArray[np.int64]
    outcome: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint16]
    zone: npt.NDArray[np.int8]
    home: npt.NDArray[np.int8]
    lost: int = 0
    """How many due samples before the newest one have no row."""

    def __len__(self) -> int:
        return len(self.due_ns)

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        """Which requests were answered as they should be, by whichever zone."""
        good: npt.NDArray[np.bool_] = self.outcome == Outcome.OK
        return good

    @property
    def at_home(self) -> npt.NDArray[np.bool_]:
        """Which requests were answered by the zone that should."""
        at_home: npt.NDArray[np.bool_] = self.good & (self.zone == self.home)
        return at_home

    @property
    def away(self) -> npt.NDArray[np.bool_]:
        """Which requests were answered, but by another zone."""
        away: npt.NDArray[np.bool_] = self.good & (self.zone != self.home)
        return away

    def answered_by(self, zone: Zone) -> npt.NDArray[np.bool_]:
        """Which requests ``zone`` answered."""
        code = self.zones.index(zone) if zone in self.zones else NOBODY - 1
        answered: npt.NDArray[np.bool_] = self.good & (self.zone == code)
        return answered

    def __getitem__(self, part: slice) -> Series:
        """A slice by position, keeping everything else."""
        return replace(self, **{name: getattr(self, name)[part] for name in _COLUMNS})

    def between(self, start_ns: int, end_ns: int) -> Series:
        """The samples due in [start_ns, end_ns)."""
        low, high = np.searchsorted(self.due_ns, [start_ns, end_ns])
        return self[int(low) : int(high)]
