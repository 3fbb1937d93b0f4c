"""``mesh-chaos``: repairs from a journal alone, ends a kept mesh, lists faults and claims."""

from __future__ import annotations

import importlib
import os
import re
import sys
from importlib.metadata import version
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from chaos.claims import CLAIMS
from chaos.cli import EXIT_INFRA, EXIT_USAGE, app
from chaos.faults import faults
from chaos.journal import Header, Journal, Step, held
from chaos.platform import Kind, Record, Target

if TYPE_CHECKING:
    from pathlib import Path

RECORDS = [Record(Target(Kind.SERVICE, zone, "echo"), {"port": 8081}) for zone in ("zone1", "zone2")]


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def journal(path: Path, *steps: Step, platform: str = "universal", **locator: str) -> Path:
    """A journal of a mesh; that of its folder if nothing else is said is not up."""
    header = Header(platform, locator or {"folder": str(path.parent / "gone")}, "delete-service", "zone1", 1.0)
    written = Journal(path, header)
    written.record(RECORDS)
    for step in steps:
        written.step(step)
    written.close()
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


@pytest.fixture
def contributed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that contributes commands: one that works, one that cannot be loaded, and one named as ours."""
    site = tmp_path / "contributed"
    info = site / "further-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: further\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[mesh_chaos.commands]\ngreet = further_commands:app\ntorn = further_torn:app\nrestore = further_commands:app\n"
    )
    (site / "further_commands.py").write_text(
        dedent("""
            import typer
            app = typer.Typer(help="Greet somebody.")

            @app.command()
            def hello(name: str) -> None:
                typer.echo(f"hello {name}")

            @app.command()
            def bye() -> None: ...
        """)
    )
    (site / "further_torn.py").write_text("raise RuntimeError('half installed')\n")
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    for name in ("further_commands", "further_torn"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A platform ``shelf``, installed as any package installs one: its mesh is a folder, each target a file in it."""
    site, mesh = tmp_path / "site", tmp_path / "mesh"
    info = site / "shelf-1.dist-info"
    info.mkdir(parents=True)
    mesh.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[mesh_chaos.platforms]\nshelf = shelf_platform\n")
    (site / "shelf_platform.py").write_text(
        dedent("""
            import pathlib
            from chaos.errors import InfraError, MeshGone

            class Shelf:
                def __init__(self, folder):
                    self.folder = pathlib.Path(folder)
                def put(self, record):
                    if (self.folder / "locked").exists():
                        raise InfraError(f"{record.target} is locked")
                    (self.folder / record.target.zone).write_text(repr(dict(record.state)))
                def difference(self, record):
                    file = self.folder / record.target.zone
                    return None if file.exists() and file.read_text() == repr(dict(record.state)) else "it is away"
                def close(self):
                    (self.folder / "left").touch()  # others may be let in again
                def end(self):
                    for file in self.folder.iterdir():
                        file.unlink()

            def attach(locator):
                if not pathlib.Path(locator["folder"]).exists():
                    raise MeshGone(f"no mesh is up in {locator['folder']}")
                return Shelf(locator["folder"])
        """)
    )
    monkeypatch.syspath_prepend(str(site))
    importlib.invalidate_caches()
    monkeypatch.delitem(sys.modules, "shelf_platform", raising=False)
    return mesh


def on_shelf(path: Path, shelf: Path, *steps: Step) -> Path:
    return journal(path, *steps, platform="shelf", folder=str(shelf))


def test_restore_puts_everything_back_and_names_it(path: Path, shelf: Path) -> None:
    result = invoke("restore", on_shelf(path, shelf, Step.INJECTING, Step.EFFECTIVE))

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines() == [
        "restoring delete-service in zone1 (at step effective)",
        "restored: service echo in zone1",
        "restored: service echo in zone2",
    ]
    assert sorted(file.name for file in shelf.iterdir()) == ["left", "zone1", "zone2"]


def test_restore_may_be_repeated(path: Path, shelf: Path) -> None:
    on_shelf(path, shelf, Step.INJECTING)
    assert invoke("restore", path).output == invoke("restore", path).output


