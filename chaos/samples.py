"""Samples on disk and in memory.

The file is an Arrow IPC *stream* (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format),
zstd-compressed, appended to in small record batches, so a killed probe loses at most its last
batch, and any Arrow reader opens what is left. One row is one request, in order of completion:

========== ====== ==========================================================================
column     type   meaning
========== ====== ==========================================================================
series     uint8  index into the metadata's ``series`` (vantage and lane)
due_ns     int64  when the request was scheduled (monotonic ns): start_ns + i * period_ns
sent_ns    int64  when it was in fact begun; ``sent - due`` is the probe's own lag
done_ns    int64  when its outcome was known; latency counts from ``due_ns``
outcome    uint8  ``chaos.model.Outcome``
status     uint16 HTTP status, 0 where there was no answer
node       string the answer's node name, empty where there was none
pod        string the answer's pod name
gateway    string the load balancer's name for the gateway that served
========== ====== ==========================================================================

The schema's metadata key ``mesh-chaos`` holds a JSON object: ``version``, ``period_ns``,
``timeout_ns`` and ``series``: [{vantage, lane, url, zone, start_ns}].
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc

from chaos.errors import SamplesError
from chaos.model import Attribution, Lane, Outcome, SeriesKey, Vantage, Zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from types import TracebackType

    import numpy.typing as npt

FORMAT_VERSION = 1
_METADATA_KEY = b"mesh-chaos"
_COLUMNS = [
    ("series", pa.uint8()),
    ("due_ns", pa.int64()),
    ("sent_ns", pa.int64()),
    ("done_ns", pa.int64()),
    ("outcome", pa.uint8()),
    ("status", pa.uint16()),
    ("node", pa.string()),
    ("pod", pa.string()),
    ("gateway", pa.string()),
]
NOBODY = -1
"""The zone code of a sample that no known zone answered."""


@dataclass(frozen=True)
class Sample:
    """One request, as the probe saw it end."""

    series: int
    due_ns: int
    sent_ns: int
    done_ns: int
    outcome: Outcome
    status: int = 0
    node: str = ""
    pod: str = ""
    gateway: str = ""


@dataclass(frozen=True)
class SeriesPlan:
    """One series of the schedule: sample i is due at ``start_ns + i * period_ns``."""

    vantage: Vantage
    lane: Lane
    start_ns: int

    @property
    def key(self) -> SeriesKey:
        """The name of this series."""
        return SeriesKey(self.vantage.name, self.lane)


@dataclass(frozen=True)
class Schedule:
    """What a sample file promises: every series, its period and the requests' time limit."""

    period_ns: int
    timeout_ns: int
    series: tuple[SeriesPlan, ...]

    def dumps(self) -> bytes:
        """The schema metadata that describes this schedule."""
        series = [
            {**asdict(plan.vantage), "vantage": plan.vantage.name, "lane": plan.lane, "start_ns": plan.start_ns}
            for plan in self.series
        ]
        for entry in series:
            del entry["name"]
        document = {
            "version": FORMAT_VERSION,
            "period_ns": self.period_ns,
            "timeout_ns": self.timeout_ns,
            "series": series,
        }
        return json.dumps(document).encode()

    @classmethod
    def loads(cls, text: bytes) -> Schedule:
        """The schedule in a file's schema metadata.

        Raises:
            SamplesError: the metadata is of another version or no schedule at all.
        """
        try:
            document = json.loads(text)
            if document["version"] != FORMAT_VERSION:
                raise SamplesError(
                    f"sample format {document['version']} is not {FORMAT_VERSION}: read it with the release that wrote it"
                )
            series = tuple(
                SeriesPlan(
                    Vantage(entry["vantage"], entry["url"], entry["zone"]), Lane(entry["lane"]), entry["start_ns"]
                )
                for entry in document["series"]
            )
            return cls(document["period_ns"], document["timeout_ns"], series)
        except (KeyError, TypeError, ValueError) as error:
            raise SamplesError(f"the sample file's schedule cannot be understood: {error!r}") from error


class SampleWriter:
    """Appends samples to a file; each ``write`` is one record batch, on disk when it returns.

    Raises:
        SamplesError: the file cannot be written (a full disk, a missing folder).
    """

    def __init__(self, path: Path, schedule: Schedule) -> None:
        self._path = path
        self._schema = pa.schema(_COLUMNS, metadata={_METADATA_KEY: schedule.dumps()})
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        try:
            self._file = path.open("wb", buffering=0)
            self._stream = pa.ipc.new_stream(self._file, self._schema, options=options)
        except OSError as error:
            raise self._failed(error) from error

    def write(self, samples: Sequence[Sample]) -> None:
        """Append ``samples`` as one record batch."""
        columns = [pa.array([getattr(s, name) for s in samples], kind) for name, kind in _COLUMNS]
        try:
            self._stream.write_batch(pa.record_batch(columns, schema=self._schema))
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """End the stream; a file without this end is readable all the same."""
        try:
            self._stream.close()
            self._file.close()
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> SamplesError:
        return SamplesError(
            f"samples cannot be written to {self._path}: {error.strerror or error}; free the disk or choose --artifacts"
        )

    def __enter__(self) -> SampleWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


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
        return self.outcome == Outcome.OK

    @property
    def at_home(self) -> npt.NDArray[np.bool_]:
        """Which requests were answered by the zone that should."""
        return self.good & (self.zone == self.home)

    @property
    def away(self) -> npt.NDArray[np.bool_]:
        """Which requests were answered, but by another zone."""
        return self.good & (self.zone != self.home)

    def answered_by(self, zone: Zone) -> npt.NDArray[np.bool_]:
        """Which requests ``zone`` answered."""
        code = self.zones.index(zone) if zone in self.zones else NOBODY - 1
        return self.good & (self.zone == code)

    def __getitem__(self, part: slice) -> Series:
        """A slice by position, keeping everything else."""
        return Series(
            self.key,
            self.period_ns,
            self.zones,
            self.due_ns[part],
            self.sent_ns[part],
            self.done_ns[part],
            self.outcome[part],
            self.status[part],
            self.zone[part],
            self.home[part],
            self.lost,
        )

    def between(self, start_ns: int, end_ns: int) -> Series:
        """The samples due in [start_ns, end_ns)."""
        low, high = np.searchsorted(self.due_ns, [start_ns, end_ns])
        return self[int(low) : int(high)]


