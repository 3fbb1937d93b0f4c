"""What can be broken on universal: what is said before it is, and what is refused with which reason."""

from __future__ import annotations

import json
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
import yaml

from chaos.errors import InfraError, NothingSelected, SettingsError
from chaos.faults import fault, faults
from chaos.platform import Action, Kind, Record
from fixtures.local.addresses import Endpoint
from fixtures.local.processes import ProcessSpec, ProcessState, Role
from fixtures.platforms.universal.breakables import breakable
from fixtures.platforms.universal.breakables.deployment import Deployment
from fixtures.platforms.universal.breakables.groups import restarted
from fixtures.platforms.universal.breakables.rolling import is_ignored, with_state
from fixtures.platforms.universal.gateways.builtin import Builtin
from fixtures.platforms.universal.possible import refusal
from fixtures.platforms.universal.registering import echo_dataplane
from fixtures.platforms.universal.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from fixtures.platforms.universal.api import Resource
    from fixtures.platforms.universal.breakables import Breakable
    from fixtures.platforms.universal.running import Running

ZONE = Topology.of(("zone1", "zone2"), 2, 20).zone("zone1")
LONELY = Topology.of(("zone1",), 1, 20).zone("zone1")
CAREFULLY = "inbound Ignored, wait until no Envoy sends there, SIGTERM, start, wait until it answers, inbound back"
EACH = "each of the 2 echo replicas of zone1, one after the other"
EXPLAINED = {
    "kill-ingress": "SIGKILL to the ingress of zone1",
    "kill-egress": "SIGKILL to the egress of zone1",
    "kill-control-plane": "SIGKILL to the control plane of zone1",
    "roll-control-plane": (
        "SIGTERM to the control plane of zone1, start it again at once, its zone's resources applied again"
    ),
    "kill-global": "SIGKILL to the global control plane",
    "disable-zone": "PUT Zone zone1 on the global control plane with enabled: false",
    "pause-echo": "make the 2 echo workloads of zone1 stand still (SIGSTOP)",
    "kill-replica": "SIGKILL to the echo workload and the data plane proxy of echo-zone1-2, one of 2",
    "flap-echo": (
        "SIGTERM to 2 echo workloads and their 2 data plane proxies in zone1, 3 times, "
        "started again after 2 s in between"
    ),
    "roll-echo": f"restart {EACH}: {CAREFULLY}",
    "upgrade-echo": f"replace {EACH}, by another version: {CAREFULLY}",
    "roll-gateway": (
        "restart the builtin gateway of zone1: drain it at the load balancer, wait until nothing is under way there, "
        "SIGTERM, start, wait until it answers, take it in again"
    ),
}


def found(kind: Kind) -> Breakable:
    target = breakable(kind, ZONE, Builtin())
    assert target is not None
    return target


@pytest.mark.parametrize("name", EXPLAINED)
def test_a_fault_beyond_the_walkthrough_is_told_exactly_and_its_undoing_too(name: str) -> None:
    one = fault(name)
    assert found(one.kind).explain(one.action) == EXPLAINED[name]
    assert found(one.kind).explain(Action.PUT)


@pytest.mark.parametrize("name", sorted(faults()))
def test_what_is_possible_is_what_there_is_and_all_else_says_why_not(name: str) -> None:
    one = fault(name)
    reason = refusal(one.kind, one.action)
    if reason is None:
        assert found(one.kind).target.kind is one.kind
    else:
        assert len(reason.split()) > 3


@pytest.mark.parametrize("kind", [Kind.DEPLOYMENT, Kind.REPLICA, Kind.WORKLOAD, Kind.SERVICE])
def test_a_zone_without_replicas_has_nothing_of_them_to_break(kind: Kind) -> None:
    empty = Topology.of(("zone1",), 0, 20).zone("zone1")
    assert breakable(kind, empty, Builtin()) is None


def test_the_only_replica_is_not_one_of_several() -> None:
    (lonely,) = (breakable(Kind.REPLICA, LONELY, Builtin()),)
    assert lonely is not None
    with pytest.raises(
        NothingSelected, match=r"zone1 has one replica of echo only: .*delete-deployment; .*--replicas=2"
    ):
        lonely.record(cast("Running", SimpleNamespace()))


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (Kind.INGRESS, Action.PAUSE),
        (Kind.GLOBAL, Action.ROLL),
        (Kind.ZONE, Action.DELETE),
        (Kind.CONTROL_PLANE, Action.FLAP),
        (Kind.GATEWAY, Action.UPGRADE),
        (Kind.DEPLOYMENT, Action.CUT),
        (Kind.WORKLOAD, Action.DELETE),
    ],
)
def test_what_is_not_possible_is_refused_before_anything_is_touched(kind: Kind, action: Action) -> None:
    target, untouched = found(kind), cast("Running", SimpleNamespace())
    record = Record(target.target, {})
    do = partial(target.delete, record) if action is Action.DELETE else partial(target.disturb, record, action)
    with pytest.raises(SettingsError, match=f"has nothing to {action} on this platform"):
        do(untouched)