def test_what_cannot_be_restored_is_one_line_and_exit_code_10(path: Path, shelf: Path) -> None:
    (shelf / "locked").touch()
    result = invoke("restore", on_shelf(path, shelf, Step.INJECTING), "--limit", "0.1")

    assert result.exit_code == EXIT_INFRA == 10
    assert result.stderr.startswith("mesh-chaos: not restored after 0.1 s: service echo in zone1: ")
    assert "service echo in zone2: service echo in zone2 is locked" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert "restored:" not in result.output


def test_where_nothing_is_broken_nothing_is_touched(path: Path, shelf: Path) -> None:
    result = invoke("restore", on_shelf(path, shelf, *Step))

    assert result.exit_code == 0
    assert result.stdout == "nothing to restore: delete-service in zone1 is at step restored\n"
    assert not list(shelf.iterdir())


def test_a_mesh_that_has_ended_needs_no_repair(path: Path) -> None:
    result = invoke("restore", journal(path, Step.INJECTING))

    assert result.exit_code == 0
    assert re.search(r"nothing to restore: no mesh is up in .*/gone \(No such file or directory\)", result.stdout)


def test_nor_does_it_where_a_record_is_damaged(path: Path) -> None:
    journal(path, Step.INJECTING)
    path.write_bytes(path.read_bytes().replace(b"8081", b"8082", 1))

    result = invoke("restore", path)

    assert "the journal is damaged: line 2 of 4" in result.stderr
    assert (result.exit_code, "nothing to restore: no mesh is up" in result.stdout) == (0, True)


def test_a_damaged_journal_is_used_as_far_as_it_can_be_believed(path: Path, shelf: Path) -> None:
    on_shelf(path, shelf, Step.INJECTING, Step.EFFECTIVE)
    path.write_bytes(path.read_bytes()[:-3])

    result = invoke("restore", path)

    assert result.exit_code == 0
    assert "the journal is damaged: line 5 of 5 is torn; going by its whole lines: 2 records" in result.stderr
    assert result.stdout.count("restored: ") == 2


@pytest.mark.parametrize("unreadable", [{1}, {2}, {1, 2}], ids=["the first record", "the second one", "all records"])
def test_restore_puts_back_what_is_whole_and_claims_no_success_when_records_are_lost(
    path: Path, shelf: Path, unreadable: set[int]
) -> None:
    lines = on_shelf(path, shelf, Step.INJECTING, Step.EFFECTIVE).read_bytes().splitlines(keepends=True)
    for number in unreadable:
        lines[number] = lines[number].replace(b"8081", b"8082")
    path.write_bytes(b"".join(lines))

    result = invoke("restore", path)

    assert "nothing to restore" not in result.output
    assert result.exit_code == EXIT_INFRA
    assert "what the damaged lines recorded cannot be restored" in result.stderr
    assert sorted(file.name for file in shelf.iterdir() if file.name != "left") == [
        f"zone{number}" for number in (1, 2) if number not in unreadable
    ]


@pytest.mark.parametrize("records", [0, 1, 2])
def test_a_journal_that_ends_before_its_first_step_was_cut_and_the_rest_is_put_back(
    path: Path, shelf: Path, records: int
) -> None:
    lines = on_shelf(path, shelf, Step.INJECTING).read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[: 1 + records]))

    result = invoke("restore", path)

    assert result.exit_code == EXIT_INFRA
    assert "the journal is damaged: it ends before its first step" in result.stderr
    assert result.stdout.count("restored: ") == records


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "no journal there"), (b"", "not an undo journal"), (b"some text\n", "not an undo journal")],
)
def test_what_is_no_journal_is_wrong_usage(path: Path, content: bytes | None, complaint: str) -> None:
    if content is not None:
        path.write_bytes(content)

    result = invoke("restore", path)

    assert result.exit_code == EXIT_USAGE == 2
    assert result.stderr.startswith(f"mesh-chaos: {path}")
    assert complaint in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_journal_of_a_platform_that_is_not_installed_says_which_are(path: Path) -> None:
    result = invoke("restore", journal(path, Step.INJECTING, platform="moonbase"))

    assert result.exit_code == EXIT_USAGE
    assert "no platform 'moonbase' is installed; there are: kind, kubernetes, universal" in result.stderr


def test_down_ends_a_kept_mesh(shelf: Path) -> None:
    (shelf / "zone1").touch()
    result = invoke("down", shelf, "--platform", "shelf")

    assert (result.exit_code, result.stdout) == (0, f"the mesh in {shelf} has ended\n")
    assert not list(shelf.iterdir())


