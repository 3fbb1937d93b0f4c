"""Which names were in the answers: a series keeps zones only, and a rule may need to know which pod said what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from chaos.errors import ChaosError
from chaos.model import Outcome, Zone
from chaos.redaction import redacted
from chaos.samples.file import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.model import Attribution, SeriesKey


@dataclass(frozen=True)
class Named:
    """How often answers at one vantage named this pod and this node."""

    vantage: str
    pod: str
    pod_zone: Zone | None
    """None for a pod of no known zone."""
    node: str
    node_zone: Zone | None
    good: bool
    """HTTP 200, whatever it names."""
    count: int


def names(path: Path, attribution: Attribution, start_ns: int, end_ns: int) -> tuple[Named, ...]:
    """The names in all answers due in [start_ns, end_ns); none where the file cannot be read."""
    try:
        return tuple(_names(path, attribution, start_ns, end_ns))
    except (ChaosError, OSError, pa.ArrowException):
        return ()


def _names(path: Path, attribution: Attribution, start_ns: int, end_ns: int) -> list[Named]:
    reader = Reader(path)
    found: Counter[_Row] = Counter()
    try:
        for batch in reader.batches():
            found.update(_counted(pa.Table.from_batches([batch]), start_ns, end_ns))
        schedule = reader.schedule
    finally:
        reader.close()
    keys = [plan.key for plan in schedule.series] if schedule else []
    return [_named(row, count, keys, attribution) for row, count in found.items()]


class _Row(NamedTuple):
    series: int
    pod: str
    node: str
    good: bool


def _counted(rows: Any, start_ns: int, end_ns: int) -> dict[_Row, int]:
    due = rows["due_ns"]
    in_time = pc.and_(pc.greater_equal(due, start_ns), pc.less(due, end_ns))
    named = rows.filter(pc.and_(in_time, pc.not_equal(rows["pod"], "")))
    named = named.append_column("good", pc.equal(named["outcome"], int(Outcome.OK)))
    counted = named.group_by(list(_Row._fields)).aggregate([([], "count_all")])
    return {_Row(*(row[name] for name in _Row._fields)): row["count_all"] for row in counted.to_pylist()}


def _named(row: _Row, count: int, keys: list[SeriesKey], attribution: Attribution) -> Named:
    return Named(
        vantage=keys[row.series].vantage,
        pod=redacted(row.pod),
        pod_zone=attribution.pods.get(row.pod),
        node=redacted(row.node),
        node_zone=attribution.nodes.get(row.node),
        good=row.good,
        count=count,
    )
