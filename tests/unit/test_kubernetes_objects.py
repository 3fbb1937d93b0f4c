"""Objects apart from what the API server adds to them."""

from __future__ import annotations

import shlex
import sys
import time
from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

import pytest

from chaos.errors import InfraError
from chaos.model import NS_PER_S
from chaos.platform import Action, Kind, Record, Target
from fixtures.platforms.kubernetes.breakables import breakable, breakable_of, commands, pods
from fixtures.platforms.kubernetes.breakables import cluster as cluster_module
from fixtures.platforms.kubernetes.breakables.cluster import IsolatedZone, StoppedZone
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.objects import as_creatable_anew, as_written, changed_by, differences, spec_for
from fixtures.platforms.kubernetes.ownership import made_here
from fixtures.platforms.kubernetes.problems import Problem, Unanswered

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.platforms.kubernetes.cluster import Cluster
    from fixtures.platforms.kubernetes.kinds import Document


def manager(name: str, time: str = "2026-01-01T00:00:00Z", **more: str) -> dict[str, Any]:
    return {"manager": name, "operation": "Update", "time": time, "fieldsV1": {}, **more}


def service(**spec: Any) -> Document:
    ports = [
        {"name": "tcp", "port": 1025, "targetPort": 1025, "protocol": "TCP", "nodePort": 30001},
        {"name": "http", "port": 1027, "targetPort": 1027, "protocol": "TCP", "nodePort": 30002},
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "echo",
            "namespace": "kong",
            "uid": "u",
            "resourceVersion": "7",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "generation": 1,
            "managedFields": [manager("kubectl")],
            "labels": {"app": "echo"},
            "annotations": {"note": "a", "deployment.kubernetes.io/revision": "3"},
            "finalizers": ["service.kubernetes.io/load-balancer-cleanup"],
        },
        "spec": {
            "clusterIP": "10.0.0.7",
            "clusterIPs": ["10.0.0.7"],
            "selector": {"app": "echo"},
            "ports": ports,
            **spec,
        },
        "status": {"loadBalancer": {}},
    }


def test_what_was_written_has_nothing_of_the_servers() -> None:
    found = service()
    before = deepcopy(found)
    written = as_written(found)
    assert written["metadata"] == {
        "name": "echo",
        "namespace": "kong",
        "labels": {"app": "echo"},
        "annotations": {"note": "a"},
        "finalizers": ["service.kubernetes.io/load-balancer-cleanup"],
    }
    assert "status" not in written
    assert written["spec"] == found["spec"]
    assert found == before


def test_annotations_that_are_none_are_left_out() -> None:
    found = service()
    found["metadata"]["annotations"] = {"deployment.kubernetes.io/revision": "3"}
    assert "annotations" not in as_written(found)["metadata"]


def test_an_object_does_not_differ_from_itself_made_again() -> None:
    again = service(clusterIP="10.0.0.8", clusterIPs=["10.0.0.8"])
    again["metadata"] |= {"uid": "other", "resourceVersion": "9", "finalizers": [], "generation": 2}
    again["metadata"]["annotations"]["cloud.example.org/balancer"] = "lb-7"
    again["spec"]["ports"][0]["nodePort"] = 30009
    assert differences(as_written(service()), again) == []


def test_differences_are_named_by_field() -> None:
    now = service(selector={"app": "other"}, sessionAffinity="None")
    now["spec"]["ports"][1]["targetPort"] = 9999
    del now["metadata"]["labels"]
    now["metadata"]["annotations"]["note"] = "b"
    assert differences(as_written(service()), now) == [
        "metadata.annotations.note is b, was a",
        "metadata.labels is not there, was {'app': 'echo'}",
        "spec.ports[1].targetPort is 9999, was 1027",
        "spec.selector.app is other, was echo",
        "spec.sessionAffinity is None, was not there",
    ]


