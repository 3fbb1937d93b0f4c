"""Every parser of what a user, a mesh or a killed run may have written; each with the errors that it documents."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import yaml

from chaos.composition import read_composition
from chaos.errors import JournalError, SamplesError, SettingsError
from chaos.journal import Header, Journal, Step, read_journal
from chaos.model import Attribution, Lane, Outcome, Vantage
from chaos.openslo.reading import read_slo
from chaos.platform import Kind, Record, Target
from chaos.probe.answer import parse as parse_answer
from chaos.probe.reply import Reply
from chaos.redaction import redacted
from chaos.samples import Sample, Schedule, SeriesPlan, read_samples, write_samples
from chaos.yamlfile import YamlFileError, contents
from fixtures import envoys, shown
from fixtures.local.archives import DAMAGED, unpack_file
from fixtures.pages import PageError
from fixtures.platforms.kubernetes.connecting import client_for
from fixtures.platforms.kubernetes.contexts import parse_contexts
from fixtures.platforms.universal.gateways.recipe import read_recipe
from fixtures.platforms.universal.standin.errors import ApiError
from fixtures.platforms.universal.standin.resources.registry import parse_resource, read_document
from fixtures.profiles import read_resources
from reports import archive, run
from reports.archive import ArchiveError
from reports.history import store
from tests.fuzzing import mutations
from tests.unit.made import settings
from tests.unit.reports import samples_of_results
from tests.unit.reports.made_histories import nights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.fuzzing.mutations import Mutation

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Parser:
    """One parser, and what it is tried with."""

    name: str
    corpus: Callable[[], Sequence[bytes]]
    """Valid input."""
    read: Callable[[Path], object]
    """Reads a file in a folder of its own."""
    refuses: tuple[type[Exception], ...] = ()
    """The errors that it documents; any other is a crash."""
    mutations: tuple[Mutation, ...] = (mutations.damaged_bytes,)
    file_name: str = "input.yaml"


def _shipped(*patterns: str) -> Callable[[], Sequence[bytes]]:
    @cache
    def read() -> Sequence[bytes]:
        return [file.read_bytes() for pattern in patterns for file in sorted(ROOT.glob(pattern))]

    return read


def _made(name: str, make: Callable[[Path], object]) -> Callable[[], Sequence[bytes]]:
    @cache
    def read() -> Sequence[bytes]:
        with TemporaryDirectory() as folder:
            make(Path(folder) / name)
            return [(Path(folder) / name).read_bytes()]

    return read


def _journal(file: Path) -> None:
    journal = Journal(file, Header("universal", {"folder": "/tmp/x"}, "delete-deployment", "zone1", 1_790_000_000.5))
    journal.record([Record(Target(Kind.DEPLOYMENT, "zone1", "echo"), {"replicas": 2, "processes": ["echo-0"]})])
    for step in Step:
        journal.step(step)
    journal.close()


def _samples(file: Path) -> None:
    vantage = Vantage("gateway-zone1", "http://127.0.0.1/echo", "zone1")
    schedule = Schedule(50_000_000, 2_000_000_000, tuple(SeriesPlan(vantage, lane, 1_000) for lane in Lane))
    due = [1_000 + i * 50_000_000 for i in range(200)]
    outcomes = (Outcome.OK, Outcome.HTTP_ERROR)
    write_samples(
        file,
        schedule,
        [
            Sample(s, t, t + 5, t + 900, outcomes[i % 7 == 0], 200, "mesh-zone1", f"echo-{i % 3}", "gw")
            for i, t in enumerate(due)
            for s in range(len(Lane))
        ],
    )


def _kubeconfig(file: Path) -> None:
    named = (("zone1", "127.0.0.1"), ("zone2", "127.0.0.2"))
    document = {
        "apiVersion": "v1", "kind": "Config", "current-context": "zone1",
        "clusters": [{"name": name, "cluster": {"server": f"https://{host}:6443"}} for name, host in named],
        "users": [{"name": name, "user": {"token": "a-token"}} for name, _ in named],
        "contexts": [{"name": n, "context": {"cluster": n, "user": n, "namespace": "kong"}} for n, _ in named],
    }  # fmt: skip
    file.write_text(yaml.safe_dump(document))


def _history(file: Path) -> None:
    with store._opened(file, make=True) as connection, store._transaction(connection):
        for past in nights(np.random.default_rng(1), 4):
            store._insert(connection, past)


@cache
def _results() -> Sequence[bytes]:
    return [archive.dump(result).encode() for result in (*samples_of_results.run(), samples_of_results.infra())]


def _tar(file: Path) -> None:
    with tarfile.open(file, "w:gz") as tar:
        for name in ("release/LICENSE", "release/bin/program"):
            info = tarfile.TarInfo(name)
            info.size = 3000
            tar.addfile(info, io.BytesIO(bytes(range(250)) * 12))


def damaged_history(content: bytes, random: Any) -> bytes:
    """A database that is whole, with other values in one to four of its cells."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "history.sqlite"
        file.write_bytes(content)
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
            for _ in range(random.choice((1, 1, 2, 4))):
                table = random.choice(tables)
                column = random.choice([row[1] for row in connection.execute(f"PRAGMA table_info({table})")])
                value = random.choice([v for v in mutations.STRANGE if not isinstance(v, dict | list)])
                try:
                    connection.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (value,))
                except (sqlite3.Error, OverflowError, UnicodeEncodeError):
                    continue
            connection.commit()
        return file.read_bytes()


