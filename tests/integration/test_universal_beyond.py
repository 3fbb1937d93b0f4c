"""Faults of processes beyond the walkthrough: in effect on a real mesh, undone by another process, felt by whom."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos import undo
from chaos.clock import MonotonicClock
from chaos.errors import InfraError
from chaos.faults import fault as fault_named
from fixtures.local.processes import Role
from fixtures.platforms.universal.arrival import not_arriving
from tests.integration.suite import ROOT, brought_up, start_mesh_chaos, until
from tests.integration.test_universal import at_home, gateway, settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chaos.platform import Record
    from fixtures.platforms.universal.platform import Universal
    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy

UNNOTICED = ("kill-ingress", "kill-egress", "kill-control-plane", "kill-global", "disable-zone")
FELT = ("kill-replica", "pause-echo", "flap-echo")
ROLLED = ("roll-echo", "upgrade-echo", "roll-gateway", "roll-control-plane")


@pytest.fixture(scope="module")
def up(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universal]:
    wanted = replace(settings(tmp_path_factory.mktemp("logs")), replicas=2, profile="page")
    with brought_up(lasting_traces, wanted) as mesh:
        yield mesh


@pytest.fixture
def mesh(up: Universal) -> Universal:
    until(lambda: at_home(up), 40, "the mesh is as the test before found it")
    until(lambda: not any(map(up.unsettled, up.zones)), 40, "and shows itself so")
    # what another process put back may still be on its way between control planes, and take away what is there now
    until(lambda: not_arriving(up.running) is None, 60, "and hears of changes")
    until(lambda: not any(map(up.unsettled, up.zones)), 40, "and shows itself so still")
    return up


def recorded(mesh: Universal, name: str, zone: str = "zone1") -> Record:
    (target,) = mesh.find(fault_named(name).kind, zone)
    record = mesh.record(target)
    assert mesh.difference(record) is None
    assert fault_named(name).effective(mesh, record) is None
    return record


def injected(mesh: Universal, name: str, zone: str = "zone1") -> Record:
    record = recorded(mesh, name, zone)
    fault_named(name).inject(mesh, record)
    until(lambda: fault_named(name).effective(mesh, record), 20, f"{name} is in effect")
    return record


def restored(mesh: Universal, *records: Record) -> None:
    undo.restore(mesh, records, MonotonicClock(), limit_s=60)


_INJECTING = """
import json, os, signal, sys
from pathlib import Path
from chaos.faults import fault
from chaos.journal import Header, Journal, Step
from fixtures.local.keeping import Keeping
from fixtures.platforms.universal.bringup import attach

locator, name, file, midway = json.loads(sys.argv[1]), sys.argv[2], Path(sys.argv[3]), sys.argv[4] == "midway"
mesh = attach(locator)
(target,) = mesh.find(fault(name).kind, "zone1")
record = mesh.record(target)
journal = Journal(file, Header(mesh.name, locator, name, "zone1", 0.0))
journal.record([record])
journal.step(Step.INJECTING)


def start_or_die(keeping, specs):
    if not all(state.running for state in keeping.processes()):
        os.kill(os.getpid(), signal.SIGKILL)
    return start(keeping, specs)


start = Keeping.start_processes
if midway:
    Keeping.start_processes = start_or_die
