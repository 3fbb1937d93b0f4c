"""One cluster's API: everything that a real API server can refuse, forget, interrupt and contradict."""

from __future__ import annotations

import signal
import tempfile
import threading
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes.config import incluster_config

from chaos.errors import InfraError
from fixtures.local.addresses import Endpoint
from fixtures.platforms.kubernetes.cluster import ALL_NAMESPACES, Cluster, connect
from fixtures.platforms.kubernetes.connecting import IN_CLUSTER
from fixtures.platforms.kubernetes.kinds import (
    CONFIG_MAP,
    CUSTOM_RESOURCE_DEFINITION,
    DEPLOYMENT,
    NAMESPACE,
    NODE,
    POD,
    SERVICE,
    SERVICE_ACCOUNT,
    Document,
    ObjectKind,
)
from fixtures.platforms.kubernetes.ownership import MANAGED_BY
from fixtures.platforms.kubernetes.problems import Conflict, NotServed, Refused, Unanswered
from fixtures.platforms.kubernetes.testbed import kubeconfig
from fixtures.platforms.kubernetes.testbed.certificates import Authority
from fixtures.platforms.kubernetes.testbed.official import KUBERNETES
from tests.integration.suite import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.platforms.kubernetes.testbed.certificates import Pair
    from fixtures.platforms.kubernetes.testbed.clusters import Clusters

ZONE = "zone1"
ROLE = ObjectKind("rbac.authorization.k8s.io/v1", "Role")
BINDING = "RoleBinding"


class Here:
    """The cluster with a namespace of its own, and contexts of other users."""

    def __init__(self, clusters: Clusters, folder: Path) -> None:
        self.clusters = clusters
        self.folder = folder
        self.namespace = f"kong-{uuid.uuid4().hex[:6]}"
        self.said: list[str] = []
        self.cluster = self.connect()
        self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})

    def connect(self, file: str | None = None, **options: Any) -> Cluster:
        return connect(
            ZONE,
            ZONE,
            self.namespace,
            kubeconfig=file or str(self.clusters.kubeconfig),
            log=self.said.append,
            **options,
        )

    def as_user(
        self,
        credentials: Pair | str,
        server: Endpoint | None = None,
        authority: str | None = None,
        **options: Any,
    ) -> Cluster:
        laid_out = self.clusters.cluster(ZONE)
        server = server or laid_out.addresses.api_server
        authority = authority or (laid_out.home / "ca.crt").read_text()
        file = self.folder / f"{uuid.uuid4().hex}.kubeconfig"
        kubeconfig.write(file, [kubeconfig.Context(ZONE, server, authority, credentials)])
        return self.connect(str(file), **options)

    def token(self, account: str) -> str:
        """A new ServiceAccount, and a token of it."""
        self.cluster.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account}})
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 600}}
        return str(self.cluster.post(SERVICE_ACCOUNT, account, "token", request)["status"]["token"])

    def kill_api_server(self) -> None:
        self.clusters.keeping.signal([f"{ZONE}-apiserver"], signal.SIGKILL)

    def start_api_server(self) -> None:
        cluster = self.clusters.cluster(ZONE)
        self.clusters.start_api(cluster)
        self.clusters.keeping.start_processes([cluster.controllers()])  # it may have given up meanwhile


@pytest.fixture
def here(one_cluster: Clusters, tmp_path: Path) -> Iterator[Here]:
    made = Here(one_cluster, tmp_path)
    yield made
    made.cluster.delete(NAMESPACE, made.namespace)


def config_map(name: str = "settings", **data: str) -> Document:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"of": "test"}}, "data": data}


def maps(cluster: Cluster) -> list[str]:
    return [item["metadata"]["name"] for item in cluster.list(CONFIG_MAP, "of=test")]


def test_an_object_is_made_read_changed_and_deleted(here: Here) -> None:
    cluster = here.cluster
    assert cluster.get(CONFIG_MAP, "settings") is None
    made = cluster.create(config_map(a="1"))
    assert made["metadata"]["namespace"] == here.namespace
    assert made["metadata"]["managedFields"][0]["manager"] == "mesh-chaos"
    assert cluster.get(CONFIG_MAP, "settings") == made
    assert cluster.patch(CONFIG_MAP, "settings", {"data": {"a": None, "b": "2"}})["data"] == {"b": "2"}
    now = cluster.update(CONFIG_MAP, "settings", lambda document: document["data"].update(c="3"))
    assert now["data"] == {"b": "2", "c": "3"}
    listed = cluster.list(CONFIG_MAP, "of=test")
    assert [(item["kind"], item["apiVersion"], item["data"]) for item in listed] == [("ConfigMap", "v1", now["data"])]
    assert "settings" in {item["metadata"]["name"] for item in cluster.list(CONFIG_MAP, "of=test", ALL_NAMESPACES)}
    cluster.delete(CONFIG_MAP, "settings")
    assert cluster.get(CONFIG_MAP, "settings") is None
    cluster.delete(CONFIG_MAP, "settings")


