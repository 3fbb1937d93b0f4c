"""The shipped roles on real API servers: what they allow is what the suite asks for, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest

from chaos.errors import InfraError
from chaos.faults import faults
from chaos.platform import Kind, Target
from fixtures.mesh import Backend
from fixtures.platforms.kubernetes import kinds, walkthrough
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.checks import checks
from fixtures.platforms.kubernetes.checks.rights import CHECK
from fixtures.platforms.kubernetes.cluster import Cluster, connect
from fixtures.platforms.kubernetes.contexts import GLOBAL
from fixtures.platforms.kubernetes.lease import Leases
from fixtures.platforms.kubernetes.platform import Repairable
from fixtures.platforms.kubernetes.preflight import require
from fixtures.platforms.kubernetes.problems import Refused
from fixtures.platforms.kubernetes.rights import rights
from fixtures.platforms.kubernetes.settings import Install
from fixtures.platforms.kubernetes.survey import Surveyed
from fixtures.platforms.kubernetes.testbed import kubeconfig
from fixtures.profiles import load_profile
from tests.integration.kubernetes_clusters import ACCOUNT, running_clusters, shipped, way_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from fixtures.platforms.kubernetes.kinds import Document, ObjectKind
    from fixtures.platforms.kubernetes.testbed.clusters import Clusters
    from tests.integration.suite import Traces

WHERE = {"zone1": "zone", GLOBAL: "global"}
STRANGER, GUEST = "stranger", "guest"


@pytest.fixture(scope="module")
def clusters(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    with running_clusters(lasting_traces, tmp_path_factory.mktemp("logs"), "zone1", GLOBAL) as clusters:
        yield clusters


@pytest.fixture(scope="module")
def config(clusters: Clusters, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A kubeconfig with a context for each cluster and user, as deploy/README.md has one made."""
    ways = []
    for place, where in WHERE.items():
        admin = connect(place, place, "kong", kubeconfig=str(clusters.kubeconfig), log=print)
        for document in [namespace("kong"), *shipped(f"rbac-{where}"), *accounts()]:
            admin.apply(document)
        ways += [way_in(clusters, admin, user, f"{place}-{user}") for user in (ACCOUNT, STRANGER, GUEST)]
    file = tmp_path_factory.mktemp("config") / "kubeconfig"
    kubeconfig.write(file, ways)
    return file


def namespace(name: str) -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def accounts() -> list[Document]:
    """Users without any role, and with one of the many that are needed."""
    metadata = {"namespace": ACCOUNT}
    binding = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    return [
        *(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {**metadata, "name": n}}
            for n in (STRANGER, GUEST)
        ),
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": GUEST},
            "roleRef": binding,
            "subjects": [{"kind": "ServiceAccount", "name": GUEST, "namespace": ACCOUNT}],
        },
    ]


def reached(config: Path, place: str, user: str) -> Cluster:
    return connect(place, f"{place}-{user}", "kong", kubeconfig=str(config), log=print)


def site(config: Path, user: str, **changes: Any) -> Surveyed:
    """The zone and global as this user sees them."""
    return replace(Surveyed({"zone1": reached(config, "zone1", user)}, reached(config, GLOBAL, user)), **changes)


@pytest.fixture
def with_walkthrough(clusters: Clusters) -> Iterator[None]:
    """The rights for --install walkthrough as well."""
    for place, where in WHERE.items():
        admin = connect(place, place, "kong", kubeconfig=str(clusters.kubeconfig), log=print)
        for document in shipped(f"rbac-{where}-walkthrough"):
            admin.apply(document)
    yield
    for place, where in WHERE.items():
        admin = connect(place, place, "kong", kubeconfig=str(clusters.kubeconfig), log=print)
        for document in shipped(f"rbac-{where}-walkthrough"):
            if document["kind"] != "Namespace":
                metadata = document["metadata"]
                admin.delete(kinds.ObjectKind.of(document), metadata["name"], metadata.get("namespace"))


@pytest.mark.parametrize("place", WHERE)
def test_the_shipped_roles_allow_all_that_is_asked_for(config: Path, place: str) -> None:
    here = site(config, ACCOUNT)
    assert rights(here, place)
    assert CHECK.look(here, place) is None


@pytest.mark.usefixtures("with_walkthrough")
@pytest.mark.parametrize("place", WHERE)
def test_so_do_those_for_the_walkthrough(config: Path, place: str) -> None:
    assert CHECK.look(site(config, ACCOUNT, install=Install.WALKTHROUGH), place) is None


