"""Two runs and their reports by the real Allure 3 from npm; skipped where there is no Node, or no registry."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from chaos.errors import InfraError
from reports import allure_report
from reports.allure import categories, write_run_files
from reports.run import About, read_run, write_about
from tests.unit.reports.test_allure import run as pytest_run

if TYPE_CHECKING:
    from pathlib import Path

NIGHTS = (("20260101T020000", 1767232800.0), ("20260102T020000", 1767319200.0))
ENVIRONMENT = {"engine": "standin", "zones": "zone1, zone2"}


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two nights' runs with their reports, the second one's as a folder whose files can be read."""
    scenarios, artifacts = tmp_path_factory.mktemp("scenarios"), tmp_path_factory.mktemp("artifacts")
    with pytest.MonkeyPatch.context() as patch:
        for name, started_unix_s in NIGHTS:
            (artifacts / name).mkdir()
            pytest_run(scenarios / name, scenarios)
            results = artifacts / name / allure_report.RESULTS
            shutil.move(scenarios / name / "allure", results)
            write_run_files(results, ENVIRONMENT, {"GITHUB_ACTIONS": "true", "GITHUB_WORKFLOW": "nightly"})
            write_about(About(started_unix_s, 1, ENVIRONMENT), artifacts / name)
            try:
                allure_report.build(read_run(artifacts / name), results, artifacts / "history.jsonl", print)
            except InfraError as error:
                if "failed" in str(error):
                    raise
                pytest.skip(str(error))
            patch.setattr(allure_report, "_ONE_FILE_BYTES", 0)
    return artifacts


@pytest.fixture
def second(artifacts: Path) -> Path:
    return artifacts / NIGHTS[1][0] / "allure-report"


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def test_a_report_is_one_file_that_opens_anywhere(artifacts: Path) -> None:
    report = artifacts / NIGHTS[0][0] / "allure-report"
    assert {path.name for path in report.iterdir()} == {"index.html", "summary.json", "test-results.json"}
    page = (report / "index.html").read_text("utf-8")
    assert 'src="http' not in page  # nobody is told who opens it
    assert f"Mesh failover {NIGHTS[0][0]}" in page


def test_each_test_is_found_again_in_the_next_run(artifacts: Path, second: Path) -> None:
    tests = list(map(read, (second / "data" / "test-results").glob("*.json")))
    assert len(tests) == 8
    assert [len(test["history"]) for test in tests] == [1] * 8  # the run before; this one makes it two
    points = [json.loads(line) for line in (artifacts / "history.jsonl").read_text("utf-8").splitlines()]
    assert [point["timestamp"] for point in points] == [int(started * 1000) for _, started in NIGHTS]
    assert points[0]["testResults"].keys() == points[1]["testResults"].keys()
    assert len(points[0]["testResults"]) == 8


def test_trends_have_both_runs(second: Path) -> None:
    charts = read(second / "widgets" / "charts.json")["general"].values()
    (trend,) = [chart for chart in charts if chart["type"] == "statusDynamics"]
    assert len(trend["data"]) == 2


def test_what_broke_is_sorted_into_our_categories(second: Path) -> None:
    found = read(second / "widgets" / "categories.json")
    counts = {found["nodes"][root]["name"]: found["nodes"][root]["statistic"]["total"] for root in found["roots"]}
    known, fail, invalid, infra = (str(entry["name"]) for entry in categories())
    assert counts == {known: 1, fail: 1, invalid: 1, infra: 2, "Test errors": 1}


def test_executor_and_environment_are_in_the_report(second: Path) -> None:
    page = (second / "index.html").read_text("utf-8")
    assert '"executor":{"name":"GitHub Actions","type":"github"' in page
    shown = {item["name"]: item["values"] for item in read(second / "widgets" / "allure_environment.json")}
    assert shown == {name: [value] for name, value in ENVIRONMENT.items()}
