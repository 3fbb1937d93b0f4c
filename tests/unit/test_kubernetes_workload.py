"""The target ``workload`` on Kubernetes: a MeshFaultInjection of the experiment's own, and nobody else's."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import pytest

from chaos.errors import InfraError, NothingSelected, SettingsError
from chaos.platform import Action
from fixtures.behaviour import GRAY
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.breakables.workload import INJECTED, NAME, Workload
from fixtures.platforms.kubernetes.kinds import MESH_FAULT_INJECTION, POD, SERVICE, Document, ObjectKind
from fixtures.platforms.kubernetes.problems import Conflict, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.platforms.kubernetes.cluster import Cluster

GRAYS = sorted(INJECTED)
ECHO = Workload("zone1", Site("kong"))
Filters = list[dict[str, Any]]
_FAULT = "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault"


def pod(name: str, phase: str = "Running") -> Document:
    return {"metadata": {"name": name, "namespace": "kong"}, "status": {"phase": phase}}


@dataclass
class Zone:
    """A zone's API server, and through its proxy a control plane that does at once what the policy says."""

    pods: list[Document] = field(default_factory=lambda: [pod("echo-1"), pod("echo-2")])
    policy: Document | None = None
    others: Filters = field(default_factory=list)
    """Fault filters of somebody else's policy."""
    protocol: str = "http"
    unknown: set[str] = field(default_factory=set)
    """Pods whose proxy the control plane does not know."""
    behind: bool = False
    """Whether it has not told the proxies yet."""
    uid: str = "kube-system-uid"
    deleted: list[str | None] = field(default_factory=list)

    def __str__(self) -> str:
        return "zone1 (context a)"

    def identity(self) -> str:
        return self.uid

    def get(self, kind: ObjectKind, name: str, namespace: str | None = None) -> Document | None:
        if kind == SERVICE:
            return {} | {"metadata": {"name": name}} if name == "kuma-control-plane" else None
        assert (kind, name, namespace) == (MESH_FAULT_INJECTION, NAME, "kong")
        return deepcopy(self.policy)

    def list(self, kind: ObjectKind, labels: str = "", namespace: str | None = None) -> list[Document]:
        assert (kind, labels, namespace) == (POD, "app=echo", "kong")
        return self.pods

    def create(self, document: Document) -> Document:
        if self.policy is not None:
            raise Conflict("there is one", repeated=False)
        self.policy = deepcopy(document)
        self.policy["metadata"]["uid"] = "one"
        return self.policy

    def delete(self, kind: ObjectKind, name: str, namespace: str, *, uid: str) -> None:
        assert (kind, name, namespace) == (MESH_FAULT_INJECTION, NAME, "kong")
        self.deleted.append(uid)
        self.policy = None

    def raw_get(self, path: str) -> str:
        name = path.partition("/dataplanes/")[2].partition(".kong")[0]
        if name in self.unknown:
            raise Refused("no such Dataplane", 404)
        return json.dumps(self._dump() if path.endswith("/xds") else self._dataplane())

    @staticmethod
    def _dataplane() -> Document:
        ports = ((1025, "1025"), (1027, "1027"))
        inbounds = [{"port": port, "tags": {"k8s.kuma.io/service-port": service}} for port, service in ports]
        return {"networking": {"address": "10.0.0.1", "inbound": inbounds}}

    def _dump(self) -> Document:
        filters = [*self.others, *([] if self.behind else self._filters())]
        manager = {"name": "envoy.filters.network.http_connection_manager", "typed_config": {"http_filters": filters}}
        passing = {"name": "envoy.filters.network.tcp_proxy", "typed_config": {}}
        listeners = [(1025, passing), (1027, manager if self.protocol == "http" else passing)]
        return {"configs": [{"dynamic_listeners": [_active(port, chain) for port, chain in listeners]}]}

    def _filters(self) -> Filters:
        """What Kuma makes of the policy."""
        if self.policy is None:
            return []
        (fault,) = self.policy["spec"]["from"][0]["default"]["http"]
        made: dict[str, Any] = {"@type": _FAULT}
        if delay := fault.get("delay"):
            seconds = int(delay["value"].removesuffix("ms")) / 1000
            made["delay"] = {"fixed_delay": f"{seconds:.3f}s", "percentage": {"numerator": delay["percentage"]}}
        if abort := fault.get("abort"):
            made["abort"] = {"http_status": abort["httpStatus"], "percentage": {"numerator": abort["percentage"]}}
        return [{"name": "envoy.filters.http.fault", "typed_config": made}]


