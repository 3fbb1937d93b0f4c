"""A run as metrics (``metrics.txt``): OpenMetrics text for dashboards and for a push gateway.

Everything is a gauge and nothing has a timestamp, so that the same file is valid Prometheus text (version 0.0.4): the
Pushgateway takes that only, and refuses timestamps and the types that OpenMetrics added (info, stateset). A verdict
is a gauge for each state, 1 for the one that it is. The bounds of an interval are two series, ``bound="low"`` and
``"high"``. What did not come about has no series: a failover that never came is no failover of 0 s. Nor has what INFRA
and INVALID experiments measured, which says nothing of the mesh.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.registry import Collector

from chaos.model import Verdict
from reports.glance import judged, run_verdict, severity, told
from reports.verdicts import Standing, claim_verdicts, expected, surprising
from reports.worst import MEASURED, latest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from chaos.model import Interval
    from chaos.result import Figures, Result
    from reports.run import Run

FILE_NAME = "metrics.txt"

_PREFIX = "mesh_chaos_"
_TRIED = ("scenario", "fault", "zone", "profile")
"""The labels that tell experiments apart; those that a run repeats count as one, at its worst."""
_SERIES = (*_TRIED, "vantage", "lane")
_AS_DOCUMENTED, _SURPRISE = "FAIL_AS_DOCUMENTED", "PASS_SURPRISE"
_STATES = (*Verdict, _AS_DOCUMENTED, _SURPRISE)


def _unavailability(one: Figures) -> float:
    return one.bad / one.samples if one.samples else math.nan


_LENGTHS: tuple[tuple[str, str, Callable[[Figures], Interval | None]], ...] = (
    ("detect", "From the injection to the first bad or away sample", lambda one: one.detect),
    ("failover", "From the injection until another zone answered steadily", lambda one: one.failover),
    ("failback", "From the repair until home answered steadily", lambda one: one.failback),
    ("outage_longest", "The longest single outage", lambda one: one.outage_longest),
    ("outage", "All outages together", lambda one: one.outage_total),
    ("return_outage", "All outages together since the repair began", lambda one: one.return_outage),
)
"""Each length with its name and meaning."""
_NUMBERS: tuple[tuple[str, str, str, Callable[[Figures], float]], ...] = (
    ("samples", "Requests that were due", "", lambda one: one.samples),
    ("bad_samples", "Requests that went wrong", "", lambda one: one.bad),
    ("lost_samples", "Requests of which nothing is known", "", lambda one: one.lost),
    ("outages", "How many outages there were", "", lambda one: len(one.outages)),
    ("unavailability", "The share of requests that went wrong", "ratio", _unavailability),
    ("latency_p50", "Median latency of good requests", "seconds", lambda one: one.latency_p50_ms / 1000),
    (
        "latency_p99",
        "99th percentile of the latency of good requests",
        "seconds",
        lambda one: one.latency_p99_ms / 1000,
    ),
)
"""Each number with its name, meaning and unit: of repeated experiments the highest is the worst."""


def render(run: Run) -> str:
    """``run`` as OpenMetrics text."""
    registry = CollectorRegistry()
    registry.register(_Families(run))
    text: bytes = generate_latest(registry)
    return text.decode()


class _Families(Collector):
    """What ``prometheus_client`` asks for a run's metrics."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every family, each with all its series."""
        tried = _by_experiment(self._run.results)
        felt = _by_series(tried)
        yield from _of_run(self._run)
        yield _claims(self._run.results)
        yield from _of_experiments(tried)
        for name, meaning, get in _LENGTHS:
            yield _lengths(name, meaning, {labels: [get(one) for one in every] for labels, every in felt.items()})
        yield _costs(felt)
        for name, meaning, unit, number in _NUMBERS:
            worst = {labels: max(map(number, every)) for labels, every in felt.items()}
            yield _gauge(name, meaning, _SERIES, worst, unit)


def _by_experiment(results: Iterable[Result]) -> dict[tuple[str, ...], list[Result]]:
    tried: dict[tuple[str, ...], list[Result]] = {}
    for result in results:
        tried.setdefault(tuple(told(getattr(result, name)) for name in _TRIED), []).append(result)
    return tried


def _by_series(tried: Mapping[tuple[str, ...], Sequence[Result]]) -> dict[tuple[str, ...], list[Figures]]:
    felt: dict[tuple[str, ...], list[Figures]] = {}
    for labels, results in tried.items():
        measured = (result for result in results if result.verdict in MEASURED)
        for one in (figures for result in measured for figures in result.figures):
            felt.setdefault((*labels, told(one.key.vantage), one.key.lane.value), []).append(one)
    return felt


