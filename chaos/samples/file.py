"""Sample files, as bytes: written in batches, read message by message, compacted."""

from __future__ import annotations

import contextlib
import errno
import os
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.ipc

from chaos.errors import SamplesError
from chaos.redaction import redacted
from chaos.samples.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from chaos.samples.schedule import Sample

FILE_NAME = "samples.arrow"
ATTRIBUTION_FILE = "attribution.json"
"""Beside the samples: which zone each name in them stands for, a ``chaos.model.Attribution`` as JSON."""
METADATA_KEY = b"mesh-chaos"
"""The schema's metadata that holds the schedule."""
COLUMNS = (
    ("series", pa.uint8()),
    ("due_ns", pa.int64()),
    ("sent_ns", pa.int64()),
    ("done_ns", pa.int64()),
    ("outcome", pa.uint8()),
    ("status", pa.uint16()),
    ("node", pa.string()),
    ("pod", pa.string()),
    ("gateway", pa.string()),
)
_ROW = attrgetter(*(name for name, _ in COLUMNS))
_START = b"\xff\xff\xff\xff"
"""Every Arrow stream starts so: the continuation mark of its first message."""
_END = _START + b"\0\0\0\0"
"""Every Arrow stream that was closed ends so: a message of no length."""
_BIG_BATCH = 65536
"""Rows to a batch in a compacted file; larger ones are hardly smaller on disk."""
_SLICE = 8 << 20
"""Bytes read at a time: bounds the memory that a large file takes while it is read."""


class SampleWriter:
    """Appends samples to a file that only its user may read; each ``write`` is one record batch.

    A batch is with the operating system when ``write`` returns: killing the process does not lose it.

    Raises:
        SamplesError: the file cannot be written (a full disk, a missing folder).
    """

    def __init__(self, path: Path, schedule: Schedule) -> None:
        self._path = path
        self._schema = pa.schema(COLUMNS, metadata={METADATA_KEY: schedule.dumps()})
        with self._writing():
            self._file = _create(path)
            self._stream = _stream(self._file, self._schema)
        self.write([])  # Arrow writes the schema with the first batch; readers (and a full disk) need not wait

    def write(self, samples: Sequence[Sample]) -> None:
        """Append ``samples`` as one record batch."""
        columns = zip(*map(_ROW, samples), strict=True) if samples else [()] * len(COLUMNS)
        arrays = [pa.array(_kept(values, kind), kind) for values, (_, kind) in zip(columns, COLUMNS, strict=True)]
        with self._writing():
            self._stream.write_batch(pa.record_batch(arrays, schema=self._schema))

    def close(self) -> None:
        """End the stream; a file without this end is readable all the same."""
        with self._writing():
            self._stream.close()
            self._file.close()

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SamplesError(
                f"samples cannot be written to {self._path}: {os.strerror(error.errno or errno.EIO)}; "
                "free the disk or choose --artifacts"
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _kept(values: Sequence[Any], kind: Any) -> Sequence[Any]:
    """Names come from answers, which anybody may have written: what looks like a secret in them is not kept."""
    return list(map(_without_secrets, values)) if kind == pa.string() else values


@lru_cache(4096)
def _without_secrets(name: str) -> str:
    return redacted(name)


def _create(path: Path) -> Any:
    """A new file for its user alone.

    Arrow's own file, not Python's: it writes without the interpreter's lock, which the probe's schedule
    needs meanwhile, and whole where a raw Python file may write a part only (a disk that fills up).
    """
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    return pa.OSFile(str(path), "wb")


def _stream(file: Any, schema: Any) -> Any:
    # On one thread: handing 30 rows to others costs more than to compress them.
    options = pa.ipc.IpcWriteOptions(compression="zstd", use_threads=False)
    return pa.ipc.new_stream(file, schema, options=options)


def write_samples(path: Path, schedule: Schedule, samples: Iterable[Sample]) -> None:
    """Write a whole file at once."""
    with SampleWriter(path, schedule) as writer:
        writer.write(list(samples))


def compact(path: Path) -> None:
    """Rewrite a finished file in few large batches: the same rows, in less than half the bytes.

    It is replaced in one step: whoever has it open keeps reading the former file, which is complete. Where
    the disk has no room for both, it stays as it is.
    """
    temporary = path.with_name(f"{path.name}.compact")
    try:
        with path.open("rb") as source, _create(temporary) as target:
            _rewrite(pa.ipc.open_stream(source), target)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)