def state(name: str, pid: int, *, ended: bool = False) -> ProcessState:
    return ProcessState(ProcessSpec(name, Role.ECHO, "zone1", ()), pid, 0 if ended else None)


@pytest.mark.parametrize(
    ("now", "proof"),
    [
        ([state("a", 3), state("b", 4)], "restarted: a (pid 1, now 3), b (pid 2, now 4)"),
        ([state("a", 1), state("b", 4)], None),
        ([state("a", 3), state("b", 4, ended=True)], None),
        ([state("a", 3)], None),
    ],
)
def test_a_restart_is_proved_by_other_processes_only(now: list[ProcessState], proof: str | None) -> None:
    record = Record(found(Kind.DEPLOYMENT).target, {"pids": {"a": 1, "b": 2}})
    assert restarted(record, now) == proof


def test_another_version_answers_with_another_pod_and_is_the_same_otherwise() -> None:
    deployment = found(Kind.DEPLOYMENT)
    assert isinstance(deployment, Deployment)
    first = ZONE.replicas[0]
    old = ProcessSpec(first.workload, Role.ECHO, "zone1", ("python", "--pod", first.pod, "--port", "8081"))
    new = deployment._upgraded(old)
    assert new.argv == ("python", "--pod", first.upgraded_pod, "--port", "8081")
    assert first.upgraded_pod not in {replica.pod for replica in ZONE.replicas}
    assert deployment._upgraded(new) == new


def test_a_replica_that_was_taken_out_is_told_from_one_that_is_in() -> None:
    dataplane = echo_dataplane(ZONE.replicas[0], 9901, {})
    before = json.dumps(dataplane)
    assert not is_ignored(dataplane)
    assert is_ignored(with_state(dataplane, "Ignored"))
    assert not is_ignored(with_state(with_state(dataplane, "Ignored"), "Ready"))
    assert not is_ignored(None)
    assert json.dumps(dataplane) == before


class Interrupted:
    """A zone whose rollout was cut off as it started a proxy again: that registers later, as taken out."""

    def __init__(self, folder: Path) -> None:
        self.keeping = self
        self.folder = folder
        self.specs = [
            ProcessSpec(name, role, "zone1", ("x",))
            for replica in ZONE.replicas
            for name, role in ((replica.workload, Role.ECHO), (replica.proxy, Role.ECHO_PROXY))
        ]
        self.stored = {r.proxy: echo_dataplane(r, 9901, {}) for r in ZONE.replicas}
        for name, text in self.stored.items():
            (folder / f"{name}.yaml").write_text(yaml.safe_dump(text))
        self.registers: Resource | None = None
        """What the proxy that is being started has read."""

    def processes(self, *_: object) -> list[ProcessState]:
        return [ProcessState(spec, 100 + number, None) for number, spec in enumerate(self.specs)]

    def start_processes(self, specs: Iterable[ProcessSpec]) -> list[str]:
        return [spec.name for spec in specs if spec not in self.specs]

    def endpoints(self, *_: object) -> Iterator[Endpoint]:
        return iter(())

    def silent(self, _: object) -> list[Endpoint]:
        """It has registered once it listens."""
        if self.registers is None:
            return []
        self.stored[self.registers["name"]], self.registers = self.registers, None
        return [Endpoint(ZONE.replicas[0].host, 1027)]

    def zone_api(self, _: str) -> Interrupted:
        return self

    def resource(self, named: Resource) -> Resource | None:
        return self.stored.get(named["name"])

    def put(self, resource: Resource) -> None:
        self.stored[resource["name"]] = resource

    def get(self, _: str) -> Resource:
        return {"items": []}


def test_a_proxy_that_registers_as_taken_out_after_its_rollout_was_cut_off_is_taken_in_all_the_same(
    tmp_path: Path,
) -> None:
    zone = Interrupted(tmp_path)
    mesh, deployment = cast("Running", zone), found(Kind.DEPLOYMENT)
    record = deployment.record(mesh)
    name = ZONE.replicas[0].proxy
    zone.stored[name] = zone.registers = with_state(zone.stored[name], "Ignored")

    with pytest.raises(InfraError, match="does not listen yet at "):
        deployment.put(record, mesh)
    deployment.put(record, mesh)

    assert not is_ignored(zone.stored[name])
    assert deployment.difference(record, mesh) is None
