"""Packets that the kernel drops: on a real mesh, nobody else's, and gone with whoever dropped them, however it ends."""

from __future__ import annotations

import contextlib
import json
import re
import signal
import socket
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import psutil
import pytest

from chaos import undo
from chaos.clock import MonotonicClock
from chaos.errors import InfraError
from chaos.faults import fault as fault_named
from fixtures.local import packets
from fixtures.local.addresses import Endpoint
from fixtures.local.network import accepts
from fixtures.local.nftables import Session
from fixtures.local.processes import Role
from fixtures.platforms.universal.running import programmed
from fixtures.platforms.universal.settings import LinkWay
from tests.integration.suite import ROOT, brought_up, command_of, start_mesh_chaos, start_pytest, until
from tests.integration.test_universal import at_home, gateway, settings
from tests.integration.test_universal_gray import _INJECTING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chaos.platform import Record
    from fixtures.platforms.universal.platform import Universal
    from fixtures.platforms.universal.topology import ZonePlan
    from tests.integration.suite import Traces

REASON = packets.why_not()
pytestmark = [pytest.mark.envoy, pytest.mark.skipif(REASON is not None, reason=f"no packet can be dropped: {REASON}")]

BOTH = ("cut-link", "lose-link")


@pytest.fixture(scope="module")
def up(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universal]:
    wanted = replace(settings(tmp_path_factory.mktemp("logs")), link=LinkWay.PACKETS)
    with brought_up(lasting_traces, wanted) as mesh:
        yield mesh


@pytest.fixture
def mesh(up: Universal) -> Iterator[Universal]:
    until(lambda: at_home(up), 40, "the mesh is as the test before found it")
    until(lambda: not any(map(up.unsettled, up.zones)), 40, "and shows itself so")
    assert tables(up) == set()
    yield up
    assert tables(up) == set()


def tables(mesh: Universal) -> set[str]:
    """The packet filter's tables of this very mesh."""
    with Session() as session:
        return set(re.findall(rf"mesh_chaos_{mesh.topology.block}_\d+", session.run("list tables")))


def table_of(mesh: Universal, zone: str) -> str:
    plan = mesh.topology.zone(zone)
    return f"mesh_chaos_{plan.block}_{plan.number}"


def recorded(mesh: Universal, name: str, zone: str) -> Record:
    fault = fault_named(name)
    (target,) = mesh.find(fault.kind, zone)
    record = mesh.record(target)
    assert mesh.difference(record) is None
    return record


def injected(mesh: Universal, name: str, zone: str) -> tuple[Record, str]:
    """The record of what the fault ``name`` hit, and the proof that it did."""
    fault, record, proofs = fault_named(name), recorded(mesh, name, zone), list[str | None]()
    assert fault.effective(mesh, record) is None
    fault.inject(mesh, record)

    def proved() -> bool:
        proofs.append(fault.effective(mesh, record))
        return proofs[-1] is not None

    until(proved, 20, f"{name} is in effect")
    assert mesh.difference(record) is not None
    return record, str(proofs[-1])


def restored(mesh: Universal, *records: Record) -> None:
    undo.restore(mesh, records, MonotonicClock(), limit_s=40)
    assert all(mesh.difference(record) is None for record in records)


def holder(mesh: Universal, zone: str = "zone1") -> psutil.Process:
    """The process that holds the rules."""
    states = mesh._running.processes(zone, [Role.RELAY])
    (pid,) = [state.pid for state in states if state.running]
    return psutil.Process(pid)


@pytest.mark.parametrize("name", BOTH)
def test_packets_of_one_ingress_are_dropped_without_telling_anybody_and_no_other_address_is_hit(
    mesh: Universal, name: str
) -> None:
    plan, other = mesh.topology.zone("zone2"), mesh.topology.zone("zone1")
    admin = mesh._running.admin(plan.ingress.host)
    with somebody_else_at(plan) as elses:
        record, proof = injected(mesh, name, "zone2")
        assert re.search(
            r"^\d+ of 40 connections to \S+ were not made within 0.5 s, \d+ packets of them dropped", proof
        )
        assert proof.endswith("no relay is used; it is what the gateways of zone1 dial")
        assert tables(mesh) == {table_of(mesh, "zone2")}
        assert programmed(mesh._running, other.gateway.host, plan.ingress)
        before = packets.dropped(table_of(mesh, "zone2"))
        for endpoint in (other.ingress, admin, plan.gateway, plan.control_plane, *elses):
            assert all(accepts(endpoint) for _ in range(20)), endpoint
        assert all(at_home(mesh) for _ in range(20))
        if name == "cut-link":  # else the connections of the proof still try to end
            assert packets.dropped(table_of(mesh, "zone2")) == before, "nothing at home goes by the ingress"
    restored(mesh, record)
    assert fault_named(name).effective(mesh, record) is None
    assert all(accepts(plan.ingress) for _ in range(20))


