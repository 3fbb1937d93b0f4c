"""The engine ``kuma`` without Kuma: its processes, in their order, with tokens and certificates, on a small fake."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chaos import undo
from chaos.clock import MonotonicClock
from chaos.errors import InfraError, SettingsError
from chaos.platform import Kind
from fixtures.platforms.universal import starting
from fixtures.platforms.universal.bringup import attach
from fixtures.platforms.universal.kuma import tokens, version
from tests.integration.fake_kuma.mesh import Fake
from tests.integration.suite import ROOT, start_pytest, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.platforms.universal.platform import Universal
    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy

PROXIES = [f"{kind}-{zone}" for zone in ("zone1", "zone2") for kind in ("ingress", "egress", "edge")]
PROXIES += ["echo-zone1-1", "echo-zone2-1"]
VERSIONS = ["2.9.19", "2.11.18", "2.13.10", "2.14.3"]


@pytest.fixture
def fake_of(here: Traces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Fake]:
    monkeypatch.setenv("FAKE_KUMA_EVENTS", str(tmp_path / "events"))
    monkeypatch.setenv("TMPDIR", str(here.folder))  # so that what a proxy leaves outside its mesh's folder is found
    return lambda number: Fake(tmp_path, number)


@pytest.fixture
def fake(fake_of: Callable[[str], Fake]) -> Fake:
    return fake_of("2.13.10")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mesh that does not come up is given up sooner; one that does takes 3 s, or a few more on a busy machine."""
    monkeypatch.setattr(starting, "_UP_LIMIT_S", 15.0)


def test_global_answers_before_zones_start_and_proxies_come_with_a_token_each(fake: Fake, here: Traces) -> None:
    mesh = fake.bring_up()
    seen = fake.events()
    mesh.end()

    zones = [n for n, text in enumerate(seen) if text == "zone control plane answers"]
    admitted = {text: n for n, text in enumerate(seen) if text.endswith(" is let in")}
    issued = [n for n, text in enumerate(seen) if text.startswith("token for ")]
    assert seen[0] == "global control plane answers"
    assert len(zones) == 2
    assert admitted.keys() == {f"{name} is let in" for name in PROXIES}
    assert sorted(seen[n] for n in issued) == sorted(f"token for {name}" for name in PROXIES)
    assert seen.index("no signing key yet") < min(issued)
    assert max(issued) < min(zones) < min(admitted.values())
    here.assert_nothing_left()


def test_a_token_is_read_by_its_user_alone_and_goes_with_the_mesh(fake: Fake) -> None:
    mesh = fake.bring_up()
    folder = Path(mesh.locator()["folder"])
    files = [folder / name / "token" for name in PROXIES]
    modes = {stat.S_IMODE(path.stat().st_mode) for file in files for path in (file, file.parent.parent)}
    contents = {file.read_text() for file in files}
    mesh.end()

    assert modes == {0o600, 0o700}
    assert len(contents) == len(PROXIES)
    assert not folder.exists()


def test_no_token_is_in_a_log_an_argument_or_an_environment(fake: Fake, here: Traces) -> None:
    mesh = fake.bring_up()
    tokens = [(Path(mesh.locator()["folder"]) / name / "token").read_text() for name in PROXIES]
    shown = [" ".join([*process.cmdline(), *process.environ().values()]) for process in here.processes()]
    mesh.end()
    assert len(shown) > 10
    assert all(token.startswith("eyJ") for token in tokens)  # others' environments may have such texts too: coverage's
    assert not [text for text in shown if any(token in text for token in tokens)]
    logs = {log.name: log.read_text() for log in fake.logs.iterdir()}
    assert len(logs) > 10
    assert not [name for name, text in logs.items() if "eyJ" in text]


def test_two_meshes_run_side_by_side(fake: Fake, here: Traces) -> None:
    one, other = fake.bring_up(), fake.bring_up()
    assert one.topology.block != other.topology.block
    for mesh in (one, other):
        mesh.end()
    here.assert_nothing_left()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("die", "global-cp ended while the mesh came up: Error: could not start: the store is on fire"),
        ("refuse", "refuses PUT /meshes/default: networking.inbound[0].servicePort: port must be in the range"),
        ("no key", "the global control plane has no key to sign zone tokens with 0.5 s after it answered"),
        ("other certificate of global", "zone1's control plane does not know the mesh 15 s after the start"),
        ("other certificate of zone", "no zone-local answer at every vantage 15 s after the start"),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_what_goes_wrong_is_infra_with_the_reason_and_leaves_nothing(
    fake: Fake, here: Traces, monkeypatch: pytest.MonkeyPatch, how: str, said: str
) -> None:
    monkeypatch.setenv("FAKE_KUMA", how)
    monkeypatch.setattr(tokens, "_KEY_LIMIT_S", 0.5)
    with pytest.raises(InfraError) as raised:
        fake.bring_up()
    assert said in str(raised.value)
    if "certificate" in how:
        assert "certificate verify failed" in fake.log("zone1-cp") or "unknown authority" in fake.log("edge-zone1")
    here.assert_nothing_left()


