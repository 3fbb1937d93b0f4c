"""A whole mesh of real processes: who answers, what is bound, every target broken and put back, and nothing left."""

from __future__ import annotations

import contextlib
import json
import re
import signal
from typing import TYPE_CHECKING

import httpx
import psutil
import pytest

from chaos import undo
from chaos.clock import MonotonicClock
from chaos.errors import InfraError, NothingSelected, SettingsError
from chaos.journal import read_journal
from chaos.model import LOAD_BALANCER
from chaos.platform import Action, Kind, Target
from fixtures.mesh import Backend, MeshSettings
from fixtures.platforms.universal.bringup import attach, bring_up
from tests.integration.suite import brought_up, command_of, start_mesh_chaos, start_pytest, until
from tests.unit.made import settings as any_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.platforms.universal.platform import Universal
    from tests.integration.suite import Run, Traces

pytestmark = pytest.mark.envoy

KILLED, INFRA, INVALID = -signal.SIGKILL, 10, 11


def settings(logs: Path, block: int | None = None) -> MeshSettings:
    return MeshSettings(
        zones=("zone1", "zone2"), replicas=1, profile="hardened", engine="standin", kuma_home=None, envoy=None,
        balancer_check="shallow", block=block, logs=logs, kubernetes=any_settings().kubernetes,
    )  # fmt: skip


@pytest.fixture(scope="module")
def up(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universal]:
    with brought_up(lasting_traces, settings(tmp_path_factory.mktemp("logs"))) as mesh:
        yield mesh


def answering(url: str) -> str:
    """The node that answers there, or what came instead."""
    try:
        answer = httpx.get(url, timeout=2, trust_env=False)
    except httpx.TransportError as error:
        return type(error).__name__
    found = re.search(r"connected to node (\S+)\.", answer.text)
    return found[1] if found else str(answer.status_code)


def gateway(mesh: Universal, zone: str) -> str:
    return answering(mesh.topology.zone(zone).gateway.url + "/echo")


def at_home(mesh: Universal) -> bool:
    return all(gateway(mesh, zone) == f"mesh-{zone}" for zone in mesh.zones)


@pytest.fixture
def mesh(up: Universal) -> Universal:
    until(lambda: at_home(up), 40, "the mesh is as the test before found it")
    return up


def target(kind: Kind) -> Target:
    return Target(kind, "zone1", {Kind.GATEWAY: "edge", Kind.CLUSTER: "zone1"}.get(kind, "echo"))


def test_each_gateway_is_answered_by_its_own_zone_and_the_load_balancer_by_both(mesh: Universal) -> None:
    balancer = mesh.topology.load_balancer.url + "/echo"
    both = {"mesh-zone1", "mesh-zone2"}
    until(lambda: {answering(balancer) for _ in range(20)} == both, 30, "it has found both gateways healthy")
    assert at_home(mesh)


def test_an_answer_is_go_echos_and_its_names_are_those_of_the_attribution(mesh: Universal) -> None:
    text = httpx.get(mesh.topology.zone("zone2").gateway.url + "/echo", trust_env=False).text
    found = re.fullmatch(
        r"Welcome, you are connected to node (\S+)\.\nRunning on Pod (\S+)\.\n"
        r"In namespace kong\.\nWith IP address (\S+)\.\n",
        text,
    )
    assert found, text
    known = mesh.attribution()
    assert (known.nodes[found[1]], known.pods[found[2]]) == ("zone2", "zone2")
    assert found[3] == mesh.topology.zone("zone2").replicas[0].host


def test_the_load_balancer_names_the_gateway_that_served(mesh: Universal) -> None:
    answer = httpx.get(mesh.topology.load_balancer.url + "/echo", trust_env=False)
    zone = mesh.attribution().gateways[answer.headers["x-mesh-chaos-gateway"]]
    assert f"node mesh-{zone}." in answer.text


def test_the_vantages_are_the_load_balancer_and_every_gateway(mesh: Universal) -> None:
    assert [(v.name, v.zone) for v in mesh.vantages] == [
        (LOAD_BALANCER, None),
        ("gateway-zone1", "zone1"),
        ("gateway-zone2", "zone2"),
    ]
    assert all(answering(vantage.url).startswith("mesh-zone") for vantage in mesh.vantages)


def test_only_loopback_is_bound_and_only_in_the_meshs_own_block(mesh: Universal, lasting_traces: Traces) -> None:
    bound = lasting_traces.listening()
    assert bound
    assert all(address.startswith(f"127.{mesh.topology.block}.") for address in bound), bound


def test_every_process_of_the_mesh_is_the_keepers(mesh: Universal, lasting_traces: Traces) -> None:
    (keeper,) = [p for p in lasting_traces.processes() if "fixtures.local.keeper" in command_of(p)]
    of_the_keeper = {keeper.pid, *(child.pid for child in keeper.children(recursive=True))}
    assert {process.pid for process in lasting_traces.processes()} == of_the_keeper