def _active(port: int, one: Document) -> Document:
    where = {"socket_address": {"address": "10.0.0.1", "port_value": port}}
    listener = {"traffic_direction": "INBOUND", "address": where, "filter_chains": [{"filters": [one]}]}
    return {"active_state": {"listener": listener}}


def around(zone: Zone) -> Mapping[str, Cluster]:
    return {"zone1": cast("Cluster", zone)}


@pytest.mark.parametrize("action", GRAYS)
def test_it_is_recorded_made_proved_and_undone_from_the_record_alone(action: Action) -> None:
    zone = Zone()
    record = ECHO.record(around(zone))
    assert zone.policy is None
    assert ECHO.disturbed(record, action, around(zone)) is None
    ECHO.disturb(record, action, around(zone))
    proof = ECHO.disturbed(record, action, around(zone))
    assert proof is not None
    assert "zone1 (context a) has the MeshFaultInjection kong/mesh-chaos-gray" in proof
    assert "echo-1, echo-2" in proof
    assert ECHO.difference(record, around(zone)) is not None

    again = Workload("zone1", Site("kong"))
    journaled = type(record)(record.target, json.loads(json.dumps(dict(record.state))))
    again.put(journaled, around(zone))
    assert zone.deleted == ["one"]
    assert again.difference(journaled, around(zone)) is None
    again.put(journaled, around(zone))
    assert zone.deleted == ["one"]


def test_what_is_made_does_as_the_workloads_themselves_do_on_universal() -> None:
    assert INJECTED[Action.SLOW].delay_s * 1000 == GRAY[Action.SLOW].delay_ms
    assert INJECTED[Action.ERR].errors == GRAY[Action.ERR].errors
    zone = Zone()
    ECHO.disturb(ECHO.record(around(zone)), Action.ERR, around(zone))
    assert zone.policy is not None
    assert zone.policy["spec"] == {
        "targetRef": {"kind": "MeshSubset", "tags": {"app": "echo"}, "proxyTypes": ["Sidecar"]},
        "from": [
            {
                "targetRef": {"kind": "Mesh"},
                "default": {"http": [{"abort": {"httpStatus": 503, "percentage": 90}}]},
            }
        ],
    }
    assert zone.policy["metadata"]["namespace"] == "kong"


@pytest.mark.parametrize("action", [Action.PAUSE, Action.ROLL])
def test_nothing_else_can_be_done_to_it(action: Action) -> None:
    zone = Zone()
    record = ECHO.record(around(zone))
    with pytest.raises(SettingsError, match="has nothing to"):
        ECHO.disturb(record, action, around(zone))
    with pytest.raises(SettingsError, match="has nothing to delete"):
        ECHO.delete(record, around(zone))
    assert zone.policy is None


def test_a_policy_that_has_not_reached_a_sidecar_is_no_proof() -> None:
    zone = Zone()
    record = ECHO.record(around(zone))
    zone.behind = True
    ECHO.disturb(record, Action.ERR, around(zone))
    assert ECHO.disturbed(record, Action.ERR, around(zone)) is None
    zone.behind = False
    assert ECHO.disturbed(record, Action.ERR, around(zone)) is not None


def test_nor_is_one_that_says_something_else() -> None:
    zone = Zone()
    record = ECHO.record(around(zone))
    ECHO.disturb(record, Action.SLOW, around(zone))
    assert ECHO.disturbed(record, Action.HANG, around(zone)) is None


def test_nor_is_one_to_which_somebody_elses_faults_come() -> None:
    zone = Zone()
    record = ECHO.record(around(zone))
    ECHO.disturb(record, Action.ERR, around(zone))
    zone.others = [{"name": "mine", "typed_config": {"@type": _FAULT, "abort": {"http_status": 500}}}]
    assert ECHO.disturbed(record, Action.ERR, around(zone)) is None


@pytest.mark.parametrize("change", [{"unknown": {"echo-2"}}, {"pods": []}])
def test_nor_is_one_where_a_sidecar_cannot_be_asked(change: dict[str, Any]) -> None:
    zone = Zone()
    record = ECHO.record(around(zone))
    ECHO.disturb(record, Action.ERR, around(zone))
    vars(zone).update(change)
    assert ECHO.disturbed(record, Action.ERR, around(zone)) is None


