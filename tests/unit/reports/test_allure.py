"""Allure's files, from real pytest runs in processes of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import allure
import pytest

from reports.allure import categories, executor, severity, write_run_files

ROOT = Path(__file__).parents[3]
SCENARIOS = """
import pytest
from pathlib import Path

import reports.allure as to_allure
from chaos.errors import InfraError, InvalidRun, NothingSelected
from reports.picture import timeline_svg
from tests.unit.reports import samples_of_results as samples

class ObjectiveBroken(Exception):
    pass

@pytest.fixture
def described(zone, request):
    to_allure.describe(
        test=f"scenarios.test_gateways#{request.node.originalname}",
        scenario="delete-gateway", fault="delete-gateway", zone=zone, profile="page",
    )
    to_allure.link(("delete-gateway-moves", "comes-home", "unknown"))

@pytest.fixture
def broken_mesh(described):
    raise InfraError("INFRA: zone1 never came up")

@pytest.mark.parametrize("zone", ["zone1", "zone2"])
def test_delete_gateway(described, zone, tmp_path):
    steps = to_allure.AllureSteps()
    with steps.phase("steady state"):
        steps.note("three seconds of home")
    with steps.phase("inject"):
        pass
    with steps.phase("verdict"):
        result = samples.delete_gateway(zone=zone)
    steps.live(None)
    (tmp_path / "samples.arrow").write_bytes(b"ARROW")
    (tmp_path / "journal.jsonl").write_text("{}")
    (tmp_path / "clusters-zone1.txt").write_text("echo::10.0.0.1")
    to_allure.entitle(result)
    to_allure.attach(
        result, timeline_svg(result), tmp_path / "samples.arrow",
        [tmp_path / "journal.jsonl", tmp_path / "clusters-zone1.txt", tmp_path / "absent.json"],
    )

@pytest.mark.parametrize("zone", ["zone1"])
def test_broken(described, zone):
    with to_allure.AllureSteps().phase("failover"):
        raise ObjectiveBroken("FAIL: no failover within 15 s\\nand more")

@pytest.mark.parametrize("zone", ["zone1"])
def test_no_mesh(broken_mesh, zone):
    pass

@pytest.mark.parametrize("zone", ["zone1"])
def test_nothing_selected(described, zone):
    raise NothingSelected("no pod matches")

@pytest.mark.parametrize("zone", ["zone1"])
def test_invalid(described, zone):
    raise InvalidRun("INVALID: the probe lagged")

@pytest.mark.parametrize("zone", ["zone1"])
@pytest.mark.xfail(raises=ObjectiveBroken, strict=True, reason="default policies do not see it")
def test_known(described, zone):
    raise ObjectiveBroken("FAIL: no failover")

@pytest.mark.parametrize("zone", ["zone1"])
def test_bug(described, zone):
    raise KeyError("FAIL is not what this is")
"""


def run(folder: Path, root: Path, *more: str) -> dict[str, dict[str, Any]]:
    """The results of one run of SCENARIOS, by the test's full name and zone."""
    folder.mkdir()
    (folder / "test_scenarios.py").write_text(SCENARIOS)
    results = folder / "allure"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "allure_pytest.plugin", "-p", "no:cacheprovider"]
    command += [f"--rootdir={root}", "-c", os.devnull, f"--alluredir={results}", "--import-mode=importlib"]
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(ROOT)]))
    done = subprocess.run(
        [*command, *more, str(folder)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": path, "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr
    found = {}
    for file in results.glob("*-result.json"):
        result = json.loads(file.read_text())
        zone = next(p["value"].strip("'") for p in result["parameters"] if p["name"] == "zone")
        found[f"{result['fullName'].rpartition('#')[2]} {zone}"] = result
    return found


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, dict[str, Any]], ...]:
    """The same scenarios twice: in different folders, at another place under pytest's root, and by several workers."""
    folder = tmp_path_factory.mktemp("allure")
    alone = run(folder / "scenarios", folder / "scenarios")
    return alone, run(folder / "elsewhere", folder, "-p", "xdist", "-n", "2")


@pytest.fixture(scope="module")
def passed(runs: tuple[dict[str, dict[str, Any]], ...]) -> dict[str, Any]:
    return runs[0]["test_delete_gateway zone1"]


def labels(result: dict[str, Any], name: str) -> list[str]:
    return [label["value"] for label in result["labels"] if label["name"] == name]


def test_phases_are_steps(passed: dict[str, Any], runs: tuple[dict[str, dict[str, Any]], ...]) -> None:
    assert [step["name"] for step in passed["steps"]] == ["steady state", "inject", "verdict"]
    assert {step["status"] for step in passed["steps"]} == {"passed"}
    broken = runs[0]["test_broken zone1"]["steps"][0]
    assert (broken["name"], broken["status"]) == ("failover", "broken")


def test_attachments_have_their_types(passed: dict[str, Any]) -> None:
    assert [(a["name"], a["type"], Path(a["source"]).suffix) for a in passed["attachments"]] == [
        ("who answered", "text/plain", ".txt"),
        ("timeline", "image/svg+xml", ".svg"),
        ("result.json", "application/json", ".json"),
        ("samples.arrow", "application/vnd.apache.arrow.stream", ".arrows"),
        ("journal.jsonl", "application/jsonl", ".jsonl"),
        ("clusters-zone1.txt", "text/plain", ".txt"),
        ("missing files", "text/plain", ".txt"),
    ]


