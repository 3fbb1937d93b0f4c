"""Faults through a real API server: each target is broken, proved so, put back and found as it was."""

from __future__ import annotations

import json
import signal
import sys
import uuid
from contextlib import contextmanager
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest

from chaos.clock import MonotonicClock
from chaos.errors import InfraError, NothingSelected, SettingsError, StillGoing
from chaos.journal import Header, Journal, Step, read_journal
from chaos.platform import Action, Kind, Record
from chaos.undo import restore
from fixtures.platforms.kubernetes.breakables import breakable, breakable_of
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.cluster import Cluster, connect
from fixtures.platforms.kubernetes.kinds import DEPLOYMENT, GATEWAY, NAMESPACE, POD, SERVICE, Document, ObjectKind
from fixtures.platforms.kubernetes.objects import as_written, differences, written_by
from fixtures.platforms.kubernetes.ownership import managers_of
from fixtures.platforms.kubernetes.problems import Unanswered
from tests.integration.suite import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.platforms.kubernetes.breakables import Breakable
    from fixtures.platforms.kubernetes.testbed.clusters import Clusters

ZONE = "zone1"
WRONG = [Action.REDIRECT, Action.MISNAME, Action.MOVE, Action.MISSELECT]
_LIMIT_S = 60.0


class Place:
    """A namespace with the walkthrough's echo and Gateway, and the hands of a node agent and an operator."""

    def __init__(self, clusters: Clusters) -> None:
        self.clusters = clusters
        self.namespace = f"kong-{uuid.uuid4().hex[:6]}"
        self.site = Site(self.namespace)
        self.said: list[str] = []
        self.cluster = self.connect()
        self.zones = {ZONE: self.cluster}
        self.cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})

    def connect(self, **options: Any) -> Cluster:
        kubeconfig = str(self.clusters.kubeconfig)
        return connect(ZONE, ZONE, self.namespace, kubeconfig=kubeconfig, log=self.said.append, **options)

    def breakable(self, kind: Kind) -> Breakable:
        return breakable(kind, ZONE, self.site)

    def apply_as(self, manager: str, document: Document) -> None:
        """Write an object as somebody else does, by server-side apply."""
        kind = ObjectKind.of(document)
        path = f"{kind.path}/namespaces/{self.namespace}/{kind.kind.lower()}s/{document['metadata']['name']}"
        self.cluster._requests.ask(
            "PATCH",
            path,
            "apply",
            body=document,
            content_type="application/apply-patch+yaml",
            field_manager=manager,
            force_conflicts=True,
        )

    def deploy(self) -> None:
        self.apply_as("kubectl", deployment())
        self.apply_as("kubectl", service())
        self.run_pods()

    def run_pods(self) -> None:
        """What a node agent does: say of every pod that it is ready; the pods of ended ones go."""

        def ready() -> bool:
            for pod in self.cluster.list(POD):
                if "deletionTimestamp" in pod["metadata"]:
                    self.cluster.delete(POD, pod["metadata"]["name"], grace_s=0)
                elif "phase" not in pod["status"] or pod["status"]["phase"] != "Running":
                    self.cluster.patch(POD, pod["metadata"]["name"], {"status": running()}, subresource="status")
            now = self.cluster.get(DEPLOYMENT, "echo")
            return now is not None and now.get("status", {}).get("readyReplicas") == now["spec"]["replicas"]

        until(ready, what="the Deployment's pods are ready")

    def program(self, address: str = "127.0.0.9") -> None:
        """What a gateway operator does: say that the Gateway is programmed."""
        condition = {
            "type": "Programmed",
            "status": "True",
            "reason": "Programmed",
            "message": "",
            "lastTransitionTime": "2026-01-01T00:00:00Z",
        }
        status = {"addresses": [{"type": "IPAddress", "value": address}], "conditions": [condition]}
        self.cluster.patch(GATEWAY, "kong", {"status": status}, subresource="status")

    def get(self, kind: ObjectKind, name: str = "echo") -> Document:
        found = self.cluster.get(kind, name)
        assert found is not None
        return found


def running() -> Document:
    conditions = [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}]
    return {"phase": "Running", "podIP": "127.0.0.8", "podIPs": [{"ip": "127.0.0.8"}], "conditions": conditions}


