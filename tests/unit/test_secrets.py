"""A credential that the mesh, an option or an error names gets into nothing that a run keeps or shows."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from chaos.errors import ChaosError, InfraError, KnownFalse, ObjectiveBroken
from chaos.experiment import Experiment
from chaos.faults import fault
from chaos.model import Verdict
from chaos.samples import SampleLog
from chaos.slo import Objectives
from fixtures.shield import shield_error
from reports import archive
from tests.unit.leaky import CANARY, LOGIN, LeakyMesh, leaks
from tests.unit.simulation import Onlooker, VirtualClock, start_probe

if TYPE_CHECKING:
    from chaos.result import Result

ROOT = Path(__file__).parents[2]


def tried(folder: Path, onlooker: Onlooker) -> Result:
    mesh = LeakyMesh(VirtualClock())
    experiment = Experiment(
        scenario="leaky", fault=fault("delete-deployment"), zone="zone1", profile="page", engine="simulated",
        claims=("comes-home",), objectives=Objectives(), folder=folder,
    )  # fmt: skip
    return experiment.run(mesh, start_probe(mesh), onlooker, mesh.clock)


def test_an_experiment_keeps_none_but_in_its_journal_from_which_it_must_restore(tmp_path: Path) -> None:
    onlooker = Onlooker()
    result = tried(tmp_path, onlooker)
    archive.write(result, tmp_path)

    assert leaks(tmp_path) == ["journal.jsonl"]
    assert stat.S_IMODE((tmp_path / "journal.jsonl").stat().st_mode) == 0o600
    assert CANARY not in repr(result)
    assert CANARY not in repr(onlooker.notes)
    assert result.verdict is Verdict.FAIL, "the mesh never settled, and says so with its address"
    assert "http://[redacted]@api shows zone1 as offline" in result.findings[-1].text


def test_the_samples_say_where_they_were_asked_without_the_login(tmp_path: Path) -> None:
    tried(tmp_path, Onlooker())
    log = SampleLog(tmp_path / "samples.arrow")
    log.poll()
    log.close()
    assert log.schedule is not None
    assert {plan.vantage.url for plan in log.schedule.series} == {
        "http://lb/echo?token=[redacted]",
        "http://[redacted]@zone1/echo",
        "http://[redacted]@zone2/echo",
    }


@pytest.mark.parametrize("kind", [ChaosError, InfraError, ObjectiveBroken, KnownFalse, archive.ArchiveError])
def test_no_error_of_the_suite_holds_one(kind: type[ChaosError]) -> None:
    error = kind(f"http://{LOGIN}host does not answer")
    assert str(error) == "http://[redacted]@host does not answer"
    assert error.args == (str(error),)


def test_an_error_of_others_is_told_without_one_and_so_is_what_it_came_from() -> None:
    error: BaseException = RuntimeError(f"no http://{LOGIN}a", 1)
    error.__cause__ = ExceptionGroup("both", [ValueError(f"no http://{LOGIN}b")])
    error.__cause__.__context__ = error
    shield_error(error)
    assert error.args == ("no http://[redacted]@a", 1)
    assert str(error.__cause__.exceptions[0]) == "no http://[redacted]@b"


CASE = """
    import logging
    import pytest
    from chaos.errors import InfraError, KnownFalse
    from chaos.experiment import Experiment
    from chaos.faults import fault
    from chaos.slo import Objectives
    from fixtures.proving import must_pass
    from tests.unit.leaky import LOGIN, LeakyMesh
    from tests.unit.simulation import VirtualClock, start_probe

    ADDRESS = f"http://{LOGIN}host"

    def test_experiment(prove):
        prove.folder.mkdir()
        mesh = LeakyMesh(VirtualClock())
        mesh.engine = "simulated"
        experiment = Experiment(
            scenario="leaky", fault=fault("delete-deployment"), zone="zone1", profile="page", engine="simulated",
            claims=("comes-home",), objectives=Objectives(), folder=prove.folder,
        )
        result = experiment.run(mesh, start_probe(mesh), prove.progress, mesh.clock)
        prove._publish(result, prove.folder)
        prove.check(mesh, "enters-by-ingress", "zone1", "page", holds=True, evidence=f"{ADDRESS} passed on 3 bytes")
        must_pass(result)

    @pytest.fixture
    def up():
        raise InfraError(f"{ADDRESS} does not answer")

    def test_mesh(up): ...

    @pytest.mark.xfail(raises=KnownFalse, strict=True, reason="known to be false")
    def test_known():
        raise KnownFalse(f"FAIL: {ADDRESS}")

    def test_foreign(prove, settings):
        prove.progress.say(f"the mesh stays up: curl {ADDRESS}")
        print(ADDRESS)
        logging.getLogger().warning(ADDRESS)
        try:
            raise ValueError(ADDRESS)
        except ValueError as error:
            raise OSError(f"no {ADDRESS}") from error
"""


def test_a_run_of_pytest_keeps_and_shows_none(tmp_path: Path) -> None:
    (tmp_path / "case_leaky.py").write_text(dedent(CASE))
    artifacts = tmp_path / "artifacts"
    ours = ("MESH_CHAOS_", "PYTEST_", "COV_CORE_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    run = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "pyproject.toml", "--verbose",
            "-o", "python_files=case_*.py", "-o", "junit_logging=all", f"--artifacts={artifacts}",
            "--platform=universal", str(tmp_path / "case_leaky.py"),
        ],
        cwd=ROOT, env={**environment, "MESH_CHAOS_CLUSTER_STOP": f"stop --password {CANARY}",
                       "MESH_CHAOS_CONTROL_PLANE": f"global=http://{LOGIN}api"},
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert "2 failed, 1 xfailed, 1 error" in run.stdout, run.stdout + run.stderr
    assert CANARY not in run.stdout + run.stderr
    assert "http://[redacted]@host" in run.stdout
    assert leaks(artifacts) == ["journal.jsonl"]
    latest = (artifacts / "latest").resolve()
    kept = {path.name for path in latest.rglob("*")}
    assert {"run.json", "summary.md", "summary.json", "metrics.txt", "junit.xml", "result.json"} <= kept
    attached = [path.read_text("utf-8", "replace") for path in latest.glob("allure-results/*-attachment.jsonl")]
    assert [json.loads(text.splitlines()[1].partition(" ")[2])["record"]["state"] for text in attached] == [
        {"server": "http://[redacted]@api"}
    ]