def _read_result(file: Path) -> object:
    return archive.read(file)


def _read_run(file: Path) -> object:
    return run.read_run(file.parent)


def _read_http(file: Path) -> object:
    data = file.read_bytes()
    reply = Reply(b"x-mesh-chaos-gateway")
    for start in range(0, len(data), 50):
        if reply.outcome is None:
            reply.feed(data[start : start + 50])
    reply.end()
    assert reply.outcome is not None
    return reply.outcome


def _read_kuma(file: Path) -> object:
    for resource in read_resources(file):
        parse_resource(read_document(json.dumps(resource).encode()))
    return None


def _read_pages(file: Path) -> object:
    """Every reader of a page, whatever page it is; each must read it, or raise what is documented."""
    page = json.loads(file.read_bytes())
    refused: list[PageError] = []
    for reader in _READERS:
        try:
            reader(page)
        except PageError as error:
            refused.append(error)
    if len(refused) == len(_READERS):
        raise refused[0]
    return page


_GATEWAYS = {"127.20.1.10:8080": "zone1"}
_READERS: tuple[Callable[[Any], object], ...] = (
    lambda page: shown.online(page, "zone1"),
    lambda page: shown.service_state(page, "zone1", "echo"),
    lambda page: shown.services(page, "echo", "kong"),
    lambda page: shown.multizone(page, page, "echo"),
    shown.mtls,
    shown.advertised,
    lambda page: shown.backends(page, page),
    lambda page: shown.offered(page, "echo"),
    shown.deregistration_s,
    envoys.upstreams,
    lambda page: envoys.echo_upstreams(page, "echo"),
    lambda page: envoys.balancer(page, page, _GATEWAYS),
)
_PAGES = (
    {"items": [{"name": "zone1", "zoneInsight": {"subscriptions": [{"connectTime": "2026-11-29T00:00:00Z"}]}}]},
    {"items": [{
        "name": "echo", "labels": {"kuma.io/zone": "zone1", "kuma.io/display-name": "echo", "a": "b"},
        "spec": {"state": "Available", "ports": [{"port": 1027}],
                 "selector": {"meshService": {"matchLabels": {"a": "b"}}}},
    }]},
    {"mtls": {"enabledBackend": "ca-1", "backends": [{"name": "ca-1", "type": "builtin"}]}},
    {"items": [{"zone": "zone1", "networking": {"advertisedAddress": "127.20.1.3", "advertisedPort": 10001}}]},
    {"items": [{
        "networking": {"address": "127.20.1.4", "gateway": {}, "outbound": [{"backendRef": {"kind": "MeshService"}}],
                       "inbound": [{"port": 80, "tags": {"kuma.io/service": "echo"}, "health": {"ready": True}}]},
        "spec": {"targetRef": {"kind": "MeshGateway"},
                 "to": [{"rules": [{"default": {"backendRefs": [{"kind": "MeshMultiZoneService"}]}}]}]},
    }]},
    {"xdsServer": {"dataplaneDeregistrationDelay": "10s"}},
    {"configs": [{"static_clusters": [{"cluster": {
        "health_checks": [{"unhealthy_threshold": 2, "interval": "1s"}]}}]}], "cluster_statuses": []},
)  # fmt: skip


@cache
def _pages() -> Sequence[bytes]:
    recorded = (ROOT / "tests/integration/fake_kuma/recorded/clusters.json").read_bytes()
    return [*(json.dumps(page).encode() for page in _PAGES), recorded]


