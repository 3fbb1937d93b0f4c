"""``mesh-chaos testbed`` as a user types it: the whole test bed comes up, is used, loses a zone, and leaves nothing."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from kubernetes.client import AppsV1Api
from kubernetes.config import new_client_from_config

from tests.integration.kubernetes_clusters import require_kube
from tests.integration.suite import ROOT, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.suite import Traces

PROGRAMS = ("apiserver", "etcd", "kcm", "agent", "operator")


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    """The commands would build the program as well, but what they print then is not what is tested here."""
    require_kube()


def command(traces: Traces, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", "from chaos.cli import main; main()", "testbed", *map(str, arguments)],
        cwd=ROOT,
        env=traces.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def carried_out(traces: Traces, *arguments: str | Path) -> tuple[int, str, str]:
    with command(traces, *arguments) as process:
        out, err = process.communicate(timeout=180)
        return process.returncode, out, err


@pytest.fixture
def bed(traces: Traces, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A test bed of two zones that ``up`` left up: its environment."""
    code, out, err = carried_out(traces, "up", "--logs", tmp_path)
    assert code == 0, err
    environment = dict(shlex.split(line)[1].split("=", 1) for line in out.splitlines())
    try:
        yield environment
    finally:
        code, _, err = carried_out(traces, "down", environment["MESH_CHAOS_TESTBED"])
    assert code == 0, err
    assert traces.left() == []


def ready(environment: dict[str, str], zone: str) -> set[str]:
    with new_client_from_config(environment["KUBECONFIG"], zone) as client:
        deployments = AppsV1Api(client).list_namespaced_deployment("kuma-system").to_dict()["items"]
    return {one["metadata"]["name"] for one in deployments if one["status"]["ready_replicas"]}


def test_it_is_up_until_it_is_ended_and_a_zone_can_die_and_return(
    traces: Traces, bed: dict[str, str], tmp_path: Path
) -> None:
    assert all(ready(bed, zone) == {"kuma-control-plane", "kuma-ingress", "kuma-egress"} for zone in ("zone1", "zone2"))
    assert {file.stem for file in tmp_path.glob("zone2-*.log")} == {f"zone2-{program}" for program in PROGRAMS}

    stopped = subprocess.run(
        shlex.split(bed["MESH_CHAOS_CLUSTER_STOP"].format(zone="zone2")), env=traces.environment(), check=False
    )
    assert stopped.returncode == 0
    assert [ip for ip in traces.listening() if ip.split(".")[2] in {"2", "102"}] == []
    assert ready(bed, "zone1") == {"kuma-control-plane", "kuma-ingress", "kuma-egress"}

    started = subprocess.run(
        shlex.split(bed["MESH_CHAOS_CLUSTER_START"].format(zone="zone2")), env=traces.environment(), check=False
    )
    assert started.returncode == 0
    until(lambda: any(ip.split(".")[2] == "2" and int(ip.split(".")[3]) >= 10 for ip in traces.listening()))
    until(lambda: ready(bed, "zone2") == {"kuma-control-plane", "kuma-ingress", "kuma-egress"})

    code, _, err = carried_out(traces, "stop", bed["MESH_CHAOS_TESTBED"], "zone3")
    assert (code, err) == (2, "mesh-chaos: no zone 'zone3' in this test bed; there are: global, zone1, zone2\n")


def test_a_command_finds_it_by_its_environment_and_its_exit_code_is_kept(traces: Traces, tmp_path: Path) -> None:
    found = tmp_path / "environment.json"
    script = f"import json, os, sys; json.dump(dict(os.environ), open({os.fspath(found)!r}, 'w')); sys.exit(7)"
    options = ("--zones", "zone1", "--logs", tmp_path / "logs")
    code, out, err = carried_out(traces, "run", *options, "--", sys.executable, "-c", script)
    assert (code, out) == (7, ""), err
    environment = json.loads(found.read_text())
    assert environment["MESH_CHAOS_PLATFORM"] == "kubernetes"
    assert environment["MESH_CHAOS_CONTEXT"] == "global=global,zone1=zone1"
    assert environment["MESH_CHAOS_ALLOW_CONTEXT"] == "global,zone1"
    assert environment["MESH_CHAOS_CONTROL_PLANE"].startswith("global=http://127.")
    assert not Path(environment["KUBECONFIG"]).exists()
    assert traces.left() == []


def test_a_command_that_is_told_to_end_does_so_before_the_clusters(traces: Traces, tmp_path: Path) -> None:
    """As CI cancels a job: what the command has broken it must be able to repair."""
    started, ended = tmp_path / "started", tmp_path / "ended"
    script = (
        f"import os, pathlib, signal; signal.signal(15, lambda *_: exit(pathlib.Path({os.fspath(ended)!r}).write_text("
        "str(os.path.exists(os.environ['KUBECONFIG'])))));"
        f"pathlib.Path({os.fspath(started)!r}).touch(); signal.pause()"
    )
    with command(traces, "run", "--zones=zone1", f"--logs={tmp_path}", sys.executable, "-c", script) as process:
        until(started.exists, limit_s=120)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=180)
    assert ended.read_text() == "True"
    assert process.returncode == 4, "the command's own"
    assert traces.left() == []


def test_a_command_dies_with_the_test_bed(traces: Traces, tmp_path: Path) -> None:
    started = tmp_path / "started"
    script = f"import pathlib, signal; pathlib.Path({os.fspath(started)!r}).touch(); signal.pause()"
    with command(traces, "run", "--zones=zone1", f"--logs={tmp_path}", sys.executable, "-c", script) as process:
        until(started.exists, limit_s=120)
        process.kill()
        process.communicate(timeout=180)
    traces.assert_nothing_left()


def test_a_command_that_cannot_be_run_is_named_and_nothing_is_left(traces: Traces, tmp_path: Path) -> None:
    strange = tmp_path / "strange"
    strange.write_bytes(b"\x00 no program")
    strange.chmod(0o755)
    code, _, err = carried_out(traces, "run", "--zones=1", f"--logs={tmp_path}", "--", strange)
    assert code == 2
    assert err.splitlines()[-1] == f"mesh-chaos: {strange} cannot be run (Exec format error)"
    assert traces.left() == []


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (("run",), 2, "Missing argument"),
        (("run", "--", "/nowhere/pytest"), 2, "mesh-chaos: there is no program '/nowhere/pytest' to run"),
        (("up", "--zones=east,east"), 2, "mesh-chaos: --zones: 'east,east' must be a number from 1 to 55, or as many"),
        (("down", "/nowhere"), 10, "mesh-chaos: no mesh is up in /nowhere (No such file or directory): it has ended"),
        (("start", "/nowhere", "zone1"), 10, "no mesh is up in /nowhere"),
    ],
)
def test_wrong_usage_is_one_line(traces: Traces, arguments: tuple[str, ...], code: int, expected: str) -> None:
    found, out, err = carried_out(traces, *arguments)
    assert (found, out) == (code, "")
    assert expected in err
    assert "Traceback" not in err
    assert traces.left() == []