def test_a_second_mesh_cannot_take_the_block_of_the_first(mesh: Universal, here: Traces, tmp_path: Path) -> None:
    with pytest.raises(InfraError, match=rf"another mesh holds 127\.{mesh.topology.block}\.0\.0/16: stop it, or leave"):
        bring_up(settings(tmp_path, int(mesh.topology.block)), lambda _: None)
    assert here.left() == []


def test_it_can_be_found_by_its_locator_from_elsewhere(mesh: Universal) -> None:
    other = attach(mesh.locator())
    record = mesh.record(target(Kind.SERVICE))
    assert other.record(target(Kind.SERVICE)) == record
    assert other.difference(record) is None
    assert other.zones == mesh.zones
    other.close()
    assert at_home(mesh)


def test_the_evidence_is_what_the_gateways_envoy_believes(mesh: Universal) -> None:
    evidence = mesh.evidence("zone1")
    assert sorted(evidence) == [f"gateway-zone1-{name}" for name in ("clusters.json", "config.json", "stats.txt")]
    priorities = {
        host["address"]["socket_address"]["address"]: host.get("priority", 0)
        for cluster in json.loads(evidence["gateway-zone1-clusters.json"])["cluster_statuses"]
        for host in cluster.get("host_statuses", [])
        if "echo" in cluster["name"]
    }
    plan = mesh.topology
    assert priorities == {plan.zone("zone1").replicas[0].host: 0, plan.zone("zone2").ingress.host: 1}


def broken(mesh: Universal, kind: Kind) -> None:
    """Delete a target, prove it, see another zone answer where anything can, and put it back as it was."""
    record = mesh.record(target(kind))
    assert mesh.difference(record) is None
    assert mesh.gone(record) is None

    mesh.delete(record)
    until(lambda: mesh.gone(record), 15, "gone")
    assert mesh.difference(record) is not None
    instead = "ConnectError" if kind in {Kind.GATEWAY, Kind.CLUSTER} else "mesh-zone2"
    until(lambda: gateway(mesh, "zone1") == instead, 20, instead)
    assert gateway(mesh, "zone2") == "mesh-zone2"

    undo.restore(mesh, [record], MonotonicClock(), limit_s=40)
    assert mesh.difference(record) is None
    assert mesh.gone(record) is None
    until(lambda: at_home(mesh), 20, "home again")

    mesh.put(record)
    assert mesh.difference(record) is None
    assert at_home(mesh)


@pytest.mark.parametrize("kind", [Kind.DEPLOYMENT, Kind.SERVICE, Kind.GATEWAY, Kind.CLUSTER])
def test_what_is_deleted_is_answered_for_by_the_other_zone_until_it_is_put_back(mesh: Universal, kind: Kind) -> None:
    before = mesh.ingress_bytes("zone2")
    broken(mesh, kind)
    if kind in {Kind.DEPLOYMENT, Kind.SERVICE}:
        assert mesh.ingress_bytes("zone2") > before


def test_a_service_at_the_wrong_port_is_answered_for_by_the_other_zone_until_it_is_put_back(mesh: Universal) -> None:
    record = mesh.record(target(Kind.SERVICE))
    mesh.disturb(record, Action.REDIRECT)
    until(lambda: mesh.disturbed(record, Action.REDIRECT), 15, "redirected")
    proof = mesh.disturbed(record, Action.REDIRECT)
    assert proof is not None
    assert ":9999, where connections are refused" in proof
    difference = mesh.difference(record)
    assert difference is not None
    assert "echo-zone1-1 is not stored as recorded" in difference
    until(lambda: gateway(mesh, "zone1") == "mesh-zone2", 20, "the hardened profile sees a wrong port")

    undo.restore(mesh, [record], MonotonicClock(), limit_s=40)
    assert mesh.disturbed(record, Action.REDIRECT) is None
    until(lambda: at_home(mesh), 20, "home again")


def test_a_deletion_does_exactly_what_the_plan_says(mesh: Universal) -> None:
    record = mesh.record(target(Kind.SERVICE))
    assert mesh.explain(Action.DELETE, record.target) == (
        "PUT every echo Dataplane on zone1's control plane with kuma.io/service: echo-withdrawn instead of echo"
    )
    mesh.delete(record)
    changed = mesh.record(record.target)
    undo.restore(mesh, [record], MonotonicClock(), limit_s=40)

    assert changed != record
    before, after = json.dumps(dict(record.state)), json.dumps(dict(changed.state))
    assert after.replace("echo-withdrawn", "echo") == before


def test_what_does_not_run_cannot_be_deleted(mesh: Universal) -> None:
    record = mesh.record(target(Kind.GATEWAY))
    mesh.delete(record)
    with pytest.raises(NothingSelected, match="no process of gateway edge in zone1 runs: there is nothing to delete"):
        mesh.record(record.target)
    undo.restore(mesh, [record], MonotonicClock(), limit_s=40)