def _read_stats(file: Path) -> object:
    text = file.read_text(errors="replace")
    return envoys.bytes_sent(text), envoys.retried(text, "echo")


def _read_text(parse: Callable[[str], object]) -> Callable[[Path], object]:
    return lambda file: parse(file.read_text(errors="replace"))


def _http(body: bytes, *more: bytes) -> bytes:
    return b"\r\n".join((b"HTTP/1.1 200 OK", b"content-length: %d" % len(body), *more, b"", body))


_ECHO = (
    b"Welcome, you are connected to node mesh-zone1.\nRunning on Pod echo-7d9c.\n"
    b"In namespace kong.\nWith IP address 10.0.0.1.\n"
)
_CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1f\r\nRunning on Pod echo-7d9c-abcde.\r\n0\r\n\r\n"
_STATS = (
    b"cluster.default_echo___mzsvc_1027.upstream_rq_retry_success: 3\n"
    b"cluster.gateway.upstream_cx_tx_bytes_total: 17\nserver.live: 1\n"
)
_SECRET = (
    b"GET http://me:secret@host/echo?token=x Authorization: Bearer abc.def=\n"
    b"-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\npassword: secret-1"
)
_YAML = (mutations.damaged_bytes, mutations.damaged_yaml)
_JSON = (mutations.damaged_bytes, mutations.damaged_json, mutations.damaged_json)

PARSERS = (
    Parser("experiment", _shipped("scenarios/experiments/*.yaml"), read_composition, (SettingsError,), _YAML),
    Parser("mesh", _shipped("fixtures/manifests/*.yaml", "fixtures/profiles/*/[a-hj-z]*.yaml"), _read_kuma,
           (SettingsError, ApiError), _YAML),
    Parser("gateway", _shipped("fixtures/platforms/universal/gateways/*.yaml"), read_recipe, (SettingsError,), _YAML),
    Parser("openslo", _shipped("docs/examples/echo-slo.yaml"),
           lambda file: read_slo(file, "echo-availability", sample_period_s=0.05), (SettingsError,), _YAML),
    Parser("yaml", _shipped("scenarios/experiments/*.yaml", "deploy/*.yaml"), contents, (YamlFileError,), _YAML),
    Parser("kubeconfig", _made("config", _kubeconfig), lambda file: client_for("zone1", str(file)),
           (SettingsError,), _YAML),
    Parser("samples", _made("samples.arrow", _samples),
           lambda file: read_samples(file, Attribution({"echo-0": "zone1"}, {}, {})), (SamplesError,),
           file_name="samples.arrow"),
    Parser("journal", _made("journal.jsonl", _journal), read_journal, (JournalError,),
           (mutations.damaged_bytes, mutations.damaged_json_lines), "journal.jsonl"),
    Parser("echo", lambda: [_ECHO], lambda file: parse_answer(file.read_bytes())),
    Parser("http", lambda: [_http(_ECHO, b"x-mesh-chaos-gateway: edge"), _CHUNKED], _read_http),
    Parser("pages", _pages, _read_pages, (PageError,), (mutations.damaged_json,)),
    Parser("stats", lambda: [_STATS], _read_stats, (PageError,)),
    Parser("history", _made("history.sqlite", _history), store.read, (store.HistoryError,),
           (mutations.damaged_bytes, damaged_history), "history.sqlite"),
    Parser("result", _results, _read_result, (ArchiveError,), _JSON, "result.json"),
    Parser("run", lambda: [run._File(run=run.About(1.5, 1, {"zones": "2"})).model_dump_json().encode()], _read_run,
           (ArchiveError,), _JSON, "run.json"),
    Parser("archive", _made("a.tar.gz", _tar), lambda file: unpack_file(file, "release/bin/program", file.parent),
           (*DAMAGED, OSError), file_name="a.tar.gz"),
    Parser("objectives", lambda: [b"failover=15,target=99.9,window=30"], _read_text(lambda text: settings(slo=text)),
           (SettingsError,)),
    Parser("contexts", lambda: [b"zone1=a,zone2=b,global=c"], _read_text(parse_contexts), (SettingsError,)),
    Parser("redaction", lambda: [_SECRET], _read_text(redacted)),
)  # fmt: skip
"""All of them."""


def tried(parser: Parser, content: bytes, folder: Path) -> bool:
    """Whether it reads this; False where it refuses as documented.

    Raises:
        Exception: any other error, which is a crash.
    """
    file = folder / parser.file_name
    file.write_bytes(content)
    try:
        parser.read(file)
    except parser.refuses:
        return False
    return True
