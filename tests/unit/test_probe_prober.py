"""The open loop in this process, against the scripted server."""

from __future__ import annotations

import time
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING

import pytest
import uvloop

from chaos.model import Lane, Outcome, Vantage
from chaos.probe.pacer import plan
from chaos.probe.prober import Prober
from chaos.probe.target import target
from tests.probe_server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chaos.samples import Sample, Schedule

S = 1_000_000_000


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


class Run:
    """A prober that is stopped as soon as ``until`` says so."""

    def __init__(self, urls: Sequence[str], *, rate_hz: float, timeout_s: float) -> None:
        self.samples: list[Sample] = []
        self.loop = uvloop.new_event_loop()
        vantages = [Vantage(f"v{i}", url) for i, url in enumerate(urls)]
        self.schedule: Schedule = plan(
            vantages, list(Lane), rate_hz=rate_hz, timeout_s=timeout_s, start_ns=time.monotonic_ns() + S // 100
        )
        self.prober = Prober(
            loop=self.loop,
            schedule=self.schedule,
            targets={vantage.name: target(vantage) for vantage in vantages},
            gateway_header="X-Mesh-Chaos-Gateway",
            report=self._report,
            stopped=self.loop.stop,
        )

    def until(self, enough: Callable[[Sequence[Sample]], bool]) -> list[Sample]:
        self._enough = enough
        self._stopping = False
        self.loop.run_forever()
        self.loop.close()
        return self.samples

    def _report(self, sample: Sample) -> None:
        self.samples.append(sample)
        if not self._stopping and self._enough(self.samples):
            self._stopping = True
            self.loop.call_soon(self.prober.stop)

    def assert_nothing_is_lost(self) -> None:
        taken = Counter((sample.series, sample.due_ns) for sample in self.samples)
        for index, series in enumerate(self.schedule.series):
            last = max(due for key, due in taken if key == index)
            due = range(series.start_ns, last + 1, self.schedule.period_ns)
            assert [taken[index, moment] for moment in due] == [1] * len(due)
        assert sum(taken.values()) == len(taken)


def test_every_due_sample_is_taken_whatever_the_others_do(server: Server) -> None:
    run = Run([server.url("/ok"), server.url("/hole"), server.url("/reset")], rate_hz=50, timeout_s=0.4)
    samples = run.until(lambda rows: len(rows) > 300)
    run.assert_nothing_is_lost()
    outcomes = {s: {row.outcome for row in samples if row.series == s} for s in range(6)}
    assert outcomes == {
        0: {Outcome.OK},
        1: {Outcome.OK},
        2: {Outcome.TIMEOUT},
        3: {Outcome.TIMEOUT},
        4: {Outcome.RESET},
        5: {Outcome.RESET},
    }
    assert median(row.sent_ns - row.due_ns for row in samples) < S // 4, "the machine may halt for a moment"
    assert {row.gateway for row in samples if row.series == 0} == {"gateway-zone1"}


def test_requests_under_way_when_stopped_are_waited_for(server: Server) -> None:
    run = Run([server.url("/hole")], rate_hz=100, timeout_s=0.3)
    samples = run.until(lambda rows: len(rows) == 1)
    run.assert_nothing_is_lost()
    assert len(samples) > 30
    took_ns = [row.done_ns - row.sent_ns for row in samples]
    assert min(took_ns) >= 0.3 * S
    assert median(took_ns) < 0.6 * S


def test_a_late_loop_sends_what_is_overdue_at_once_and_says_so(server: Server) -> None:
    run = Run([server.url("/ok")], rate_hz=100, timeout_s=1.0)
    time.sleep(0.2)  # the loop is held up: this is the event itself, not a wait for one
    samples = run.until(lambda rows: len(rows) > 80)
    run.assert_nothing_is_lost()
    late = sorted(row.sent_ns - row.due_ns for row in samples)
    assert late[-1] > 0.15 * S
    assert late[len(late) // 5] < 0.1 * S