def _rewrite(batches: Any, target: Any) -> None:
    with _stream(target, batches.schema) as stream:
        held: list[Any] = []
        rows = 0
        for batch in batches:
            held.append(batch)
            rows += len(batch)
            if rows >= _BIG_BATCH:
                stream.write_batch(pa.concat_batches(held))
                held, rows = [], 0
        if held:
            stream.write_batch(pa.concat_batches(held))


class Reader:
    """Reads a growing file batch by batch; a batch that is still being written is left for later.

    Raises:
        SamplesError: the file is missing, is not a sample file, or one of another version of the format.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise SamplesError(f"{path} cannot be read: {error.strerror}") from error
        self._position = 0
        self._schema: Any = None
        self.schedule: Schedule | None = None
        """What the file promises; None until that has been written."""
        self.ended = False
        """Whether the file was closed, as far as it has been read."""

    def batches(self) -> Iterator[Any]:
        """Every record batch that has been completed since the last call."""
        for message in self._messages():
            if message.type != ("schema" if self._schema is None else "record batch"):
                raise SamplesError(f"{self._path} is damaged: it holds a {message.type} out of place")
            if self._schema is None:
                self._read_schema(message)
            else:
                yield self._decode(message)

    def _read_schema(self, message: Any) -> None:
        try:
            schema = pa.ipc.read_schema(message)
        except (pa.ArrowException, OSError) as error:
            raise self._foreign(str(error)) from error
        metadata = schema.metadata or {}
        if METADATA_KEY not in metadata:
            raise self._foreign("its columns are others")
        try:
            schedule = Schedule.loads(metadata[METADATA_KEY])  # first: another version may well have other columns
        except SamplesError as error:
            raise SamplesError(f"{self._path} cannot be read: {error}") from error
        if schema.remove_metadata() != pa.schema(COLUMNS):
            raise self._foreign("its columns are others")
        self.schedule, self._schema = schedule, schema

    def _decode(self, message: Any) -> Any:
        try:
            batch = pa.ipc.read_record_batch(message, self._schema)
            batch.validate(full=True)
        except (pa.ArrowException, OSError) as error:
            raise SamplesError(f"{self._path} is damaged: {error}") from error
        return batch

    def _messages(self) -> Iterator[Any]:
        length = _SLICE
        while True:
            self._file.seek(self._position)
            data = self._file.read(length)
            if self._position == 0 and not _START.startswith(data[:4]):
                raise self._foreign("it is no Arrow stream")
            source = pa.BufferReader(data)
            start = self._position
            while (message := _next(source)) is not None:
                self._position = start + source.tell()
                yield message
            if self._schema is not None and data[self._position - start :].startswith(_END):
                self._end(data[self._position - start + len(_END) :])
                return
            if len(data) < length:
                return
            if self._position == start:
                length *= 2  # one message longer than this

    def _end(self, more: bytes) -> None:
        if more:
            raise SamplesError(f"{self._path} is damaged: it goes on after its end")
        self.ended = True

    def _foreign(self, why: str) -> SamplesError:
        return SamplesError(f"{self._path} is not a sample file: {why}")

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def ended(path: Path) -> bool:
    """Whether the file was closed by its writer: False where the run was killed, and the samples end before it did.

    Raises:
        SamplesError: the file is missing, or is not a sample file.
    """
    reader = Reader(path)
    try:
        for _ in reader.batches():
            pass
        return reader.ended
    finally:
        reader.close()


def _next(source: Any) -> Any:
    """The next whole message, None where there is none (yet)."""
    try:
        return pa.ipc.read_message(source)
    except (EOFError, pa.ArrowException, OSError):
        return None