def test_a_proxy_without_its_token_is_refused_and_named(
    fake: Fake, here: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokens, "keep", lambda token, file: None)
    with pytest.raises(InfraError, match=r"ended while the mesh came up: Error: dataplane token is invalid, .*"):
        fake.bring_up()
    here.assert_nothing_left()


@pytest.mark.parametrize("number", VERSIONS)
def test_every_supported_version_comes_up_and_its_killed_proxies_come_back(
    fake_of: Callable[[str], Fake], here: Traces, number: str
) -> None:
    mesh = fake_of(number).bring_up()
    for kind in (Kind.GATEWAY, Kind.CLUSTER):
        put_back(mesh, kind)
    mesh.end()
    here.assert_nothing_left()


def put_back(mesh: Universal, kind: Kind) -> None:
    (target,) = mesh.find(kind, "zone1")
    record = mesh.record(target)
    assert mesh.difference(record) is None
    mesh.delete(record)
    until(lambda: mesh.gone(record), 30, f"{target} is gone")
    undo.restore(mesh, [record], MonotonicClock(), limit_s=10)
    assert mesh.gone(record) is None


def comes_back(fake: Fake) -> None:
    mesh = fake.bring_up()
    try:
        put_back(mesh, Kind.GATEWAY)
    finally:
        mesh.end()


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("2.9.19", "Error: listen tcp :9001: bind: address already in use"),
        ("2.13.10", "not running as recorded: edge-zone1"),
        ("2.14.3", "no gateway knows the other zones' ingresses 15 s after the start"),
    ],
)
@pytest.mark.usefixtures("impatient")
def test_without_what_its_version_needs_it_does_not(
    fake_of: Callable[[str], Fake], here: Traces, monkeypatch: pytest.MonkeyPatch, number: str, said: str
) -> None:
    monkeypatch.setattr(version, "DIFFERENCES", ())
    with pytest.raises(InfraError) as raised:
        comes_back(fake_of(number))
    assert said in str(raised.value)
    here.assert_nothing_left()


@pytest.mark.parametrize("number", ["2.8.5", "3.0.0"])
def test_an_unsupported_version_is_refused_before_anything_starts(
    fake_of: Callable[[str], Fake], here: Traces, number: str
) -> None:
    fake = fake_of(number)
    with pytest.raises(SettingsError, match=rf"is Kuma {number}; supported is 2\.9 to 2\.14"):
        fake.bring_up()
    assert fake.events() == []
    assert here.left() == []


@pytest.mark.parametrize("when", ["it comes up", "it is up"])
def test_kill_9_of_who_brought_it_up_leaves_nothing(fake: Fake, here: Traces, when: str) -> None:
    command = [sys.executable, "-m", "tests.integration.fake_kuma.mesh", str(fake.home), str(fake.logs)]
    process = subprocess.Popen(
        command, cwd=ROOT, env=here.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        if when == "it is up":
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
        else:
            until(lambda: "zone control plane answers" in fake.events(), 20, when)
        assert len(here.processes()) > 5
        process.send_signal(signal.SIGKILL)
    here.assert_nothing_left()
    assert process.returncode == -signal.SIGKILL


def test_a_kept_mesh_is_found_with_the_same_kuma(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    mesh = fake.bring_up()
    monkeypatch.setenv("KUMA_HOME", "/nowhere")
    other = attach(mesh.locator())
    assert other.engine == mesh.engine
    other.close()
    mesh.end()


TOKEN = re.compile(rb"eyJ[\w-]+\.eyJ")
"""Header and payload of a JSON Web Token; compressed pictures hold the first three letters by chance."""


def test_no_token_gets_into_a_result(fake: Fake, traces: Traces, tmp_path: Path) -> None:
    """The fake never fails over, so the run FAILs and keeps all that it can: Envoys' configuration, every log."""
    one = ("-m", "failover", "--fault=delete-service", "--zone=zone1", "--replicas=1", "--profile=page")
    run = start_pytest(traces, tmp_path / "artifacts", *one, "--engine=kuma", f"--kuma-home={fake.home}")
    said = run.finish(120)
    kept = {file: file.read_bytes() for file in (tmp_path / "artifacts").rglob("*") if file.is_file()}

    assert run.code == pytest.ExitCode.TESTS_FAILED, said
    assert "engine Kuma 2.13.10" in said
    assert any(b"[redacted]" in content for content in kept.values())
    assert not [file for file, content in kept.items() if TOKEN.search(content)]
    assert not TOKEN.search(said.encode())
