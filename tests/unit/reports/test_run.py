"""A run, read back from its folder however it ended, and its reports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos.experiment import Experiment
from chaos.faults import fault
from chaos.model import Verdict
from chaos.slo import Objectives
from reports import archive
from reports.archive import ArchiveError
from reports.publishing import publish
from reports.run import FILE_NAME, About, Failure, Superseded, read_run, write_about
from tests.unit.reports import samples_of_results as samples
from tests.unit.simulation import Behaviour, Onlooker, SimulatedMesh, VirtualClock, start_probe

if TYPE_CHECKING:
    from pathlib import Path

    from reports.run import Run

ABOUT = About(12.5, 1, {"engine": "standin"}, (Failure("test_a", Verdict.INFRA, "no mesh"),))


def filled(folder: Path) -> Path:
    for number, result in enumerate((samples.delete_deployment(), samples.infra())):
        archive.write(replace(result, started_unix_s=100.0 - number), folder / f"experiment-{number}")
    return folder


def test_a_run_is_read_as_it_was_written_results_by_when_they_began(tmp_path: Path) -> None:
    write_about(ABOUT, filled(tmp_path))
    run = read_run(tmp_path)
    assert run.about == ABOUT
    assert [result.started_unix_s for result in run.results] == [99.0, 100.0]
    assert run.unreadable == ()


def test_what_was_made_again_is_no_result_of_the_run(tmp_path: Path) -> None:
    again = (Superseded("test_a", "INVALID: the probe lagged", ("experiment-0", "gone")),)
    write_about(replace(ABOUT, again=again), filled(tmp_path))
    run = read_run(tmp_path)
    assert run.about.again == again
    assert [result.started_unix_s for result in run.results] == [99.0]
    assert run.unreadable == ()


def test_what_cannot_be_read_is_told_though_it_was_made_again(tmp_path: Path) -> None:
    """A fault may be left there."""
    (filled(tmp_path) / "experiment-0" / archive.FILE_NAME).write_text("{")
    write_about(replace(ABOUT, again=(Superseded("test_a", "INVALID: it lagged", ("experiment-0",)),)), tmp_path)
    (told,) = read_run(tmp_path).unreadable
    assert told.startswith("experiment-0: ")


def test_a_run_that_was_killed_does_not_know_what_was_made_again(tmp_path: Path) -> None:
    write_about(
        replace(ABOUT, again=(Superseded("test_a", "INVALID: it lagged", ("experiment-0",)),)), filled(tmp_path)
    )
    (tmp_path / FILE_NAME).unlink()
    assert len(read_run(tmp_path).results) == 2


def test_a_killed_run_is_read_as_far_as_it_got(tmp_path: Path) -> None:
    killed = filled(tmp_path) / "killed"
    killed.mkdir()
    (killed / "journal.jsonl").touch()
    run = read_run(tmp_path)
    assert run.about.exit_code is None
    assert run.about.started_unix_s == 99.0
    assert len(run.results) == 2
    broken, unended = run.unreadable
    assert broken.startswith("killed: ")
    assert "did not end" in unended


def test_a_killed_experiment_says_how_to_put_back_what_it_broke(tmp_path: Path) -> None:
    mesh = SimulatedMesh(VirtualClock(), Behaviour())
    killed = tmp_path / "killed"
    killed.mkdir()
    experiment = Experiment(
        scenario="s", fault=fault("delete-deployment"), zone="zone1", profile="page", engine="e", claims=(),
        objectives=Objectives(), folder=killed,
    )  # fmt: skip
    experiment.run(mesh, start_probe(mesh), Onlooker(), mesh.clock)
    journal, samples_file = killed / "journal.jsonl", killed / "samples.arrow"
    assert read_run(tmp_path).unreadable[0] == "killed: it left no result"

    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:-2]))  # up to the step "effective"
    samples_file.write_bytes(samples_file.read_bytes()[:-500])
    assert read_run(tmp_path).unreadable[0] == (
        "killed: it left no result: it was killed, or is still under way; delete-deployment in zone1 may still be in "
        f"effect, if the mesh is up: mesh-chaos restore {journal}"
    )


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"no run's folder.*; give one run's folder, as artifacts/latest"):
        read_run(tmp_path)
    with pytest.raises(ArchiveError, match=r"No such file.*; give one run's folder"):
        read_run(tmp_path / "missing")


def test_what_is_said_of_a_run_in_another_version_is_refused(tmp_path: Path) -> None:
    (filled(tmp_path) / FILE_NAME).write_text('{"format": "mesh-chaos-run", "version": 9}')
    with pytest.raises(ArchiveError, match=f"{FILE_NAME}.*version.*; move it away to have .* 2 results"):
        read_run(tmp_path)


class Text:
    FILE_NAME = "report.txt"

    def render(self, run: Run) -> str:
        return run.about.environment["engine"]


class Broken:
    FILE_NAME = "broken.txt"

    def render(self, run: Run) -> str:
        raise ZeroDivisionError


def test_a_report_that_breaks_is_named_and_keeps_no_other_from_being_made(tmp_path: Path) -> None:
    write_about(ABOUT, filled(tmp_path))
    broken, made = publish(read_run(tmp_path), (Broken(), Text()))
    assert isinstance(broken, ArchiveError)
    assert "ZeroDivisionError" in str(broken)
    assert made == tmp_path / "report.txt"
    assert made.read_text() == "standin"
