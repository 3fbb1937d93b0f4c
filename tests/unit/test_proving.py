"""From a result to a passed or failed test."""

from __future__ import annotations

import errno
import os
from io import StringIO
from typing import TYPE_CHECKING, NoReturn, cast

import pytest
from rich.console import Console

from chaos.errors import ChaosError, InfraError, InvalidRun, KnownFalse, ObjectiveBroken
from chaos.experiment import Experiment
from chaos.model import Lane, SeriesKey, Verdict
from chaos.result import Finding, Result
from chaos.slo import Objectives
from fixtures.progress import Progress
from fixtures.proving import Prover, must_pass, safe_name
from reports import archive
from tests.unit.made import largest_file, settings
from tests.unit.simulation import SimulatedMesh, VirtualClock

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.fault import Fault
    from fixtures.mesh import Mesh

KEY = SeriesKey("gateway-zone1", Lane.FRESH)


def result(verdict: Verdict, *findings: Finding, profile: str = "page", claims: tuple[str, ...] = ()) -> Result:
    return Result(
        scenario="s", fault="wrong-port", zone="zone1", profile=profile, platform="universal", engine="standin",
        claims=claims, objectives=Objectives(), verdict=verdict, findings=findings, figures=(), injected=None,
        restored=None, effect="", probe=None, log=(), started_ns=0, ended_ns=1, started_unix_s=0, artifacts="/a/b",
    )  # fmt: skip


def finding(verdict: Verdict, text: str, claim: str = "") -> Finding:
    return Finding(verdict, text, KEY, claim)


def test_a_pass_is_handed_back() -> None:
    passed = result(Verdict.PASS)
    assert must_pass(passed) is passed


@pytest.mark.parametrize(
    ("verdict", "error"),
    [(Verdict.FAIL, ObjectiveBroken), (Verdict.INFRA, InfraError), (Verdict.INVALID, InvalidRun)],
)
def test_anything_else_is_raised_with_every_reason_and_where_to_look(verdict: Verdict, error: type[Exception]) -> None:
    others = [one for one in (Verdict.FAIL, Verdict.INFRA) if one is not verdict]
    broken = result(verdict, finding(verdict, "first"), Finding(verdict, "second"), finding(others[0], "beside"))

    with pytest.raises(error) as caught:
        must_pass(broken)
    assert str(caught.value) == f"{verdict}: gateway-zone1/fresh: first; second (evidence: /a/b)"


REROUTES, HOME = "wrong-port-reroutes", "comes-home"


@pytest.mark.parametrize(
    ("broken", "profile", "error"),
    [
        ([REROUTES], "page", KnownFalse),
        ([REROUTES], "hardened", ObjectiveBroken),
        ([REROUTES, HOME], "page", ObjectiveBroken),
        ([HOME], "page", ObjectiveBroken),
        ([""], "page", ObjectiveBroken),
    ],
)
def test_only_what_breaks_nothing_but_what_is_known_to_be_false_is_expected(
    broken: list[str], profile: str, error: type[Exception]
) -> None:
    findings = [finding(Verdict.FAIL, "no other zone took over", name) for name in broken]
    with pytest.raises(ObjectiveBroken) as caught:
        must_pass(result(Verdict.FAIL, *findings, profile=profile, claims=(REROUTES, HOME)))
    assert type(caught.value) is error


@pytest.mark.parametrize("verdict", [Verdict.INFRA, Verdict.INVALID])
def test_a_broken_set_up_or_probe_is_never_expected(verdict: Verdict) -> None:
    with pytest.raises((InfraError, InvalidRun)):
        must_pass(result(verdict, finding(verdict, "x", REROUTES), claims=(REROUTES,)))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("delete-service-zone1-page", "delete-service-zone1-page"),
        ("a b/c:d", "a-b-c-d"),
        ("../../etc", "..-..-etc"),
        ("[x]", "x"),
        ("größe_1.5", "größe_1.5"),
    ],
)
def test_any_name_can_be_a_file_name(text: str, name: str) -> None:
    assert safe_name(text) == name
    assert "/" not in safe_name(text)


class Prove:
    """A prover whose progress and kept folders can be looked at."""

    def __init__(self, folder: Path) -> None:
        self.stream = StringIO()
        self.kept: list[Path] = []
        self.discarded: list[Mesh] = []
        progress = Progress(Console(file=self.stream, soft_wrap=True, highlight=False), None)
        self.prover = Prover(settings(), progress, "walkthrough", folder, self.kept.append, self.discarded.append)

    def check(self, *, holds: bool) -> Result:
        mesh = SimulatedMesh(VirtualClock())
        mesh.engine = "simulated"  # type: ignore[attr-defined]
        return self.prover.check(
            cast("Mesh", mesh), "enters-by-ingress", "zone1", "page", holds=holds, evidence="passed on 3 connections"
        )