def test_a_policy_that_somebody_deletes_did_not_last() -> None:
    zone = Zone()
    record = ECHO.record(around(zone))
    ECHO.disturb(record, Action.ERR, around(zone))
    zone.policy = None
    assert ECHO.disturbed(record, Action.ERR, around(zone)) is None
    assert ECHO.difference(record, around(zone)) is None


USERS = {
    "metadata": {
        "name": NAME,
        "uid": "theirs",
        "managedFields": [{"manager": "kubectl", "operation": "Apply", "time": "2026-11-29T10:00:00Z"}],
    }
}


def test_a_users_policy_of_that_name_is_never_touched() -> None:
    zone = Zone()
    record = ECHO.record(around(zone))
    zone.policy = deepcopy(USERS)
    zone.behind = True
    maker = "made by kubectl at 2026-11-29T10:00:00Z, not by this experiment: nothing is done to it"
    with pytest.raises(InfraError, match=maker):
        ECHO.disturb(record, Action.ERR, around(zone))
    with pytest.raises(InfraError, match=maker):
        ECHO.disturbed(record, Action.ERR, around(zone))
    ECHO.put(record, around(zone))
    with pytest.raises(InfraError, match=maker):
        ECHO.difference(record, around(zone))
    assert (zone.policy, zone.deleted) == (USERS, [])
    with pytest.raises(InfraError, match=r"already, made by kubectl .*: it is left alone"):
        ECHO.record(around(zone))


def test_nor_is_that_of_another_run() -> None:
    zone = Zone()
    earlier, later = ECHO.record(around(zone)), ECHO.record(around(zone))
    ECHO.disturb(earlier, Action.ERR, around(zone))
    ECHO.put(later, around(zone))
    assert zone.policy is not None
    with pytest.raises(InfraError, match="made by a run of this suite"):
        ECHO.record(around(zone))


def test_what_was_carried_out_though_its_answer_was_lost_is_its_own() -> None:
    zone = Zone()
    record = ECHO.record(around(zone))
    ECHO.disturb(record, Action.ERR, around(zone))
    ECHO.disturb(record, Action.ERR, around(zone))
    assert ECHO.disturbed(record, Action.ERR, around(zone)) is not None


def test_it_is_back_only_when_no_sidecar_makes_a_fault_any_more() -> None:
    zone = Zone()
    record = ECHO.record(around(zone))
    zone.others = [{"name": "left", "typed_config": {"@type": _FAULT, "delay": {"fixed_delay": "1s"}}}]
    assert "the sidecar of echo-1 still injects faults" in (ECHO.difference(record, around(zone)) or "")
    zone.others, zone.unknown = [], {"echo-2"}
    assert "does not know or reach the sidecar of echo-2" in (ECHO.difference(record, around(zone)) or "")


def test_a_pod_that_does_not_run_is_not_asked() -> None:
    zone = Zone(pods=[pod("echo-1"), pod("echo-3", "Pending"), pod("echo-4", "Failed")], unknown={"echo-3", "echo-4"})
    record = ECHO.record(around(zone))
    ECHO.disturb(record, Action.ERR, around(zone))
    assert (ECHO.disturbed(record, Action.ERR, around(zone)) or "").endswith("in the sidecars of echo-1")


def test_another_cluster_than_the_recorded_one_is_not_touched() -> None:
    zone = Zone()
    record = ECHO.record(around(zone))
    ECHO.disturb(record, Action.ERR, around(zone))
    zone.uid = "another"
    with pytest.raises(InfraError, match="not the cluster that was recorded"):
        ECHO.put(record, around(zone))
    assert zone.policy is not None


@pytest.mark.parametrize(
    ("zone", "error", "why"),
    [
        (Zone(pods=[]), NothingSelected, "no pod with app=echo runs in kong"),
        (Zone(unknown={"echo-1"}), NothingSelected, "echo-1 has no sidecar that its control plane knows"),
        (Zone(protocol="tcp"), NothingSelected, "passes on bytes at echo's port, no HTTP"),
        (
            Zone(others=[{"name": "x", "typed_config": {"@type": _FAULT, "delay": {"fixed_delay": "1s"}}}]),
            InfraError,
            "injects faults already",
        ),
    ],
)
def test_where_it_cannot_be_had_nothing_is_recorded(zone: Zone, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        ECHO.record(around(zone))
