"""Undo on a real mesh: killed at points of the seed's choice, with API errors in the middle, and by two at once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from benchmarks.crash_points.state import differences
from chaos import undo
from chaos.breaking import Breaking
from chaos.clock import MonotonicClock
from chaos.errors import InfraError
from chaos.fault import Stage
from chaos.faults import fault as fault_named
from chaos.journal import Header, Journal, Step, read_journal
from tests.integration.suite import ROOT, brought_up, start_mesh_chaos, until
from tests.integration.test_universal import at_home, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.platforms.universal.platform import Universal
    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy
ERROR = httpx.codes.INTERNAL_SERVER_ERROR


def test_a_killed_experiment_is_undone_wherever_it_was_killed(traces: Traces, tmp_path: Path) -> None:
    """A slice of ``benchmarks.crash_points``, which kills at every point."""
    options = ("--fault=delete-service", "--fault=kill-ingress", "--points=2", "--kills=6", "--seed=7", "--meshes=1")
    command = (sys.executable, "-m", "benchmarks.crash_points", *options, f"--artifacts={tmp_path}")
    done = subprocess.run(
        command, cwd=ROOT, env=traces.environment(), capture_output=True, text=True, check=False, timeout=240
    )

    assert done.returncode == 0, done.stdout + done.stderr
    (report,) = tmp_path.glob("*/crash-points.json")
    outcomes = json.loads(report.read_text())["outcomes"]
    kills = [one for one in outcomes if one["killed"]]
    assert len(kills) == 6, "one that had ended before it could be killed is tried again"
    spared = [one for one in outcomes if one["plan"]["die_at"] is None and one["plan"]["after_s"] is None]
    assert len(spared) == 2, "each fault once without a kill"
    assert sum(one["plan"]["die_at"] is not None for one in kills) == 4, "who is to die at a point does"
    assert not any(one["problems"] for one in outcomes)
    traces.assert_nothing_left()


def test_what_differs_is_named() -> None:
    before = {"same": "1", "changed": "1", "missing": "1"}
    now = {"same": "1", "changed": "2", "new": "1"}
    assert differences(before, now) == [
        "changed: 2, was 1",
        "missing: not there, was 1",
        "new: 1, was not there",
    ]


@pytest.fixture(scope="module")
def up(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universal]:
    with brought_up(lasting_traces, replace(settings(tmp_path_factory.mktemp("logs")), replicas=2)) as mesh:
        yield mesh


@pytest.fixture
def mesh(up: Universal) -> Universal:
    until(lambda: at_home(up), 40, "the mesh is as the test before found it")
    return up


class Failing(httpx.BaseTransport):
    """A control plane's API that fails so often: from the change with this number on, whatever is asked then."""

    def __init__(self, real: httpx.BaseTransport, first: int, times: int, answer: int | None) -> None:
        self.left = times
        self._real = real
        self._before = first
        self._answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._before -= request.method != "GET"
        if self._before >= 0 or not self.left:
            return self._real.handle_request(request)
        self.left -= 1
        if self._answer is None:
            raise httpx.ConnectError("closed by who failed", request=request)
        return httpx.Response(self._answer, request=request, json={"title": "try later"})


@pytest.mark.parametrize("answer", [ERROR, None], ids=["500", "closed"])
@pytest.mark.parametrize("first", range(5))
def test_an_api_that_fails_in_the_middle_is_asked_again_or_leaves_no_fault(
    mesh: Universal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int, answer: int | None
) -> None:
    """Two changes are the fault's, the others those of its repair."""
    stage = Stage(fault_named("delete-service"), "zone1")
    breaking = Breaking(mesh, (stage,), MonotonicClock(), note=lambda _: None, obey=lambda: None)
    breaking.record(tmp_path, stage.fault.name, time.time())
    client = mesh.running.zone_api("zone1")._http
    failing = Failing(client._transport, first, 3, answer)
    monkeypatch.setattr(client, "_transport", failing)

    def broken() -> None:
        breaking.inject(0, stage)
        breaking.prove(0, stage, 20)

    refused = None
    try:
        undo.mended(broken, lambda: _restored(breaking))
    except InfraError as error:
        refused = str(error)

    assert failing.left < 3, "something failed"
    assert refused is None or (answer == ERROR and "try later" in refused), "what was closed is asked again"
    state = read_journal(tmp_path / "journal.jsonl")
    assert not state.must_restore
    assert [mesh.difference(record) for record in state.records] == [None]


def _restored(breaking: Breaking) -> None:
    assert not breaking.restore()


def test_of_two_repairs_at_once_one_is_refused_and_told_who_is_at_it(
    mesh: Universal, traces: Traces, tmp_path: Path
) -> None:
    path, fault = tmp_path / "journal.jsonl", fault_named("delete-deployment")
    (target,) = mesh.find(fault.kind, "zone1")
    record = mesh.record(target)
    journal = Journal(path, Header(mesh.name, mesh.locator(), fault.name, "zone1", 0.0))
    journal.record([record])
    journal.step(Step.INJECTING)

    mesh.delete(record)
    while_its_writer_lives = start_mesh_chaos(traces, "restore", path)
    said = while_its_writer_lives.finish()
    assert while_its_writer_lives.code == 10
    assert "is in use by process" in said
    assert mesh.difference(record) is not None

    journal.close()
    both = [start_mesh_chaos(traces, "restore", path) for _ in range(2)]
    said = "".join(one.finish() for one in both)
    assert "restored: deployment echo in zone1" in said
    assert {one.code for one in both} <= {0, 10}
    assert mesh.difference(record) is None