def deployment(**spec: Any) -> Document:
    container = {"name": "echo", "image": "kong/go-echo:latest", "ports": [{"containerPort": 1027}]}
    template = {"metadata": {"labels": {"app": "echo"}}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "echo", "labels": {"app": "echo"}},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "echo"}}, "template": template, **spec},
    }


def service() -> Document:
    ports = {"tcp": 1025, "udp": 1026, "http": 1027, "tls": 1030}
    entries = [{"name": name, "port": port, "targetPort": port, "protocol": "TCP"} for name, port in ports.items()]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "echo", "labels": {"app": "echo"}},
        "spec": {"selector": {"app": "echo"}, "ports": entries},
    }


def gateway() -> Document:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "kong"},
        "spec": {"gatewayClassName": "kong", "listeners": [{"name": "http", "protocol": "HTTP", "port": 80}]},
    }


@pytest.fixture
def place(one_cluster: Clusters) -> Iterator[Place]:
    made = Place(one_cluster)
    yield made
    for pod in made.cluster.list(POD):
        made.cluster.delete(POD, pod["metadata"]["name"], grace_s=0)
    made.cluster.delete(NAMESPACE, made.namespace)


def through_a_journal(record: Record, folder: Path) -> Record:
    """The record as another machine reads it."""
    path = folder / f"{uuid.uuid4().hex}.journal"
    journal = Journal(path, Header("kubernetes", {}, "a fault", ZONE, 0.0))
    journal.record([record])
    journal.step(Step.INJECTING)
    journal.close()
    return read_journal(path).records[0]


def effective(proof: Any) -> str:
    found: list[str] = []

    def look() -> bool:
        if said := proof():
            found.append(said)
        return bool(found)

    until(look, _LIMIT_S, "the fault is in effect")
    return found[0]


def same(before: Document, after: Document) -> None:
    assert not differences(before, after)
    assert as_written(before) == as_written(after)
    assert written_by(managers_of(after)) == written_by(managers_of(before))


def test_a_deleted_deployment_is_gone_with_its_pods_and_comes_back_as_it_was(place: Place, tmp_path: Path) -> None:
    place.deploy()
    before = place.get(DEPLOYMENT)
    target = place.breakable(Kind.DEPLOYMENT)
    record = through_a_journal(target.record(place.zones), tmp_path)
    assert target.difference(record, place.zones) is None
    assert target.gone(record, place.zones) is None

    target.delete(record, place.zones)
    proof = effective(lambda: target.gone(record, place.zones))
    assert f"has no Deployment {place.namespace}/echo" in proof
    assert target.difference(record, place.zones) == f"there is no Deployment {place.namespace}/echo"

    target.put(record, place.zones)
    assert "has 0 of 2 pods ready" in str(target.difference(record, place.zones))
    place.run_pods()
    until(lambda: target.difference(record, place.zones) is None)
    same(before, place.get(DEPLOYMENT))
    assert place.get(DEPLOYMENT)["metadata"]["uid"] != before["metadata"]["uid"]


def test_a_deployments_trouble_is_told_in_the_clusters_words(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.DEPLOYMENT)
    record = target.record(place.zones)
    target.delete(record, place.zones)
    effective(lambda: target.gone(record, place.zones))
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}
    place.cluster.create(quota)
    until(lambda: place.cluster.get(ObjectKind("v1", "ResourceQuota"), "none")["status"].get("hard"))  # type: ignore[index]
    target.put(record, place.zones)
    until(lambda: "exceeded quota" in str(target.difference(record, place.zones)))


