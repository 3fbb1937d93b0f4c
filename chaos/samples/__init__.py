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

A row takes about 57 bytes while it is appended (30 rows to a batch: 120 samples/s, four batches a
second), and about 23 once the file has been compacted: the same rows and format in batches of 65,536.

In memory a row takes 14 bytes while the file is read and 13 as part of a ``Series``, whose moments are exact int64 all
the same. A file cut off anywhere is read up to its last whole batch, and ``ended`` tells it from one that was closed;
rows that no probe can have written (sent before they were due, two of one sample) make a file a damaged one.
"""

from chaos.samples.file import ATTRIBUTION_FILE, FILE_NAME, SampleWriter, compact, ended, write_samples
from chaos.samples.log import SampleLog, read_samples
from chaos.samples.schedule import Sample, Schedule, SeriesPlan
from chaos.samples.series import NOBODY, Series

__all__ = [
    "ATTRIBUTION_FILE",
    "FILE_NAME",
    "NOBODY",
    "Sample",
    "SampleLog",
    "SampleWriter",
    "Schedule",
    "Series",
    "SeriesPlan",
    "compact",
    "ended",
    "read_samples",
    "write_samples",
]