class SampleLog:
    """A growing (or finished) sample file, read as far as it has got.

    Raises:
        SamplesError: the file is missing, or is not a sample file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._batches: list[Any] = []
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise SamplesError(f"{path}: no such sample file ({error})") from error
        self._schema: Any = None
        self._position = 0

    def poll(self) -> None:
        """Read what has been appended since the last call; a half-written batch waits for the next."""
        while (message := self._next_message()) is not None:
            if self._schema is None:
                self._schema = pa.ipc.read_schema(message)
                if _METADATA_KEY not in (self._schema.metadata or {}):
                    raise SamplesError(f"{self._path} is an Arrow file, but not one of samples")
            else:
                self._batches.append(pa.ipc.read_record_batch(message, self._schema))

    def _next_message(self) -> Any:
        size = os.fstat(self._file.fileno()).st_size
        if self._position >= size:
            return None
        self._file.seek(self._position)
        try:
            message = pa.ipc.read_message(self._file)
        except EOFError:
            return None
        except (pa.ArrowInvalid, OSError) as error:
            if self._schema is None and size > _LONGEST_SCHEMA:
                raise SamplesError(f"{self._path} is not a sample file: {error}") from error
            return None
        self._position = self._file.tell()
        return message

    @property
    def schedule(self) -> Schedule | None:
        """What the probe does; None until it has written its first bytes."""
        return None if self._schema is None else Schedule.loads(self._schema.metadata[_METADATA_KEY])

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
        table = pa.Table.from_batches(self._batches, self._schema)
        columns = {name: table[name].to_numpy() for name, kind in _COLUMNS if kind != pa.string()}
        zones = tuple(sorted(set(attribution.pods.values()) | set(attribution.nodes.values())))
        code = {zone: index for index, zone in enumerate(zones)}
        pod = _codes(table["pod"], attribution.pods, code)
        node = _codes(table["node"], attribution.nodes, code)
        gateway = _codes(table["gateway"], attribution.gateways, code)
        answered = columns["outcome"] == Outcome.OK
        named = (pod != NOBODY) & ((node == pod) | (not attribution.nodes))
        result = {}
        for index, plan in enumerate(schedule.series):
            home = np.full(len(table), code[plan.vantage.zone], np.int8) if plan.vantage.zone else gateway
            if plan.vantage.zone is None and not attribution.gateways:
                home = pod  # a load balancer that does not say who served: any zone is home
            known = named & (home != NOBODY)
            outcome = np.where(answered & ~known, np.uint8(Outcome.BAD_ANSWER), columns["outcome"])
            rows = np.flatnonzero(columns["series"] == index)
            rows = rows[np.argsort(columns["due_ns"][rows], kind="stable")]
            due = columns["due_ns"][rows]
            position = (due - plan.start_ns) // schedule.period_ns
            if not whole:
                rows = rows[position == np.arange(len(rows))]
            lost = int(position[-1]) + 1 - len(position) if whole and len(position) else 0
            result[plan.key] = Series(
                plan.key,
                schedule.period_ns,
                zones,
                columns["due_ns"][rows],
                columns["sent_ns"][rows],
                columns["done_ns"][rows],
                outcome[rows],
                columns["status"][rows],
                np.where(known, pod, NOBODY).astype(np.int8)[rows],
                home[rows],
                lost,
            )
        return result

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


_LONGEST_SCHEMA = 1 << 20


def _codes(column: Any, names: dict[str, Zone], code: dict[Zone, int]) -> npt.NDArray[np.int8]:
    """Each row's zone code by the name in ``column``; ``NOBODY`` for a name nobody knows."""
    encoded = column.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    values = encoded.dictionary.to_pylist()
    table = np.array([code[names[v]] if v in names else NOBODY for v in values] + [NOBODY], np.int8)
    return table[encoded.indices.to_numpy(zero_copy_only=False)]


def read_samples(path: Path, attribution: Attribution) -> dict[SeriesKey, Series]:
    """All series of a finished file (also one whose writer was killed)."""
    log = SampleLog(path)
    try:
        log.poll()
        return log.whole(attribution)
    finally:
        log.close()


def write_samples(path: Path, schedule: Schedule, samples: Iterable[Sample]) -> None:
    """Write a whole file at once."""
    with SampleWriter(path, schedule) as writer:
        writer.write(list(samples))
