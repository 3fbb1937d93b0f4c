"""The test bed's clusters: real API servers that come up, die and return with their data, and leave nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from kubernetes.client import (
    ApiClient,
    ApiException,
    AppsV1Api,
    AuthenticationV1Api,
    Configuration,
    CoreV1Api,
    RbacAuthorizationV1Api,
)
from kubernetes.config import new_client_from_config
from kubernetes.dynamic import DynamicClient

from chaos.errors import InfraError, MeshGone, SettingsError
from fixtures.local.network import accepts
from fixtures.platforms.kubernetes.testbed import clusters as clusters_module
from fixtures.platforms.kubernetes.testbed.addresses import GLOBAL
from fixtures.platforms.kubernetes.testbed.clusters import attach, bring_up
from tests.integration.kubernetes_clusters import running_clusters
from tests.integration.suite import ROOT, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.platforms.kubernetes.testbed.clusters import Clusters
    from tests.integration.suite import Traces


def _any(api: Any) -> Any:
    """The generated types say that any part of an answer may be None, and refuse plain documents."""
    return api


def core_of(client: ApiClient) -> Any:
    return _any(CoreV1Api(client))


def apps_of(client: ApiClient) -> Any:
    return _any(AppsV1Api(client))


@pytest.fixture
def client(one_cluster: Clusters) -> Iterator[ApiClient]:
    with one_cluster.client("zone1") as client:
        yield client


@pytest.fixture
def namespace(client: ApiClient) -> str:
    """A namespace of the test's own, with the ServiceAccount that pods need."""
    name, core = f"test-{uuid.uuid4().hex[:8]}", core_of(client)
    core.create_namespace({"metadata": {"name": name}})
    until(lambda: any(one.metadata.name == "default" for one in core.list_namespaced_service_account(name).items))
    return name


def resource(client: ApiClient, api_version: str, kind: str) -> Any:
    return DynamicClient(client).resources.get(api_version=api_version, kind=kind)


def deployment(replicas: int) -> dict[str, Any]:
    labels = {"app": "echo"}
    pod = {"containers": [{"name": "echo", "image": "kong/go-echo"}]}
    return {
        "metadata": {"name": "echo"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def test_each_cluster_has_its_own_context_and_what_a_mesh_needs(three_clusters: Clusters) -> None:
    assert three_clusters.zones == ("zone1", "zone2")
    seen = set()
    for name in (GLOBAL, *three_clusters.zones):
        with new_client_from_config(str(three_clusters.kubeconfig), name) as client:
            core = core_of(client)
            seen.add(core.read_namespace("kube-system").metadata.uid)
            assert core.read_namespaced_service_account("default", "kuma-system")
            found = {one.metadata.name for one in apps_of(client).list_namespaced_deployment("kuma-system").items}
            zone_proxies = set() if name == GLOBAL else {"kuma-ingress", "kuma-egress"}
            assert found == {"kuma-control-plane", *zone_proxies}
            for kind in ("Mesh", "MeshService", "MeshMultiZoneService", "MeshRetry", "Dataplane", "ZoneInsight"):
                assert resource(client, "kuma.io/v1alpha1", kind).get().items == []
    assert len(seen) == 3


def test_the_kubeconfig_is_private_and_the_folder_too(one_cluster: Clusters) -> None:
    assert one_cluster.kubeconfig.stat().st_mode & 0o777 == 0o600
    files = [entry for entry in one_cluster.cluster("zone1").home.iterdir() if entry.is_file()]
    assert {entry.stat().st_mode & 0o777 for entry in files} == {0o600}
    assert one_cluster.folder.stat().st_mode & 0o077 == 0


def test_a_server_of_another_authority_is_not_trusted(three_clusters: Clusters) -> None:
    zone1, zone2 = three_clusters.cluster("zone1"), three_clusters.cluster("zone2")
    settings = Configuration(host=f"https://{zone1.addresses.api_server}", retries=False)
    settings.ssl_ca_cert = str(zone2.home / "ca.crt")
    with ApiClient(settings) as client, pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
        core_of(client).list_namespace()


def test_who_shows_no_certificate_is_nobody(one_cluster: Clusters) -> None:
    cluster = one_cluster.cluster("zone1")
    settings = Configuration(host=f"https://{cluster.addresses.api_server}")
    settings.ssl_ca_cert = str(cluster.home / "ca.crt")
    with ApiClient(settings) as client, pytest.raises(ApiException) as refused:
        core_of(client).list_namespace()
    assert refused.value.status == 401


def test_a_service_account_has_a_token_and_only_the_rights_that_it_was_given(
    one_cluster: Clusters, client: ApiClient, namespace: str
) -> None:
    core, rbac = core_of(client), _any(RbacAuthorizationV1Api(client))
    token = core.create_namespaced_service_account_token("default", namespace, {"spec": {}}).status.token
    rules = [{"apiGroups": [""], "resources": ["services"], "verbs": ["list"]}]
    rbac.create_namespaced_role(namespace, {"metadata": {"name": "reader"}, "rules": rules})
    binding = {
        "metadata": {"name": "reader"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "reader"},
        "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": namespace}],
    }
    rbac.create_namespaced_role_binding(namespace, binding)

    cluster = one_cluster.cluster("zone1")
    settings = Configuration(host=f"https://{cluster.addresses.api_server}")
    settings.ssl_ca_cert = str(cluster.home / "ca.crt")
    settings.api_key = {"BearerToken": f"Bearer {token}"}
    with ApiClient(settings) as bot:
        until(lambda: may_list_services(bot, namespace))
        with pytest.raises(ApiException) as refused:
            core_of(bot).list_namespaced_pod(namespace)
    assert refused.value.status == 403
    review = _any(AuthenticationV1Api(client)).create_token_review({"spec": {"token": token}})
    assert review.status.user.username == f"system:serviceaccount:{namespace}:default"


