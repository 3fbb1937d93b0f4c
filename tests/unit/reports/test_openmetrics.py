"""A run as metrics: read back by the parsers of both formats."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

from chaos.model import Lane, Verdict
from chaos.result import Finding
from reports.openmetrics import render
from tests.unit.reports import samples_of_results as samples
from tests.unit.reports.test_glance import BROKEN, NO_MESH, PASSED, run

if TYPE_CHECKING:
    from reports.run import Run

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "reports.md"
Labels = frozenset[tuple[str, str]]


def read(text: str) -> dict[tuple[str, Labels], float]:
    """Every series' value, by the parser of OpenMetrics; no series may be there twice."""
    found: dict[tuple[str, Labels], float] = {}
    for family in openmetrics_parser.text_string_to_metric_families(text):
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found
            found[key] = sample.value
    return found


def value(one: Run, name: str, **labels: str) -> float | None:
    """The value of the only series with these labels, whatever others it has; None where there is none."""
    wanted = labels.items()
    found = [v for (given, has), v in read(render(one)).items() if given == f"mesh_chaos_{name}" and wanted <= has]
    assert len(found) <= 1, found
    return found[0] if found else None


NIGHT = run(*samples.run(), code=10)


def test_the_last_line_is_the_end_and_every_line_ends() -> None:
    assert render(NIGHT).endswith("\n# EOF\n")
    assert "\r" not in render(NIGHT)


def test_every_family_is_a_gauge_with_help_and_no_timestamp_so_that_a_push_gateway_takes_it() -> None:
    families = list(openmetrics_parser.text_string_to_metric_families(render(NIGHT)))
    assert len(families) > 20
    for family in families:
        assert family.type == "gauge"
        assert family.documentation
        assert not family.unit or family.name.endswith(f"_{family.unit}")
        assert family.unit in {"", "seconds", "ratio"}
        assert all(sample.timestamp is None for sample in family.samples)


def test_the_documentation_names_every_gauge_and_no_other() -> None:
    documented = set(re.findall(r"mesh_chaos_\w+", DOCUMENTATION.read_text()))
    assert documented == {family.name for family in openmetrics_parser.text_string_to_metric_families(render(NIGHT))}


def test_the_same_text_is_prometheus_text() -> None:
    old = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in parser.text_string_to_metric_families(render(NIGHT))
        for sample in family.samples
    }
    assert old == read(render(NIGHT))


def test_a_verdict_is_a_gauge_for_each_state() -> None:
    states = {verdict: value(NIGHT, "run_verdict", verdict=verdict) for verdict in Verdict}
    assert states == {Verdict.FAIL: 0, Verdict.INFRA: 1, Verdict.INVALID: 0, Verdict.PASS: 0}
    tried = {"fault": "wrong-port", "zone": "zone1", "profile": "page"}
    assert value(NIGHT, "experiment_verdict", verdict="FAIL_AS_DOCUMENTED", **tried) == 1
    assert value(NIGHT, "experiment_verdict", verdict="FAIL", **tried) == 0
    assert value(NIGHT, "experiment_verdict", verdict="PASS", **tried) == 0
    assert value(NIGHT, "run_experiments", verdict="PASS") == 5
    assert value(NIGHT, "claim_standing", claim="rollouts-benefit", profile="page", standing="not run") == 1


def test_a_surprise_is_neither_a_pass_nor_an_ordinary_failure() -> None:
    surprise = run(samples.wrong_port(verdict=Verdict.PASS, findings=()), code=1)
    assert value(surprise, "run_verdict", verdict="FAIL") == 1
    assert value(surprise, "experiment_verdict", verdict="PASS_SURPRISE") == 1
    assert value(surprise, "experiment_verdict", verdict="PASS") == 0


SERIES = {"fault": "delete-deployment", "zone": "zone1", "vantage": "gateway-zone1", "lane": "fresh"}


def test_the_bounds_of_an_interval_are_two_series() -> None:
    page = {**SERIES, "profile": "page"}
    assert value(NIGHT, "failover_seconds", bound="low", **page) == 10.1
    assert value(NIGHT, "failover_seconds", bound="high", **page) == 10.45
    low, high = (value(NIGHT, "budget_cost_ratio", bound=bound, **page) for bound in ("low", "high"))
    assert low is not None
    assert high is not None
    assert 0.0039 < low < high < 0.0041