def test_what_a_cluster_says_of_itself(here: Here) -> None:
    assert here.cluster.version() == f"v{KUBERNETES}"
    kube_system = here.cluster.get(NAMESPACE, "kube-system")
    assert kube_system is not None
    assert here.cluster.identity() == kube_system["metadata"]["uid"]
    assert here.cluster.raw_get("/readyz") == "ok"
    assert here.cluster.silence() is None
    assert str(here.cluster) == "zone1 (context zone1)"


def test_a_change_of_something_else_than_was_read_is_a_conflict(here: Here) -> None:
    read = here.cluster.create(config_map())
    here.cluster.patch(CONFIG_MAP, "settings", {"data": {"by": "another"}})
    with pytest.raises(Conflict, match=r"zone1 \(context zone1\): PUT ConfigMap .*/settings: HTTP 409 .*modified"):
        here.cluster.replace(read)


def test_an_update_is_made_again_on_what_another_wrote_meanwhile(here: Here) -> None:
    here.cluster.create(config_map())
    others = iter(["first", "second"])

    def change(document: Document) -> None:
        if (other := next(others, None)) is not None:
            here.cluster.patch(CONFIG_MAP, "settings", {"data": {other: "x"}})
        document["data"] = {**document.get("data", {}), "ours": "y"}

    here.cluster.update(CONFIG_MAP, "settings", change)
    found = here.cluster.get(CONFIG_MAP, "settings")
    assert found is not None
    assert found["data"] == {"first": "x", "second": "x", "ours": "y"}


def test_making_what_is_there_is_a_conflict(here: Here) -> None:
    here.cluster.create(config_map())
    with pytest.raises(Conflict, match='configmaps "settings" already exists'):
        here.cluster.create(config_map())


def test_an_object_with_another_uid_is_not_deleted(here: Here) -> None:
    here.cluster.create(config_map())
    with pytest.raises(Conflict, match=r"HTTP 409 .*UID"):
        here.cluster.delete(CONFIG_MAP, "settings", uid=str(uuid.uuid4()))
    assert here.cluster.get(CONFIG_MAP, "settings") is not None


def test_what_others_manage_is_not_applied_over(here: Here) -> None:
    other = here.connect()
    path = f"/api/v1/namespaces/{here.namespace}/configmaps/settings"
    how: Any = {"content_type": "application/apply-patch+yaml", "field_manager": "argocd"}
    other._requests.ask("PATCH", path, "apply", body=config_map(a="1"), **how)
    with pytest.raises(Conflict, match=r'conflict with "argocd": \.data\.a'):
        here.cluster.apply(config_map(a="2"))
    here.cluster.patch(CONFIG_MAP, "settings", {"metadata": {"labels": {MANAGED_BY: "mesh-chaos"}}})
    assert here.cluster.apply(config_map(a="2"))["data"] == {"a": "2"}


def test_what_the_server_finds_invalid_is_told_by_field(here: Here) -> None:
    with pytest.raises(Refused, match=r"POST Service .*/echo: HTTP 422 .*spec\.ports: Required value"):
        here.cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "echo"}, "spec": {}})
    with pytest.raises(Refused, match=r"PATCH Deployment .*/none: HTTP 404"):
        here.cluster.patch(DEPLOYMENT, "none", {"spec": {"replicas": 1}})


