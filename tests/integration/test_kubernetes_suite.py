"""What an SRE has to be able to trust on clusters, with the suite as a user runs it, on a whole test bed.

The mesh is there for all tests (the walkthrough's objects, brought and kept); each run attaches to it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from fixtures.platforms.kubernetes.cluster import connect
from fixtures.platforms.kubernetes.kinds import (
    DEPLOYMENT,
    GATEWAY,
    HTTP_ROUTE,
    LEASE,
    MESH,
    MMZS,
    NAMESPACE,
    SERVICE,
    ObjectKind,
)
from fixtures.platforms.kubernetes.objects import as_written
from tests.integration.kubernetes_clusters import running_testbed
from tests.integration.suite import start_mesh_chaos, start_pytest, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.platforms.kubernetes.cluster import Cluster
    from tests.integration.suite import Run, Traces

PASSED, INTERRUPTED, USAGE, NOTHING, INFRA = 0, 2, 4, 5, 10
SLOWLY = "--probe-rate=5"
"""Who answers is the question here, not how long to the hundredth."""
_TAKES_S = 300.0


class Bed:
    """A test bed, as a user has it in the environment."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = {**environment, "MESH_CHAOS_INSTALL": "nothing"}
        self.zone1, self.zone2, self.everywhere = (self._connected(name) for name in ("zone1", "zone2", "global"))

    def _connected(self, name: str) -> Cluster:
        return connect(name, name, "kong", kubeconfig=self.environment["KUBECONFIG"], log=lambda _: None)

    def start(self, traces: Traces, folder: Path, *arguments: str, **more: str) -> Run:
        return start_pytest(traces, folder, SLOWLY, *arguments, **{**self.environment, **more})

    def broken(self, traces: Traces, folder: Path, fault: str = "delete-deployment") -> Run:
        """A run whose fault is in effect in zone1."""
        run = self.start(traces, folder, "-m", "failover", "--zone=zone1", f"--fault={fault}")
        until(lambda: run.journal_says("effective"), _TAKES_S, "the fault is in effect")
        return run

    def objects(self) -> dict[str, Any]:
        """All that a user wrote, without what the servers set."""
        kinds = (DEPLOYMENT, SERVICE, GATEWAY, HTTP_ROUTE)
        zones = {z.zone: [as_written(o) for k in kinds for o in z.list(k)] for z in (self.zone1, self.zone2)}
        return {**zones, "global": [as_written(o) for k in (MESH, MMZS) for o in self.everywhere.list(k, namespace="")]}

    def apply_as(self, manager: str, document: dict[str, Any]) -> dict[str, Any]:
        """Make an object in zone1 as another manager of fields."""
        kind, name = ObjectKind.of(document), document["metadata"]["name"]
        path = self.zone1._catalog.collection(kind).path(document["metadata"]["namespace"], name)
        content_type = "application/apply-patch+yaml"
        made: dict[str, Any] = self.zone1._requests.ask(
            "PATCH", path, f"apply {kind}", body=document, content_type=content_type, field_manager=manager
        )
        return made

    def holder(self) -> str:
        lease = self.zone1.get(LEASE, "mesh-chaos") or {"spec": {}}
        return str(lease["spec"].get("holderIdentity") or "")


