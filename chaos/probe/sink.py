"""Writes samples to disk from a thread of its own, so that a slow disk cannot hold up the schedule."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from chaos.errors import ChaosError

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.samples import Sample, SampleWriter


class Sink:
    """Collects samples and writes them as one record batch every ``flush_s`` seconds.

    Args:
        failed: is called, from the sink's thread, with the error that ended the writing.
    """

    def __init__(self, writer: SampleWriter, *, flush_s: float, failed: Callable[[ChaosError], None]) -> None:
        self._writer = writer
        self._flush_s = flush_s
        self._failed = failed
        self._pending: deque[Sample] = deque()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="samples", daemon=True)
        self._thread.start()

    def put(self, sample: Sample) -> None:
        """Take a sample; it is written with the next batch."""
        self._pending.append(sample)

    def close(self, wait_s: float | None = None) -> None:
        """Write what is pending and end the file; stop waiting for that after ``wait_s`` seconds."""
        self._closing.set()
        self._thread.join(wait_s)

    def _run(self) -> None:
        try:
            while not self._closing.wait(self._flush_s):
                self._flush()
            self._flush()
            self._writer.close()
        except ChaosError as error:
            self._failed(error)

    def _flush(self) -> None:
        # Only as many as there are now: the loop's thread goes on appending meanwhile.
        if batch := [self._pending.popleft() for _ in range(len(self._pending))]:
            self._writer.write(batch)