def test_labels_links_and_title(passed: dict[str, Any]) -> None:
    assert passed["name"] == "delete-gateway zone1 [page]"
    assert labels(passed, "severity") == ["blocker"]
    assert labels(passed, "feature") == ["failover"]
    assert labels(passed, "story") == ["delete-gateway"]
    page = "https://developer.konghq.com/mesh/disaster-recovery/"
    assert [(link["name"], link["url"]) for link in passed["links"]] == [
        ("delete-gateway-moves", f"{page}#simulating-failover-and-disaster"),
        ("comes-home", f"{page}?claim=comes-home#simulating-failover-and-disaster"),
    ]


def test_parameters_are_what_stays_the_same(passed: dict[str, Any]) -> None:
    assert {p["name"]: p["value"].strip("'") for p in passed["parameters"]} == {
        "fault": "delete-gateway",
        "zone": "zone1",
        "profile": "page",
    }


def test_history_goes_on_over_runs(runs: tuple[dict[str, dict[str, Any]], ...]) -> None:
    first, second = (
        {name: (result["historyId"], result["testCaseId"], result["fullName"]) for name, result in found.items()}
        for found in runs
    )
    assert first == second
    assert len({history for history, _, _ in first.values()}) == len(first) == 8
    assert first["test_delete_gateway zone1"][2] == "scenarios.test_gateways#test_delete_gateway"


def category(result: dict[str, Any]) -> str:
    """The category that Allure puts a result in: the first whose whole expression and status match."""
    message = result.get("statusDetails", {}).get("message", "")
    for entry in categories():
        statuses = entry["matchedStatuses"]
        assert isinstance(statuses, list)
        expression = str(entry["messageRegex"])
        if result["status"] in statuses and re.fullmatch(expression, message):
            return str(entry["name"])
        assert result["status"] not in statuses or not re.search(expression, message)  # Allure 3 looks for any part
    return ""


@pytest.mark.parametrize(
    ("test", "name"),
    [
        ("test_broken", "FAIL \N{EN DASH} the mesh broke a promise"),
        ("test_no_mesh", "INFRA \N{EN DASH} the experiment could not be carried out"),
        ("test_nothing_selected", "INFRA \N{EN DASH} the experiment could not be carried out"),
        ("test_invalid", "INVALID \N{EN DASH} the probe could not keep its schedule"),
        ("test_known", "Known to be false (expected failure)"),
        ("test_bug", ""),
        ("test_delete_gateway", ""),
    ],
)
def test_each_kind_of_end_has_its_category(runs: tuple[dict[str, dict[str, Any]], ...], test: str, name: str) -> None:
    assert category(runs[0][f"{test} zone1"]) == name


def test_an_assertion_is_a_broken_promise_too() -> None:
    result = {"status": "failed", "statusDetails": {"message": "AssertionError: FAIL: 3 bad samples"}}
    assert category(result) == "FAIL \N{EN DASH} the mesh broke a promise"


def test_severity_is_the_faults() -> None:
    levels = allure.severity_level
    assert severity("delete-cluster") == severity("delete-gateway") == levels.BLOCKER
    assert severity("wrong-port") == levels.CRITICAL
    assert severity("none") == severity("") == levels.NORMAL


def test_the_files_of_a_run(tmp_path: Path) -> None:
    environment = {"engine": "standin", "Envoy version": "1.36", "path": "C:\\x", "note": "größer\nΩ = 1😀"}
    write_run_files(tmp_path / "new", environment, {})
    assert (tmp_path / "new" / "environment.properties").read_text("ascii") == (
        "engine=standin\n"
        "Envoy\\ version=1.36\n"
        "path=C\\:\\\\x\n"
        "note=gr\\u00f6\\u00dfer\\ \\u03a9\\ \\=\\ 1\\ud83d\\ude00\n"
    )
    assert json.loads((tmp_path / "new" / "categories.json").read_text("utf-8")) == categories()
    assert json.loads((tmp_path / "new" / "executor.json").read_text("utf-8"))["type"] == "local"


def test_the_executor_is_taken_from_this_process_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("GITLAB_CI", "true")
    write_run_files(tmp_path, {})
    assert json.loads((tmp_path / "executor.json").read_text())["type"] == "gitlab"


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({}, {"name": "local", "type": "local", "buildName": "local run"}),
        (
            {
                "GITHUB_ACTIONS": "true",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_REPOSITORY": "o/r",
                "GITHUB_RUN_ID": "77",
                "GITHUB_RUN_NUMBER": "12",
                "GITHUB_WORKFLOW": "nightly",
            },
            {
                "name": "GitHub Actions",
                "type": "github",
                "buildName": "nightly #12",
                "buildOrder": 12,
                "buildUrl": "https://github.com/o/r/actions/runs/77",
            },
        ),
        ({"GITHUB_ACTIONS": "true"}, {"name": "GitHub Actions", "type": "github"}),
        (
            {"GITLAB_CI": "true", "CI_PIPELINE_IID": "5", "CI_JOB_NAME": "failover", "CI_JOB_URL": "https://l/5"},
            {
                "name": "GitLab CI",
                "type": "gitlab",
                "buildName": "failover #5",
                "buildOrder": 5,
                "buildUrl": "https://l/5",
            },
        ),
        (
            {"JENKINS_URL": "https://j/", "BUILD_NUMBER": "x9", "JOB_NAME": "mesh", "BUILD_URL": "https://j/9"},
            {"name": "Jenkins", "type": "jenkins", "buildName": "mesh #x9", "buildUrl": "https://j/9"},
        ),
    ],
)
def test_who_ran_it(variables: dict[str, str], found: dict[str, object]) -> None:
    assert executor(variables) == {"reportName": "Mesh failover", **found}
