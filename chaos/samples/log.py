"""Sample files, as series.

A day's file has 8.64 million rows. They are kept by series, in 14 bytes a row: the position in the schedule, the
probe's lag and the request's duration in four bytes each (eight where they do not fit), and the answer's number in two.
"""

from __future__ import annotations

import contextlib
import ctypes
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa

from chaos.errors import SamplesError
from chaos.model import Attribution, Outcome, SeriesKey, Zone
from chaos.samples.answers import Answers
from chaos.samples.file import Reader
from chaos.samples.series import Grid, Later, Series, consecutive, narrow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from chaos.samples.answers import Table
    from chaos.samples.schedule import Schedule, SeriesPlan

_LAST_OUTCOME = max(Outcome)
_MANY = 1 << 18
"""Rows that are sorted by series at a time: what a probe appends is 30."""


@dataclass(frozen=True)
class _Rows:
    """Rows in order of completion, as narrow columns."""

    step: npt.NDArray[Any]
    lag: npt.NDArray[Any]
    took: npt.NDArray[Any]
    answer: npt.NDArray[Any]

    @classmethod
    def joined(cls, chunks: Sequence[Self]) -> Self:
        return cls(*(np.concatenate([getattr(chunk, one.name) for chunk in chunks]) for one in fields(cls)))

    def take(self, rows: npt.NDArray[Any] | slice) -> Self:
        return type(self)(*(getattr(self, one.name)[rows] for one in fields(self)))


class SampleLog:
    """A growing (or finished) sample file, read as far as it has got.

    Raises:
        SamplesError: the file is missing, or is not a sample file.
    """

    def __init__(self, path: Path) -> None:
        self._reader = Reader(path)
        self._path = path
        self._answers = Answers()
        self._fresh: list[tuple[npt.NDArray[np.uint8], _Rows]] = []
        """What has not been sorted by series yet: each batch's series numbers and rows."""
        self._waiting = 0
        self._rows: dict[int, list[_Rows]] = {}
        """By the number of its series."""
        self._closed = False

    def poll(self) -> None:
        """Read what has been appended since the last call; a half-written batch waits for the next.

        Raises:
            SamplesError: it is not a sample file, or a damaged one.
        """
        if self._closed:
            return
        for batch in self._reader.batches():
            if self._reader.schedule is not None and len(batch):
                self._fresh.append(self._read(batch, self._reader.schedule))
                self._waiting += len(batch)
            if self._waiting >= _MANY:
                self._sort()

    def _read(self, batch: Any, schedule: Schedule) -> tuple[npt.NDArray[np.uint8], _Rows]:
        if any(column.null_count for column in batch.columns):
            raise self._damaged("it has rows with nothing in them")
        series, outcome = (batch.column(name).to_numpy() for name in ("series", "outcome"))
        if (series >= len(schedule.series)).any() or (outcome > _LAST_OUTCOME).any():
            raise self._damaged("it has rows of no known series or outcome")
        due, sent, done = (batch.column(name).to_numpy() for name in ("due_ns", "sent_ns", "done_ns"))
        start = np.array([plan.start_ns for plan in schedule.series], np.int64)[series]
        step = (due - start) // schedule.period_ns
        if (due < start).any() or (step * schedule.period_ns + start != due).any():
            raise self._damaged("it has samples that were never due")
        if (sent < due).any() or (done < sent).any():
            raise self._damaged("it has requests that were sent before they were due, or ended before they were sent")
        rows = _Rows(narrow(step), narrow(sent - due), narrow(done - sent), self._answers.number(batch))
        return series.copy(), rows  # a view would keep the batch

    def _damaged(self, how: str) -> SamplesError:
        return SamplesError(f"{self._path} is damaged: {how}")

    def _sort(self) -> None:
        """Put fresh rows to those of their series."""
        if not self._fresh:
            return
        series = np.concatenate([numbers for numbers, _ in self._fresh])
        rows = _Rows.joined([rows for _, rows in self._fresh])
        self._fresh, self._waiting = [], 0
        for number in np.unique(series).tolist():
            self._rows.setdefault(number, []).append(rows.take(series == number))

    @property
    def schedule(self) -> Schedule | None:
        """What the probe does; None until it has written its first bytes."""
        return self._reader.schedule

    def series(self, attribution: Attribution) -> dict[SeriesKey, Series]:
        """Every series up to its first sample that has no row yet, zones named by ``attribution``.

        Raises:
            SamplesError: one sample has two rows.
        """
        return self._split(attribution, whole=False, keep=True)

    def whole(self, attribution: Attribution, *, keep: bool = True) -> dict[SeriesKey, Series]:
        """Every series with all its rows, once the probe has ended: then a missing row is a loss.

        With ``keep=False`` the log is empty afterwards, and a large file takes half the memory.

        Raises:
            SamplesError: one sample has two rows.
        """
        return self._split(attribution, whole=True, keep=keep)

    def _split(self, attribution: Attribution, *, whole: bool, keep: bool) -> dict[SeriesKey, Series]:
        schedule = self.schedule
        if schedule is None:
            return {}
        self._sort()
        table = self._answers.table(attribution, _zones(attribution, schedule))
        found = {}
        for number, plan in enumerate(schedule.series):
            rows = self._sorted(number, keep=keep)
            kept = rows if whole else rows.take(slice(int((rows.step == np.arange(len(rows.step))).sum())))
            found[plan.key] = _series(plan, schedule.period_ns, kept, table)
            if not keep and len(rows.step) >= _MANY:
                del rows, kept
                _give_back()
        return found

    def _sorted(self, number: int, *, keep: bool) -> _Rows:
        """A series' rows by due time; joined once, and kept so."""
        chunks = self._rows.pop(number, [_Rows(*(np.zeros(0, kind) for kind in (np.uint32,) * 3 + (np.uint16,)))])
        rows = _Rows.joined(chunks) if len(chunks) > 1 else chunks[0]
        chunks.clear()
        if not (rows.step[1:] > rows.step[:-1]).all():
            rows = rows.take(np.argsort(rows.step, kind="stable"))
        if (rows.step[1:] == rows.step[:-1]).any():
            raise self._damaged("a sample has two rows")
        if keep:
            self._rows[number] = [rows]
        return rows

    def close(self) -> None:
        """Let go of the file; what has been read stays."""
        self._closed = True
        self._reader.close()


