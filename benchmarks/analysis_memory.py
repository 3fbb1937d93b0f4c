"""How much memory and time the analysis of a sample file takes, for two sizes side by side.

    python benchmarks/analysis_memory.py [SAMPLES ...]

Each file is like that of a run: three vantages in two lanes, an outage now and then, compacted. It is analysed by a
process of its own (read, probe health, figures of every series), whose peak resident memory is the kernel's figure.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.ipc
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from chaos.model import Attribution, Interval, Lane, Outcome, Vantage  # noqa: E402
from chaos.outlook import Outlook  # noqa: E402
from chaos.probe.health import health  # noqa: E402
from chaos.result import Expectation  # noqa: E402
from chaos.samples import FILE_NAME, Schedule, SeriesPlan, read_samples  # noqa: E402
from chaos.samples.file import COLUMNS, METADATA_KEY  # noqa: E402
from chaos.slo import Objectives  # noqa: E402
from chaos.verdict import Happened, figures  # noqa: E402

console = Console(highlight=False, width=120)
SIZES = (1_000_000, 10_000_000)
PERIOD_NS = 50_000_000
BATCH = 65_536
VANTAGES = (
    Vantage("load-balancer", "http://127.0.0.1/"),
    Vantage("gateway-zone1", "http://127.0.0.1/", "zone1"),
    ZONE2 := Vantage("gateway-zone2", "http://127.0.0.1/", "zone2"),
)
SCHEDULE = Schedule(
    PERIOD_NS,
    2_000_000_000,
    tuple(
        SeriesPlan(vantage, lane, 10**12 + 1_000_000 * number)
        for number, (vantage, lane) in enumerate((vantage, lane) for vantage in VANTAGES for lane in Lane)
    ),
)
KNOWN = Attribution(
    pods={f"echo-{zone}-{pod}": zone for zone in ("zone1", "zone2") for pod in "abc"},
    nodes={f"node-{zone}": zone for zone in ("zone1", "zone2")},
    gateways={f"gateway-{zone}": zone for zone in ("zone1", "zone2")},
)
OUTAGE_EVERY, OUTAGE = 50_000, 200
"""Rounds (one sample of each series) from one outage to the next, and how long it lasts."""


def batches(samples: int) -> Iterator[Any]:
    """The rows of such a file, in batches of a compacted one."""
    import pyarrow.compute as pc  # noqa: PLC0415 - takes 10 MB, which the analysis need not have

    count, random = len(SCHEDULE.series), np.random.default_rng(1)
    starts = np.array([plan.start_ns for plan in SCHEDULE.series])
    for first in range(0, samples, BATCH):
        rows = np.arange(first, min(samples, first + BATCH))
        series, rounds = rows % count, rows // count
        zone = np.where(series // len(Lane) == VANTAGES.index(ZONE2), 2, 1)
        down = rounds % OUTAGE_EVERY < OUTAGE
        due = starts[series] + rounds * PERIOD_NS
        sent = due + random.integers(20_000, 400_000, len(rows))
        names = [f"echo-zone{z}-{'abc'[r % 3]}" for z, r in zip(zone.tolist(), rounds.tolist(), strict=True)]
        answered = pa.array(~down)
        columns = {
            "series": series,
            "due_ns": due,
            "sent_ns": sent,
            "done_ns": sent + random.integers(700_000, 9_000_000, len(rows)),
            "outcome": np.where(down, int(Outcome.HTTP_ERROR), int(Outcome.OK)),
            "status": np.where(down, 503, 200),
            "node": pc.if_else(answered, pa.array([f"node-zone{z}" for z in zone.tolist()]), ""),
            "pod": pc.if_else(answered, pa.array(names), ""),
            "gateway": pc.if_else(answered, pa.array([f"gateway-zone{z}" for z in zone.tolist()]), ""),
        }
        yield pa.record_batch([pa.array(columns[name]).cast(kind) for name, kind in COLUMNS], schema=schema())


def schema() -> Any:
    """The schema of a sample file."""
    return pa.schema(COLUMNS, metadata={METADATA_KEY: SCHEDULE.dumps()})


def make(path: Path, samples: int) -> None:
    """Write such a file."""
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(str(path), schema(), options=options) as stream:
        for batch in batches(samples):
            stream.write_batch(batch)


def peak_mb() -> float:
    """The most memory that this program has had resident; ``ru_maxrss`` counts its parent before exec too."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def analyse(path: Path) -> None:
    """What an experiment does with its samples when it has ended; prints what it took, as JSON."""
    imported_mb = peak_mb()
    began = time.process_time()
    every = read_samples(path, KNOWN)
    read = time.process_time()
    read_mb = peak_mb()
    middle = int(next(iter(every.values())).due_ns[100])
    happened = Happened(Interval(middle, middle), Interval(middle * 2, middle * 2), Interval(middle * 2, middle * 2))
    moves = Outlook(Expectation.FAILS_OVER, faulty=frozenset({"zone1"}), returns=frozenset({"zone1"}))
    found = [figures(series, moves, happened, Objectives(), 40) for series in every.values()]
    probe = health(every)
    console.print_json(
        json.dumps(
            {
                "samples": probe.samples,
                "outages": sum(len(one.outages) for one in found),
                "read_cpu_s": read - began,
                "all_cpu_s": time.process_time() - began,
                "imported_mb": imported_mb,
                "read_mb": read_mb,
                "peak_mb": peak_mb(),
            }
        )
    )


def measured(samples: int) -> dict[str, float]:
    """The figures of one size."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, FILE_NAME)
        make(path, samples)
        command = [sys.executable, __file__, "--analyse", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return {**json.loads(done.stdout), "file_mb": path.stat().st_size / 1e6}


def count(text: str) -> int:
    """A number as people write it: 1,000,000."""
    return int(text.replace(",", ""))


def main() -> None:
    """Measure each size and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("samples", nargs="*", type=count, default=SIZES, help="how many samples each file has")
    parser.add_argument("--analyse", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.analyse:
        analyse(options.analyse)
        return
    columns = [measured(size) for size in options.samples]
    for name in columns[0]:
        values = (
            f"{column[name]:>14,.0f}" if name in ("samples", "outages") else f"{column[name]:>14,.1f}"
            for column in columns
        )
        console.print(f"{name:12}", *values)


if __name__ == "__main__":
    main()
