"""Faults beyond the walkthrough on a whole test bed: each takes effect, and another process puts it back."""

from __future__ import annotations

import contextlib
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from chaos.clock import MonotonicClock
from chaos.errors import InfraError
from chaos.faults import fault
from chaos.journal import Header, Journal, Step
from chaos.platform import Action
from chaos.undo import restore
from fixtures.behaviour import GRAY
from fixtures.platforms.kubernetes import kinds
from fixtures.platforms.kubernetes.breakables.sidecars import sidecar
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.breakables.workload import NAME
from fixtures.platforms.kubernetes.cluster import connect
from fixtures.platforms.kubernetes.controlplanes import ControlPlanes
from fixtures.platforms.kubernetes.objects import as_written
from fixtures.platforms.kubernetes.platform import Repairable
from tests.integration.kubernetes_clusters import running_testbed
from tests.integration.suite import start_mesh_chaos, start_pytest, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.platform import Record
    from fixtures.platforms.kubernetes.cluster import Cluster
    from fixtures.platforms.kubernetes.kinds import Document
    from tests.integration.suite import Run, Traces

PASSED = 0
SYSTEM = "kuma-system"
SLOWLY = "--probe-rate=5"
_REPLICAS = 2
PROOFS = {
    "kill-ingress": "has no Deployment kuma-system/kuma-ingress; no pod of it is left",
    "kill-egress": "has no Deployment kuma-system/kuma-egress; no pod of it is left",
    "kill-control-plane": "has no Deployment kuma-system/kuma-control-plane; no pod of it is left",
    "kill-global": "global (context global) has no Deployment kuma-system/kuma-control-plane; no pod of it is left",
    "disable-zone": "the Zone zone1 has enabled: false",
    "kill-replica": "has no Pod kong/echo-",
    "roll-echo": "all 2 pods that Deployment kong/echo had are replaced; ready: echo-",
    "upgrade-echo": "all 2 pods that Deployment kong/echo had are replaced; ready: echo-",
    "roll-gateway": "all 1 pods that Deployment kong/kong-dataplane had are replaced; ready: kong-dataplane-",
    "roll-control-plane": "all 1 pods that Deployment kuma-system/kuma-control-plane had are replaced; ready: kuma-",
    "slow-echo": "Envoy holds every request to echo back for 300 ms: in the sidecars of echo-",
    "err-echo": "Envoy answers 90% of the requests to echo with 503 itself: in the sidecars of echo-",
    "hang-echo": "Envoy takes every request to echo and holds it back for 3600 s, which no client waits for: in the",
    "flap-echo": "all 2 pods that Deployment kong/echo had are replaced, 3 times; ready: echo-",
}
_EFFECT_S, _TAKES_S = 60.0, 300.0