def test_values_of_the_environment_are_nobodys_business() -> None:
    def made(value: str) -> Document:
        return {"kind": "Deployment", "metadata": {}, "spec": {"env": [{"name": "PASSWORD", "value": value}]}}

    assert differences(made("secret"), made("geheim")) == ["spec.env[0].value is another one"]


def test_long_values_are_cut() -> None:
    (found,) = differences(service(), service(selector="x" * 5000))
    assert len(found) < 300


def test_a_list_of_another_length_is_one_difference() -> None:
    now = service()
    now["spec"]["ports"].pop()
    (found,) = differences(service(), now)
    assert found.startswith("spec.ports is [")


def test_a_port_by_name_is_not_the_same_as_by_number() -> None:
    now = service()
    now["spec"]["ports"][1]["targetPort"] = "1027"
    assert differences(service(), now)


def test_a_service_can_be_made_without_what_was_allocated() -> None:
    anew = as_creatable_anew(as_written(service(healthCheckNodePort=31000)))
    assert anew["spec"]["selector"] == {"app": "echo"}
    assert not {"clusterIP", "clusterIPs", "healthCheckNodePort"} & anew["spec"].keys()
    assert [set(port) for port in anew["spec"]["ports"]] == [{"name", "port", "targetPort", "protocol"}] * 2


def test_what_is_allocated_now_is_kept() -> None:
    now = service(clusterIP="10.0.0.8", clusterIPs=["10.0.0.8"], selector={"app": "no"})
    now["spec"]["ports"][1] |= {"nodePort": 30005, "targetPort": 9999}
    wanted = spec_for(now, service()["spec"])
    assert wanted["clusterIP"] == "10.0.0.8"
    assert wanted["selector"] == {"app": "echo"}
    assert wanted["ports"][1] == {
        "name": "http",
        "port": 1027,
        "targetPort": 1027,
        "protocol": "TCP",
        "nodePort": 30005,
    }
    assert spec_for({"kind": "Deployment", "spec": {"replicas": 1}}, {"replicas": 2}) == {"replicas": 2}


def test_who_changed_it_last_is_named_with_the_time() -> None:
    since = [manager("kubectl"), manager("flux", "2026-01-01T00:00:01Z")]
    now = service()
    now["metadata"]["managedFields"] = [
        *since,
        manager("argocd", "2026-01-01T00:00:05Z"),
        manager("kubectl", "2026-01-01T00:00:04Z"),
        manager("mesh-chaos", "2026-01-01T00:00:09Z"),
        manager("kube-controller-manager", "2026-01-01T00:00:09Z"),
        manager("agent", "2026-01-01T00:00:09Z", subresource="status"),
    ]
    assert changed_by(now, since) == "argocd at 2026-01-01T00:00:05Z"
    assert changed_by(now, now["metadata"]["managedFields"]) is None
    assert made_here(now)
    assert not made_here(service())


def test_an_autoscaler_is_somebody_else() -> None:
    now = service()
    now["metadata"]["managedFields"] = [
        manager("kube-controller-manager", "2026-01-01T00:00:09Z", subresource="scale"),
        manager("kube-controller-manager", "2026-01-01T00:00:09Z", subresource="status"),
    ]
    assert changed_by(now, []) == "kube-controller-manager (scale) at 2026-01-01T00:00:09Z"


def test_an_object_that_keeps_no_managers_was_changed_by_nobody_known() -> None:
    now = service()
    del now["metadata"]["managedFields"]
    assert changed_by(now, []) is None


@pytest.mark.parametrize(
    ("labels", "query"),
    [
        ({"matchLabels": {"app": "echo", "v": "1"}}, "app=echo,v=1"),
        ({"matchExpressions": [{"key": "v", "operator": "In", "values": ["1", "2"]}]}, "v in (1,2)"),
        (
            {"matchLabels": {"app": "echo"}, "matchExpressions": [{"key": "v", "operator": "NotIn", "values": ["1"]}]},
            "app=echo,v notin (1)",
        ),
        ({"matchExpressions": [{"key": "v", "operator": "Exists"}, {"key": "w", "operator": "DoesNotExist"}]}, "v,!w"),
        ({}, ""),
    ],
)
def test_a_selector_is_asked_as_a_query(labels: Document, query: str) -> None:
    assert pods.selector(labels) == query


