"""What goes wrong in a test beside its experiments is in the run's reports: above all what was left behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from chaos.model import Verdict
from fixtures import outcomes
from fixtures.run import exit_code
from reports.glance import troubles
from reports.run import read_run

ROOT = Path(__file__).parents[2]
CASE = """
    import pytest
    from chaos.errors import InfraError, ObjectiveBroken
    from chaos.model import Verdict
    from chaos.result import Finding
    from reports import archive
    from tests.unit.reports import samples_of_results as samples

    @pytest.fixture(scope="session")
    def mesh_of_theirs():
        yield
        raise InfraError("1 of what the suite made or changed is left: Service kong/echo")

    def keep(prove, **more):
        archive.write(samples.delete_deployment(artifacts=str(prove.folder), **more), prove.folder)
        prove.keep(prove.folder)

    def test_broken(prove):
        keep(prove, verdict=Verdict.FAIL, findings=(Finding(Verdict.FAIL, "no other zone took over"),))
        raise ObjectiveBroken("FAIL: no other zone took over")

    def test_second_experiment(prove):
        keep(prove)
        raise InfraError("the route of zone1 was not programmed")

    def test_last(prove, mesh_of_theirs):
        keep(prove)
"""


def found(folder: Path, case: str, code: int) -> list[tuple[Verdict, str]]:
    """What the run's reports say keeps it from being a PASS."""
    (folder / "case_left.py").write_text(dedent(case))
    ours = ("MESH_CHAOS_", "PYTEST_", "COV_CORE_")
    run = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "pyproject.toml",
            "-o", "python_files=case_*.py", f"--artifacts={folder / 'artifacts'}", str(folder / "case_left.py"),
        ],
        cwd=ROOT, env={name: value for name, value in os.environ.items() if not name.startswith(ours)},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert run.returncode == code, run.stdout + run.stderr
    return [(one.verdict, one.reasons[0]) for one in troubles(read_run(folder / "artifacts" / "latest"))]


def test_a_failure_that_no_result_tells_is_in_the_reports_though_its_test_has_results(tmp_path: Path) -> None:
    assert found(tmp_path, CASE, code=1) == [
        (Verdict.FAIL, "FAIL: no other zone took over"),
        (Verdict.INFRA, "the route of zone1 was not programmed"),
        (Verdict.INFRA, "1 of what the suite made or changed is left: Service kong/echo"),
    ]


@pytest.mark.parametrize(
    ("when", "verdict", "code"), [("???", Verdict.INFRA, 10), ("call", Verdict.FAIL, 1), ("setup", Verdict.FAIL, 1)]
)
def test_a_worker_that_the_machine_killed_says_nothing_of_the_mesh(when: str, verdict: Verdict, code: int) -> None:
    """As pytest-xdist reports it; what fails in a phase of a test and is not the suite's is a FAIL."""
    text = "worker 'gw1' crashed while running 't'"
    report = pytest.TestReport("scenarios/x.py::t", ("x", None, "x"), {}, "failed", text, when)  # type: ignore[arg-type]

    assert outcomes.stands_for(report) is verdict
    assert exit_code([outcomes.stands_for(report)]) == code


def test_a_file_that_cannot_be_collected_is_a_failure_as_any_other(tmp_path: Path) -> None:
    (failed, *_) = found(tmp_path, "import nothing_such", code=2)
    assert failed[0] is Verdict.FAIL
    assert "nothing_such" in failed[1]
