"""A whole run with secrets in all that it is given: what listens, who may read what is left, what is in it."""

from __future__ import annotations

import base64
import sqlite3
import stat
import sys
import zipfile
from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from tests.integration.listening import Watching
from tests.integration.suite import ROOT, start_mesh_chaos, start_pytest
from tests.unit.leaky import CANARY

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.listening import Socket
    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy

_JUDGED = (0, 1, 10, 11)
"""Which verdict a busy machine gives is not the question here; another code is pytest's, and the run broke."""
_ENCODED = base64.b64encode(f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----".encode()).decode()
_TOKEN = ".".join(("eyJhbGciOiJSUzI1NiJ9", base64.urlsafe_b64encode(CANARY.encode()).decode().rstrip("="), "c2ln"))
SECRETS = {"plain": CANARY, "encoded": _ENCODED, "token": _TOKEN}
"""As it is, as kubeconfigs and Secrets have it, and in a JSON Web Token."""

GATEWAY = """
    import os, subprocess, sys, time
    login = os.environ["UPSTREAM_LOGIN"]
    print(f"Authorization: Bearer {os.environ['SERVICE_TOKEN']}", flush=True)
    print(f"connecting to http://{login}@db:5432/kong?password={login[3:]}", flush=True)
    print(f"KONG_PG_PASSWORD={login[3:]} client-key-data: {os.environ['CLIENT_KEY']}", file=sys.stderr, flush=True)
    os.execv(sys.argv[1], sys.argv[1:])
"""
PROFILE = """
    type: MeshTimeout
    name: given
    labels: {note: a-label}
    spec:
      targetRef: {kind: Mesh}
      to:
      - targetRef: {kind: Mesh}
        default: {http: {requestTimeout: 15s}}
"""


@dataclass(frozen=True)
class Told:
    """What a run has said and left."""

    code: int
    said: str
    artifacts: Path
    history: Path
    seen: set[Socket]
    public: set[Socket]

    @property
    def files(self) -> list[Path]:
        return [path for top in (self.artifacts, self.history.parent) for path in sorted(top.rglob("*"))]


def recipe(folder: Path) -> Path:
    """A gateway that is given a password and a token, and writes both into its log."""
    shipped = (ROOT / "fixtures/platforms/universal/gateways/envoy.yaml").read_text()
    start = folder / "start.py"
    start.write_text(dedent(GATEWAY))
    command = f'command:\n- {sys.executable}\n- "{start}"\n- ${{envoy}}'
    env = f"env:\n  UPSTREAM_LOGIN: me:{CANARY}\n  SERVICE_TOKEN: {CANARY}\n  CLIENT_KEY: {_ENCODED}\nfiles:\n"
    file = folder / "logging-gateway.yaml"
    file.write_text(shipped.replace("command:\n- ${envoy}", command).replace("files:\n", env))
    return file


def objectives(folder: Path) -> Path:
    """An OpenSLO file, with a data source that has a password."""
    source = (
        "\n---\napiVersion: openslo/v1\nkind: DataSource\nmetadata: {name: prometheus}\nspec:\n"
        f"  type: Prometheus\n  connectionDetails: {{url: 'http://me:{CANARY}@prometheus', token: {_TOKEN}}}\n"
    )
    file = folder / "slo.yaml"
    file.write_text((ROOT / "docs/examples/echo-slo.yaml").read_text().rstrip() + source)
    return file


def profile(folder: Path) -> Path:
    made = folder / "profile"
    made.mkdir()
    (made / "timeouts.yaml").write_text(dedent(PROFILE) + f"# the password of http://me:{CANARY}@host\n")
    return made


@pytest.fixture(scope="module")
def told(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Told:
    given, artifacts = tmp_path_factory.mktemp("given"), tmp_path_factory.mktemp("left") / "new/artifacts"
    history = tmp_path_factory.mktemp("past") / "new/history.sqlite"
    secret = {
        "AWS_SECRET_ACCESS_KEY": CANARY, "KONG_LICENSE_DATA": CANARY, "HTTP_PROXY_PASSWORD": CANARY,
        "MESH_CHAOS_CLUSTER_STOP": f"stop --password {CANARY}", "VAULT_TOKEN": _TOKEN,
        "MESH_CHAOS_CONTROL_PLANE": f"global=http://me:{CANARY}@api",
        "MESH_CHAOS_GATEWAY_URL": f"zone1=http://gateway?token={CANARY}", "MESH_CHAOS_PLATFORM": "universal",
    }  # fmt: skip
    with Watching(lasting_traces) as watching:
        run = start_pytest(
            lasting_traces, artifacts, "-m", "failover", "--zone=zone1", "--fault=delete-deployment", "--probe-rate=10",
            "--replicas=1", f"--profile={profile(given)}", f"--gateway={recipe(given)}", f"--history={history}",
            f"--slo={objectives(given)}#echo-availability", "--showlocals", "-o", "junit_logging=all",
            "-vv", "-n", "1", **secret,
        )  # fmt: skip
        said = run.finish(300)
    return Told(run.code, said, artifacts, history, watching.seen, watching.public)


def test_it_ran_and_every_part_of_it_was_seen(told: Told) -> None:
    assert told.code in _JUDGED, told.said
    kept = {path.name for path in told.files}
    assert {
        "samples.arrow", "journal.jsonl", "result.json", "run.json", "junit.xml", "summary.md", "summary.json",
        "metrics.txt", "report.html", "history.sqlite", "allure-results",
    } <= kept, kept  # fmt: skip
    modules = {one.program.rpartition(".")[2] for one in told.seen}
    assert {"keeper", "echo", "standin"} <= modules, modules
    assert any("envoy" in name for name in modules), modules


def test_nothing_listens_but_on_loopback_and_on_unix_sockets_of_this_user(told: Told) -> None:
    assert {"tcp", "unix"} <= {one.kind for one in told.seen}
    assert told.public == set()


def test_only_this_user_may_read_what_a_run_leaves(told: Told) -> None:
    """Files and folders: also the artifacts' and the history's own, which the run has made."""
    made = [told.artifacts.parent, told.artifacts, told.history.parent, *told.files]
    assert {str(p): oct(p.stat().st_mode) for p in made if not p.is_symlink() and p.stat().st_mode & 0o077} == {}
    assert {stat.S_IMODE(path.stat().st_mode) for path in told.files if path.is_file()} == {0o600}


def test_no_secret_is_in_what_a_run_says(told: Told) -> None:
    assert found_in(told.said.encode()) == set()


def test_no_secret_is_in_what_a_run_leaves(told: Told) -> None:
    contents = {path.relative_to(told.artifacts.parents[2]): as_read(path) for path in told.files if path.is_file()}
    leaks = {str(path): found for path, content in contents.items() if (found := found_in(content))}
    assert leaks == {}


def test_the_search_would_have_found_them(tmp_path: Path) -> None:
    """In every form, in a database, in a compressed column, in an archive."""
    for text in SECRETS.values():
        assert found_in(f"x{text}y".encode())
    with sqlite3.connect(tmp_path / "a.sqlite") as connection:
        connection.execute("create table a (b)")
        connection.execute("insert into a values (?)", (CANARY,))
    connection.close()
    schema = pa.schema([("pod", pa.string())])
    with pa.ipc.new_stream(str(tmp_path / "a.arrow"), schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as to:
        to.write_batch(pa.record_batch([pa.array([f"{CANARY}-{n % 3}" for n in range(999)])], schema=schema))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as to_zip:
        to_zip.writestr("a", CANARY * 9)
    assert {found for path in tmp_path.iterdir() for found in [path.name] if found_in(as_read(path))} == {
        "a.sqlite", "a.arrow", "a.zip",
    }  # fmt: skip


def test_reports_made_again_are_private_and_without_a_secret_too(lasting_traces: Traces, told: Told) -> None:
    for file in (told.artifacts / "latest/report.html", told.artifacts / "latest/summary.md"):
        file.unlink()
    again = start_mesh_chaos(lasting_traces, "report", "run", told.artifacts / "latest", "--history", told.history)
    said = again.finish()
    assert again.code == 0, said
    made = (told.artifacts / "latest/report.html").resolve()
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    assert found_in(made.read_bytes()) | found_in(said.encode()) == set()


def found_in(content: bytes) -> set[str]:
    return {name for name, text in SECRETS.items() if text.encode() in content}


def as_read(path: Path) -> bytes:
    """A file's bytes, and before them what is packed in it."""
    if path.suffix == ".arrow":
        with pa.ipc.open_stream(path) as stream:
            table = stream.read_all()
        return b"\n".join(str(column.unique().to_pylist()).encode() for column in table.columns) + path.read_bytes()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            return b"\n".join(archive.read(name) for name in archive.namelist()) + path.read_bytes()
    return path.read_bytes()