@pytest.mark.parametrize("place", WHERE)
def test_those_beyond_the_walkthrough_are_given_by_files_of_their_own(
    config: Path, clusters: Clusters, place: str
) -> None:
    every = site(config, ACCOUNT, faults=tuple(faults().values()))
    problem = CHECK.look(every, place)
    assert problem is not None
    assert f"-f deploy/rbac-{WHERE[place]}.yaml -f deploy/rbac-{WHERE[place]}-beyond.yaml" in problem.fix
    user = reached(config, place, ACCOUNT)
    unasked = Repairable({"zone1": user, GLOBAL: user}, Site("kong"), {}, "kubernetes")
    with pytest.raises(InfraError, match=r"may not .*create Deployment in kuma-system.*: nothing is done; kubectl"):
        unasked.record(Target(Kind.INGRESS if place == "zone1" else Kind.GLOBAL, "zone1", "any"))

    admin = connect(place, place, "kong", kubeconfig=str(clusters.kubeconfig), log=print)
    for document in shipped(f"rbac-{WHERE[place]}-beyond"):
        admin.apply(document)
    assert CHECK.look(every, place) is None
    for document in shipped(f"rbac-{WHERE[place]}-beyond"):
        metadata = document["metadata"]
        admin.delete(kinds.ObjectKind.of(document), metadata["name"], metadata.get("namespace"))


@pytest.mark.parametrize("place", WHERE)
def test_those_for_the_walkthrough_are_not_given_without_being_asked_for(config: Path, place: str) -> None:
    problem = CHECK.look(site(config, ACCOUNT, install=Install.WALKTHROUGH), place)
    assert problem is not None
    assert "create GatewayClass" in problem.what or "create Mesh;" in problem.what
    assert f"-f deploy/rbac-{WHERE[place]}.yaml -f deploy/rbac-{WHERE[place]}-walkthrough.yaml" in problem.fix