def test_only_a_service_can_be_misconfigured_and_here_only_its_port(mesh: Universal) -> None:
    with pytest.raises(SettingsError, match="gateway edge in zone1 has nothing to redirect on this platform"):
        mesh.disturb(mesh.record(target(Kind.GATEWAY)), Action.REDIRECT)


def test_the_route_can_be_pointed_at_the_zones_own_echo_and_back(mesh: Universal) -> None:
    record = mesh.record(target(Kind.SERVICE))
    mesh.route("zone1", Backend.SERVICE)
    mesh.delete(record)
    until(
        lambda: gateway(mesh, "zone1") not in {"mesh-zone1", "mesh-zone2"}, 15, "nobody answers for a zone's own echo"
    )
    mesh.route("zone1", Backend.MULTIZONE)
    until(lambda: gateway(mesh, "zone1") == "mesh-zone2", 15, "the other zone answers")
    undo.restore(mesh, [record], MonotonicClock(), limit_s=40)


# One experiment of a user's, in a process that meets its end in the middle of it.


def experiment(traces: Traces, artifacts: Path, *arguments: str) -> Run:
    one = ("-m", "failover", "--fault=delete-service", "--zone=zone1", "--replicas=1")
    return start_pytest(traces, artifacts, *one, *arguments)


@contextlib.contextmanager
def in_effect(run: Run) -> Iterator[Path]:
    """The run at the moment when its fault is proved to be in effect; its journal."""
    try:
        until(lambda: run.journal_says("effective"), 90, "the fault is in effect")
        assert run.journal is not None
        yield run.journal
    finally:
        if run.process.poll() is None:
            run.kill()
            run.finish()


def test_a_kept_mesh_is_repaired_from_the_journal_alone_after_kill_9(traces: Traces, tmp_path: Path) -> None:
    run = experiment(traces, tmp_path, "--keep-mesh")
    with in_effect(run) as journal:
        run.kill(signal.SIGKILL)
        text = run.finish()
    assert run.code == KILLED
    url = re.search(r"gateway of zone1: curl (\S+)", text)
    folder = re.search(r"mesh-chaos down (\S+)", text)
    assert url, text
    assert folder, text
    until(lambda: answering(url[1]) == "mesh-zone2", 20, "the fault goes on without the run")

    restore = start_mesh_chaos(traces, "restore", journal)
    assert "restored: service echo in zone1" in restore.finish(), "restore"
    assert restore.code == 0
    until(lambda: answering(url[1]) == "mesh-zone1", 20, "home again")

    down = start_mesh_chaos(traces, "down", folder[1])
    assert "has ended" in down.finish()
    assert down.code == 0
    traces.assert_nothing_left()

    again = start_mesh_chaos(traces, "restore", journal)
    assert "nothing to restore: no mesh is up in" in again.finish()
    assert again.code == 0


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "with a worker"])
def test_kill_9_in_the_middle_of_a_fault_leaves_nothing_running_or_listening(
    traces: Traces, tmp_path: Path, workers: tuple[str, ...]
) -> None:
    run = experiment(traces, tmp_path, *workers)
    with in_effect(run) as journal:
        assert len(traces.processes()) > 10
        run.kill(signal.SIGKILL)
        run.finish()
        traces.assert_nothing_left()
    assert traces.listening() == set()
    assert read_journal(journal).must_restore


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_in_the_middle_of_a_fault_repairs_first(traces: Traces, tmp_path: Path, number: signal.Signals) -> None:
    run = experiment(traces, tmp_path)
    with in_effect(run) as journal:
        run.kill(number)
        text = run.finish()
    assert run.code == pytest.ExitCode.INTERRUPTED, text
    assert not read_journal(journal).must_restore
    traces.assert_nothing_left()


def probe_of(traces: Traces) -> psutil.Process:
    return next(process for process in traces.processes() if "chaos.probe" in command_of(process))


def test_a_disk_that_fills_up_is_infra_is_told_and_the_fault_undone(traces: Traces, tmp_path: Path) -> None:
    run = experiment(traces, tmp_path)
    with in_effect(run) as journal:
        size = journal.with_name("samples.arrow").stat().st_size
        probe_of(traces).rlimit(psutil.RLIMIT_FSIZE, (size, size))
        text = run.finish()
    assert run.code == INFRA, text
    assert re.search(r"INFRA: samples cannot be written to .*samples\.arrow: File too large; free the disk", text)
    assert not read_journal(journal).must_restore


def test_a_probe_that_is_killed_makes_the_run_invalid_and_the_fault_is_undone(traces: Traces, tmp_path: Path) -> None:
    run = experiment(traces, tmp_path, "--again=0")
    with in_effect(run) as journal:
        probe_of(traces).kill()
        text = run.finish()
    assert run.code == INVALID, text
    assert re.search(r"^E? *INVALID: .*probe", text, re.MULTILINE)
    assert not read_journal(journal).must_restore