def _give_back() -> None:
    """Return freed memory to the system: what is freed in pieces stays with the process (glibc, Arrow) otherwise."""
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(AttributeError):  # not in every C library
        ctypes.CDLL(None).malloc_trim(0)


def _zones(attribution: Attribution, schedule: Schedule) -> tuple[Zone, ...]:
    known = (attribution.pods, attribution.nodes, attribution.gateways)
    named = {zone for by_name in known for zone in by_name.values()}
    return tuple(sorted(named | {plan.vantage.zone for plan in schedule.series if plan.vantage.zone}))


def _series(plan: SeriesPlan, period_ns: int, rows: _Rows, table: Table) -> Series:
    seen = table.seen_by(plan)
    return Series(
        key=plan.key,
        period_ns=period_ns,
        zones=table.zones,
        due_ns=Grid(plan.start_ns, period_ns, consecutive(rows.step)),
        sent_ns=Later(rows.lag),
        done_ns=Later(rows.took),
        outcome=seen.outcome[rows.answer],
        status=seen.status[rows.answer],
        zone=seen.zone[rows.answer],
        home=seen.home[rows.answer],
        lost=int(rows.step[-1]) + 1 - len(rows.step) if len(rows.step) else 0,
    )


def read_samples(path: Path, attribution: Attribution) -> dict[SeriesKey, Series]:
    """All series of a finished file (also one whose writer was killed)."""
    log = SampleLog(path)
    try:
        log.poll()
        return log.whole(attribution, keep=False)
    finally:
        log.close()
