"""The diagnosis of an experiment, from its clues to every report."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from pydantic import TypeAdapter
from rich.console import Console

from chaos.diagnosis.cause import Cause, Diagnosis
from chaos.diagnosis.clues import Clues
from chaos.diagnosis.looking import FILE_NAME
from chaos.diagnosis.reasoning import diagnose
from chaos.diagnosis.seen import Seen
from chaos.errors import ObjectiveBroken
from chaos.model import Verdict
from chaos.result import Finding
from fixtures.proving import must_pass
from reports import archive, digest, html, markdown
from reports.picture import timeline_svg
from reports.terminal.summary import render_one
from tests.unit.diagnosis.made import clues
from tests.unit.reports import samples_of_results as samples
from tests.unit.reports.run_folders import run_of
from tests.unit.simulation import NEVER, Behaviour, Onlooker, SimulatedMesh, VirtualClock, start_probe
from tests.unit.test_experiment import experiment

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.result import Result

TOLD = Diagnosis(Cause.NO_MTLS, "mutual TLS of the mesh is off", ("the gateway's Envoy of zone1 had no endpoint",))
WORDS = "cause no-mtls: mutual TLS of the mesh is off"


@dataclass
class WithClues(SimulatedMesh):
    """A mesh that shows something of itself."""

    shows: Clues = field(default_factory=Clues)
    looks: int = 0

    def clues(self) -> Clues:
        self.looks += 1
        return self.shows


@dataclass
class Silent(SimulatedMesh):
    """A mesh of which no clue can be taken."""

    def clues(self) -> Clues:
        raise RuntimeError("whatever it is")


def attempted(folder: Path, mesh: SimulatedMesh) -> Result:
    return experiment(folder).run(mesh, start_probe(mesh), Onlooker(), mesh.clock)


def test_the_cause_of_a_fail_is_found_in_clues_of_its_moments(tmp_path: Path) -> None:
    left_behind = clues(zone1={"backends": ("MeshService",), "upstreams": ()})
    mesh = WithClues(VirtualClock(), Behaviour(failover_after=NEVER), shows=left_behind)

    result = attempted(tmp_path, mesh)

    assert result.verdict is Verdict.FAIL
    assert result.diagnosis is not None
    assert result.diagnosis.cause is Cause.ROUTE_NOT_MULTIZONE
    assert result.diagnosis.evidence


def test_the_cause_of_a_steady_state_that_was_not_reached_is_found_too(tmp_path: Path) -> None:
    mesh = WithClues(VirtualClock(), Behaviour(answers_at_all=False), shows=clues(permissions=0))

    result = attempted(tmp_path, mesh)

    assert result.verdict is Verdict.INFRA
    assert result.diagnosis is not None
    assert result.diagnosis.cause is Cause.NO_PERMISSION


def test_what_was_looked_at_is_kept_and_gives_the_same_diagnosis_again(tmp_path: Path) -> None:
    result = attempted(tmp_path, SimulatedMesh(VirtualClock(), Behaviour(failover_after=NEVER)))

    seen = TypeAdapter(Seen).validate_json((tmp_path / FILE_NAME).read_text())

    assert diagnose(seen) == result.diagnosis
    assert seen.stuck == ("zone1",)


@pytest.mark.parametrize("behaviour", [Behaviour(), Behaviour(lag_ns=600_000_000)], ids=["PASS", "INVALID"])
def test_a_pass_has_no_cause_and_what_cannot_be_trusted_none_either(tmp_path: Path, behaviour: Behaviour) -> None:
    result = attempted(tmp_path, SimulatedMesh(VirtualClock(), behaviour))

    assert result.verdict in {Verdict.PASS, Verdict.INVALID}
    assert result.diagnosis is None
    assert not (tmp_path / FILE_NAME).exists()


def test_an_experiment_is_the_same_where_no_clue_can_be_taken(tmp_path: Path) -> None:
    result = attempted(tmp_path, Silent(VirtualClock(), Behaviour(failover_after=NEVER)))

    assert result.verdict is Verdict.FAIL
    assert result.diagnosis is not None
    assert result.diagnosis.cause is Cause.UNKNOWN


def failed() -> Result:
    return samples.wrong_port(diagnosis=TOLD, profile="hardened")


def test_an_archive_keeps_it_and_one_from_before_has_none(tmp_path: Path) -> None:
    assert archive.load(archive.dump(failed())) == failed()
    older = json.loads(archive.dump(failed()))
    del older["result"]["diagnosis"]
    assert archive.load(json.dumps(older)).diagnosis is None


def test_the_error_of_the_test_names_it() -> None:
    with pytest.raises(ObjectiveBroken, match=WORDS):
        must_pass(failed())


def test_the_terminal_tells_it_after_the_findings() -> None:
    console = Console(file=io.StringIO(), width=200)
    render_one(failed(), console)
    assert isinstance(console.file, io.StringIO)
    assert f"  {WORDS}\n" in console.file.getvalue()


def test_the_job_summary_tells_it_first_for_what_comes_late_is_left_out(tmp_path: Path) -> None:
    many = tuple(Finding(Verdict.FAIL, f"reason {number}") for number in range(20))
    page = markdown.render(run_of(tmp_path, replace(failed(), findings=many)))
    assert WORDS in page.replace("\\", "")


def test_the_page_and_the_picture_tell_it(tmp_path: Path) -> None:
    page = html.render(run_of(tmp_path, failed()))
    assert WORDS in page
    assert "the gateway&#39;s Envoy of zone1 had no endpoint" in page
    assert WORDS in timeline_svg(failed())


def test_other_programs_are_told_its_parts(tmp_path: Path) -> None:
    document = json.loads(digest.render(run_of(tmp_path, failed(), samples.delete_deployment())))
    told = [one["diagnosis"] for one in document["experiments"]]
    assert {"cause": "no-mtls", "sentence": TOLD.sentence, "evidence": list(TOLD.evidence)} in told
    assert None in told
