from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from chaos.errors import ChaosError, SamplesError
from chaos.model import Lane, Outcome, Vantage
from chaos.probe.sink import Sink
from chaos.samples import Sample, SampleLog, SampleWriter, Schedule, SeriesPlan

if TYPE_CHECKING:
    from pathlib import Path

SCHEDULE = Schedule(1, 1, (SeriesPlan(Vantage("v", "http://h"), Lane.FRESH, 0),))


class Writer:
    """Stands in for a SampleWriter."""

    def __init__(self, error: SamplesError | None = None) -> None:
        self.rows: list[Sample] = []
        self.written = threading.Event()
        self.closed = False
        self.error = error

    def write(self, samples: list[Sample]) -> None:
        if self.error:
            raise self.error
        self.rows += samples
        self.written.set()

    def close(self) -> None:
        self.closed = True


def sample(i: int) -> Sample:
    return Sample(0, i, i, i, Outcome.OK)


def test_samples_are_written_without_being_asked_and_the_rest_at_the_end() -> None:
    writer = Writer()
    sink = Sink(writer, flush_s=0.01, failed=lambda error: None)  # type: ignore[arg-type]
    sink.put(sample(0))
    assert writer.written.wait(5)
    for i in range(1, 1000):
        sink.put(sample(i))
    sink.close()
    assert [row.due_ns for row in writer.rows] == list(range(1000))
    assert writer.closed


def test_nothing_pending_writes_no_batch(tmp_path: Path) -> None:
    path = tmp_path / "samples.arrow"
    sink = Sink(SampleWriter(path, SCHEDULE), flush_s=0.001, failed=lambda error: None)
    empty = path.stat().st_size
    sink.close()
    assert path.stat().st_size == empty + 8  # the stream's end
    log = SampleLog(path)
    log.poll()
    log.close()


def test_what_ends_the_writing_is_told() -> None:
    errors: list[ChaosError] = []
    sink = Sink(Writer(SamplesError("full")), flush_s=60, failed=errors.append)  # type: ignore[arg-type]
    sink.put(sample(0))
    sink.close()
    assert [str(error) for error in errors] == ["full"]