def _gauge(
    name: str, meaning: str, labels: Sequence[str], values: Mapping[tuple[str, ...], float], unit: str = ""
) -> GaugeMetricFamily:
    """A family; without what is no finite number."""
    family = GaugeMetricFamily(_PREFIX + name, f"{meaning}.", labels=labels, unit=unit)
    for given, value in values.items():
        if math.isfinite(value):
            family.add_metric(given, value)
    return family


def _of_run(run: Run) -> Iterator[GaugeMetricFamily]:
    verdict = run_verdict(run)
    yield _gauge(
        "run_started_timestamp", "When the run began, since the epoch", (), {(): run.about.started_unix_s}, "seconds"
    )
    yield _gauge(
        "run_verdict", "1 for what the run concludes", ["verdict"], {(one,): one is verdict for one in Verdict}
    )
    states = Counter(_state(result) for result in run.results)
    yield _gauge("run_experiments", "Experiments by verdict", ["verdict"], {(one,): states[one] for one in _STATES})
    yield _gauge("run_tests_without_result", "Tests that failed without a result", (), {(): len(run.about.failures)})
    again = len({one.test for one in run.about.again})
    yield _gauge("run_tests_made_again", "Tests that were INVALID and made again", (), {(): again})
    yield _gauge("run_unreadable", "Experiments whose result cannot be read", (), {(): len(run.unreadable)})


def _claims(results: Sequence[Result]) -> GaugeMetricFamily:
    values: dict[tuple[str, ...], float] = {
        (verdict.claim.id, told(verdict.profile), standing.value): float(standing is verdict.standing)
        for verdict in claim_verdicts(results)
        for standing in Standing
    }
    return _gauge("claim_standing", "1 for what the run says of a claim", ("claim", "profile", "standing"), values)


def _of_experiments(tried: Mapping[tuple[str, ...], Sequence[Result]]) -> Iterator[GaugeMetricFamily]:
    worst = {labels: _state(min(results, key=_badness)) for labels, results in tried.items()}
    states = {(*labels, state): float(state == found) for labels, found in worst.items() for state in _STATES}
    yield _gauge("experiment_verdict", "1 for what the experiment concludes", (*_TRIED, "verdict"), states)
    made = {(*labels, told(r.platform), told(r.engine)): 1.0 for labels, results in tried.items() for r in results}
    yield _gauge("experiment_info", "Where the experiment was made", (*_TRIED, "platform", "engine"), made)
    repeats = {labels: len(results) for labels, results in tried.items()}
    yield _gauge("experiment_repeats", "How often the run made the experiment", _TRIED, repeats)
    lasted = {
        labels: [r.restored.since(r.injected) if r.restored and r.injected else None for r in results]
        for labels, results in tried.items()
    }
    yield _lengths("fault", "From the injection to the start of the repair", lasted, _TRIED)


def _state(result: Result) -> str:
    """The verdict, with what is documented told apart."""
    if expected(result):
        return _AS_DOCUMENTED
    return _SURPRISE if surprising(result) else result.verdict.value


def _badness(result: Result) -> tuple[int, int]:
    """Sorts the worst first; a failure that is documented comes after everything that is not as it should be."""
    return severity(judged(result)), severity(result.verdict)


def _lengths(
    name: str,
    meaning: str,
    found: Mapping[tuple[str, ...], Sequence[Interval | None]],
    labels: Sequence[str] = _SERIES,
) -> GaugeMetricFamily:
    """Lengths as two bounds, of repeated ones the longest; nothing where one of them never came about."""
    values = {}
    for given, every in found.items():
        if (worst := latest(every)) is not None:
            values[(*given, "low")], values[(*given, "high")] = worst.low_s, worst.high_s
    return _gauge(name, meaning, (*labels, "bound"), values, "seconds")


def _costs(felt: Mapping[tuple[str, ...], Sequence[Figures]]) -> GaugeMetricFamily:
    values = {}
    for labels, every in felt.items():
        low, high = max((one.budget_cost for one in every), key=lambda cost: (cost[1], cost[0]))
        values[(*labels, "low")], values[(*labels, "high")] = low, high
    return _gauge("budget_cost", "The share of the error budget that it used", (*_SERIES, "bound"), values, "ratio")
