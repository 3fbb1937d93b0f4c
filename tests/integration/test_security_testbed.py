"""On real API servers: what listens during an experiment, and that no credential of the kubeconfig is left behind."""

from __future__ import annotations

import base64
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.integration.kubernetes_clusters import running_testbed
from tests.integration.listening import Watching
from tests.integration.suite import start_pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.listening import Socket
    from tests.integration.suite import Traces

pytestmark = pytest.mark.clusters

_JUDGED = (0, 1, 10, 11)
"""Which verdict a busy machine gives is not the question here."""


@dataclass(frozen=True)
class Told:
    """A run on a test bed, and the credentials that it was given."""

    code: int
    said: str
    files: tuple[Path, ...]
    secrets: tuple[bytes, ...]
    seen: set[Socket]
    public: set[Socket]


@pytest.fixture(scope="module")
def told(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Told:
    artifacts = tmp_path_factory.mktemp("left") / "artifacts"
    logs = tmp_path_factory.mktemp("logs")
    with Watching(lasting_traces) as watching, running_testbed(lasting_traces, logs, "zone1", "zone2") as bed:
        secrets = credentials(yaml.safe_load(bed.kubeconfig.read_text()))
        run = start_pytest(
            lasting_traces, artifacts, "-m", "failover", "--zone=zone1", "--fault=delete-deployment", "--profile=page",
            "--probe-rate=5", "--showlocals", "-vv", **bed.environment(),
        )  # fmt: skip
        said = run.finish(300)
        kept = {bed.kubeconfig, *(path for path in bed.folder.rglob("*") if path.is_file())}
        modes = {str(path): path.stat().st_mode for path in kept if path.stat().st_mode & 0o077}
        assert bed.folder.stat().st_mode & 0o077 == 0, "so nobody can reach what is below it, whatever its mode"
        assert not {name for name in modes if name.endswith((".key", "kubeconfig"))}
    return Told(run.code, said, tuple(artifacts.rglob("*")), secrets, watching.seen, watching.public)


def credentials(config: dict[str, Any]) -> tuple[bytes, ...]:
    """Every key and token of a kubeconfig, as it is written there; of a key its second line too, as in PEM."""
    users = [entry["user"] for entry in config["users"]]
    written = [user[name] for user in users for name in ("client-key-data", "token") if name in user]
    keys = [base64.b64decode(user["client-key-data"]).splitlines()[1] for user in users if "client-key-data" in user]
    assert written
    return (*(text.encode() for text in written), *keys)


def test_an_experiment_was_made(told: Told) -> None:
    assert told.code in _JUDGED, told.said
    assert "journal.jsonl" in {path.name for path in told.files}


def test_nothing_listens_but_on_loopback_and_on_unix_sockets_of_this_user(told: Told) -> None:
    """API servers, etcd, kubelets, control planes, gateways, Envoys, echo and the load balancer."""
    assert {"tcp", "unix"} <= {one.kind for one in told.seen}
    assert {"kube", "envoy"} <= {one.program for one in told.seen}, {one.program for one in told.seen}
    assert told.public == set()


def test_no_credential_of_the_kubeconfig_is_in_what_the_run_says_or_leaves(told: Told) -> None:
    files = [path for path in told.files if path.is_file()]
    assert [path.name for path in files if any(secret in path.read_bytes() for secret in told.secrets)] == []
    assert not any(secret in told.said.encode() for secret in told.secrets)


def test_only_this_user_may_read_what_the_run_leaves(told: Told) -> None:
    files = [path for path in told.files if not path.is_symlink()]
    assert {str(path) for path in files if path.stat().st_mode & 0o077} == set()
    assert {stat.S_IMODE(path.stat().st_mode) for path in files if path.is_file()} == {0o600}