def pod(**status: Any) -> Document:
    return {"metadata": {"name": "echo-1"}, "status": status}


def test_pods_on_their_way_out_are_not_alive() -> None:
    leaving = {"metadata": {"name": "a", "deletionTimestamp": "2026-01-01T00:00:00Z"}, "status": {"phase": "Running"}}
    assert pods.living([leaving, pod(phase="Succeeded"), pod(phase="Failed")]) == []
    assert pods.living([pod(phase="Running"), pod()]) == [pod(phase="Running"), pod()]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (
            {
                "containerStatuses": [
                    {"name": "echo", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no\n"}}}
                ]
            },
            "echo-1: echo ImagePullBackOff no",
        ),
        (
            {"initContainerStatuses": [{"name": "init", "state": {"terminated": {"reason": "Error"}}}]},
            "echo-1: init Error",
        ),
        (
            {
                "conditions": [
                    {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/1 nodes"}
                ]
            },
            "echo-1: Unschedulable 0/1 nodes",
        ),
        ({"phase": "Pending"}, "echo-1: Pending"),
        ({}, "echo-1: not scheduled"),
        ({"conditions": [{"type": "Ready", "status": "True"}]}, ""),
    ],
)
def test_a_pods_trouble_is_told_in_its_own_words(status: dict[str, Any], words: str) -> None:
    assert pods.troubles([pod(**status)]) == words


def run(script: str) -> str:
    return f"{sys.executable} -c '{script}' {{zone}}"


def test_a_command_gets_the_zone_and_no_shell() -> None:
    commands.run(run('import sys; assert sys.argv[1:] == ["zone1"]'), "zone1")
    assert commands.words('stop "a {zone}" ; rm', "z") == ["stop", "a z", ";", "rm"]


def test_while_a_command_runs_it_is_looked_again_and_again(tmp_path: Path) -> None:
    looks: list[None] = []
    enough = tmp_path / "enough"

    def look() -> None:
        looks.append(None)
        if len(looks) == 3:
            enough.touch()

    waiting = f"import os, time\nwhile not os.path.exists({str(enough)!r}): time.sleep(0.01)"
    commands.run(f"{sys.executable} -c {shlex.quote(waiting)}", "zone1", look)
    assert len(looks) >= 3


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (run("raise SystemExit(3)"), "failed with code 3: it said nothing"),
        (run('print("working"); raise SystemExit("no such node pool")'), "failed with code 1: no such node pool$"),
        ("/no/such/command", "cannot be run: No such file or directory"),
    ],
)
def test_a_command_that_fails_says_why(command: str, said: str) -> None:
    with pytest.raises(InfraError, match=said):
        commands.run(command, "zone1")


def test_a_command_that_does_not_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_LIMIT_S", 0.2)
    with pytest.raises(InfraError, match=r"has not ended after 0.2 s, and was killed"):
        commands.run(run("import time; time.sleep(60)"), "zone1")


def test_a_look_that_fails_does_not_stop_the_command_that_starts_a_zone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Half:
        def silence(self) -> None: ...

        def reconnect(self) -> None: ...

    def difference(*_: object) -> str | None:
        raise KeyError("podIP")

    monkeypatch.setattr(cluster_module, "_difference_of_parts", difference)
    started = tmp_path / "started"
    start = f"import time, pathlib; time.sleep(0.5); pathlib.Path({str(started)!r}).touch()"
    zone = StoppedZone("zone1", Site("kong"), "stop", "start")
    record = Record(zone.target, {"start": f"{sys.executable} -c {shlex.quote(start)}"})

    zone.put(record, {"zone1": cast("Cluster", Half())})

    assert started.exists()