@pytest.fixture(scope="module")
def bed(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with contextlib.ExitStack() as ending:
        logs = tmp_path_factory.mktemp("logs")
        up = ending.enter_context(running_testbed(lasting_traces, logs, "zone1", "zone2"))
        found = Bed(up.environment())
        folder = _kept(lasting_traces, tmp_path_factory.mktemp("brought"), up.environment())
        ending.callback(_end_kept, lasting_traces, found, folder)
        yield found


def _kept(traces: Traces, artifacts: Path, environment: dict[str, str]) -> str:
    """The folder of a mesh with the walkthrough's objects that its run has left up."""
    kept = start_pytest(traces, artifacts, SLOWLY, "-m", "control", "--keep-mesh", **environment)
    said = kept.finish(_TAKES_S)
    assert "every gateway answers zone-locally" in said, said
    return said.partition("mesh-chaos down --platform kubernetes ")[2].split()[0]


def _end_kept(traces: Traces, bed: Bed, folder: str) -> None:
    """As its run has told; nothing that was brought is left, nor what kept it."""
    down = _mesh_chaos(bed, traces, "down", "--platform", "kubernetes", folder)
    said = down.finish(_TAKES_S)
    assert "has ended" in said, said
    assert not Path(folder).exists()
    assert all(zone.get(NAMESPACE, "kong") is None for zone in (bed.zone1, bed.zone2))
    assert not bed.everywhere.list(MMZS, namespace="kuma-system")


def test_a_run_that_attaches_changes_nothing_but_what_its_fault_touches(
    bed: Bed, traces: Traces, tmp_path: Path
) -> None:
    before = bed.objects()

    run = bed.start(traces, tmp_path, "-m", "failover", "--zone=zone1", "--fault=delete-service")
    said = run.finish(_TAKES_S)

    assert run.code == PASSED, said
    assert "preflight: profile ok" in said
    assert bed.objects() == before
    assert bed.holder() == ""


def test_the_walkthroughs_steps_are_not_tried_on_a_mesh_of_others(bed: Bed, traces: Traces, tmp_path: Path) -> None:
    run = bed.start(traces, tmp_path, "-m", "walkthrough")
    assert "1 skipped" in run.finish()
    assert run.code == NOTHING


def test_a_mesh_that_is_not_like_the_profile_is_refused(bed: Bed, traces: Traces, tmp_path: Path) -> None:
    run = bed.start(traces, tmp_path, "-m", "control", "--profile=hardened")
    said = run.finish()
    assert "the mesh has none of them, but profile hardened has MeshCircuitBreaker, MeshRetry" in said
    assert run.code == INFRA


def test_contexts_that_nobody_has_allowed_are_refused(bed: Bed, traces: Traces, tmp_path: Path) -> None:
    run = bed.start(traces, tmp_path, "-m", "control", MESH_CHAOS_ALLOW_CONTEXT="zone1,global")
    assert "faults would be injected through the context zone2, which nobody has allowed" in run.finish()
    assert run.code == USAGE


def test_a_killed_run_is_repaired_from_its_journal_on_another_machine(bed: Bed, traces: Traces, tmp_path: Path) -> None:
    before = bed.objects()
    run = bed.broken(traces, tmp_path / "here")
    run.kill()
    run.finish()
    assert bed.zone1.get(DEPLOYMENT, "echo") is None
    assert run.journal is not None
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    journal = shutil.copy(run.journal, elsewhere)

    repair = _restore(bed, traces, journal, elsewhere)

    assert "restored: deployment echo in zone1" in repair.finish(_TAKES_S)
    assert repair.code == PASSED
    assert bed.objects() == before
    assert bed.holder() == "", "the dead run's lease was taken over at once, and given back"


def test_contexts_that_lead_elsewhere_are_not_repaired(bed: Bed, traces: Traces, tmp_path: Path) -> None:
    run = bed.broken(traces, tmp_path / "here")
    run.kill()
    run.finish()
    assert run.journal is not None
    swapped = tmp_path / "swapped"
    config = yaml.safe_load(Path(bed.environment["KUBECONFIG"]).read_text())
    other = {"zone1": "zone2", "zone2": "zone1"}
    for context in config["contexts"]:
        context["name"] = other.get(context["name"], context["name"])
    swapped.write_text(yaml.safe_dump(config))

    repair = _restore(bed, traces, run.journal, tmp_path, KUBECONFIG=str(swapped))
    said = repair.finish(_TAKES_S)
    assert "leads to another cluster than the one that was broken as zone1" in said
    assert repair.code == INFRA
    assert bed.zone1.get(DEPLOYMENT, "echo") is None

    assert "restored: " in _restore(bed, traces, run.journal, tmp_path).finish(_TAKES_S)


def _restore(bed: Bed, traces: Traces, journal: Path | str, home: Path, **more: str) -> Run:
    """``mesh-chaos restore`` by somebody who has nothing but the journal and a kubeconfig."""
    return _mesh_chaos(bed, traces, "restore", os.fspath(journal), HOME=str(home), **more)


def _mesh_chaos(bed: Bed, traces: Traces, *arguments: str, **more: str) -> Run:
    """``mesh-chaos ARGUMENTS`` where kubectl finds the clusters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", bed.environment["KUBECONFIG"])
        for name, value in more.items():
            patch.setenv(name, value)
        return start_mesh_chaos(traces, *arguments)


def test_a_second_run_is_told_who_is_at_work_and_disturbs_nothing(bed: Bed, traces: Traces, tmp_path: Path) -> None:
    first = bed.broken(traces, tmp_path / "first", "delete-deployment,delete-service")  # long enough to be seen alive

    second = bed.start(traces, tmp_path / "second", "-m", "failover", "--zone=zone2", "--fault=delete-service")
    said = second.finish(_TAKES_S)

    assert "zone1 is in use by " in said
    assert f" pid {first.process.pid} run " in said
    assert second.code == INFRA
    assert first.finish(_TAKES_S)
    assert first.code == PASSED


def test_a_stop_file_repairs_at_once_and_nothing_more_is_begun(bed: Bed, traces: Traces, tmp_path: Path) -> None:
    before = bed.objects()
    run = bed.broken(traces, tmp_path, "delete-deployment,delete-service")

    (tmp_path / "STOP").touch()
    said = run.finish(_TAKES_S)

    assert run.code == INTERRUPTED, said
    assert f"stopped: {tmp_path / 'STOP'} is there" in said
    assert "change Service" not in said
    assert "DELETE Service" not in said
    assert bed.objects() == before


def test_what_a_gitops_sync_makes_again_is_named_and_not_fought(bed: Bed, traces: Traces, tmp_path: Path) -> None:
    """The Deployment comes back by somebody else's hand: whatever was measured since says nothing of the mesh."""
    before = bed.objects()
    desired = next(o for o in before["zone1"] if o["kind"] == DEPLOYMENT.kind)
    run = bed.start(traces, tmp_path, "-m", "failover", "--zone=zone1", "--fault=delete-deployment")
    until(lambda: run.journal_says("injecting") and bed.zone1.get(DEPLOYMENT, "echo") is None, _TAKES_S, "it is gone")

    synced = bed.apply_as("argocd-controller", desired)
    said = run.finish(_TAKES_S)

    assert run.code == INFRA, said
    assert "was made again by argocd-controller" in " ".join(said.split())
    now = bed.zone1.get(DEPLOYMENT, "echo")
    assert now is not None
    assert now["metadata"]["uid"] == synced["metadata"]["uid"]
    assert now["metadata"]["generation"] == synced["metadata"]["generation"]
    assert bed.objects() == before
    assert bed.holder() == ""


def test_a_zone_without_a_gateway_answers_for_one_with_one(bed: Bed, traces: Traces, tmp_path: Path) -> None:
    """The last test of this mesh: zone2 is entered by nobody afterwards."""
    for kind, name in ((HTTP_ROUTE, "echo"), (GATEWAY, "kong")):
        assert bed.zone2.get(kind, name) is not None
        bed.zone2.delete(kind, name)

    refused = bed.start(traces, tmp_path / "both", "-m", "control")
    assert "zone2: the Gateway kong in kong does not exist" in refused.finish(_TAKES_S)
    run = bed.start(traces, tmp_path / "one", "-m", "failover", "--gateways=zone1", "--fault=delete-service")
    said = run.finish(_TAKES_S)

    assert run.code == PASSED, said
    assert "delete-service zone1 [page]  PASS" in said
    assert "gateway-zone1" in said
    assert "gateway-zone2" not in said