@pytest.mark.parametrize("action", WRONG)
def test_a_misconfigured_service_is_proved_and_comes_back(place: Place, action: Action, tmp_path: Path) -> None:
    place.deploy()
    before = place.get(SERVICE)
    target = place.breakable(Kind.SERVICE)
    record = through_a_journal(target.record(place.zones), tmp_path)
    assert target.disturbed(record, action, place.zones) is None

    target.disturb(record, action, place.zones)
    proof = effective(lambda: target.disturbed(record, action, place.zones))
    wanted = {
        Action.REDIRECT: "spec.ports[2].targetPort is 9999, was 1027; none of its 2 pods names a port 9999",
        Action.MISNAME: "spec.ports[2].targetPort is no-such-port, was 1027; none of its 2 pods",
        Action.MOVE: "spec.ports[2].port is 11027, was 1027; it has no port 1027",
        Action.MISSELECT: "spec.selector.app is mesh-chaos-no-such-pod, was echo; it selects no pod",
    }[action]
    assert wanted in proof
    assert str(target.difference(record, place.zones)).startswith(f"Service {place.namespace}/echo: spec.")
    target.disturb(record, action, place.zones)  # saying it twice changes nothing

    target.put(record, place.zones)
    assert target.difference(record, place.zones) is None
    same(before, place.get(SERVICE))
    assert place.get(SERVICE)["metadata"]["uid"] == before["metadata"]["uid"]


def test_a_deleted_service_comes_back_with_its_address(place: Place, tmp_path: Path) -> None:
    place.deploy()
    before = place.get(SERVICE)
    target = place.breakable(Kind.SERVICE)
    record = through_a_journal(target.record(place.zones), tmp_path)
    target.delete(record, place.zones)
    assert f"has no Service {place.namespace}/echo" in effective(lambda: target.gone(record, place.zones))
    target.put(record, place.zones)
    target.put(record, place.zones)  # saying it twice changes nothing
    assert target.difference(record, place.zones) is None
    same(before, place.get(SERVICE))


def test_a_service_whose_address_was_given_away_comes_back_with_another_one(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.SERVICE)
    record = target.record(place.zones)
    address = place.get(SERVICE)["spec"]["clusterIP"]
    target.delete(record, place.zones)
    effective(lambda: target.gone(record, place.zones))
    squatter = service() | {"metadata": {"name": "squatter"}}
    squatter["spec"] |= {"clusterIP": address}
    place.cluster.create(squatter)
    target.put(record, place.zones)
    assert target.difference(record, place.zones) is None
    assert place.get(SERVICE)["spec"]["clusterIP"] != address
    assert "cannot have its former addresses" in place.said[-1]


def test_a_service_without_the_port_that_is_asked_for_is_no_target(place: Place) -> None:
    place.deploy()
    elsewhere = breakable(Kind.SERVICE, ZONE, Site(place.namespace, port=1028))
    with pytest.raises(NothingSelected, match="has no port 1028, only 1025, 1026, 1027, 1030"):
        elsewhere.record(place.zones)


def test_a_fault_that_pods_would_answer_is_no_proof(place: Place) -> None:
    place.deploy()
    spec = deployment()["spec"]
    spec["template"]["spec"]["containers"][0]["ports"].append({"containerPort": 9999})
    place.apply_as("kubectl", deployment(**spec))
    place.run_pods()
    target = place.breakable(Kind.SERVICE)
    record = target.record(place.zones)
    target.disturb(record, Action.REDIRECT, place.zones)
    with pytest.raises(InfraError, match="pods do have a port 9999, so this is no fault: echo-"):
        effective(lambda: target.disturbed(record, Action.REDIRECT, place.zones))
    target.put(record, place.zones)
    assert target.difference(record, place.zones) is None


def test_a_deleted_gateway_comes_back_programmed_and_says_when_it_moved(place: Place, tmp_path: Path) -> None:
    place.apply_as("kubectl", gateway())
    target = place.breakable(Kind.GATEWAY)
    with pytest.raises(NothingSelected, match="is not programmed"):
        target.record(place.zones)
    place.program()
    before = place.get(GATEWAY, "kong")
    record = through_a_journal(target.record(place.zones), tmp_path)
    assert target.difference(record, place.zones) is None

    target.delete(record, place.zones)
    effective(lambda: target.gone(record, place.zones))
    target.put(record, place.zones)
    same(before, place.get(GATEWAY, "kong"))
    assert "is not programmed" in str(target.difference(record, place.zones))
    place.program("127.0.0.10")
    assert "is at 127.0.0.10 now, was at 127.0.0.9: have it" in str(target.difference(record, place.zones))
    place.program()
    assert target.difference(record, place.zones) is None