@contextlib.contextmanager
def somebody_else_at(plan: ZonePlan) -> Iterator[list[Endpoint]]:
    """Others who have the ingress's port, or its address."""
    with contextlib.ExitStack() as stack:
        hosts = (plan.host(99), 0), (plan.host(99), plan.ingress.port), (plan.ingress.host, 0)
        servers = [stack.enter_context(socket.create_server(host)) for host in hosts]
        yield [Endpoint(*server.getsockname()) for server in servers]


def test_a_connection_that_there_was_before_the_cut_hangs_and_goes_on_after_it(mesh: Universal) -> None:
    ingress = mesh.topology.zone("zone2").ingress
    with socket.create_connection((ingress.host, ingress.port), 0.7) as before:
        record, _ = injected(mesh, "cut-link", "zone2")
        before.sendall(b"not TLS\r\n\r\n")
        with pytest.raises(TimeoutError):
            before.recv(1)
        restored(mesh, record)
        before.settimeout(20)
        with contextlib.suppress(ConnectionResetError):  # an ingress ends what is no TLS
            assert before.recv(1) == b""


def test_a_zone_without_echo_gets_nothing_from_beyond_the_cut_and_is_served_again_after_it(mesh: Universal) -> None:
    link, _ = injected(mesh, "cut-link", "zone2")
    (target,) = mesh.find(fault_named("delete-service").kind, "zone1")
    service = mesh.record(target)
    fault_named("delete-service").inject(mesh, service)
    until(lambda: gateway(mesh, "zone1") in {"ReadTimeout", "503", "504"}, 20, "nobody answers")
    assert gateway(mesh, "zone2") == "mesh-zone2"
    restored(mesh, link)
    until(lambda: gateway(mesh, "zone1") == "mesh-zone2", 30, "the other zone answers")
    restored(mesh, service)
    until(lambda: at_home(mesh), 30, "home again")


def test_both_zones_can_be_cut_off_at_once(mesh: Universal) -> None:
    records = [injected(mesh, "cut-link", zone)[0] for zone in mesh.zones]
    assert tables(mesh) == {table_of(mesh, zone) for zone in mesh.zones}
    assert all(at_home(mesh) for _ in range(5))
    restored(mesh, *records)


def test_a_delay_is_a_relays_here_too(mesh: Universal) -> None:
    record, proof = injected(mesh, "delay-link", "zone2")
    assert tables(mesh) == set()
    assert f"behind {mesh.topology.zone('zone2').relay} takes 2" in proof
    restored(mesh, record)


