"""One series in memory, as columns."""

from __future__ import annotations

import weakref
from dataclasses import KW_ONLY, dataclass, replace
from typing import TYPE_CHECKING, Never, overload

import numpy as np

from chaos.model import Outcome, SeriesKey, Zone

if TYPE_CHECKING:
    import numpy.typing as npt

    Moments = npt.NDArray[np.int64]

NOBODY = -1
"""The zone code of a sample that no known zone answered."""
_NARROW_MAX = np.iinfo(np.uint32).max
_MOMENTS = ("due_ns", "sent_ns", "done_ns")
_CODES = ("outcome", "status", "zone", "home")


def narrow(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | npt.NDArray[np.uint32]:
    """The same numbers in four bytes each where all of them fit."""
    fits = not len(values) or (values.min() >= 0 and values.max() <= _NARROW_MAX)
    return values.astype(np.uint32) if fits else values


@dataclass(frozen=True)
class Grid:
    """Moments on a schedule: ``start_ns + step * period_ns``, exactly."""

    start_ns: int
    period_ns: int
    steps: range | npt.NDArray[np.int64] | npt.NDArray[np.uint32]
    """A range takes no memory: the samples of a series that lost none."""

    @classmethod
    def of(cls, moments: Moments, period_ns: int) -> Grid:
        """``moments`` on the grid of their first one; those that lie on none are kept as they are."""
        start_ns = int(moments[0]) if len(moments) else 0
        offsets = moments - start_ns
        steps = offsets // period_ns
        if (steps * period_ns != offsets).any():
            return cls(start_ns, 1, narrow(offsets))
        return cls(start_ns, period_ns, consecutive(steps))

    def moments(self) -> Moments:
        """The moments themselves."""
        steps = self.steps
        whole = np.arange(steps.start, steps.stop, steps.step) if isinstance(steps, range) else steps
        moments = whole.astype(np.int64, copy=whole is steps)
        moments *= self.period_ns
        moments += self.start_ns
        return moments

    def __getitem__(self, part: slice) -> Grid:
        return replace(self, steps=self.steps[part])


def consecutive(
    steps: npt.NDArray[np.int64] | npt.NDArray[np.uint32],
) -> range | npt.NDArray[np.int64] | npt.NDArray[np.uint32]:
    """``steps`` as a range where each is one more than the one before."""
    if len(steps) and (steps[1:] == steps[:-1] + 1).all():
        return range(int(steps[0]), int(steps[-1]) + 1)
    return narrow(steps.astype(np.int64))


@dataclass(frozen=True)
class Later:
    """How much later than the moments of another column those of this one are (ns)."""

    by: npt.NDArray[np.int64] | npt.NDArray[np.uint32]

    def __getitem__(self, part: slice) -> Later:
        return Later(self.by[part])


class Column:
    """A column of moments (monotonic ns), held in four bytes a sample or none, exact int64 whenever it is asked for.

    A day of samples has 8.64 million rows, three columns of int64 of which take 207 MB. What was made last is kept, for
    it is asked for again and again, but of one series at a time.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name
        self._base = dict(zip(_MOMENTS[1:], _MOMENTS, strict=False)).get(name)
        self._made: tuple[weakref.ref[Series], Moments] | None = None

    @overload
    def __get__(self, series: None, owner: type) -> Never: ...

    @overload
    def __get__(self, series: Series, owner: type) -> Moments: ...

    def __get__(self, series: Series | None, owner: type) -> Moments:
        if series is None:
            raise AttributeError(self._name)  # so that it is no default value
        if self._made is not None and self._made[0]() is series:
            return self._made[1]
        self._made = None
        moments = _moments(series, self._name)
        self._made = weakref.ref(series), moments
        return moments

    def __set__(self, series: Series, value: Moments | Grid | Later) -> None:
        if isinstance(value, np.ndarray):
            base = self._base
            value = Later(narrow(value - getattr(series, base))) if base else Grid.of(value, series.period_ns)
        vars(series)[self._name] = value


def _moments(series: Series, name: str) -> Moments:
    held = vars(series)
    moments: Moments = held["due_ns"].moments()
    for later in _MOMENTS[1 : _MOMENTS.index(name) + 1]:
        np.add(moments, held[later].by, out=moments, casting="unsafe")
    moments.flags.writeable = False
    return moments


@dataclass(frozen=True)
class Series:
    """The samples of one vantage and lane, by due time, without a gap, as numpy columns.

    ``zone`` and ``home`` hold indices into ``zones``; ``NOBODY`` where no known zone answered.
    """

    key: SeriesKey
    period_ns: int
    zones: tuple[Zone, ...]
    due_ns: Column = Column()
    sent_ns: Column = Column()
    done_ns: Column = Column()
    _: KW_ONLY
    outcome: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint16]
    zone: npt.NDArray[np.int8]
    home: npt.NDArray[np.int8]
    lost: int = 0
    """How many due samples before the newest one have no row."""

    def __len__(self) -> int:
        return len(self.outcome)

    @property
    def lag_ns(self) -> npt.NDArray[np.int64] | npt.NDArray[np.uint32]:
        """How late each request was begun: the probe's own doing."""
        lag: npt.NDArray[np.int64] | npt.NDArray[np.uint32] = vars(self)["sent_ns"].by
        return lag

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

    def answered_by(self, *zones: Zone) -> npt.NDArray[np.bool_]:
        """Which requests one of ``zones`` answered."""
        codes = [code for code, zone in enumerate(self.zones) if zone in zones]
        answered: npt.NDArray[np.bool_] = self.good & np.isin(self.zone, codes)
        return answered

    def __getitem__(self, part: slice) -> Series:
        """A slice by position, keeping everything else."""
        held = vars(self)
        return replace(self, **{name: held[name][part] for name in (*_MOMENTS, *_CODES)})

    def between(self, start_ns: int, end_ns: int) -> Series:
        """The samples due in [start_ns, end_ns)."""
        low, high = np.searchsorted(self.due_ns, [start_ns, end_ns])
        return self[int(low) : int(high)]