def may_list_services(client: ApiClient, namespace: str) -> bool:
    """The authorizer learns of a new binding by a watch, so a little later."""
    try:
        core_of(client).list_namespaced_service(namespace)
    except ApiException as error:
        if error.status == 403:
            return False
        raise
    return True


def test_a_deployment_becomes_pods_that_can_be_bound_and_go_with_it(client: ApiClient, namespace: str) -> None:
    apps, core = apps_of(client), core_of(client)
    apps.create_namespaced_deployment(namespace, deployment(2))
    until(lambda: len(core.list_namespaced_pod(namespace).items) == 2)
    pod = core.list_namespaced_pod(namespace).items[0].metadata.name
    core.create_node({"metadata": {"name": namespace}})
    target = {"metadata": {"name": pod}, "target": {"apiVersion": "v1", "kind": "Node", "name": namespace}}
    core.create_namespaced_pod_binding(pod, namespace, target, _preload_content=False)
    assert core.read_namespaced_pod(pod, namespace).spec.node_name == namespace
    assert core.read_node(namespace).spec.taints is None
    core.patch_namespaced_pod_status(pod, namespace, {"status": {"podIP": "127.20.1.10"}})

    apps.delete_namespaced_deployment("echo", namespace)
    until(lambda: all(one.metadata.deletion_timestamp for one in core.list_namespaced_pod(namespace).items))


def test_a_mesh_service_goes_with_its_service(client: ApiClient, namespace: str) -> None:
    core = core_of(client)
    service = core.create_namespaced_service(
        namespace, {"metadata": {"name": "echo"}, "spec": {"ports": [{"port": 1}]}}
    )
    owner = {"apiVersion": "v1", "kind": "Service", "name": "echo", "uid": service.metadata.uid}
    body = {
        "apiVersion": "kuma.io/v1alpha1",
        "kind": "MeshService",
        "metadata": {"name": "echo", "ownerReferences": [owner]},
        "spec": {"ports": [{"port": 1027, "targetPort": "http"}]},
        "status": {"vips": [{"ip": "127.20.201.130"}]},
    }
    services = resource(client, "kuma.io/v1alpha1", "MeshService")
    created = services.create(body, namespace=namespace).to_dict()
    assert created["spec"]["ports"][0]["appProtocol"] == "tcp"
    assert created["status"] == body["status"], "Kuma gives its kinds no status subresource"

    core.delete_namespaced_service("echo", namespace)
    until(lambda: not services.get(namespace=namespace).items)


def test_a_route_is_completed_as_by_the_real_gateway_api(client: ApiClient, namespace: str) -> None:
    routes = resource(client, "gateway.networking.k8s.io/v1", "HTTPRoute")
    body = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "echo"},
        "spec": {"parentRefs": [{"name": "kong"}], "rules": [{"backendRefs": [{"name": "echo", "port": 1027}]}]},
        "status": {"parents": []},
    }
    created = routes.create(body, namespace=namespace).to_dict()
    assert created["spec"] == {
        "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "kong"}],
        "rules": [
            {
                "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                "backendRefs": [{"group": "", "kind": "Service", "name": "echo", "port": 1027, "weight": 1}],
            }
        ],
    }
    assert "status" not in created, "it is written through its subresource only"


