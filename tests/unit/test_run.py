"""One run: its folder and its exit code."""

from __future__ import annotations

import errno
import stat
from typing import TYPE_CHECKING

import pytest

from chaos.errors import (
    ChaosError,
    InfraError,
    InvalidRun,
    JournalError,
    KnownFalse,
    MeshGone,
    NothingSelected,
    ObjectiveBroken,
    SamplesError,
    SettingsError,
)
from chaos.model import EXIT_CODES, Verdict
from chaos.verdict import verdict_of
from fixtures.run import RUN_FOLDER_VARIABLE, discard, environment_of, exit_code, point_latest, run_folder
from tests.unit.made import settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that no other has told of a run."""
    monkeypatch.setenv(RUN_FOLDER_VARIABLE, "")
    monkeypatch.delenv(RUN_FOLDER_VARIABLE)


def test_each_verdict_has_an_exit_code_that_pytest_does_not_use() -> None:
    assert EXIT_CODES == {Verdict.PASS: 0, Verdict.FAIL: 1, Verdict.INFRA: 10, Verdict.INVALID: 11}
    assert {EXIT_CODES[Verdict.INFRA], EXIT_CODES[Verdict.INVALID]}.isdisjoint({int(code) for code in pytest.ExitCode})


@pytest.mark.parametrize(
    ("failures", "code"),
    [
        ([], 0),
        (["FAIL"], 1),
        (["INFRA"], 10),
        (["INVALID"], 11),
        (["INVALID", "INFRA"], 10),
        (["INVALID", "INFRA", "FAIL"], 1),
        ([None], 1),
        (["INVALID", None], 1),
    ],
)
def test_a_broken_promise_counts_before_a_broken_set_up_before_a_broken_probe(
    failures: list[str | None], code: int
) -> None:
    assert exit_code(failures) == code
    assert exit_code(reversed(failures)) == code


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (ObjectiveBroken("x"), Verdict.FAIL),
        (KnownFalse("x"), Verdict.FAIL),
        (InvalidRun("x"), Verdict.INVALID),
        (InfraError("x"), Verdict.INFRA),
        (MeshGone("x"), Verdict.INFRA),
        (NothingSelected("x"), Verdict.INFRA),
        (JournalError("x"), Verdict.INFRA),
        (SamplesError("x"), Verdict.INFRA),
        (SettingsError("x"), Verdict.INFRA),
        (ChaosError("x"), Verdict.INFRA),
        (AssertionError("x"), None),
        (OSError(errno.ENOSPC, "No space left on device"), Verdict.INFRA),
        (OSError(errno.EMFILE, "Too many open files"), Verdict.INFRA),
        (MemoryError(), Verdict.INFRA),
        (FileNotFoundError(errno.ENOENT, "No such file or directory"), None),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), None),
        (KeyboardInterrupt(), None),
    ],
)
def test_each_error_stands_for_a_verdict_and_others_for_none(error: BaseException, verdict: Verdict | None) -> None:
    assert verdict_of(error) is verdict


def test_a_broken_objective_is_a_failed_assertion_for_pytest() -> None:
    assert issubclass(ObjectiveBroken, AssertionError)
    assert not issubclass(InfraError, AssertionError)


@pytest.mark.usefixtures("alone")
def test_a_run_has_a_folder_of_its_own_that_only_its_user_may_read(tmp_path: Path) -> None:
    folder = run_folder(tmp_path / "deep" / "artifacts")

    assert folder.parent == tmp_path / "deep" / "artifacts"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.usefixtures("alone")
def test_all_processes_of_a_run_share_its_folder(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    assert run_folder(tmp_path / "elsewhere") == folder
    assert not (tmp_path / "elsewhere").exists()


def test_a_worker_uses_the_folder_that_it_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUN_FOLDER_VARIABLE, str(tmp_path / "told"))
    assert run_folder(tmp_path / "other") == tmp_path / "told"
    assert not (tmp_path / "other").exists()


@pytest.mark.usefixtures("alone")
def test_latest_follows_the_newest_run_that_has_begun(tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to("an-older-one")
    folder = run_folder(tmp_path)
    assert (tmp_path / "latest").readlink().name == "an-older-one"
    point_latest(folder)
    assert (tmp_path / "latest").readlink().name == folder.name


@pytest.mark.usefixtures("alone")
def test_what_never_began_leaves_nothing_to_those_who_come_after(tmp_path: Path) -> None:
    folder = run_folder(tmp_path)
    (folder / "junit.xml").touch()
    discard(folder)
    assert list(tmp_path.iterdir()) == []
    assert run_folder(tmp_path).is_dir()


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("place", ["a-file", "a-file/below", "/proc/nothing"])
def test_a_folder_that_cannot_be_made_is_one_line_that_names_the_option(tmp_path: Path, place: str) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(SettingsError, match=r"--artifacts: .* cannot be used \(.+\); choose another folder") as caught:
        run_folder(tmp_path / place)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.usefixtures("alone")
def test_a_folder_called_latest_is_the_users_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "latest").mkdir()
    with pytest.raises(SettingsError, match="choose another folder"):
        point_latest(run_folder(tmp_path))
    assert (tmp_path / "latest").is_dir()


@pytest.mark.usefixtures("alone")
def test_two_runs_never_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtures.run.time.strftime", lambda _: "20260101T000000")
    first = run_folder(tmp_path)
    monkeypatch.delenv(RUN_FOLDER_VARIABLE)
    assert run_folder(tmp_path) != first


def test_allure_is_told_what_was_run_on() -> None:
    environment = environment_of(settings(zones="east,west", replicas="3"), [])
    assert environment["zones"] == "east, west"
    assert environment["replicas"] == "3"
    assert environment["gateway"] == "builtin"
    assert environment["probe"] == "20/s a series, time limit 2 s"
    assert environment["load balancer check"] == "shallow"
    assert all(environment.keys() & {"mesh-chaos", "python", "platform"})