def test_a_fault_and_its_repair_are_carried_out_with_the_shipped_roles(config: Path, clusters: Clusters) -> None:
    admin = connect("zone1", "zone1", "kong", kubeconfig=str(clusters.kubeconfig), log=print)
    for document in walkthrough.zone_objects("kong", 1, Backend.MULTIZONE, probe=False):
        admin.apply(document)
    cluster = reached(config, "zone1", ACCOUNT)
    for kind, name in ((kinds.DEPLOYMENT, "echo"), (kinds.SERVICE, "echo"), (kinds.GATEWAY, "kong")):
        recorded = cluster.get(kind, name)
        assert recorded is not None
        cluster.update(kind, name, lambda found: found["metadata"].setdefault("labels", {}).update(broken="yes"))
        cluster.delete(kind, name, uid=recorded["metadata"]["uid"])
        assert cluster.get(kind, name) is None
        metadata = {"name": name, "namespace": "kong", "labels": recorded["metadata"]["labels"]}
        spec = {key: value for key, value in recorded["spec"].items() if not key.startswith("clusterIP")}
        cluster.create({"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec})
        cluster.patch(kind, name, {"metadata": {"labels": {"broken": None}}})
    assert cluster.list(kinds.POD) is not None
    assert cluster.list(kinds.NODE) == []
    said: list[str] = []
    leases = Leases({"zone1": cluster}, "kong", "run", said.append)
    leases.take()
    leases.release()
    assert said == []


@pytest.mark.usefixtures("with_walkthrough")
def test_the_walkthrough_is_applied_and_taken_away_with_the_shipped_roles(config: Path) -> None:
    zone, world = reached(config, "zone1", ACCOUNT), reached(config, GLOBAL, ACCOUNT)
    objects = walkthrough.zone_objects("kong", 1, Backend.MULTIZONE, probe=True)
    policies = [*load_profile("hardened").resources, *load_profile("outlier-detection").resources]
    brought = [(zone, one) for one in objects if one["kind"] != "Namespace"]
    brought += [(world, one) for one in walkthrough.global_objects(policies)]
    for cluster, document in brought:
        cluster.apply(document)
        cluster.apply(document)
    for cluster, document in brought:
        if document["kind"] != "Mesh":
            metadata = document["metadata"]
            cluster.delete(kinds.ObjectKind.of(document), metadata["name"], metadata.get("namespace"))


def reads(kind: ObjectKind, name: str, where: str | None = None) -> Any:
    return lambda cluster: cluster.get(kind, name, where)


def lists(kind: ObjectKind, where: str | None = None) -> Any:
    return lambda cluster: cluster.list(kind, namespace=where)


def deletes(kind: ObjectKind, name: str, where: str | None = None) -> Any:
    return lambda cluster: cluster.delete(kind, name, where)


def gets(path: str) -> Any:
    return lambda cluster: cluster.raw_get(path)


BINDING = kinds.ObjectKind("rbac.authorization.k8s.io/v1", "RoleBinding")
ROLE = kinds.ObjectKind("rbac.authorization.k8s.io/v1", "Role")
PROXY = "/api/v1/namespaces/kuma-system/services/http:kuma-control-plane:{port}/proxy/"
FORBIDDEN: Mapping[str, Any] = {
    "read the secrets of the namespace": lists(kinds.SECRET),
    "read a secret": reads(kinds.SECRET, "kong"),
    "read the mesh's secrets": lists(kinds.SECRET, "kuma-system"),
    "read every secret": lists(kinds.SECRET, ""),
    "read config maps": lists(kinds.CONFIG_MAP),
    "read another namespace's pods": lists(kinds.POD, "default"),
    "read everybody's pods": lists(kinds.POD, ""),
    "read another namespace": reads(kinds.NAMESPACE, "default"),
    "delete its namespace": deletes(kinds.NAMESPACE, "kong"),
    "delete another namespace": deletes(kinds.NAMESPACE, "default"),
    "make a namespace": lambda cluster: cluster.create(namespace("mine")),
    "delete another deployment": deletes(kinds.DEPLOYMENT, "other"),
    "delete another service": deletes(kinds.SERVICE, "other"),
    "delete another gateway": deletes(kinds.GATEWAY, "other"),
    "delete the route": deletes(kinds.HTTP_ROUTE, "echo"),
    "delete pods": deletes(kinds.POD, "echo"),
    "delete a deployment elsewhere": deletes(kinds.DEPLOYMENT, "echo", "default"),
    "delete the mesh's ingress": deletes(kinds.DEPLOYMENT, "kuma-ingress", "kuma-system"),
    "read the faults of sidecars": lists(kinds.MESH_FAULT_INJECTION),
    "delete faults of sidecars": deletes(kinds.MESH_FAULT_INJECTION, "mesh-chaos-gray"),
    "delete a node": deletes(kinds.NODE, "any"),
    "take another lease": reads(kinds.LEASE, "other"),
    "delete the lease": deletes(kinds.LEASE, "mesh-chaos"),
    "make itself mightier": lambda cluster: cluster.patch(ROLE, "mesh-chaos", {"rules": []}),
    "bind itself": deletes(BINDING, "mesh-chaos"),
    "reach another port of the control plane": gets(PROXY.format(port=5676)),
    "reach another service through the API server": gets("/api/v1/namespaces/kong/services/http:echo:1027/proxy/"),
    "read the API server's metrics": gets("/metrics"),
}
IN_GLOBAL: Mapping[str, Any] = {
    "read the mesh's secrets": lists(kinds.SECRET, "kuma-system"),
    "change the mesh": lambda cluster: cluster.patch(kinds.MESH, "default", {"spec": {}}),
    "delete the mesh": deletes(kinds.MESH, "default"),
    "delete the MeshMultiZoneService": deletes(kinds.MMZS, "echo", "kuma-system"),
    "read deployments": lists(kinds.DEPLOYMENT, "kuma-system"),
    "delete the mesh's namespace": deletes(kinds.NAMESPACE, "kuma-system"),
}


@pytest.mark.parametrize(
    ("place", "attempt"),
    [*(("zone1", attempt) for attempt in FORBIDDEN), *((GLOBAL, attempt) for attempt in IN_GLOBAL)],
)
def test_the_shipped_roles_do_not_allow_to(config: Path, place: str, attempt: str) -> None:
    carry_out = (FORBIDDEN if place == "zone1" else IN_GLOBAL)[attempt]
    with pytest.raises(Refused) as refused:
        carry_out(reached(config, place, ACCOUNT))
    assert refused.value.status == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    ("verb", "kind", "name", "where"),
    [
        ("get", kinds.SECRET, None, None),
        ("list", kinds.SECRET, None, "kuma-system"),
        ("delete", kinds.NAMESPACE, "kong", None),
        ("delete", kinds.DEPLOYMENT, "other", None),
        ("create", kinds.POD, None, None),
        ("create", kinds.DEPLOYMENT, None, "default"),
        ("list", kinds.POD, None, "default"),
        ("patch", kinds.NODE, None, None),
    ],
)
def test_nor_does_the_api_server_say_that_they_do(
    config: Path, verb: str, kind: ObjectKind, name: str | None, where: str | None
) -> None:
    assert not reached(config, "zone1", ACCOUNT).can_i(verb, kind, name, where).allowed


def test_the_proxy_of_the_control_plane_is_allowed_though_nothing_answers_here(config: Path) -> None:
    cluster = reached(config, "zone1", ACCOUNT)
    assert cluster.can_i("get", kinds.SERVICE, "http:kuma-control-plane:5681", "kuma-system", "proxy").allowed


def test_a_preflight_without_rights_lists_every_verb_that_is_missing(config: Path) -> None:
    here = site(config, STRANGER)
    missing = {place: CHECK.look(here, place) for place in WHERE}
    zone, world = missing["zone1"], missing[GLOBAL]
    assert zone is not None
    assert world is not None
    begin = "zone1: system:serviceaccount:mesh-chaos:stranger may not "
    assert zone.what.startswith(begin)
    assert zone.what.removeprefix(begin).split("; ") == [
        "get Namespace kong kube-system",
        "get,list,watch Node",
        "get,list,watch GatewayClass",
        "create Lease in kong",
        "get,update Lease mesh-chaos in kong",
        "get,list,watch Pod in kong",
        "list Event in kong",
        "get,list,watch Deployment in kong",
        "create Deployment in kong",
        "update,patch,delete Deployment echo in kong",
        "get,list,watch Service in kong",
        "create Service in kong",
        "update,patch,delete Service echo in kong",
        "get,list,watch Gateway in kong",
        "create Gateway in kong",
        "update,patch,delete Gateway kong in kong",
        "get ReplicaSet in kong",
        "get,list,watch HTTPRoute in kong",
        "get,list,watch MeshService in kong",
        "get,list,watch MeshMultiZoneService in kuma-system",
        "list Pod in kuma-system",
        "get Service kuma-control-plane kong-mesh-control-plane in kuma-system",
        "get Service/proxy http:kuma-control-plane:5681 http:kong-mesh-control-plane:5681 in kuma-system",
    ]
    assert zone.fix.startswith("kubectl --context zone1-stranger apply -f deploy/rbac-zone.yaml")
    assert "get,list,watch Mesh;" in world.what
    assert "deploy/rbac-global.yaml" in world.fix


def test_what_the_roles_lack_is_said_once_and_not_by_every_check_that_fails_of_it(config: Path) -> None:
    with pytest.raises(InfraError, match="preflight: ") as failed:
        require(site(config, STRANGER), lambda _: None)
    text = str(failed.value)
    assert text.count("may not") == 2
    assert "forbidden" not in text


def test_a_user_with_some_of_the_verbs_is_told_the_others_only(config: Path) -> None:
    problem = CHECK.look(site(config, GUEST), "zone1")
    assert problem is not None
    assert "update,patch,delete Deployment echo in kong" in problem.what
    assert "get,list,watch Deployment" not in problem.what
    assert "Pod" not in problem.what


def test_an_expired_token_is_told_from_a_missing_role(config: Path, tmp_path: Path) -> None:
    stale = tmp_path / "kubeconfig"
    stale.write_text(config.read_text().replace("token: ey", "token: xy"))
    said: list[str] = []
    with pytest.raises(InfraError) as failed:
        require(site(stale, ACCOUNT), said.append)
    assert str(failed.value).count("have expired or are not accepted") == 2
    assert "may not" not in str(failed.value)
    assert [line for line in said if line.startswith("preflight: rights in zone1 not asked: reachable comes first")]
    assert len(checks()) > 10


@pytest.mark.parametrize("document", shipped("cronjob"), ids=lambda document: document["kind"])
def test_a_real_api_server_takes_the_cronjob(clusters: Clusters, config: Path, document: Document) -> None:
    del config  # makes the namespace
    admin = connect("zone1", "zone1", ACCOUNT, kubeconfig=str(clusters.kubeconfig), log=print)
    kind = kinds.ObjectKind.of(document)
    if kind == kinds.NAMESPACE:
        assert admin.apply(document)["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
        return
    assert not unknown(document["spec"], admin.apply(document)["spec"])
    admin.delete(kind, document["metadata"]["name"])


def unknown(written: Any, stored: Any, path: str = "") -> list[str]:
    """Fields that the API server has not kept: it drops what it does not know."""
    if isinstance(written, dict):
        return [
            lost
            for key, value in written.items()
            for lost in (unknown(value, stored[key], f"{path}.{key}") if key in stored else [f"{path}.{key}"])
        ]
    if isinstance(written, list):
        return [lost for one, other in zip(written, stored, strict=True) for lost in unknown(one, other, f"{path}[]")]
    return []


def test_the_nightly_pod_is_let_in_where_pods_are_restricted(clusters: Clusters, config: Path) -> None:
    del config
    admin = connect("zone1", "zone1", ACCOUNT, kubeconfig=str(clusters.kubeconfig), log=print)
    job = next(one for one in shipped("cronjob") if one["kind"] == "CronJob")["spec"]["jobTemplate"]["spec"]
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "nightly"}, "spec": job["template"]["spec"]}
    admin.apply(next(one for one in shipped("cronjob") if one["kind"] == "Namespace"))
    assert admin.create(pod)["spec"]["securityContext"]["runAsNonRoot"] is True
    admin.delete(kinds.POD, "nightly", grace_s=0)
    loose = {**pod, "spec": {**pod["spec"], "securityContext": {}}}
    with pytest.raises(Refused, match="violates PodSecurity"):
        admin.create(loose)