def test_a_kind_is_served_once_it_is_installed(here: Here) -> None:
    group = f"{uuid.uuid4().hex[:8]}.example.org"
    kind = ObjectKind(f"{group}/v1", "Thing")
    assert not here.cluster.serves(kind)
    with pytest.raises(NotServed, match=f"the API server has no Thing of {group}/v1: install its definition"):
        here.cluster.get(kind, "x")
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    definition = {
        "apiVersion": CUSTOM_RESOURCE_DEFINITION.api_version,
        "kind": CUSTOM_RESOURCE_DEFINITION.kind,
        "metadata": {"name": f"things.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "things", "kind": "Thing"},
            "versions": [{"name": "v1", "served": True, "storage": True, "schema": schema}],
        },
    }
    here.cluster.create(definition)
    until(lambda: here.cluster.serves(kind))
    here.cluster.create(
        {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": "x"}, "spec": {"a": 1}}
    )
    assert here.cluster.list(kind)[0]["spec"] == {"a": 1}
    here.cluster.delete(CUSTOM_RESOURCE_DEFINITION, f"things.{group}")


def test_rights_are_the_api_servers_word(here: Here) -> None:
    bot = here.as_user(here.token("bot"))
    refused = bot.can_i("delete", DEPLOYMENT, "echo")
    assert (refused.allowed, bool(refused.reason)) == (False, True)
    with pytest.raises(Refused) as raised:
        bot.list(DEPLOYMENT)
    user = f"system:serviceaccount:{here.namespace}:bot"
    assert f'list Deployments in {here.namespace}: forbidden: user {user} cannot list resource "deploy' in str(
        raised.value
    )
    assert "deploy/rbac-" in str(raised.value)
    assert not here.said

    rules = [
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["delete", "list"]},
        {"apiGroups": [""], "resources": ["pods/binding"], "verbs": ["create"]},
    ]
    subject = {"kind": "ServiceAccount", "name": "bot", "namespace": here.namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "bot"}
    here.cluster.create({"apiVersion": ROLE.api_version, "kind": "Role", "metadata": {"name": "bot"}, "rules": rules})
    here.cluster.create(
        {
            "apiVersion": ROLE.api_version,
            "kind": "RoleBinding",
            "metadata": {"name": "bot"},
            "subjects": [subject],
            "roleRef": role,
        }
    )
    until(lambda: bot.can_i("delete", DEPLOYMENT, "echo").allowed)
    assert bot.can_i("create", POD, subresource="binding").allowed
    assert not bot.can_i("create", POD).allowed
    assert not bot.can_i("delete", DEPLOYMENT, namespace="default").allowed
    assert not bot.can_i("get", NODE).allowed
    assert bot.list(DEPLOYMENT) == []


def test_a_pod_reaches_its_own_cluster_without_a_kubeconfig(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out = here.clusters.cluster(ZONE)
    server = laid_out.addresses.api_server
    (tmp_path / "token").write_text(here.token("bot"))
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(laid_out.home / "ca.crt"))
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", server.host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(server.port))
    inside = connect(ZONE, IN_CLUSTER, here.namespace, kubeconfig=None, log=here.said.append)
    assert inside.version() == f"v{KUBERNETES}"
    with pytest.raises(Refused, match=f"user system:serviceaccount:{here.namespace}:bot cannot list resource"):
        inside.list(DEPLOYMENT)


def test_a_token_that_was_never_given_out_is_told(here: Here) -> None:
    with pytest.raises(Refused, match="the credentials of context zone1 have expired or are not accepted") as raised:
        here.as_user("eyJhbGciOiJub25lIn0.e30.").get(SERVICE, "echo")
    assert raised.value.status == 401
    assert not here.said


def test_a_token_that_ends_while_it_is_used_is_told(here: Here) -> None:
    bot = here.as_user(here.token("bot"))
    assert not bot.can_i("get", SERVICE).allowed
    here.cluster.delete(SERVICE_ACCOUNT, "bot")
    ended: list[str] = []

    def expired() -> bool:
        try:
            bot.can_i("get", SERVICE)
        except Refused as refused:
            ended.append(str(refused))
        return bool(ended)

    until(expired)
    assert "the credentials of context zone1 have expired or are not accepted" in ended[0]


def test_a_cluster_that_shows_another_certificate_is_another_one(here: Here) -> None:
    stranger = here.as_user("token", authority=Authority("stranger").certificate)
    with pytest.raises(Unanswered, match=r"cannot be used \(TLS failed: .*certificate verify failed"):
        stranger.get(SERVICE, "echo")
    with pytest.raises(Unanswered, match="certificate verify failed"):
        stranger.silence()
    assert not here.said


def test_a_cluster_that_is_not_there_is_asked_again_for_a_while(here: Here) -> None:
    nobody = Endpoint(f"127.{here.clusters.block}.250.250", 6443)
    with pytest.raises(Unanswered, match=rf"https://{nobody} cannot be used \(Connection refused, tried for 1 s\)"):
        here.as_user("token", nobody, retry_limit_s=1).get(SERVICE, "echo")
    assert here.said
    assert all("Connection refused; again in " in line for line in here.said)


