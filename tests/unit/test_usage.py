"""What processes use, as seen on real ones: this one and its children."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, cast

import pytest

from chaos.clock import MonotonicClock, poll
from chaos.growth import Owner, Quantity
from fixtures.run import RUN_FOLDER_VARIABLE
from fixtures.usage import ITSELF, Usage

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.mesh import Mesh

WAIT = "import sys; sys.stdin.read()"


class Somewhere:
    """A mesh that has a folder, or none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def locator(self) -> dict[str, str]:
        return {"folder": str(self._folder)} if self._folder else {"context": "x"}


def values(folder: Path | None = None) -> dict[tuple[str, Quantity], float]:
    return {(s.name, s.quantity): value for s, value in Usage().look(cast("Mesh", Somewhere(folder)))}


def test_this_process_is_seen_with_its_memory_threads_and_descriptors() -> None:
    before = values()
    kept = bytearray(os.urandom(1 << 20) * 64)
    with socket.socket(), socket.socket():
        after = values()
    assert after[ITSELF, Quantity.MEMORY] - before[ITSELF, Quantity.MEMORY] == pytest.approx(len(kept), rel=0.1)
    assert after[ITSELF, Quantity.DESCRIPTORS] - before[ITSELF, Quantity.DESCRIPTORS] == 2
    assert after[ITSELF, Quantity.THREADS] >= 1


def test_files_of_the_meshs_folder_are_counted_but_for_logs(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.yaml").write_text("12345")
    (tmp_path / "a.log").write_text("1234567890")
    seen = values(tmp_path)
    assert (seen["the mesh's folder", Quantity.FILES], seen["the mesh's folder", Quantity.BYTES]) == (1, 5)
    assert ("the mesh's folder", Quantity.FILES) not in values()


def test_programs_of_ours_and_of_others_are_told_apart() -> None:
    with (
        subprocess.Popen([sys.executable, "-m", "fixtures.echo", "--help"], stdout=subprocess.PIPE) as workload,
        subprocess.Popen([sys.executable, "-m", "fixtures.local.relay", "--help"], stdout=subprocess.PIPE) as ours,
        subprocess.Popen(["sleep", "100"]) as other,
    ):
        found = {s.name: s.owner for s, _ in Usage().look(cast("Mesh", Somewhere(None)))}
        workload.kill()
        ours.kill()
        other.kill()
    assert found[ITSELF] is Owner.OURS
    assert found["sleep"] is Owner.MESH
    assert found.get("fixtures.echo", Owner.MESH) is Owner.MESH, "unless it has ended already"
    assert found.get("fixtures.local.relay", Owner.OURS) is Owner.OURS, "unless it has ended already"


def test_a_process_and_a_socket_more_are_seen_and_no_longer_once_they_are_gone() -> None:
    usage = Usage()
    before = usage.standing()
    with subprocess.Popen(["sleep", "100"]) as child, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        changed = usage.standing().changed(before)
        child.kill()
    assert "1 processes run sleep, 0 did before" in changed
    assert any(f"now 127.0.0.1:{port}" in one for one in changed)
    assert usage.standing().changed(before) == []


def test_a_process_that_has_lost_its_parent_is_a_stray(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(RUN_FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    usage = Usage()
    orphaned = (
        "import subprocess, sys; nobody = subprocess.DEVNULL; "
        f"print(subprocess.Popen([sys.executable, '-c', '{WAIT}'], stdout=nobody, stderr=nobody).pid)"
    )
    reader, writer = os.pipe()
    try:
        said = subprocess.run([sys.executable, "-c", orphaned], stdin=reader, stdout=subprocess.PIPE, check=True).stdout
        strays = usage.standing().strays
    finally:
        os.close(reader)
        os.close(writer)
    pid = int(said)
    assert [int(stray.split()[0]) for stray in strays] == [pid]
    assert poll(MonotonicClock(), lambda: not usage.standing().strays, 10)