def test_what_did_not_come_about_has_no_series() -> None:
    gone = {"fault": "wrong-port", "profile": "page", "vantage": "gateway-zone1", "lane": "fresh", "bound": "high"}
    assert value(NIGHT, "failover_seconds", **gone) is None
    assert value(NIGHT, "failback_seconds", **gone) == 0.5


def test_what_an_invalid_experiment_measured_is_not_there() -> None:
    invalid = run(samples.delete_deployment(verdict=Verdict.INVALID), code=11)
    assert value(invalid, "experiment_verdict", verdict="INVALID") == 1
    assert not [name for name, _ in read(render(invalid)) if name.endswith("failover_seconds")]


def test_a_run_that_left_nothing_is_told_all_the_same() -> None:
    killed = run(code=None, failures=(NO_MESH,), unreadable=("it did not end",))
    assert value(killed, "run_verdict", verdict="INFRA") == 1
    assert value(killed, "run_tests_without_result") == 1
    assert value(killed, "run_unreadable") == 1
    assert value(killed, "run_started_timestamp_seconds") == 1_790_000_000


def test_an_experiment_that_is_repeated_counts_once_at_its_worst() -> None:
    slow = samples.delete_deployment()
    quick = replace(slow, figures=tuple(replace(one, failover=samples.seconds(1, 2), bad=0) for one in slow.figures))
    never = replace(slow, figures=tuple(replace(one, failover=None) for one in slow.figures))
    bad = next(one.bad for one in slow.figures if str(one.key) == "gateway-zone1/fresh")
    twice = run(quick, slow)
    assert value(twice, "failover_seconds", bound="high", **SERIES) == 10.45
    assert value(twice, "bad_samples", **SERIES) == bad
    assert value(twice, "experiment_repeats") == 2
    assert value(run(quick, never), "failover_seconds", bound="high", **SERIES) is None
    broken = run(replace(slow, verdict=Verdict.INFRA), slow, code=10)
    assert value(broken, "experiment_verdict", verdict="INFRA") == 1


def test_a_failure_that_is_documented_hides_no_worse_repeat() -> None:
    documented = samples.wrong_port()
    real = replace(documented, findings=(*documented.findings, Finding(Verdict.FAIL, "it stays", claim="comes-home")))
    surprise = samples.wrong_port(verdict=Verdict.PASS, findings=())
    vain = samples.wrong_port(verdict=Verdict.INFRA)
    worst = {"FAIL": real, "PASS_SURPRISE": surprise, "INFRA": vain}
    for verdict, other in worst.items():
        assert value(run(documented, other, code=1), "experiment_verdict", verdict=verdict) == 1
    well = replace(documented, claims=("comes-home",), verdict=Verdict.PASS, findings=())
    assert value(run(documented, well), "experiment_verdict", verdict="FAIL_AS_DOCUMENTED") == 1


@pytest.mark.parametrize("name", ['quo"te', "back\\slash", "\\", "new\nline", "{a=1}", "ünïcode", 'a",zone="b', ""])
def test_a_label_is_what_was_named(name: str) -> None:
    one = run(samples.delete_deployment(profile=name, engine=name))
    assert value(one, "experiment_info", profile=name.replace("\n", " "), engine=name.replace("\n", " ")) == 1


def test_no_secret_is_in_a_label() -> None:
    assert "secret" not in render(run(samples.delete_deployment(engine="http://me:secret@host")))


def test_what_is_no_finite_number_has_no_series() -> None:
    odd = replace(samples.gateway2(Lane.FRESH), latency_p99_ms=math.inf, samples=0, bad=0)
    one = run(samples.result(odd))
    assert value(one, "latency_p99_seconds") is None
    assert value(one, "unavailability_ratio") is None
    assert value(one, "samples") == 0


def test_a_pass_and_a_failure_differ() -> None:
    assert value(run(*PASSED), "run_verdict", verdict="PASS") == 1
    assert value(run(*PASSED, BROKEN, code=1), "run_verdict", verdict="PASS") == 0
