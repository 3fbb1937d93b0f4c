"""Failures that no control plane hears of, and bad networks: in effect on a real mesh, and undone from the journal."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from chaos import undo
from chaos.clock import MonotonicClock
from chaos.faults import fault as fault_named
from chaos.platform import Action
from fixtures.behaviour import GRAY
from fixtures.platforms.universal.running import programmed
from tests.integration.suite import ROOT, brought_up, command_of, start_mesh_chaos, until
from tests.integration.test_universal import at_home, gateway, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.platform import Record
    from fixtures.platforms.universal.platform import Universal
    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy

WORKLOAD = ("slow-echo", "err-echo", "hang-echo")
LINK = ("delay-link", "lose-link", "cut-link")


@pytest.fixture(scope="module")
def up(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universal]:
    with brought_up(lasting_traces, settings(tmp_path_factory.mktemp("logs"))) as mesh:
        yield mesh


@pytest.fixture
def mesh(up: Universal) -> Universal:
    until(lambda: at_home(up), 40, "the mesh is as the test before found it")
    return up


def injected(mesh: Universal, name: str, zone: str) -> Record:
    """The record of what the fault ``name`` hit, once it is in effect."""
    fault = fault_named(name)
    (target,) = mesh.find(fault.kind, zone)
    record = mesh.record(target)
    assert fault.effective(mesh, record) is None
    assert mesh.difference(record) is None
    fault.inject(mesh, record)
    until(lambda: fault.effective(mesh, record), 20, f"{name} is in effect")
    assert mesh.difference(record) is not None
    return record


def restored(mesh: Universal, record: Record, name: str) -> None:
    undo.restore(mesh, [record], MonotonicClock(), limit_s=40)
    assert mesh.difference(record) is None
    assert fault_named(name).effective(mesh, record) is None


def statuses(mesh: Universal, zone: str, count: int) -> list[int | str]:
    """What ``count`` requests at the zone's own workload, past all proxies, are answered."""
    (replica,) = mesh.topology.zone(zone).replicas
    found: list[int | str] = []
    for _ in range(count):
        try:
            found.append(httpx.get(f"http://{replica.host}:8081/", timeout=0.6, trust_env=False).status_code)
        except httpx.TransportError as error:
            found.append(type(error).__name__)
    return found


def test_slow_answers_reach_users_late_and_from_home(mesh: Universal) -> None:
    record = injected(mesh, "slow-echo", "zone1")
    for _ in range(5):
        began = time.monotonic()
        assert gateway(mesh, "zone1") == "mesh-zone1"
        assert time.monotonic() - began >= GRAY[Action.SLOW].delay_ms / 1000
    assert gateway(mesh, "zone2") == "mesh-zone2"
    restored(mesh, record, "slow-echo")


def test_error_answers_are_errors_at_the_workload_only_and_for_as_long_as_it_is_told_so(mesh: Universal) -> None:
    record = injected(mesh, "err-echo", "zone1")
    found = statuses(mesh, "zone1", 30)
    assert set(found) <= {200, 503}
    assert found.count(503) >= 15
    assert set(statuses(mesh, "zone2", 30)) == {200}
    answers = {gateway(mesh, "zone1") for _ in range(30)}
    assert "mesh-zone2" in answers, "the hardened profile sends again to another zone what home answers with an error"
    restored(mesh, record, "err-echo")
    assert set(statuses(mesh, "zone1", 30)) == {200}


def test_who_hangs_takes_connections_and_answers_nobody_until_it_is_put_back(mesh: Universal) -> None:
    record = injected(mesh, "hang-echo", "zone1")
    assert statuses(mesh, "zone1", 2) == ["ReadTimeout", "ReadTimeout"]
    assert gateway(mesh, "zone2") == "mesh-zone2"
    restored(mesh, record, "hang-echo")
    assert statuses(mesh, "zone1", 2) == [200, 200]
    until(lambda: gateway(mesh, "zone1") == "mesh-zone1", 20, "home again")


