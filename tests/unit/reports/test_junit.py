"""JUnit XML: pytest's own, in each run's folder, with what the experiments found as properties."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest

from chaos.model import Verdict
from reports.junit import properties
from tests.unit.reports import samples_of_results as samples

if TYPE_CHECKING:
    from chaos.result import Result

ROOT = Path(__file__).parents[3]
CHECK = samples.result(
    scenario="delete-deployment", fault="none", claims=("enters-by-ingress",), artifacts="/a/delete-deployment-2"
)


def named(*results: Result) -> dict[str, str]:
    given = list(properties(results))
    assert len(dict(given)) == len(given), "a name that is there twice means one of them is lost"
    return dict(given)


def test_the_figures_of_a_tests_one_experiment_have_plain_names_with_units() -> None:
    assert named(samples.delete_deployment()) == {
        "verdict": "PASS",
        "fault": "delete-deployment",
        "zone": "zone1",
        "profile": "page",
        "platform": "universal",
        "engine": "standin",
        "failover_low_s": "10.1",
        "failover_high_s": "10.45",
        "failback_low_s": "0.8",
        "failback_high_s": "1.45",
        "outage_longest_low_s": "10.35",
        "outage_longest_high_s": "10.45",
        "bad_samples": "518",
        "samples": "3000",
        "budget_cost_low_ratio": str(10.35 / 2592),
        "budget_cost_high_ratio": str(10.45 / 2592),
    }


def test_a_failover_that_never_came_has_no_figure() -> None:
    found = named(samples.wrong_port())
    assert found["verdict"] == "FAIL"
    assert found["as_documented"] == "yes"
    assert "failover_low_s" not in found
    assert "failback_low_s" in found


def test_a_surprise_is_told() -> None:
    assert named(samples.wrong_port(verdict=Verdict.PASS, findings=()))["surprise"] == "yes"


def test_what_measured_nothing_has_no_figures() -> None:
    assert set(named(samples.infra())) == {"verdict", "fault", "zone", "profile", "platform", "engine"}


def test_a_claim_that_was_looked_into_beside_is_told_apart() -> None:
    found = named(samples.delete_deployment(), CHECK)
    assert found["fault"] == "delete-deployment"
    assert found["delete-deployment-2.verdict"] == "PASS"
    assert found["delete-deployment-2.fault"] == "none"


def test_the_verdict_of_a_test_is_that_of_its_worst_experiment() -> None:
    broken = samples.delete_deployment(verdict=Verdict.FAIL, artifacts="/a/step-2")
    found = named(samples.delete_deployment(artifacts="/a/step"), broken)
    assert found["verdict"] == "FAIL"
    assert (found["step.verdict"], found["step-2.verdict"]) == ("PASS", "FAIL")
    assert "fault" not in found
    assert named(samples.infra(), CHECK)["verdict"] == "INFRA"


def test_a_test_without_a_result_has_none() -> None:
    assert named() == {}


CASE = """
    import pytest
    from chaos.errors import InfraError, KnownFalse
    from reports import archive
    from tests.unit.reports import samples_of_results as samples

    @pytest.mark.parametrize("profile", ["page", "hardened"])
    def test_known(prove, profile, request):
        if profile == "page":
            request.applymarker(pytest.mark.xfail(reason="known to be false: x | y", raises=KnownFalse, strict=True))
        result = samples.wrong_port(profile=profile, artifacts=str(prove.folder))
        archive.write(result, prove.folder)
        prove.keep(prove.folder)
        if profile == "page":
            raise KnownFalse("FAIL: no failover")

    @pytest.mark.xfail(reason="known to be false: z", raises=KnownFalse, strict=True)
    def test_surprise(): ...

    def test_infra():
        raise InfraError("INFRA: no steady state")
"""


def ran(folder: Path, *arguments: str) -> Path:
    """A run of four tests; its artifacts."""
    (folder / "case_ends.py").write_text(dedent(CASE))
    ours = ("MESH_CHAOS_", "PYTEST_", "COV_CORE_")
    subprocess.run(
        [
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "pyproject.toml",
            "-o", "python_files=case_*.py", f"--artifacts={folder / 'artifacts'}", str(folder / "case_ends.py"),
            *arguments,
        ],
        cwd=ROOT, env={name: value for name, value in os.environ.items() if not name.startswith(ours)},
        capture_output=True, check=False, timeout=300,
    )  # fmt: skip
    return folder / "artifacts" / "latest"


@pytest.mark.parametrize("workers", ["0", "1"])
def test_every_run_leaves_one_with_stable_names_verdicts_and_expected_failures(tmp_path: Path, workers: str) -> None:
    suite = ElementTree.parse(ran(tmp_path, "-n", workers) / "junit.xml").getroot()[0]
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4", "failures": "2", "errors": "0", "skipped": "1",
    }  # fmt: skip
    tests = {one.get("name"): one for one in suite}
    assert set(tests) == {"test_known[page]", "test_known[hardened]", "test_surprise", "test_infra"}

    known = tests["test_known[page]"]
    skipped = known.find("skipped")
    assert skipped is not None
    assert (skipped.get("type"), skipped.get("message")) == ("pytest.xfail", "known to be false: x | y")
    told = {one.get("name"): one.get("value") for one in known.iter("property")}
    assert (told["verdict"], told["fault"], told["as_documented"]) == ("FAIL", "wrong-port", "yes")

    assert message(tests["test_surprise"]) == "[XPASS(strict)] known to be false: z"
    assert message(tests["test_infra"]) == "INFRA: no steady state"


def message(test: ElementTree.Element) -> str | None:
    failure = test.find("failure")
    return failure.get("message") if failure is not None else None


def test_a_user_may_say_where_it_goes(tmp_path: Path) -> None:
    latest = ran(tmp_path, f"--junitxml={tmp_path / 'mine.xml'}")
    assert (tmp_path / "mine.xml").is_file()
    assert not (latest / "junit.xml").exists()