def test_a_claim_that_holds_is_kept_as_a_result_and_said(tmp_path: Path) -> None:
    prove = Prove(tmp_path / "run" / "walkthrough")
    found = prove.check(holds=True)

    assert (found.verdict, found.claims, found.effect) == (
        Verdict.PASS,
        ("enters-by-ingress",),
        "passed on 3 connections",
    )
    (folder,) = prove.kept
    assert archive.read(folder / "result.json") == found
    assert prove.stream.getvalue() == "enters-by-ingress zone1: PASS: passed on 3 connections\n"


def test_a_claim_that_does_not_hold_is_kept_and_raised(tmp_path: Path) -> None:
    prove = Prove(tmp_path / "walkthrough")
    with pytest.raises(ObjectiveBroken, match="FAIL: passed on 3 connections"):
        prove.check(holds=False)
    (folder,) = prove.kept
    (one,) = archive.read(folder / "result.json").findings
    assert (one.verdict, one.claim) == (Verdict.FAIL, "enters-by-ingress")


def test_each_experiment_of_a_test_has_a_folder_of_its_own(tmp_path: Path) -> None:
    prove = Prove(tmp_path / "walkthrough")
    for _ in range(3):
        prove.check(holds=True)
    assert [folder.name for folder in prove.kept] == ["walkthrough", "walkthrough-2", "walkthrough-3"]
    assert not prove.discarded


def test_a_disk_without_room_for_a_folder_is_infra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(InfraError, match=r"INFRA: no folder .*a-file/walkthrough .* \(Not a directory\)"):
        Prove(tmp_path / "a-file" / "walkthrough").check(holds=True)

    monkeypatch.setattr("pathlib.Path.mkdir", full)
    with pytest.raises(InfraError, match=r"\(No space left on device\): free the disk"):
        Prove(tmp_path / "walkthrough").check(holds=True)


def full(*_: object, **__: object) -> NoReturn:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_disk_without_room_for_the_picture_is_infra(tmp_path: Path) -> None:
    prove = Prove(tmp_path / "walkthrough")
    with largest_file(100), pytest.raises(ChaosError, match=r"File too large"):
        prove.prover._publish(result(Verdict.PASS), tmp_path)


class Talkative(SimulatedMesh):
    """A mesh that shows a secret."""

    def diagnosis(self, zone: str) -> dict[str, str]:
        return {"gateway-config.json": f'{zone}: "authorization": "eyJa.eyJb.c"', "zone1-cp.log": "started"}


def test_what_the_mesh_shows_of_itself_is_kept_without_its_secrets(tmp_path: Path) -> None:
    prove = Prove(tmp_path)
    prove.prover._keep_diagnosis(cast("Mesh", Talkative(VirtualClock())), "zone1", tmp_path)
    kept = {file.name: file.read_text() for file in (tmp_path / "diagnosis").iterdir()}
    assert kept == {"gateway-config.json": 'zone1: "authorization": "[redacted]"', "zone1-cp.log": "started"}


def test_a_diagnosis_that_cannot_be_kept_is_said_and_changes_nothing(tmp_path: Path) -> None:
    prove = Prove(tmp_path)
    (tmp_path / "diagnosis").write_text("in the way")
    prove.prover._keep_diagnosis(cast("Mesh", Talkative(VirtualClock())), "zone1", tmp_path)
    assert "the diagnosis cannot be kept" in prove.stream.getvalue()


class Mute(SimulatedMesh):
    """A mesh whose clusters do not answer any more."""

    engine = "simulated"

    def as_done_here(self, fault: Fault) -> Fault:
        return fault

    def unfit_for(self, fault: Fault) -> str | None:
        return f"{fault.name} is none here" if fault.name == "roll-control-plane" else None

    def lost(self) -> None: ...

    def diagnosis(self, zone: str) -> dict[str, str]:
        raise InfraError(f"{zone}: its host name is not known here")


def test_a_fault_that_would_prove_nothing_of_this_mesh_is_skipped_and_nothing_is_begun(tmp_path: Path) -> None:
    prove = Prove(tmp_path / "beyond")
    with pytest.raises(pytest.skip.Exception, match="roll-control-plane is none here"):
        prove.prover(cast("Mesh", Mute(VirtualClock())), "roll-control-plane", "zone1", "page", claims=["comes-home"])
    assert not prove.kept
    assert not (tmp_path / "beyond").exists()


def test_a_mesh_that_cannot_be_asked_does_not_take_the_failure_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = result(Verdict.FAIL, finding(Verdict.FAIL, "no other zone took over"))
    monkeypatch.setattr(Experiment, "run", lambda *_: broken)
    prove = Prove(tmp_path / "walkthrough")

    with pytest.raises(ObjectiveBroken, match="no other zone took over"):
        prove.prover(cast("Mesh", Mute(VirtualClock())), "wrong-port", "zone1", "hardened", claims=["comes-home"])

    (folder,) = prove.kept
    assert archive.read(folder / "result.json") == broken
    assert "its host name is not known here" in prove.stream.getvalue()