@pytest.mark.parametrize("name", LINK)
def test_a_bad_network_is_what_other_zones_dial_and_nobody_notices_while_all_are_well(
    mesh: Universal, name: str
) -> None:
    record = injected(mesh, name, "zone2")
    plan = mesh.topology.zone("zone2")
    dialling = mesh.topology.zone("zone1").gateway.host
    assert programmed(mesh._running, dialling, plan.relay)
    assert not programmed(mesh._running, dialling, plan.ingress)
    assert all(at_home(mesh) for _ in range(20))
    restored(mesh, record, name)
    assert programmed(mesh._running, dialling, plan.ingress)
    assert not programmed(mesh._running, dialling, plan.relay)


@pytest.mark.parametrize(("name", "instead"), [("delay-link", "mesh-zone2"), ("cut-link", "ReadTimeout")])
def test_a_zone_without_echo_gets_from_the_other_what_the_network_between_lets_pass(
    mesh: Universal, name: str, instead: str
) -> None:
    link = injected(mesh, name, "zone2")
    service = injected(mesh, "delete-service", "zone1")
    until(lambda: gateway(mesh, "zone1") == instead, 20, instead)
    undo.restore(mesh, [service, link], MonotonicClock(), limit_s=40)
    until(lambda: at_home(mesh), 30, "home again")


def test_users_who_are_served_over_a_slow_link_do_not_feel_that_it_is_put_back(mesh: Universal) -> None:
    service, link = injected(mesh, "delete-service", "zone1"), injected(mesh, "delay-link", "zone2")
    until(lambda: gateway(mesh, "zone1") == "mesh-zone2", 20, "the other zone answers")
    with ThreadPoolExecutor(1) as aside:
        restoring = aside.submit(restored, mesh, link, "delay-link")
        answers = [gateway(mesh, "zone1")]
        while not restoring.done():
            answers.append(gateway(mesh, "zone1"))
        restoring.result()
    assert set(answers) == {"mesh-zone2"}
    assert len(answers) > 3
    restored(mesh, service, "delete-service")
    until(lambda: at_home(mesh), 30, "home again")


_INJECTING = """
import json, os, signal, sys
from pathlib import Path
from chaos.faults import fault
from chaos.journal import Header, Journal, Step
from fixtures.platforms.universal.bringup import attach

locator, name, file = json.loads(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
mesh = attach(locator)
(target,) = mesh.find(fault(name).kind, "zone1")
record = mesh.record(target)
journal = Journal(file, Header(mesh.name, locator, name, "zone1", 0.0))
journal.record([record])
journal.step(Step.INJECTING)
fault(name).inject(mesh, record)
os.kill(os.getpid(), signal.SIGKILL)
"""
"""An experiment that is killed as soon as the fault is in."""


@pytest.mark.parametrize("name", [*WORKLOAD, *LINK])
def test_it_is_undone_from_the_journal_alone_after_kill_9(
    mesh: Universal, lasting_traces: Traces, tmp_path: Path, name: str
) -> None:
    fault, journal = fault_named(name), tmp_path / "journal.jsonl"
    (target,) = mesh.find(fault.kind, "zone1")
    before = mesh.record(target)
    killed = subprocess.run(
        (sys.executable, "-c", _INJECTING, json.dumps(dict(mesh.locator())), name, journal),
        env=lasting_traces.environment(), cwd=ROOT, check=False, timeout=180,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    until(lambda: fault.effective(mesh, before), 20, f"{name} goes on without who did it")

    restore = start_mesh_chaos(lasting_traces, "restore", journal)
    assert f"restored: {target}" in restore.finish()
    assert restore.code == 0
    assert mesh.difference(before) is None
    assert mesh.record(target) == before
    assert fault.effective(mesh, before) is None
    assert not [p for p in lasting_traces.processes() if "fixtures.local.relay" in command_of(p)]
    assert not list(Path(mesh.locator()["folder"]).glob("*.behaviour*"))