def test_down_says_so_when_there_is_no_mesh(tmp_path: Path) -> None:
    result = invoke("down", tmp_path / "gone")

    assert result.exit_code == EXIT_INFRA
    assert (
        result.stderr == f"mesh-chaos: no mesh is up in {tmp_path / 'gone'} (No such file or directory): it has ended\n"
    )


def test_down_says_why_a_folder_cannot_be_a_meshs(tmp_path: Path) -> None:
    result = invoke("down", tmp_path / ("long" * 40))

    assert result.exit_code == EXIT_INFRA
    assert "None" not in result.stderr


def test_down_on_an_unknown_platform_is_wrong_usage(tmp_path: Path) -> None:
    result = invoke("down", tmp_path, "--platform", "moonbase")

    assert result.exit_code == EXIT_USAGE
    assert "no platform 'moonbase' is installed; there are: kind, kubernetes, universal" in result.stderr


def test_the_faults_are_listed_with_their_claims() -> None:
    text = " ".join(invoke("faults").stdout.split())
    assert all(name in text for name in faults())
    assert "delete service" in text


def test_the_claims_are_listed_and_where_one_is_false() -> None:
    result = invoke("claims")
    words = set(re.findall(r"\w+", result.stdout))
    assert result.exit_code == 0
    assert {word for one in CLAIMS.values() for word in re.findall(r"\w+", one.statement)} <= words
    assert {"page", "Kuma"} <= words


def test_a_claims_id_is_listed_in_one_piece() -> None:
    lines = invoke("claims").stdout
    assert [name for name in CLAIMS if name not in lines] == []


def test_without_arguments_it_teaches() -> None:
    text = " ".join(invoke("--help").stdout.split())
    for word in (
        "restore",
        "down",
        "faults",
        "claims",
        "Exit codes: 0 done, 1 the gate says no, 2 wrong usage, 10 not possible",
    ):
        assert word in text


def test_it_says_which_version_it_is() -> None:
    result = invoke("--version")
    assert (result.exit_code, result.stdout) == (0, f"mesh-chaos {version('mesh-chaos')}\n")


@pytest.mark.usefixtures("contributed")
@pytest.mark.parametrize("command", [[], ["restore"], ["experiment", "check"], ["greet", "hello"]])
def test_a_short_option_helps_as_well(command: list[str]) -> None:
    result = invoke(*command, "-h")
    assert (result.exit_code, result.stdout) == (0, invoke(*command, "--help").stdout)


@pytest.mark.usefixtures("contributed")
def test_a_package_contributes_commands() -> None:
    result = invoke("greet", "hello", "you")

    assert (result.exit_code, result.stdout) == (0, "hello you\n")
    assert "Greet somebody." in invoke("--help").stdout


@pytest.mark.usefixtures("contributed")
def test_a_contribution_that_cannot_be_loaded_says_so_and_takes_nothing_with_it(path: Path, shelf: Path) -> None:
    result = invoke("torn", "whatever", "--it", "was")

    assert result.exit_code == EXIT_INFRA
    assert result.stderr == (
        "mesh-chaos: further_torn:app cannot be loaded (RuntimeError: half installed): reinstall what brings it\n"
    )
    assert "half installed" in " ".join(invoke("--help").stdout.split())
    assert invoke("restore", on_shelf(path, shelf, Step.INJECTING)).exit_code == 0


@pytest.mark.usefixtures("contributed")
def test_no_contribution_takes_the_place_of_restore(path: Path, shelf: Path) -> None:
    result = invoke("restore", on_shelf(path, shelf, Step.INJECTING))

    assert (result.exit_code, result.stdout.count("restored: ")) == (0, 2)
    assert "further_commands" not in sys.modules, "what is not asked for is not even loaded"
    assert invoke("--help").stdout.count("restore") == 1


def test_of_two_that_repair_at_once_the_second_is_refused_and_told_who_is_at_it(path: Path, shelf: Path) -> None:
    with held(on_shelf(path, shelf, Step.INJECTING)):
        result = invoke("restore", path)

    assert result.exit_code == EXIT_INFRA
    assert f"is in use by process {os.getpid()}: wait for it, or end it" in result.stderr
    assert not list(shelf.iterdir())