class Bed:
    """A test bed with the walkthrough's objects, brought by a run and kept, echo twice in each zone."""

    def __init__(self, environment: dict[str, str], folder: Path, urls: dict[str, str]) -> None:
        self.environment = {**environment, "MESH_CHAOS_INSTALL": "nothing"}
        self.urls = urls
        """Where each vantage is reached."""
        self.locator: dict[str, str] = json.loads((folder / "mesh.json").read_text())
        self.clusters = {name: self._connected(name) for name in ("zone1", "zone2", "global")}
        given = environment["MESH_CHAOS_CONTROL_PLANE"].split(",")
        self.planes = ControlPlanes(self.clusters, dict(pair.split("=", 1) for pair in given))
        self.site = Site("kong", control_planes=self.planes.addresses)
        self.platform: Any = Repairable(self.clusters, self.site, {}, "kubernetes")

    def _connected(self, name: str) -> Cluster:
        return connect(name, name, "kong", kubeconfig=self.environment["KUBECONFIG"], log=lambda _: None)

    def record(self, name: str) -> Record:
        (target,) = self.platform.find(fault(name).kind, "zone1")
        found: Record = self.platform.record(target)
        return found

    def objects(self) -> dict[str, list[Document]]:
        """All that a fault may touch, as its owner wrote it; when pods were restarted is no part of that."""
        found = {
            name: [*cluster.list(kinds.DEPLOYMENT), *cluster.list(kinds.DEPLOYMENT, namespace=SYSTEM)]
            for name, cluster in self.clusters.items()
        }
        found["zones"] = self.clusters["global"].list(kinds.ZONE)
        found["faults"] = self.clusters["zone1"].list(kinds.MESH_FAULT_INJECTION)
        return {name: [_without_restart(as_written(one)) for one in several] for name, several in found.items()}

    def is_whole(self, zone: str) -> bool:
        """Whether no pod of echo is left to end, and the zone's control plane, which may be new, knows all of them."""
        pods = [one for one in self.clusters[zone].list(kinds.POD) if one["metadata"]["name"].startswith("echo-")]
        return len(pods) == _REPLICAS and all(sidecar(self.site, zone, self.clusters, pod) for pod in pods)

    def start(self, traces: Traces, folder: Path, *arguments: str) -> Run:
        return start_pytest(traces, folder, SLOWLY, *arguments, **self.environment)

    def restore(self, traces: Traces, journal: Path) -> Run:
        """``mesh-chaos restore`` by somebody who has nothing but the journal and a kubeconfig."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("KUBECONFIG", self.environment["KUBECONFIG"])
            return start_mesh_chaos(traces, "restore", os.fspath(journal))


def _without_restart(document: Document) -> Document:
    template = document["spec"].get("template")
    if template:
        noted = template["metadata"].pop("annotations", None) or {}
        kept = {key: value for key, value in noted.items() if key != "kubectl.kubernetes.io/restartedAt"}
        template["metadata"].update({"annotations": kept} if kept else {})
    return document


@pytest.fixture(scope="module")
def bed(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    logs = tmp_path_factory.mktemp("logs")
    with running_testbed(lasting_traces, logs, "zone1", "zone2") as up:
        kept = start_pytest(
            lasting_traces,
            tmp_path_factory.mktemp("brought"),
            *(SLOWLY, "-m", "control", "--keep-mesh", f"--replicas={_REPLICAS}"),
            **up.environment(),
        )
        said = kept.finish(_TAKES_S)
        assert "every gateway answers zone-locally" in said, said
        folder = Path(said.partition("mesh-chaos down --platform kubernetes ")[2].split()[0])
        yield Bed(up.environment(), folder, dict(re.findall(r"^  (\S+): curl (\S+)$", said, re.MULTILINE)))
        with pytest.MonkeyPatch.context() as patch, contextlib.suppress(OSError):
            patch.setenv("KUBECONFIG", up.environment()["KUBECONFIG"])
            start_mesh_chaos(lasting_traces, "down", "--platform", "kubernetes", folder).finish(_TAKES_S)


def effective(bed: Bed, name: str, record: Record) -> str:
    found: list[str] = []

    def look() -> bool:
        found.extend(filter(None, [fault(name).effective(bed.platform, record)]))
        return bool(found)

    until(look, _EFFECT_S, f"{name} is in effect")
    return found[0]


@pytest.mark.parametrize("name", PROOFS)
def test_a_fault_takes_effect_and_is_undone_by_another_process(
    bed: Bed, traces: Traces, tmp_path: Path, name: str
) -> None:
    until(lambda: bed.is_whole("zone1"), _EFFECT_S, "of the fault before nothing is left")
    before = bed.objects()
    record = bed.record(name)
    assert fault(name).effective(bed.platform, record) is None
    assert bed.platform.difference(record) is None
    journal = Journal(tmp_path / "journal.jsonl", Header("kubernetes", bed.locator, name, "zone1", 0.0))
    journal.record([record])
    journal.step(Step.INJECTING)

    fault(name).inject(bed.platform, record)
    proof = effective(bed, name, record)
    journal.step(Step.EFFECTIVE)
    journal.close()
    assert PROOFS[name] in proof

    said = (repair := bed.restore(traces, tmp_path / "journal.jsonl")).finish(_TAKES_S)
    assert repair.code == PASSED, said
    assert bed.platform.difference(record) is None
    assert bed.objects() == before


def test_a_zone_that_is_disabled_is_no_longer_reached_from_others(bed: Bed) -> None:
    """That the test bed's control planes do what Kuma's do: else the fault would be a word only."""
    record = bed.record("disable-zone")

    def ingresses() -> set[str]:
        """The zones whose ingress zone2 knows."""
        items = bed.planes.document("zone2", "/zoneingresses")["items"]
        return {str(item.get("zone") or item["labels"]["kuma.io/zone"]) for item in items}

    until(lambda: "zone1" in ingresses())
    fault("disable-zone").inject(bed.platform, record)
    until(lambda: "zone1" not in ingresses())
    restore(bed.platform, [record], MonotonicClock())
    until(lambda: "zone1" in ingresses())


def took_s(url: str) -> float:
    """How long the quickest of five answers took: the machine may be busy, a fault spares none."""
    answers = [httpx.get(url, timeout=5.0, trust_env=False).raise_for_status() for _ in range(5)]
    return min(answer.elapsed.total_seconds() for answer in answers)


def test_a_fault_of_the_sidecars_is_felt_in_its_zone_and_in_no_other(bed: Bed) -> None:
    delay_s = GRAY[Action.SLOW].delay_ms / 1000
    assert max(took_s(bed.urls["gateway-zone1"]), took_s(bed.urls["gateway-zone2"])) < delay_s
    record = bed.record("slow-echo")
    fault("slow-echo").inject(bed.platform, record)
    effective(bed, "slow-echo", record)
    took_s(bed.urls["gateway-zone1"])  # what is connected already is served once more as before
    assert took_s(bed.urls["gateway-zone1"]) >= delay_s - 0.005  # Envoy's timers count whole milliseconds
    assert took_s(bed.urls["gateway-zone2"]) < delay_s
    restore(bed.platform, [record], MonotonicClock())
    took_s(bed.urls["gateway-zone1"])
    assert took_s(bed.urls["gateway-zone1"]) < delay_s


def test_a_users_own_policy_of_that_name_is_left_alone(bed: Bed) -> None:
    cluster = bed.clusters["zone1"]
    record = bed.record("err-echo")
    target = {"kind": "MeshSubset", "tags": {"app": "nothing"}, "proxyTypes": ["Sidecar"]}
    theirs: Document = {
        "apiVersion": "kuma.io/v1alpha1",
        "kind": "MeshFaultInjection",
        "metadata": {"name": NAME, "namespace": "kong"},
        "spec": {"targetRef": target, "from": [{"targetRef": {"kind": "Mesh"}, "default": {"http": []}}]},
    }
    made = cluster.create(theirs)
    with pytest.raises(InfraError, match="not by this experiment: nothing is done to it"):
        fault("err-echo").inject(bed.platform, record)
    bed.platform.put(record)
    with pytest.raises(InfraError, match="it is left alone"):
        bed.record("err-echo")
    assert cluster.get(kinds.MESH_FAULT_INJECTION, NAME) == made
    cluster.delete(kinds.MESH_FAULT_INJECTION, NAME, uid=made["metadata"]["uid"])
    assert bed.platform.difference(record) is None


def test_a_gray_failure_of_a_killed_run_is_undone_from_its_journal_alone(
    bed: Bed, traces: Traces, tmp_path: Path
) -> None:
    before = bed.objects()
    run = bed.start(traces, tmp_path, "-m", "gray", "--zone=zone1", "--replicas=2", "--fault=hang-echo")
    until(lambda: run.journal_says("effective"), _TAKES_S)
    assert [one["metadata"]["name"] for one in bed.objects()["faults"]] == [NAME]
    run.kill()
    run.process.communicate()
    journal = run.journal
    assert journal is not None

    said = (repair := bed.restore(traces, journal)).finish(_TAKES_S)
    assert repair.code == PASSED, said
    assert "restored" in said
    assert bed.objects() == before


def test_an_experiment_beyond_the_walkthrough_passes_and_leaves_everything_as_it_was(
    bed: Bed, traces: Traces, tmp_path: Path
) -> None:
    before = bed.objects()
    run = bed.start(
        traces, tmp_path, "-m", "beyond", "--zone=zone1", "--replicas=2", "--fault=kill-ingress,kill-replica"
    )
    said = run.finish(_TAKES_S)
    assert run.code == PASSED, said
    assert "2 passed" in said
    assert "DELETE the Deployment of the ingress in kuma-system in zone1" in said
    assert bed.objects() == before


def test_what_only_a_node_can_do_is_refused_with_the_reason(bed: Bed, traces: Traces, tmp_path: Path) -> None:
    said = bed.start(traces, tmp_path, "-m", "beyond", "--fault=pause-echo").finish(_TAKES_S)
    assert "no pause-echo on platform kubernetes: no API server sends signals" in said
