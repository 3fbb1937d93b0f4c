"""What the stand-in's commands do when they cannot do what they are asked: one clear line, nothing left."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.standin.mesh import BLOCK, ENVOY, STANDIN, Mesh, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.envoy
HOST = f"{BLOCK}.1.150"


def run_cp(**environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KUMA_")}
    return subprocess.run(
        [*STANDIN, "cp"], env={**clean, **environment}, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_busy_port_is_one_line_and_exit_code_1() -> None:
    with socket.create_server((f"{BLOCK}.9.1", 5681)):
        done = run_cp(KUMA_MODE="global", KUMA_API_SERVER_HTTP_INTERFACE=f"{BLOCK}.9.1")
    assert done.returncode == 1
    assert done.stderr == (
        f"standin cp: cannot listen on {BLOCK}.9.1:5681: Address already in use; set KUMA_API_SERVER_HTTP_PORT\n"
    )


def test_an_unsupported_variable_is_refused_by_name() -> None:
    done = run_cp(KUMA_MODE="global", KUMA_DNS_SERVER_PORT="5653")
    assert (done.returncode, done.stderr) == (
        1,
        "standin cp: KUMA_DNS_SERVER_PORT is not supported by the stand-in: unset it\n",
    )


def test_a_wrong_command_line_is_exit_code_2() -> None:
    done = subprocess.run([*STANDIN, "up"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr[:6]) == (2, "usage:")


@pytest.fixture(scope="module")
def planes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """A global and a zone control plane, without any proxy."""
    mesh = Mesh(tmp_path_factory.mktemp("standin"))
    try:
        mesh.control_plane()
        mesh.control_plane(1)
        mesh.configure()
        until(lambda: mesh.answers(1))
        until(lambda: mesh.api(1, "/meshes/default").is_success)
        yield mesh
    finally:
        mesh.close()


def dataplane(name: str, **inbound: Any) -> dict[str, Any]:
    tags = {"kuma.io/service": "web"}
    networking = {"address": HOST, "inbound": [{"port": 1027, "servicePort": 8081, "tags": tags, **inbound}]}
    return {"type": "Dataplane", "mesh": "default", "name": name, "networking": networking}


def ended(mesh: Mesh, name: str) -> tuple[int, str]:
    code = mesh.processes[name].wait(15)
    return code, (mesh.folder / f"{name}.log").read_text().splitlines()[-1]


def test_a_proxy_whose_resource_is_refused_ends_with_field_and_reason(planes: Mesh) -> None:
    planes.proxy(1, dataplane("refused", servicePrt=1))
    code, line = ended(planes, "refused")
    assert code == 1
    assert "networking.inbound[0].servicePrt: not a field of Dataplane that the stand-in supports" in line


def test_a_proxy_whose_port_is_busy_ends_with_envoys_reason(planes: Mesh) -> None:
    with socket.create_server((HOST, 1027)):
        planes.proxy(1, dataplane("busy"))
        code, line = ended(planes, "busy")
    assert (code, line.startswith("standin dp: Envoy refuses its first configuration: ")) == (1, True)
    assert f"cannot bind '{HOST}:1027': Address already in use" in line


def test_a_proxy_whose_admin_port_is_busy_ends_with_envoys_reason(planes: Mesh) -> None:
    with socket.create_server((HOST, 9901)):
        planes.proxy(1, dataplane("busy-admin"))
        code, line = ended(planes, "busy-admin")
    assert (code, f"cannot bind '{HOST}:9901': Address already in use" in line) == (1, True)


def test_what_is_no_envoy_is_said_so(planes: Mesh, tmp_path: Path) -> None:
    fake = tmp_path / "envoy"
    fake.write_text("#!/bin/sh\necho I am no proxy; exit 3\n")
    fake.chmod(0o755)
    file = planes.folder / "fake.yaml"
    file.write_text(str(dataplane("fake")))
    flags = (f"--cp-address=http://{BLOCK}.1.1:5681", f"--dataplane-file={file}", f"--config-dir={tmp_path / 'd'}")
    planes.start("fake", *STANDIN, "dp", "run", *flags, f"--binary-path={fake}")
    assert ended(planes, "fake") == (1, "standin dp: Envoy ended with code 3: I am no proxy")


def test_a_second_proxy_of_a_name_ends_the_first(planes: Mesh, tmp_path: Path) -> None:
    planes.proxy(1, dataplane("twice"))
    until(lambda: planes.api(1, "/meshes/default/dataplanes/twice").is_success)
    until(lambda: planes.api(1, "/meshes/default/dataplanes/twice/stats").is_success)
    file = planes.folder / "twice.yaml"
    flags = (f"--cp-address=http://{BLOCK}.1.1:5681", f"--dataplane-file={file}", f"--config-dir={tmp_path / 'd'}")
    planes.start("again", *STANDIN, "dp", "run", *flags, f"--binary-path={ENVOY}")
    code, line = ended(planes, "twice")
    assert (code, line) == (1, "standin dp: another proxy of this name connected: only one may run")


def test_a_zone_refuses_what_belongs_on_global(planes: Mesh) -> None:
    spec = {"selector": {"meshService": {"matchLabels": {"a": "b"}}}, "ports": [{"port": 1}]}
    multi = {"type": "MeshMultiZoneService", "name": "mine", "mesh": "default", "spec": spec}
    answer = planes.put(1, multi)
    assert (answer.status_code, answer.json()["title"]) == (405, "Method not allowed")
    retry = {"targetRef": {"kind": "Mesh"}, "default": {"tcp": {"maxConnectAttempt": 2}}}
    policy = {"type": "MeshRetry", "name": "mine", "mesh": "default", "spec": {"to": [retry]}}
    (parameter,) = planes.put(1, policy).json()["invalid_parameters"]
    assert parameter["field"] == 'labels["kuma.io/origin"]'
    assert planes.put(1, {**policy, "labels": {"kuma.io/origin": "zone"}}).status_code == 201


def test_a_terminated_control_plane_ends_with_0(planes: Mesh) -> None:
    planes.kill("cp-1", number=signal.SIGTERM)
    assert planes.processes["cp-1"].returncode == 0