@pytest.mark.parametrize("name", BOTH)
def test_it_is_undone_from_the_journal_alone_after_kill_9(
    mesh: Universal, lasting_traces: Traces, tmp_path: Path, name: str
) -> None:
    journal, before = tmp_path / "journal.jsonl", recorded(mesh, name, "zone1")
    killed = subprocess.run(
        (sys.executable, "-c", _INJECTING, json.dumps(dict(mesh.locator())), name, journal),
        env=lasting_traces.environment(), cwd=ROOT, check=False, timeout=180,
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    until(lambda: fault_named(name).effective(mesh, before), 20, f"{name} goes on without who did it")

    restore = start_mesh_chaos(lasting_traces, "restore", journal)
    assert f"restored: {before.target}" in restore.finish()
    assert restore.code == 0
    assert mesh.difference(before) is None
    assert mesh.record(before.target) == before
    assert not [p for p in lasting_traces.processes() if "fixtures.local.packets" in command_of(p)]


def test_kill_9_of_who_holds_the_rules_removes_them_and_is_no_fault_that_lasts(mesh: Universal) -> None:
    record, _ = injected(mesh, "cut-link", "zone1")
    holder(mesh).kill()
    until(lambda: tables(mesh) == set(), 30, "the kernel has deleted the table")
    assert fault_named("cut-link").effective(mesh, record) is None
    restored(mesh, record)


def test_a_table_of_that_name_that_is_there_already_is_refused_and_left_alone(mesh: Universal) -> None:
    record, table = recorded(mesh, "cut-link", "zone1"), table_of(mesh, "zone1")
    with Session() as stranger:
        stranger.run(f"create table ip {table} {{ flags owner; }}")
        with pytest.raises(InfraError, match=f"nft table ip {table} is there already, and not ours"):
            fault_named("cut-link").inject(mesh, record)
        assert tables(mesh) == {table}
        command = (
            sys.executable,
            "-m",
            "fixtures.local.packets",
            f"--table={table}",
            "--at=127.0.0.1:1",
            "--percent=1",
        )
        refused = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
        assert refused.returncode == 1
        assert refused.stderr.startswith("packets: Could not process rule: ")
        assert accepts(mesh.topology.zone("zone1").ingress)
    restored(mesh, record)


def test_kill_9_of_the_keeper_removes_the_rules(traces: Traces, tmp_path: Path) -> None:
    wanted = replace(settings(tmp_path), link=LinkWay.PACKETS)
    with brought_up(traces, wanted) as mesh:
        injected(mesh, "cut-link", "zone1")
        assert tables(mesh) == {table_of(mesh, "zone1")}
        (keeper,) = [p for p in traces.processes() if "fixtures.local.keeper" in command_of(p)]
        keeper.kill()
        until(lambda: tables(mesh) == set(), 30, "the kernel has deleted the table")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_ended_in_the_middle_leaves_no_rule(
    traces: Traces, tmp_path: Path, number: signal.Signals
) -> None:
    chosen = ("-m", "network", "--fault=cut-link", "--zone=zone1", "--profile=hardened")
    run = start_pytest(traces, tmp_path / "artifacts", "scenarios", "--link=packets", *chosen)
    try:
        until(lambda: run.journal_says("effective"), 90, "the fault is in effect")
        (argv,) = [command_of(p) for p in traces.processes() if "fixtures.local.packets" in command_of(p)]
        (table,) = [argument.removeprefix("--table=") for argument in argv if argument.startswith("--table=")]
        assert packets.dropped(table) is not None
        run.kill(number)
        run.finish()
        until(lambda: packets.dropped(table) is None, 30, "the kernel has deleted the table")
        traces.assert_nothing_left()
    finally:
        if run.process.poll() is None:
            run.kill()
            run.finish()


def test_what_would_be_done_is_told_by_plan(traces: Traces, tmp_path: Path) -> None:
    chosen = ("-m", "network", "--fault=cut-link", "--zone=zone1", "--profile=hardened", "--plan")
    run = start_pytest(traces, tmp_path / "artifacts", "scenarios", "--link=packets", *chosen)
    text = run.finish()
    assert run.code == 0, text
    assert "drop every packet from and to 127.B.1.20:10001, the ingress of zone1 (nft table ip mesh_chaos_B_1" in text


_UNPRIVILEGED = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(24, 12, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_NET_ADMIN: what is executed now cannot get it back
os.execv(sys.executable, [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *sys.argv[1:]])
"""


@pytest.mark.parametrize("more", [(), ("--plan",)], ids=["run", "plan"])
def test_packets_without_privilege_are_refused_before_anything_is_started(
    traces: Traces, tmp_path: Path, more: tuple[str, ...]
) -> None:
    chosen = ("scenarios", "-m", "network", "--fault=cut-link", "--zone=zone1", "--profile=page", "--link=packets")
    run = subprocess.run(
        (sys.executable, "-c", _UNPRIVILEGED, *chosen, f"--artifacts={tmp_path}/artifacts", *more),
        env=traces.environment(), cwd=ROOT, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert run.returncode not in {0, 5}, run.stdout
    assert (
        "--link=packets: no packet can be dropped here: that takes root, or the capability" in run.stdout + run.stderr
    )
    assert "engine " not in run.stderr
    traces.assert_nothing_left()