@pytest.mark.parametrize("stranger", [True, False], ids=["another certificate", "another address"])
def test_a_cluster_that_is_made_anew_is_seen_to_be_whole_before_the_command_ends(
    monkeypatch: pytest.MonkeyPatch, *, stranger: bool
) -> None:
    class Anew:
        """Whole all the time, for whoever has read the kubeconfig that its command has written."""

        known = False

        def silence(self) -> str | None:
            if stranger and not self.known:
                raise Unanswered("TLS failed", Problem("TLS failed", passing=False))
            return None if self.known else "Connection refused"

        def reconnect(self) -> None:
            self.known = True

    monkeypatch.setattr(cluster_module, "_difference_of_parts", lambda *_: None)
    zone = StoppedZone("zone1", Site("kong"), "stop", "start")
    record = Record(zone.target, {"start": f"{sys.executable} -c 'import time; time.sleep(2)'"})

    seen_ns = zone.put(record, {"zone1": cast("Cluster", Anew())})

    assert seen_ns is not None
    before_its_end_ns = time.monotonic_ns() - seen_ns
    assert before_its_end_ns > NS_PER_S, "the way home would be counted from the end of the command"


def test_a_zone_is_stopped_only_with_both_commands() -> None:
    assert isinstance(breakable(Kind.CLUSTER, "zone1", Site("kong", stop_command="a")), IsolatedZone)
    assert isinstance(breakable(Kind.CLUSTER, "zone1", Site("kong", stop_command="a", start_command="b")), StoppedZone)


def test_a_record_is_restored_as_it_was_broken() -> None:
    target = Target(Kind.CLUSTER, "zone1", "zone1")
    options = Site("kong", stop_command="other", start_command="other")
    assert breakable_of(Record(target, {"stop": "a", "start": "b"}), options) == breakable(
        Kind.CLUSTER, "zone1", Site("kong", stop_command="a", start_command="b")
    )
    assert isinstance(breakable_of(Record(target, {}), options), IsolatedZone)


@pytest.mark.parametrize(
    ("kind", "action", "words"),
    [
        (Kind.DEPLOYMENT, Action.DELETE, "DELETE Deployment kong/echo in zone1; its ReplicaSets and pods"),
        (Kind.DEPLOYMENT, Action.PUT, "make Deployment kong/echo in zone1 again as recorded"),
        (Kind.SERVICE, Action.DELETE, "DELETE Service kong/echo in zone1"),
        (Kind.SERVICE, Action.REDIRECT, "Service kong/echo in zone1: its port 1027 gets targetPort 9999"),
        (Kind.SERVICE, Action.MISNAME, "its port 1027 gets targetPort no-such-port, which no pod has"),
        (Kind.SERVICE, Action.MOVE, "its port 1027 becomes 11027"),
        (Kind.SERVICE, Action.MISSELECT, "its selector asks for the label value mesh-chaos-no-such-pod"),
        (Kind.SERVICE, Action.PUT, "make Service kong/echo in zone1 what was recorded"),
        (Kind.GATEWAY, Action.DELETE, "DELETE Gateway kong/kong in zone1; its controller"),
        (Kind.GATEWAY, Action.PUT, "make Gateway kong/kong in zone1 again"),
        (
            Kind.CLUSTER,
            Action.DELETE,
            "this is not a lost cluster: API server, control plane, ingress and egress of zone1",
        ),
        (Kind.CLUSTER, Action.PUT, "make Gateway kong/kong in zone1 again"),
    ],
)
def test_what_would_be_done_is_said_exactly(kind: Kind, action: Action, words: str) -> None:
    assert words in breakable(kind, "zone1", Site("kong")).explain(action)


def test_a_command_is_shown_as_it_is_run() -> None:
    site = Site("kong", stop_command="node-pool stop {zone}", start_command="node-pool start {zone}")
    zone = breakable(Kind.CLUSTER, "zone1", site)
    assert zone.explain(Action.DELETE).startswith("run: node-pool stop zone1; ")
    assert zone.explain(Action.PUT).startswith("run: node-pool start zone1; ")