def test_pods_that_another_deployment_keeps_running_are_no_failover_that_is_missing(place: Place) -> None:
    place.deploy()
    metadata = {"name": "echo-canary", "labels": {"app": "echo", "track": "canary"}}
    spec = {"containers": [{"name": "echo", "image": "kong/go-echo:latest"}]}
    place.cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    deployment = place.get(DEPLOYMENT)
    target = place.breakable(Kind.DEPLOYMENT)
    record = target.record(place.zones)
    narrower = {"matchLabels": {"app": "echo", "track": "stable"}}
    record.state["document"]["spec"]["selector"] = narrower  # type: ignore[index]
    with pytest.raises(InfraError, match=r"also selects .*echo-canary.* go on answering"):
        target.delete(record, place.zones)
    assert place.get(DEPLOYMENT)["metadata"]["uid"] == deployment["metadata"]["uid"]


def test_a_gateway_is_gone_when_its_pods_are(place: Place) -> None:
    place.apply_as("kubectl", gateway())
    place.program()
    metadata = {"name": "proxy", "labels": {"gateway.networking.k8s.io/gateway-name": "kong"}}
    spec = {"containers": [{"name": "proxy", "image": "kong/kong-gateway:3.9"}]}
    place.cluster.create({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    target = place.breakable(Kind.GATEWAY)
    record = target.record(place.zones)
    target.delete(record, place.zones)
    until(lambda: place.cluster.get(GATEWAY, "kong") is None)
    assert target.gone(record, place.zones) is None
    place.cluster.delete(POD, "proxy", grace_s=0)
    assert "ended: proxy" in str(target.gone(record, place.zones))


def test_pods_belong_to_a_gateway_through_what_its_controller_made(place: Place) -> None:
    place.deploy()
    place.apply_as("kubectl", gateway())
    place.program()
    owner = place.get(GATEWAY, "kong")["metadata"]
    reference = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "name": "kong", "uid": owner["uid"]}
    place.cluster.patch(DEPLOYMENT, "echo", {"metadata": {"ownerReferences": [reference]}})
    record = place.breakable(Kind.GATEWAY).record(place.zones)
    names = [pod["metadata"]["name"] for pod in place.cluster.list(POD)]
    assert record.state["extra"]["pods"] == sorted(names)  # type: ignore[index]


def test_an_isolated_zone_loses_gateway_and_echo_together(place: Place, tmp_path: Path) -> None:
    place.deploy()
    place.apply_as("kubectl", gateway())
    place.program()
    target = place.breakable(Kind.CLUSTER)
    assert "this is not a lost cluster" in target.explain(Action.DELETE)
    record = through_a_journal(target.record(place.zones), tmp_path)
    assert breakable_of(record, Site(place.namespace, stop_command="x", start_command="x")) == target
    target.delete(record, place.zones)
    proof = effective(lambda: target.gone(record, place.zones))
    assert f"has no Deployment {place.namespace}/echo" in proof
    assert f"has no Gateway {place.namespace}/kong" in proof
    target.put(record, place.zones)
    place.run_pods()
    assert "Gateway" in str(target.difference(record, place.zones))
    place.program()
    until(lambda: target.difference(record, place.zones) is None)


def test_what_cannot_be_misdirected_says_so(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.DEPLOYMENT)
    with pytest.raises(SettingsError, match="deployment echo in zone1 has nothing to move"):
        target.disturb(target.record(place.zones), Action.MOVE, place.zones)


def test_a_deployment_of_nothing_is_no_target(place: Place) -> None:
    place.apply_as("kubectl", deployment(replicas=0))
    with pytest.raises(NothingSelected, match="has 0 replicas"):
        place.breakable(Kind.DEPLOYMENT).record(place.zones)


def test_no_deployment_is_no_target(place: Place) -> None:
    with pytest.raises(NothingSelected, match=f"there is no Deployment {place.namespace}/echo"):
        place.breakable(Kind.DEPLOYMENT).record(place.zones)


def test_somebody_who_makes_the_target_again_is_named_and_not_fought(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.DEPLOYMENT)
    record = target.record(place.zones)
    target.delete(record, place.zones)
    effective(lambda: target.gone(record, place.zones))
    other = deployment(replicas=1)
    place.apply_as("argocd-controller", other)
    for ask in (target.gone, target.difference, target.put):
        with pytest.raises(InfraError, match=r"was made again by argocd-controller at 20.*spec.replicas is 1, was 2"):
            ask(record, place.zones)
    assert place.get(DEPLOYMENT)["spec"]["replicas"] == 1


def test_somebody_who_makes_the_target_as_it_was_has_restored_it(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.SERVICE)
    record = target.record(place.zones)
    target.delete(record, place.zones)
    effective(lambda: target.gone(record, place.zones))
    place.apply_as("flux", service())
    with pytest.raises(InfraError, match=r"was made again by flux at .*\(as it was recorded\), not by this experiment"):
        target.gone(record, place.zones)
    target.put(record, place.zones)
    assert target.difference(record, place.zones) is None
    assert [entry["manager"] for entry in managers_of(place.get(SERVICE))] == ["flux"]


def test_somebody_who_changes_the_target_while_it_is_broken_is_named(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.SERVICE)
    record = target.record(place.zones)
    target.disturb(record, Action.REDIRECT, place.zones)
    changed = service()
    changed["spec"]["ports"][0]["targetPort"] = 7
    place.apply_as("argocd-controller", changed)
    with pytest.raises(InfraError, match="was changed by argocd-controller at"):
        target.disturbed(record, Action.REDIRECT, place.zones)
    for ask in (target.difference, target.put):
        with pytest.raises(InfraError, match="was changed by argocd-controller at"):
            ask(record, place.zones)
    assert place.get(SERVICE)["spec"]["ports"][0]["targetPort"] == 7


@pytest.mark.parametrize("action", WRONG)
def test_a_label_that_somebody_sets_meanwhile_keeps_nothing_broken(place: Place, action: Action) -> None:
    place.deploy()
    target = place.breakable(Kind.SERVICE)
    record = target.record(place.zones)
    before = place.get(SERVICE)
    target.disturb(record, action, place.zones)
    place.apply_as("kubectl-label", {**service(), "metadata": {"name": "echo", "labels": {"owner": "me"}}, "spec": {}})
    assert target.disturbed(record, action, place.zones)
    target.put(record, place.zones)
    assert place.get(SERVICE)["spec"] == before["spec"]
    with pytest.raises(InfraError, match=r"was changed by kubectl-label at .*metadata.labels.owner is me"):
        target.difference(record, place.zones)


@contextmanager
def admission(place: Place, change: str) -> Iterator[None]:
    """A policy of the cluster's that changes each update of a Service, as a company's webhook does."""
    name = f"mutate-{place.namespace}"
    api = {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": {"name": name}}
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["services"], "operations": ["UPDATE"]}
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": place.namespace}}}
    patch = {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": change}}
    spec = {"matchConstraints": {**here, "resourceRules": [rule]}, "reinvocationPolicy": "Never", "mutations": [patch]}
    policy = {**api, "kind": "MutatingAdmissionPolicy", "spec": spec}
    binding = {**api, "kind": "MutatingAdmissionPolicyBinding", "spec": {"policyName": name}}
    made = [place.cluster.create(policy), place.cluster.create(binding)]
    try:
        yield
    finally:
        for one in reversed(made):
            place.cluster.delete(ObjectKind.of(one), name)


def test_what_the_clusters_own_policy_makes_of_our_write_does_not_keep_it_broken(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.SERVICE)
    record = target.record(place.zones)
    with admission(place, 'Object{spec: Object.spec{sessionAffinity: "ClientIP"}}'):
        place.apply_as("kubectl", {**service(), "metadata": {"name": "another"}})

        def in_effect() -> bool:
            now = place.cluster.update(SERVICE, "another", lambda document: document["metadata"].pop("labels", None))
            return bool(now["spec"]["sessionAffinity"] == "ClientIP")

        until(in_effect, what="the policy is in effect")
        target.disturb(record, Action.REDIRECT, place.zones)
        now = place.get(SERVICE)
        assert (now["spec"]["ports"][2]["targetPort"], now["spec"]["sessionAffinity"]) == (9999, "ClientIP")
        target.put(record, place.zones)
        found = target.difference(record, place.zones)
    assert found is not None
    assert "spec.sessionAffinity is ClientIP, was None" in found
    assert place.get(SERVICE)["spec"]["ports"][2]["targetPort"] == 1027


def test_a_service_without_a_selector_is_no_target(place: Place) -> None:
    alone = service()
    del alone["spec"]["selector"]
    place.apply_as("kubectl", alone)
    with pytest.raises(NothingSelected, match="echo has no selector: somebody else says where its requests go"):
        place.breakable(Kind.SERVICE).record(place.zones)


def test_a_deployment_that_was_upgraded_since_it_was_recorded_is_not_deleted(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.DEPLOYMENT)
    record = target.record(place.zones)
    upgraded = deployment(replicas=3)
    upgraded["spec"]["template"]["spec"]["containers"][0]["image"] = "kong/go-echo:2"
    place.apply_as("helm", upgraded)
    with pytest.raises(InfraError, match=r"was changed by helm at .*spec.replicas is 3, was 2"):
        target.delete(record, place.zones)
    assert place.get(DEPLOYMENT)["spec"]["template"]["spec"]["containers"][0]["image"] == "kong/go-echo:2"


def test_what_waits_for_its_finalizer_says_that_it_is_still_going(place: Place) -> None:
    place.apply_as("kubectl", {**gateway(), "metadata": {"name": "kong", "finalizers": ["example.com/cleanup"]}})
    place.program()
    target = place.breakable(Kind.GATEWAY)
    record = target.record(place.zones)
    target.delete(record, place.zones)
    with pytest.raises(
        StillGoing, match=r"Gateway .*/kong is still being deleted \(it waits for example.com/cleanup\)"
    ):
        target.put(record, place.zones)
    place.cluster.update(GATEWAY, "kong", lambda document: document["metadata"].pop("finalizers"))
    target.put(record, place.zones)
    assert "deletionTimestamp" not in place.get(GATEWAY, "kong")["metadata"]


def test_somebody_who_undoes_a_misconfiguration_is_not_fought(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.SERVICE)
    record = target.record(place.zones)
    target.disturb(record, Action.REDIRECT, place.zones)
    place.apply_as("argocd-controller", service())
    assert target.disturbed(record, Action.REDIRECT, place.zones) is None
    assert target.difference(record, place.zones) is None
    target.put(record, place.zones)
    assert place.get(SERVICE)["spec"]["ports"][2]["targetPort"] == 1027


def test_a_target_that_was_changed_before_it_is_broken_is_left_alone(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.SERVICE)
    record = target.record(place.zones)
    changed = service()
    changed["spec"]["ports"][0]["targetPort"] = 7
    place.apply_as("kubectl-edit", changed)
    with pytest.raises(InfraError, match="was changed by kubectl-edit"):
        target.disturb(record, Action.REDIRECT, place.zones)
    assert place.get(SERVICE)["spec"]["ports"][2]["targetPort"] == 1027


def test_a_target_that_was_made_again_before_it_is_deleted_is_left_alone(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.SERVICE)
    record = target.record(place.zones)
    place.cluster.delete(SERVICE, "echo")
    place.apply_as("kubectl", service())
    with pytest.raises(InfraError, match="was made again by kubectl"):
        target.delete(record, place.zones)
    assert place.cluster.get(SERVICE, "echo") is not None


def test_an_autoscaler_is_named(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.DEPLOYMENT)
    record = target.record(place.zones)
    place.cluster.patch(DEPLOYMENT, "echo", {"spec": {"replicas": 3}}, subresource="scale")
    with pytest.raises(InfraError, match=r"was changed by mesh-chaos \(scale\) at .*spec.replicas is 3, was 2"):
        target.difference(record, place.zones)


def test_another_cluster_under_the_same_context_is_not_touched(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.SERVICE)
    record = target.record(place.zones)
    elsewhere = Record(record.target, {**record.state, "cluster": str(uuid.uuid4())})
    for change in (target.delete, target.put):
        with pytest.raises(InfraError, match="is not the cluster that was recorded"):
            change(elsewhere, place.zones)
    assert place.cluster.get(SERVICE, "echo") is not None


def test_the_next_server_side_apply_of_its_owner_is_no_conflict(place: Place) -> None:
    """What a restored object's owner leaves out of its next manifest has to go, as if nothing had happened."""
    place.deploy()
    target = place.breakable(Kind.DEPLOYMENT)
    record = target.record(place.zones)
    target.delete(record, place.zones)
    effective(lambda: target.gone(record, place.zones))
    target.put(record, place.zones)
    manifest = deployment()
    del manifest["metadata"]["labels"]
    place.apply_as("kubectl", manifest)
    assert "labels" not in place.get(DEPLOYMENT)["metadata"]


class OnePlatform:
    """As much of a platform as ``restore`` asks for."""

    def __init__(self, target: Breakable, place: Place) -> None:
        self._target, self._place = target, place

    def put(self, record: Record) -> None:
        self._target.put(record, self._place.zones)

    def difference(self, record: Record) -> str | None:
        return self._target.difference(record, self._place.zones)


def test_an_api_server_that_dies_while_a_fault_is_on_is_waited_for(place: Place, tmp_path: Path) -> None:
    place.deploy()
    before = place.get(SERVICE)
    target = place.breakable(Kind.SERVICE)
    record = target.record(place.zones)
    path = tmp_path / "journal"
    journal = Journal(path, Header("kubernetes", {}, "wrong-port", ZONE, 0.0))
    journal.record([record])
    journal.step(Step.INJECTING)
    target.disturb(record, Action.REDIRECT, place.zones)
    clusters = place.clusters
    clusters.keeping.signal(["zone1-apiserver"], signal.SIGKILL)
    until(lambda: place.connect().silence() is not None)
    impatient = {ZONE: place.connect(retry_limit_s=0)}
    with pytest.raises(Unanswered, match=r"zone1 \(context zone1\): .* cannot be used \(Connection refused"):
        target.put(record, impatient)
    journal.step(Step.RESTORING)
    journal.close()

    clusters.start_api(clusters.cluster(ZONE))
    restore(OnePlatform(target, place), read_journal(path).records, MonotonicClock())  # type: ignore[arg-type]
    same(before, place.get(SERVICE))
    clusters.keeping.start_processes([clusters.cluster(ZONE).controllers()])  # it may have given up meanwhile


def test_a_whole_cluster_is_stopped_and_started_by_the_users_commands(place: Place, tmp_path: Path) -> None:
    place.deploy()
    place.apply_as("kubectl", gateway())
    place.program()
    folder = place.clusters.folder
    command = f"{sys.executable} -m fixtures.platforms.kubernetes.testbed"
    site = Site(
        place.namespace,
        stop_command=f"{command} stop {folder} {{zone}}",
        start_command=f"{command} start {folder} {{zone}}",
    )
    target = breakable(Kind.CLUSTER, ZONE, site)
    assert f"stop {folder} zone1" in target.explain(Action.DELETE)
    record = through_a_journal(target.record(place.zones), tmp_path)
    assert breakable_of(record, place.site) == target
    assert target.gone(record, place.zones) is None
    target.delete(record, place.zones)
    assert "does not answer (Connection refused)" in effective(lambda: target.gone(record, place.zones))
    assert "does not answer (Connection refused)" in str(target.difference(record, place.zones))
    target.put(record, place.zones)
    until(lambda: target.difference(record, place.zones) is None, _LIMIT_S)
    target.put(record, place.zones)  # saying it twice changes nothing


def test_a_stop_command_that_fails_says_why(place: Place) -> None:
    place.deploy()
    place.apply_as("kubectl", gateway())
    place.program()
    failing = f'{sys.executable} -c \'import sys; print("trying"); sys.exit("no such cluster: {{zone}}")\''
    target = breakable(Kind.CLUSTER, ZONE, Site(place.namespace, stop_command=failing, start_command="/no/such"))
    record = target.record(place.zones)
    with pytest.raises(InfraError, match="for zone1 failed with code 1: no such cluster: zone1"):
        target.delete(record, place.zones)
    gone = Record(record.target, {**record.state, "deployment": _changed(record, "deployment")})
    with pytest.raises(InfraError, match="'/no/such' for zone1 cannot be run: No such file or directory"):
        target.put(gone, place.zones)


def _changed(record: Record, part: str) -> Any:
    """A part of a record that says something else than there is, by nobody's hand."""
    state: Any = json.loads(json.dumps(record.state[part]))
    changed = deepcopy(state)
    changed["document"]["metadata"]["name"] = "another"
    return changed