fault(name).inject(mesh, record)
os.kill(os.getpid(), signal.SIGKILL)
"""
"""An experiment that is killed as soon as the fault is in, or just before it starts again what it has ended."""


def killed_while_injecting(mesh: Universal, traces: Traces, journal: Path, name: str, when: str) -> None:
    command = (sys.executable, "-c", _INJECTING, json.dumps(dict(mesh.locator())), name, journal, when)
    killed = subprocess.run(command, env=traces.environment(), cwd=ROOT, check=False, timeout=300)
    assert killed.returncode == -signal.SIGKILL


def undone_by_another_process(mesh: Universal, traces: Traces, journal: Path, name: str, before: Record) -> None:
    restore = start_mesh_chaos(traces, "restore", journal)
    assert f"restored: {before.target}" in restore.finish(120)
    assert restore.code == 0
    assert mesh.difference(before) is None
    until(lambda: at_home(mesh), 30, "home again")


@pytest.mark.parametrize("name", [*UNNOTICED, *FELT])
def test_a_fault_goes_on_without_who_did_it_and_is_undone_from_the_journal_alone(
    mesh: Universal, lasting_traces: Traces, tmp_path: Path, name: str
) -> None:
    fault, journal, before = fault_named(name), tmp_path / "journal.jsonl", recorded(mesh, name)
    killed_while_injecting(mesh, lasting_traces, journal, name, "in the end")
    until(lambda: fault.effective(mesh, before), 20, f"{name} is in effect")
    assert mesh.difference(before) is not None
    if name in UNNOTICED:
        assert all(at_home(mesh) for _ in range(10))
    assert gateway(mesh, "zone2") == "mesh-zone2"
    undone_by_another_process(mesh, lasting_traces, journal, name, before)
    assert fault.effective(mesh, before) is None
    assert "PRIVATE KEY" not in journal.read_text()


@pytest.mark.parametrize("name", [*ROLLED, "flap-echo"])
def test_what_was_killed_with_a_process_away_is_whole_again_from_the_journal_alone(
    mesh: Universal, lasting_traces: Traces, tmp_path: Path, name: str
) -> None:
    journal, before = tmp_path / "journal.jsonl", recorded(mesh, name)
    killed_while_injecting(mesh, lasting_traces, journal, name, "midway")
    assert mesh.difference(before) is not None
    undone_by_another_process(mesh, lasting_traces, journal, name, before)


@pytest.mark.parametrize("name", ROLLED)
def test_a_rollout_is_proved_by_other_processes_and_rolled_back(mesh: Universal, name: str) -> None:
    record = injected(mesh, name)
    assert all(at_home(mesh) for _ in range(10))
    restored(mesh, record)
    assert (fault_named(name).effective(mesh, record) is None) == (name == "upgrade-echo")


def test_what_flapped_was_started_again_and_is_away_in_the_end(mesh: Universal) -> None:
    record = injected(mesh, "flap-echo")
    proof = fault_named("flap-echo").effective(mesh, record)
    assert proof is not None
    assert proof.startswith("started again 2 times and ended: echo-zone1-1-app (pid ")
    restored(mesh, record)


def test_nobody_enters_a_zone_that_is_disabled_until_it_is_accepted_again(mesh: Universal) -> None:
    disabled = injected(mesh, "disable-zone", "zone1")
    gone = injected(mesh, "delete-service", "zone2")
    until(lambda: gateway(mesh, "zone2") == "503", 20, "nobody is left to answer zone2")
    assert gateway(mesh, "zone1") == "mesh-zone1"
    restored(mesh, disabled)
    until(lambda: gateway(mesh, "zone2") == "mesh-zone1", 20, "zone1 can be entered again")
    restored(mesh, gone)


def test_zones_trust_each_other_as_before_after_global_was_lost(mesh: Universal) -> None:
    restored(mesh, injected(mesh, "kill-global"))
    until(lambda: not_arriving(mesh._running) is None, 40, "zones are in step with global again")
    gone = injected(mesh, "delete-deployment", "zone1")
    until(lambda: gateway(mesh, "zone1") == "mesh-zone2", 25, "zone2 answers for zone1")
    restored(mesh, gone)


def test_a_zone_that_hears_of_no_change_is_named_and_nothing_is_left_of_the_question(mesh: Universal) -> None:
    running = mesh._running
    assert not_arriving(running) is None
    running.keeping.send(["zone2-cp"], signal.SIGSTOP)
    try:
        assert not_arriving(running) == "a change on global does not arrive in zone2 within 5 s"
    finally:
        running.keeping.send(["zone2-cp"], signal.SIGCONT)
    timeouts = running.global_api().get("/meshes/default/meshtimeouts")
    assert timeouts is not None
    assert not [item["name"] for item in timeouts["items"] if item["name"].startswith("arrival-")]


def test_a_zone_control_plane_that_nobody_put_back_is_not_taken_for_settled(mesh: Universal) -> None:
    record = injected(mesh, "kill-control-plane", "zone2")
    until(lambda: mesh.unsettled("zone2"), 20, "global shows it")
    assert mesh._running.processes("zone2", [Role.CONTROL_PLANE])[0].exit_code == -signal.SIGKILL
    with pytest.raises(InfraError, match="zone2's control plane does not answer"):
        mesh._running.zone_api("zone2").get("/")
    restored(mesh, record)
