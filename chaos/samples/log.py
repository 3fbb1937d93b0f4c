"""Sample files, as series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from chaos.errors import SamplesError
from chaos.model import Attribution, Outcome, SeriesKey, Zone
from chaos.samples.file import Reader
from chaos.samples.series import NOBODY, Series

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from chaos.samples.schedule import Schedule, SeriesPlan

_NUMBERS = ("series", "due_ns", "sent_ns", "done_ns", "outcome", "status")
_NAMES = ("node", "pod", "gateway")
_LAST_OUTCOME = max(Outcome)


class SampleLog:
    """A growing (or finished) sample file, read as far as it has got.

    Raises:
        SamplesError: the file is missing, or is not a sample file.
    """

    def __init__(self, path: Path) -> None:
        self._reader = Reader(path)
        self._path = path
        self._chunks: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in _NUMBERS + _NAMES}
        self._names: dict[str, int] = {}
        """Every node, pod and gateway name that has occurred, numbered: a row holds its number."""
        self._closed = False

    def poll(self) -> None:
        """Read what has been appended since the last call; a half-written batch waits for the next.

        Raises:
            SamplesError: it is not a sample file, or a damaged one.
        """
        if self._closed:
            return
        for batch in self._reader.batches():
            self._check(batch)
            for name in _NUMBERS:
                self._chunks[name].append(batch.column(name).to_numpy().copy())  # a view would keep the batch
            for name in _NAMES:
                self._chunks[name].append(self._numbered(batch.column(name)))

    def _check(self, batch: Any) -> None:
        schedule = self._reader.schedule
        count = len(schedule.series) if schedule else 0
        columns = [batch.column(name).to_numpy() for name in ("series", "outcome")]
        if any(column.null_count for column in batch.columns) or any(
            (column > last).any() for column, last in zip(columns, (count - 1, _LAST_OUTCOME), strict=True)
        ):
            raise SamplesError(f"{self._path} is damaged: it has rows of no known series or outcome")

    def _numbered(self, column: Any) -> npt.NDArray[np.uint32]:
        encoded = column.dictionary_encode()
        numbers = [self._names.setdefault(name, len(self._names)) for name in encoded.dictionary.to_pylist()]
        column_numbers: npt.NDArray[np.uint32] = np.array(numbers, np.uint32)[encoded.indices.to_numpy()]
        return column_numbers

    @property
    def schedule(self) -> Schedule | None:
        """What the probe does; None until it has written its first bytes."""
        return self._reader.schedule

    def series(self, attribution: Attribution) -> dict[SeriesKey, Series]:
        """Every series up to its first sample that has no row yet, zones named by ``attribution``."""
        return self._split(attribution, whole=False)

    def whole(self, attribution: Attribution) -> dict[SeriesKey, Series]:
        """Every series with all its rows, once the probe has ended: then a missing row is a loss."""
        return self._split(attribution, whole=True)

    def _split(self, attribution: Attribution, *, whole: bool) -> dict[SeriesKey, Series]:
        schedule = self.schedule
        if schedule is None:
            return {}
        columns = self._columns()
        zones = _Zones(attribution, self._names, [plan.vantage.zone for plan in schedule.series])
        return {
            plan.key: _series(
                plan, schedule.period_ns, _rows(columns, index, plan, schedule.period_ns, whole=whole), zones
            )
            for index, plan in enumerate(schedule.series)
        }

    def _columns(self) -> dict[str, npt.NDArray[Any]]:
        """All rows so far; joined once, and kept so."""
        for chunks in self._chunks.values():
            if len(chunks) > 1:
                chunks[:] = [np.concatenate(chunks)]
        return {name: chunks[0] if chunks else np.zeros(0, np.int64) for name, chunks in self._chunks.items()}

    def close(self) -> None:
        """Let go of the file; what has been read stays."""
        self._closed = True
        self._reader.close()


class _Zones:
    """Turns columns of numbered names into columns of zone codes."""

    def __init__(self, attribution: Attribution, names: Mapping[str, int], more: list[Zone | None]) -> None:
        known = (attribution.pods, attribution.nodes, attribution.gateways)
        self.zones = tuple(sorted({zone for by_name in known for zone in by_name.values()} | {z for z in more if z}))
        self._names = names
        self.pod, self.node, self.gateway = (self._table(by_name) for by_name in known)
        self.has_nodes = bool(attribution.nodes)
        self.has_gateways = bool(attribution.gateways)

    def _table(self, by_name: Mapping[str, Zone]) -> npt.NDArray[np.int8]:
        table = np.full(len(self._names), NOBODY, np.int8)
        for name, zone in by_name.items():
            if name in self._names:
                table[self._names[name]] = self.zones.index(zone)
        return table


def _rows(
    columns: Mapping[str, npt.NDArray[Any]], index: int, plan: SeriesPlan, period_ns: int, *, whole: bool
) -> dict[str, npt.NDArray[Any]]:
    """One series' rows by due time; without ``whole``, up to the first that is missing."""
    rows = np.flatnonzero(columns["series"] == index)
    rows = rows[np.argsort(columns["due_ns"][rows], kind="stable")]
    if not whole:
        rows = rows[_positions(columns["due_ns"][rows], plan, period_ns) == np.arange(len(rows))]
    return {name: column[rows] for name, column in columns.items()}


def _positions(due_ns: npt.NDArray[np.int64], plan: SeriesPlan, period_ns: int) -> npt.NDArray[np.int64]:
    return (due_ns - plan.start_ns) // period_ns


def _series(plan: SeriesPlan, period_ns: int, rows: Mapping[str, npt.NDArray[Any]], zones: _Zones) -> Series:
    pod, node, gateway = zones.pod[rows["pod"]], zones.node[rows["node"]], zones.gateway[rows["gateway"]]
    if plan.vantage.zone is not None:
        home = np.full(len(pod), zones.zones.index(plan.vantage.zone), np.int8)
    elif zones.has_gateways:
        home = gateway
    else:
        home = pod  # a load balancer that does not say who served: any zone is home
    known = (pod != NOBODY) & (home != NOBODY)
    if zones.has_nodes:
        known &= node == pod
    strange = (rows["outcome"] == Outcome.OK) & ~known
    positions = _positions(rows["due_ns"], plan, period_ns)
    return Series(
        key=plan.key,
        period_ns=period_ns,
        zones=zones.zones,
        due_ns=rows["due_ns"],
        sent_ns=rows["sent_ns"],
        done_ns=rows["done_ns"],
        outcome=np.where(strange, np.uint8(Outcome.BAD_ANSWER), rows["outcome"]),
        status=rows["status"],
        zone=np.where(known, pod, np.int8(NOBODY)),
        home=home,
        lost=int(positions[-1]) + 1 - len(positions) if len(positions) else 0,
    )


def read_samples(path: Path, attribution: Attribution) -> dict[SeriesKey, Series]:
    """All series of a finished file (also one whose writer was killed)."""
    log = SampleLog(path)
    try:
        log.poll()
        return log.whole(attribution)
    finally:
        log.close()