def test_a_gateway_waits_for_its_controller(client: ApiClient, namespace: str) -> None:
    gateways = resource(client, "gateway.networking.k8s.io/v1", "Gateway")
    listener = {"name": "http", "protocol": "HTTP", "port": 80}
    body = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "kong"},
        "spec": {"gatewayClassName": "kong", "listeners": [listener]},
    }
    created = gateways.create(body, namespace=namespace).to_dict()
    assert created["spec"]["listeners"] == [{**listener, "allowedRoutes": {"namespaces": {"from": "Same"}}}]
    assert {one["type"]: one["status"] for one in created["status"]["conditions"]} == {
        "Accepted": "Unknown",
        "Programmed": "Unknown",
    }
    status = {"metadata": {"name": "kong"}, "status": {"addresses": [{"value": "127.20.1.9"}]}}
    patched = gateways.status.patch(status, namespace=namespace, content_type="application/merge-patch+json")
    assert patched.status.addresses[0].value == "127.20.1.9"


def test_a_zone_that_was_stopped_returns_with_its_data(three_clusters: Clusters) -> None:
    with three_clusters.client("zone1") as client:
        core_of(client).create_namespace({"metadata": {"name": "kept"}})
    addresses = three_clusters.cluster("zone1").addresses

    three_clusters.stop("zone1")

    assert not any(accepts(endpoint) for endpoint in (addresses.api_server, addresses.controller_manager))
    with three_clusters.client("zone2") as client:
        assert core_of(client).list_namespace().items, "another zone has nothing to do with it"

    attach(three_clusters.folder).start("zone1")

    with three_clusters.client("zone1") as client:
        assert core_of(client).read_namespace("kept")
        until(lambda: accepts(addresses.controller_manager))
    three_clusters.start("zone1")  # what runs stays as it is


def test_a_zone_that_is_not_there_is_named(one_cluster: Clusters) -> None:
    for asked in (one_cluster.stop, one_cluster.start):
        with pytest.raises(SettingsError, match="no zone 'zone7' in this test bed; there are: zone1"):
            asked("zone7")


def test_two_test_beds_at_once_have_nothing_in_common(one_cluster: Clusters, traces: Traces, tmp_path: Path) -> None:
    with running_clusters(traces, tmp_path, "zone1") as other:
        assert other.block != one_cluster.block
        uids = set()
        for clusters in (one_cluster, other):
            with clusters.client("zone1") as client:
                uids.add(core_of(client).read_namespace("kube-system").metadata.uid)
        assert len(uids) == 2


def test_what_ends_while_it_comes_up_is_named_with_its_last_words_and_nothing_is_left(
    here: Traces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "kube"
    program.write_text('#!/bin/sh\ncase $1 in etcd) exec sleep 60;; *) echo "no such $1"; exit 1;; esac\n')
    program.chmod(0o755)
    monkeypatch.setattr(clusters_module, "kube", lambda _: program)
    expected = (
        r"^zone\d-apiserver ended while its cluster came up: no such kube-apiserver \(whole log: .*apiserver\.log\)$"
    )
    with pytest.raises(InfraError, match=expected):
        bring_up(("zone1", "zone2"), tmp_path / "logs", lambda _: None)
    here.assert_nothing_left()


OWNER = """
import sys
from pathlib import Path
from fixtures.platforms.kubernetes.testbed.clusters import bring_up
clusters = bring_up(("zone1",), Path(sys.argv[1]), lambda text: print(text, flush=True))
print(clusters.folder, flush=True)
sys.stdin.read()
"""


def start_owner(traces: Traces, logs: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OWNER, str(logs)],
        env=traces.environment(PYTHONPATH=os.fspath(ROOT)),
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_closing_leaves_nothing(traces: Traces, tmp_path: Path) -> None:
    with running_clusters(traces, tmp_path, "zone1"):
        assert len(traces.processes()) == 4, "a keeper, etcd, kube-apiserver, kube-controller-manager"
    assert traces.left() == []


def test_when_its_owner_is_killed_nothing_is_left(traces: Traces, tmp_path: Path) -> None:
    with start_owner(traces, tmp_path) as owner:
        try:
            assert owner.stdout is not None
            folder = Path([owner.stdout.readline() for _ in range(3)][-1].strip())
            assert len(traces.processes()) == 5
            owner.kill()
            owner.wait()
            traces.assert_nothing_left()
        finally:
            owner.kill()
    with pytest.raises(MeshGone, match="no mesh is up"):
        attach(folder)


def test_ctrl_c_while_it_comes_up_leaves_nothing(traces: Traces, tmp_path: Path) -> None:
    with start_owner(traces, tmp_path) as owner:
        try:
            until(lambda: any("apiserver" in " ".join(one.cmdline()) for one in traces.processes()))
            owner.send_signal(signal.SIGINT)
            owner.wait(timeout=60)
            traces.assert_nothing_left()
        finally:
            owner.kill()