def test_client_certificates_leave_no_file(here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for _ in range(2):
        assert here.connect().version()
    assert not list(folder.iterdir())


class Watcher:
    """What a watch says, from a thread of its own."""

    def __init__(self, cluster: Cluster, **options: Any) -> None:
        self.events: list[tuple[str, str]] = []
        self.stop = threading.Event()
        self.failure: InfraError | None = None
        self.thread = threading.Thread(target=self._follow, args=(cluster, options))
        self.thread.start()

    def _follow(self, cluster: Cluster, options: dict[str, Any]) -> None:
        try:
            for event in cluster.watch(CONFIG_MAP, self.stop, "of=test", **options):
                self.events.append((event.type, event.object["metadata"]["name"]))
        except InfraError as error:
            self.failure = error

    def end(self) -> None:
        self.stop.set()
        self.thread.join(15)
        assert not self.thread.is_alive()


def test_a_watch_goes_on_where_it_was_when_the_api_server_returns(here: Here) -> None:
    here.cluster.create(config_map("old"))
    here.cluster.create(config_map("changed"))
    watcher = Watcher(here.connect())
    until(lambda: len(watcher.events) == 2)
    here.cluster.delete(CONFIG_MAP, "old")
    here.cluster.create(config_map("new"))
    until(lambda: len(watcher.events) == 4)
    here.kill_api_server()
    until(lambda: any("watch ConfigMaps" in line for line in here.said))
    here.start_api_server()
    here.cluster.patch(CONFIG_MAP, "changed", {"data": {"a": "1"}})
    here.cluster.delete(CONFIG_MAP, "new")
    until(lambda: len(watcher.events) >= 6, what=watcher.events)
    watcher.end()
    assert sorted(watcher.events[:2]) == [("ADDED", "changed"), ("ADDED", "old")]
    assert watcher.events[2:4] == [("DELETED", "old"), ("ADDED", "new")]
    assert watcher.events[4:] == [("MODIFIED", "changed"), ("DELETED", "new")]
    assert watcher.failure is None


def test_a_watch_from_what_the_server_has_forgotten_begins_anew(here: Here) -> None:
    here.cluster.create(config_map("there"))
    watcher = Watcher(here.connect(), since="1")
    until(lambda: watcher.events)
    watcher.end()
    assert watcher.events == [("ADDED", "there")]
    assert any("HTTP 410" in line or "too old resource version" in line for line in here.said)


def test_what_a_watch_missed_is_made_up_for(here: Here) -> None:
    """A server that has restarted no longer knows what happened, only what there is."""
    for name in ("stays", "goes", "changes"):
        here.cluster.create(config_map(name))
    stop = threading.Event()
    events = here.connect().watch(CONFIG_MAP, stop, "of=test")
    assert {next(events).object["metadata"]["name"] for _ in range(3)} == {"stays", "goes", "changes"}
    here.cluster.delete(CONFIG_MAP, "goes")
    here.cluster.patch(CONFIG_MAP, "changes", {"data": {"a": "1"}})
    here.kill_api_server()
    here.start_api_server()
    missed = [next(events), next(events)]
    stop.set()
    assert list(events) == []
    assert [(event.type, event.object["metadata"]["name"]) for event in missed] == [
        ("DELETED", "goes"),
        ("MODIFIED", "changes"),
    ]
    assert missed[1].object["data"] == {"a": "1"}
    assert any("HTTP 410" in line for line in here.said)


def test_a_watch_ends_soon_after_it_is_stopped(here: Here) -> None:
    watcher = Watcher(here.connect())
    watcher.end()
    assert watcher.events == []


def test_a_watch_that_may_not_watch_says_so(here: Here) -> None:
    watcher = Watcher(here.as_user(here.token("bot")))
    watcher.thread.join(15)
    assert "cannot list resource" in str(watcher.failure)


def test_requests_wait_for_an_api_server_that_restarts(here: Here) -> None:
    here.cluster.create(config_map())
    here.kill_api_server()
    answers: list[Document | None] = []
    asking = threading.Thread(target=lambda: answers.append(here.connect().get(CONFIG_MAP, "settings")))
    asking.start()
    until(lambda: here.said)
    here.start_api_server()
    asking.join(30)
    assert answers[0] is not None
    assert "Connection refused; again in " in here.said[0]
