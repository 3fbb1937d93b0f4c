"""What a cluster's API is asked again, what it is not, and what a user is told; over real HTTP."""

from __future__ import annotations

import json
import logging
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
import urllib3
import yaml

from chaos.errors import SettingsError
from fixtures.platforms.kubernetes import asking, watching
from fixtures.platforms.kubernetes.cluster import Cluster, connect
from fixtures.platforms.kubernetes.connecting import IN_CLUSTER, client_for
from fixtures.platforms.kubernetes.kinds import DEPLOYMENT, SERVICE
from fixtures.platforms.kubernetes.problems import Conflict, Refused, Unanswered, problem_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOST = "127.232.0.2"
PREFIX = "/k8s/clusters/c-1"
"""Where a server for several clusters has one of them."""
ECHO = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "echo"}}
_KINDS = {
    "/api/v1": {"resources": [{"name": "services", "kind": "Service", "namespaced": True}]},
    "/apis/apps/v1": {
        "resources": [
            {"name": "deployments", "kind": "Deployment", "namespaced": True},
            {"name": "deployments/scale", "kind": "Scale", "namespaced": True},
        ]
    },
}

Answer = tuple[int, dict[str, str], object] | None
"""Status, headers, and a document or bytes; None hangs up."""


class Script:
    """An API server that gives the answers of a list, one after the other, to what is not discovery."""

    def __init__(self) -> None:
        self.answers: list[Answer | Callable[[BaseHTTPRequestHandler], Answer]] = []
        self.asked: list[str] = []
        self.lines: list[str] = []
        self.url = ""
        self.folder: Path

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        request.rfile.read(int(request.headers.get("content-length", 0)))
        version = request.path.removeprefix(PREFIX)
        if version in _KINDS:
            self._send(request, (200, {}, _KINDS[version]))
            return
        self.asked.append(f"{request.command} {request.path}")
        answer = self.answers.pop(0) if self.answers else failure(418, "the script has no more answers")
        self._send(request, answer(request) if callable(answer) else answer)

    def _send(self, request: BaseHTTPRequestHandler, answer: Answer) -> None:
        if answer is None:
            request.close_connection = True
            return
        status, headers, document = answer
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        request.send_response(status)
        for name, value in {"Content-Length": str(len(content)), "Content-Type": "application/json", **headers}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(content)

    def kubeconfig(self, user: dict[str, Any] | None = None, server: str | None = None) -> str:
        path = self.folder / "kubeconfig"
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": server or self.url}}],
            "users": [{"name": "u", "user": user or {}}],
            "contexts": [{"name": "blue", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "blue",
        }
        path.write_text(yaml.safe_dump(config))
        return str(path)

    def cluster(self, limit_s: float = 20.0, **config: Any) -> Cluster:
        kubeconfig = self.kubeconfig(**config)
        return connect("zone1", "blue", "kong", kubeconfig=kubeconfig, log=self.lines.append, retry_limit_s=limit_s)


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            script.handle(self)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_one  # noqa: N815 - http.server's names

        def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - http.server's name
            return

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    script.url, script.folder = f"http://{HOST}:{server.server_port}", tmp_path
    yield script
    server.shutdown()
    server.server_close()
    thread.join()


def failure(code: int, message: str = "not now", **details: Any) -> Answer:
    return code, {}, {"kind": "Status", "code": code, "message": message, "details": details}


FOUND: Answer = (200, {}, ECHO)


@pytest.mark.parametrize("code", [410, 429, 500, 502, 503, 504])
def test_what_may_pass_is_asked_again_and_said(script: Script, code: int) -> None:
    script.answers = [failure(code), failure(code), FOUND]
    assert script.cluster().get(SERVICE, "echo") == ECHO
    assert script.asked == ["GET /api/v1/namespaces/kong/services/echo"] * 3
    assert [line.partition("; again in ")[0] for line in script.lines] == [
        f"zone1: GET Service kong/echo: HTTP {code} not now"
    ] * 2


@pytest.mark.parametrize("code", [400, 401, 403, 405, 422])
def test_what_cannot_pass_is_said_at_once(script: Script, code: int) -> None:
    script.answers = [failure(code, "never")] * 2
    with pytest.raises(Refused, match=r"zone1 \(context blue\): GET Service kong/echo: ") as raised:
        script.cluster().get(SERVICE, "echo")
    assert raised.value.status == code
    assert "\n" not in str(raised.value)
    assert not script.lines


def test_what_is_not_there_is_none(script: Script) -> None:
    script.answers = [failure(404)]
    assert script.cluster().get(SERVICE, "echo") is None


@pytest.mark.parametrize(
    "asked",
    [failure(429, retryAfterSeconds=1), (503, {"Retry-After": "1"}, b"overloaded"), (429, {"Retry-After": "1"}, {})],
)
def test_a_server_is_left_alone_for_as_long_as_it_asks(script: Script, asked: Answer) -> None:
    script.answers = [asked, FOUND]
    cluster = script.cluster()
    begun = time.monotonic()
    assert cluster.get(SERVICE, "echo") == ECHO
    assert time.monotonic() - begun >= 1.0
    assert script.lines[0].endswith("; again in 1.0 s")


def test_a_server_that_asks_for_more_time_than_there_is_is_not_waited_for(script: Script) -> None:
    script.answers = [(429, {"Retry-After": "60"}, {"message": "too many requests"})]
    with pytest.raises(Refused, match="HTTP 429 too many requests"):
        script.cluster(limit_s=2).get(SERVICE, "echo")
    assert len(script.asked) == 1


def test_asking_again_ends_in_one_line(script: Script) -> None:
    script.answers = [failure(503)] * 50
    with pytest.raises(Refused, match="GET Service kong/echo: HTTP 503 not now") as raised:
        script.cluster(limit_s=0.5).get(SERVICE, "echo")
    assert raised.value.status == 503
    assert len(script.asked) == len(script.lines) + 1 > 1


def test_a_connection_that_breaks_is_made_again(script: Script) -> None:
    script.answers = [None, FOUND]
    assert script.cluster().get(SERVICE, "echo") == ECHO
    assert "zone1: GET Service kong/echo: " in script.lines[0]


def test_a_server_that_falls_silent_is_asked_again(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "READ_S", 0.2)
    awake = threading.Event()

    def sleep(_: BaseHTTPRequestHandler) -> Answer:
        awake.wait(10)
        return None

    script.answers = [sleep, FOUND]
    assert script.cluster().get(SERVICE, "echo") == ECHO
    awake.set()
    assert script.lines[0].startswith("zone1: GET Service kong/echo: it does not answer in time; again in")


def test_a_creation_whose_answer_was_lost_has_succeeded(script: Script) -> None:
    ours = {**ECHO, "metadata": {"name": "echo", "managedFields": [{"manager": "mesh-chaos"}]}}
    script.answers = [None, failure(409, "already exists"), (200, {}, ours)]
    assert script.cluster().create(ECHO) == ours


@pytest.mark.parametrize("first", [[], [None]])
def test_a_creation_that_somebody_else_was_faster_with_is_a_conflict(script: Script, first: list[Answer]) -> None:
    theirs = {**ECHO, "metadata": {"name": "echo", "managedFields": [{"manager": "kubectl"}]}}
    script.answers = [*first, failure(409, 'services "echo" already exists'), (200, {}, theirs)]
    with pytest.raises(Conflict, match='POST Service kong/echo: HTTP 409 services "echo" already exists'):
        script.cluster().create(ECHO)


def test_an_update_reads_again_after_a_conflict(script: Script) -> None:
    script.answers = [FOUND, failure(409, "modified"), FOUND, FOUND]
    script.cluster().update(SERVICE, "echo", lambda document: document["metadata"].update(labels={"a": "b"}))
    assert [line.partition(" ")[0] for line in script.asked] == ["GET", "PUT", "GET", "PUT"]


def test_an_update_that_always_conflicts_ends(script: Script) -> None:
    script.answers = [FOUND, failure(409, "modified")] * 50
    with pytest.raises(Conflict, match="PUT Service kong/echo: HTTP 409 modified"):
        script.cluster(limit_s=0.3).update(SERVICE, "echo", lambda _: None)


def test_a_forbidden_verb_names_the_roles(script: Script) -> None:
    cannot = 'cannot get resource "services" in API group "" in the namespace "kong"'
    script.answers = [failure(403, f'services "echo" is forbidden: User "system:serviceaccount:ci:bot" {cannot}')]
    with pytest.raises(Refused) as raised:
        script.cluster().get(SERVICE, "echo")
    assert f"GET Service kong/echo: forbidden: user system:serviceaccount:ci:bot {cannot}; " in str(raised.value)
    assert "deploy/rbac-" in str(raised.value)


def test_what_admission_forbids_is_told_in_its_words(script: Script) -> None:
    script.answers = [failure(403, "exceeded quota: none")]
    with pytest.raises(Refused, match=r"HTTP 403 exceeded quota: none$"):
        script.cluster().get(SERVICE, "echo")


def test_credentials_that_are_not_accepted_say_what_to_do(script: Script) -> None:
    script.answers = [failure(401, "Unauthorized")] * 2
    with pytest.raises(Refused, match="the credentials of context blue have expired or are not accepted: log in again"):
        script.cluster().get(SERVICE, "echo")


def test_a_token_that_was_renewed_is_read_again(script: Script, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    script.cluster().serves(SERVICE)

    def check(request: BaseHTTPRequestHandler) -> Answer:
        return FOUND if request.headers["authorization"] == "Bearer new" else failure(401)

    cluster = script.cluster(user={"tokenFile": str(token)})
    cluster.serves(SERVICE)
    token.write_text("new")
    script.answers = [check, check]
    assert cluster.get(SERVICE, "echo") == ECHO
    assert not script.lines


def test_a_kubeconfig_that_went_away_meanwhile_is_told(script: Script, tmp_path: Path) -> None:
    script.answers = [failure(401)]
    cluster = script.cluster()
    cluster.serves(SERVICE)
    (tmp_path / "kubeconfig").unlink()
    with pytest.raises(Unanswered, match=r"context 'blue' of .* cannot be used"):
        cluster.get(SERVICE, "echo")


@pytest.mark.parametrize("page", [b"<html>log in</html>", b"[]"])
def test_a_page_in_place_of_an_api_is_told(script: Script, page: bytes) -> None:
    script.answers = [(200, {"Content-Type": "text/html"}, page)]
    with pytest.raises(Unanswered, match="it answers something else than an object: "):
        script.cluster().get(SERVICE, "echo")


def test_a_long_page_of_a_proxy_is_cut(script: Script) -> None:
    script.answers = [(403, {}, b"<html>" + b"x" * 5000)]
    with pytest.raises(Refused, match="HTTP 403 <html>x") as raised:
        script.cluster().get(SERVICE, "echo")
    assert len(str(raised.value)) < 400


def test_any_text_can_be_read_raw(script: Script) -> None:
    script.answers = [(200, {"Content-Type": "text/plain"}, b'{"not": parsed}')]
    assert script.cluster().raw_get("/api/v1/namespaces/kong/pods/x/log") == '{"not": parsed}'


def test_nobody_there_is_asked_again_and_then_said(script: Script) -> None:
    cluster = script.cluster(limit_s=0.5, server=f"http://{HOST}:1")
    with pytest.raises(
        Unanswered, match=r"cannot be used \(Connection refused, tried for 0.5 s\): is the cluster up, .*--context blue"
    ):
        cluster.get(SERVICE, "echo")
    assert script.lines[0].startswith("zone1: ask which kinds v1 has: Connection refused; again in")
    assert (
        cluster.silence()
        == f"zone1 (context blue): the API server http://{HOST}:1 does not answer (Connection refused)"
    )


def test_a_slow_server_is_no_silent_one(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "READ_S", 0.2)
    awake = threading.Event()

    def sleep(_: BaseHTTPRequestHandler) -> Answer:
        awake.wait(10)
        return None

    script.answers = [sleep]
    assert script.cluster().silence() is None
    awake.set()


def test_a_refusal_is_no_silence(script: Script) -> None:
    script.answers = [failure(503)]
    assert script.cluster().silence() is None


def test_a_host_name_that_nobody_knows_is_said_at_once(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    cluster = script.cluster(server="http://no-such-cluster.invalid")
    with pytest.raises(Unanswered, match="its host name is not known here"):
        cluster.silence()
    assert not script.lines


def test_a_name_server_that_is_away_may_come_back() -> None:
    error = urllib3.exceptions.NameResolutionError("h", None, socket.gaierror(socket.EAI_AGAIN, "again"))  # type: ignore[arg-type]
    error.__cause__ = socket.gaierror(socket.EAI_AGAIN, "again")
    assert problem_of(error).passing


def test_a_proxy_is_not_asked_for_this_machine(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://{HOST}:1")
    script.answers = [FOUND]
    assert script.cluster(limit_s=0).get(SERVICE, "echo") == ECHO


def test_a_subresource_is_no_kind(script: Script) -> None:
    assert script.cluster().serves(DEPLOYMENT)


def test_the_client_library_says_nothing_by_itself(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    script.answers = [None, failure(503), FOUND]
    script.cluster().get(SERVICE, "echo")
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_an_unknown_context_is_named_with_the_kubeconfig(script: Script) -> None:
    path = script.kubeconfig()
    with pytest.raises(SettingsError, match=f"context 'green' of {path} cannot be used: .*kubectl config get-contexts"):
        client_for("green", path)


@pytest.mark.parametrize("content", [None, "", "- a list", "{", "clusters: 7"])
def test_a_kubeconfig_that_is_none_is_told(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "config"
    if content is not None:
        path.write_text(content)
    with pytest.raises(SettingsError, match=f"context 'blue' of {path} cannot be used: .*\\S") as raised:
        client_for("blue", str(path))
    assert "\n" not in str(raised.value)


def test_the_environment_names_the_kubeconfig(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", f"/no/such:{script.kubeconfig()}")
    assert client_for("blue", None).configuration.host == script.url


def test_outside_a_pod_there_is_no_cluster_around(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(SettingsError, match="in-cluster is for pods that have a ServiceAccount token"):
        client_for(IN_CLUSTER, None)


def test_a_login_helper_that_fails_is_quoted(script: Script, caplog: pytest.LogCaptureFixture) -> None:
    helper = {"apiVersion": "client.authentication.k8s.io/v1", "command": "/no/such/helper", "interactiveMode": "Never"}
    path = script.kubeconfig(user={"exec": helper})
    with pytest.raises(
        SettingsError, match=r"context 'blue' of .* gives no credentials: .*/no/such/helper.*; log in again"
    ):
        client_for("blue", path)
    assert not caplog.records


def test_a_cluster_that_was_made_anew_is_found_in_the_kubeconfig(script: Script) -> None:
    script.answers = [FOUND, FOUND]
    cluster = script.cluster()
    cluster.get(SERVICE, "echo")
    script.kubeconfig(server=script.url + PREFIX)
    cluster.reconnect()
    cluster.get(SERVICE, "echo")
    path = "/api/v1/namespaces/kong/services/echo"
    assert script.asked == [f"GET {path}", f"GET {PREFIX}{path}"]


def listed(version: str, *names: str) -> Answer:
    items = [{"metadata": {"name": name, "uid": f"uid-{name}", "resourceVersion": "1"}} for name in names]
    return 200, {}, {"metadata": {"resourceVersion": version}, "items": items}


def streamed(*events: object) -> Answer:
    return 200, {}, b"".join(json.dumps(event).encode() + b"\n" for event in events)


def followed(script: Script, count: int) -> list[tuple[str, str]]:
    """The first events of a watch."""
    events = script.cluster().watch(SERVICE, threading.Event())
    return [(event.type, event.object["metadata"]["name"]) for event in islice(events, count)]


def asked(script: Script) -> list[str]:
    """Whether each request was a list, or a watch and since when."""
    queries = [parse_qs(line.partition("?")[2]) for line in script.asked]
    return [f"watch since {query['resourceVersion'][0]}" if "watch" in query else "list" for query in queries]


def test_a_watch_goes_on_after_the_last_it_heard(script: Script) -> None:
    new = {"type": "ADDED", "object": {"metadata": {"name": "b", "uid": "uid-b", "resourceVersion": "6"}}}
    mark = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "9"}}}
    gone = {"type": "DELETED", "object": {"metadata": {"name": "b", "uid": "uid-b", "resourceVersion": "11"}}}
    script.answers = [listed("5", "a"), streamed(new, mark), streamed(gone)]
    assert followed(script, 3) == [("ADDED", "a"), ("ADDED", "b"), ("DELETED", "b")]
    assert asked(script) == ["list", "watch since 5", "watch since 9"]


@pytest.mark.parametrize(
    "refusal",
    [
        failure(410, "Expired"),
        failure(504, "Too large resource version: 5, current: 2"),
        streamed({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired", "message": "old"}}),
    ],
)
def test_a_watch_that_the_server_cannot_follow_up_begins_with_a_list(script: Script, refusal: Answer) -> None:
    script.answers = [listed("5", "a", "b"), refusal, listed("7", "b", "c")]
    assert followed(script, 4)[2:] == [("DELETED", "a"), ("ADDED", "c")]
    assert asked(script) == ["list", "watch since 5", "list"]
    assert "; again every 1 s" in script.lines[0]


def test_a_watch_says_why_it_waits_once(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zone that is deleted for a minute is no news every second."""
    monkeypatch.setattr(watching, "_AGAIN_S", 0.01)
    new = {"type": "ADDED", "object": {"metadata": {"name": "b", "uid": "uid-b", "resourceVersion": "6"}}}
    failures = [failure(503), failure(503), failure(500), failure(500), streamed(), failure(500)]
    script.answers = [listed("5", "a"), *failures, streamed(new)]
    assert followed(script, 2) == [("ADDED", "a"), ("ADDED", "b")]
    assert [line.partition("HTTP ")[2][:3] for line in script.lines] == ["503", "500", "500"]


def test_a_watch_of_a_cluster_that_was_made_anew_begins_with_a_list(script: Script) -> None:
    script.answers = [listed("5", "a"), listed("7", "b")]
    cluster = script.cluster()
    events = cluster.watch(SERVICE, threading.Event())
    assert next(events).type == "ADDED"
    cluster.reconnect()
    assert [(event.type, event.object["metadata"]["name"]) for event in (next(events), next(events))] == [
        ("DELETED", "a"),
        ("ADDED", "b"),
    ]
    assert asked(script) == ["list", "list"]
