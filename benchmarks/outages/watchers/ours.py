"""Our probe, as an experiment runs it: one process, both lanes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.outages.door import AWAY, HOME
from benchmarks.outages.watched import Watched
from chaos.model import Attribution, Lane, Vantage
from chaos.probe import Probe
from chaos.samples import FILE_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.outages.watchers import Task
    from chaos.model import SeriesKey
    from chaos.samples import Series

NAME = "ours"
KNOWN = Attribution(
    pods={f"echo-{zone}": zone for zone in (HOME, AWAY)},
    nodes={f"mesh-{zone}": zone for zone in (HOME, AWAY)},
    gateways={},
)


class OurWatch:
    """The running probe; ``series`` are its samples as the suite itself has them, once it is stopped."""

    def __init__(self, task: Task, lanes: Sequence[Lane]) -> None:
        vantage = Vantage("gateway-zone1", task.url, HOME)
        path = task.folder / FILE_NAME
        self._probe = Probe.start([vantage], path=path, rate_hz=task.rate_hz, timeout_s=task.timeout_s, lanes=lanes)
        self.series: Mapping[SeriesKey, Series] = {}

    @property
    def pid(self) -> int:
        """The probe's process."""
        return self._probe.pid

    def stop(self) -> Sequence[Watched]:
        """End the probe; what it saw, by lane."""
        with self._probe:
            self._probe.stop()
            self.series = self._probe.log.whole(KNOWN)
        return [watched(series) for series in self.series.values()]


class Ours:
    """Our probe."""

    name = NAME

    def __init__(self, lanes: Sequence[Lane] = tuple(Lane)) -> None:
        self._lanes = lanes

    def start(self, task: Task) -> OurWatch:
        """Let it watch."""
        return OurWatch(task, self._lanes)


def watched(series: Series) -> Watched:
    """The probe's samples as the judge wants them."""
    return (
        Watched(
            name=f"{NAME}, {series.key.lane}",
            period_ns=series.period_ns,
            due_ns=series.due_ns,
            begun_ns=series.sent_ns,
            end_ns=series.done_ns,
            ok=series.good,
            away=series.away,
            lane=series.key.lane,
        ).in_order()
        if len(series)
        else _nothing(series)
    )


def _nothing(series: Series) -> Watched:
    moments, mask = np.zeros(0, np.int64), np.zeros(0, np.bool_)
    return Watched(str(series.key), series.period_ns, moments, moments, moments, mask, mask, series.key.lane)
