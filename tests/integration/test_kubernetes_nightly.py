"""The nightly run as deploy/ has it: its command, its user with the shipped roles alone, ``--install=walkthrough``.

Only what takes long is left out: one fault in one zone, and who answers is asked less often.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fixtures.platforms.kubernetes import kinds
from fixtures.platforms.kubernetes.changes import FORMER
from fixtures.platforms.kubernetes.cluster import Cluster, connect
from fixtures.platforms.kubernetes.objects import as_written
from fixtures.platforms.kubernetes.ownership import managers_of
from fixtures.platforms.kubernetes.testbed import kubeconfig
from tests.integration.kubernetes_clusters import ACCOUNT, running_testbed, shipped, way_in
from tests.integration.suite import start_pytest, until
from tests.integration.test_kubernetes_deploy import in_cronjob, pod

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fixtures.platforms.kubernetes.kinds import Document
    from fixtures.platforms.kubernetes.testbed.bed import Testbed
    from tests.integration.suite import Run, Traces

ZONES = ("zone1", "zone2")
PASSED, INTERRUPTED, INFRA = 0, 2, 10
_TAKES_S = 300.0
_NARROWED = ("--zone=zone1", "--fault=delete-deployment", "--probe-rate=5")
_BINDING = kinds.ObjectKind("rbac.authorization.k8s.io/v1", "RoleBinding")
_IN_ZONES = (
    kinds.DEPLOYMENT,
    kinds.SERVICE,
    kinds.GATEWAY,
    kinds.HTTP_ROUTE,
    kinds.GATEWAY_CONFIGURATION,
    kinds.GATEWAY_CLASS,
)
_IN_GLOBAL = (kinds.MESH, kinds.MMZS, kinds.MESH_TRAFFIC_PERMISSION, *kinds.POLICIES)


class Nights:
    """A test bed whose administrator has applied deploy/rbac-*.yaml; runs have that user's kubeconfig only."""

    def __init__(self, up: Testbed, config: Path) -> None:
        administrators = str(up.kubeconfig)
        self.zones = {zone: connect(zone, zone, "kong", kubeconfig=administrators, log=print) for zone in ZONES}
        self.world = connect("global", "global", "kuma-system", kubeconfig=administrators, log=print)
        self.roles = {zone: [*shipped("rbac-zone-walkthrough"), *shipped("rbac-zone")] for zone in ZONES}
        self.roles["global"] = [*shipped("rbac-global"), *shipped("rbac-global-walkthrough")]
        self.grant()
        ways = [way_in(up.clusters, cluster, ACCOUNT, name) for name, cluster in self.places.items()]
        kubeconfig.write(config, ways)
        bed = up.environment()
        needed = ("MESH_CHAOS_CONTROL_PLANE", "MESH_CHAOS_GATEWAY_PORT")  # the test bed has no Services' addresses
        self.environment = {name: bed[name] for name in needed} | {"KUBECONFIG": str(config)}

    @property
    def places(self) -> Mapping[str, Cluster]:
        return {**self.zones, "global": self.world}

    def grant(self) -> None:
        for name, cluster in self.places.items():
            for document in self.roles[name]:
                cluster.apply(document)

    def begin(self, traces: Traces, artifacts: Path, *arguments: str) -> Run:
        command = [word for word in in_cronjob() if not word.startswith("--artifacts")]
        more = ("--install=walkthrough", *_NARROWED, *arguments)
        return start_pytest(traces, artifacts, *command, *more, **self.environment)

    def broken(self, traces: Traces, artifacts: Path) -> Run:
        """A run whose fault is in effect."""
        run = self.begin(traces, artifacts)
        until(lambda: run.journal_says("effective"), _TAKES_S, "the fault is in effect")
        return run

    def restore(self, traces: Traces, artifacts: Path) -> tuple[int, str]:
        """What the CronJob does before each run, with whatever runs have left in its volume."""
        (container,) = pod()["initContainers"]
        argv = [word.replace("/artifacts/", f"{artifacts}/") for word in (*container["command"], *container["args"])]
        path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
        environment = traces.environment(**self.environment, PATH=path)
        done = subprocess.run(
            argv, env=environment, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return done.returncode, done.stdout

    def assert_left(self, *expected: str) -> None:
        """What belongs to what was deleted goes a little later (garbage collection)."""
        until(lambda: sorted(self.left()) == list(expected), what=self.left())

    def left(self) -> list[str]:
        """Every object of the kinds that the suite brings, wherever it is."""
        zones = [(cluster, kind) for cluster in self.zones.values() for kind in _IN_ZONES]
        found = [(c, k, one) for c, k in (*zones, *((self.world, k) for k in _IN_GLOBAL)) for one in c.list(k)]
        return [f"{cluster.zone}: {kind} {one['metadata']['name']}" for cluster, kind, one in found]

    def mesh(self) -> Document:
        found = self.world.get(kinds.MESH, "default")
        assert found is not None
        return found

    def mesh_of_users(self) -> Document:
        """A Mesh without mTLS, applied by its owner in place of the one that is there."""
        self.world.delete(kinds.MESH, "default")
        metadata = {"name": "default", "labels": {"team": "payments"}, "annotations": {"wiki": "mesh"}}
        spec = {"meshServices": {"mode": "Exclusive"}}
        self.world._requests.ask(
            "PATCH",
            self.world._catalog.collection(kinds.MESH).path(None, "default"),
            "apply Mesh",
            body={"apiVersion": kinds.MESH.api_version, "kind": "Mesh", "metadata": metadata, "spec": spec},
            content_type="application/apply-patch+yaml",
            field_manager="kubectl",
        )
        self.await_in_zones(self.mesh())
        return self.mesh()

    def await_in_zones(self, mesh: Document) -> None:
        def shown() -> bool:
            copies = [cluster.get(kinds.MESH, "default") for cluster in self.zones.values()]
            return all(copy is not None and copy["spec"] == mesh["spec"] for copy in copies)

        until(shown, what="the zones have that Mesh")

    def holders(self) -> list[str]:
        leases = [cluster.get(kinds.LEASE, "mesh-chaos") or {"spec": {}} for cluster in self.zones.values()]
        return [str(lease["spec"].get("holderIdentity") or "") for lease in leases]


def same(before: Document, now: Document) -> None:
    """Field by field, with the same owners."""
    assert as_written(now) == as_written(before)
    assert managers_of(now) == managers_of(before)


@pytest.fixture(scope="module")
def nights(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    with running_testbed(lasting_traces, tmp_path_factory.mktemp("logs"), *ZONES) as up:
        yield Nights(up, tmp_path_factory.mktemp("config") / "kubeconfig")


def test_the_first_night_passes_and_leaves_nothing_but_the_mesh(nights: Nights, traces: Traces, tmp_path: Path) -> None:
    assert nights.left() == []
    namespaces = {zone: cluster.get(kinds.NAMESPACE, "kong") for zone, cluster in nights.zones.items()}

    run = nights.begin(traces, tmp_path)
    said = run.finish(_TAKES_S)

    assert run.code == PASSED, said
    assert "Mesh default in global stays" in said
    nights.assert_left("global: Mesh default")
    assert nights.mesh()["spec"]["mtls"]["enabledBackend"] == "ca-1"
    assert not nights.mesh()["metadata"].get("labels"), "it is nobody's"
    assert {zone: cluster.get(kinds.NAMESPACE, "kong") for zone, cluster in nights.zones.items()} == namespaces
    assert nights.holders() == ["", ""]


def test_a_night_that_reaches_its_deadline_repairs_and_gives_back_what_it_changed(
    nights: Nights, traces: Traces, tmp_path: Path
) -> None:
    before = nights.mesh_of_users()
    run = nights.broken(traces, tmp_path)
    assert nights.mesh()["spec"]["mtls"]["enabledBackend"] == "ca-1"

    run.kill(signal.SIGTERM)
    said = run.finish(_TAKES_S)

    assert run.code == INTERRUPTED, said
    same(before, nights.mesh())
    nights.assert_left("global: Mesh default")
    assert nights.holders() == ["", ""]
    nights.await_in_zones(before)


def test_what_a_killed_night_has_left_is_restored_and_the_next_one_gives_back_what_it_changed(
    nights: Nights, traces: Traces, tmp_path: Path
) -> None:
    before = nights.mesh_of_users()
    run = nights.broken(traces, tmp_path)
    run.kill()
    run.finish()
    assert nights.zones["zone1"].get(kinds.DEPLOYMENT, "echo") is None

    code, said = nights.restore(traces, tmp_path)

    assert code == PASSED, said
    assert "restored: deployment echo in zone1" in said
    assert nights.zones["zone1"].get(kinds.DEPLOYMENT, "echo") is not None
    kept: Any = json.loads(nights.mesh()["metadata"]["annotations"][FORMER])
    assert kept == as_written(before)

    again = nights.begin(traces, tmp_path)
    said = again.finish(_TAKES_S)

    assert again.code == PASSED, said
    same(before, nights.mesh())
    nights.assert_left("global: Mesh default")


def test_a_night_that_may_not_take_away_what_it_brought_takes_the_rest_away_and_names_it(
    nights: Nights, traces: Traces, tmp_path: Path
) -> None:
    before = nights.mesh_of_users()
    run = nights.broken(traces, tmp_path)
    nights.zones["zone1"].delete(_BINDING, "mesh-chaos-walkthrough")
    try:
        said = " ".join(run.finish(_TAKES_S).split())
    finally:
        nights.grant()

    assert run.code == INFRA, said
    assert "3 of what the suite made or changed could not be undone and is left: HTTPRoute kong/echo in zone1" in said
    assert "Service kong/echo-mmzs-service in zone1 (" in said
    assert "GatewayConfiguration kong/kong-configuration in zone1 (" in said
    nights.assert_left(
        "global: Mesh default",
        "zone1: GatewayConfiguration kong-configuration",
        "zone1: HTTPRoute echo",
        "zone1: Service echo-mmzs-service",
    )
    same(before, nights.mesh())

    again = nights.begin(traces, tmp_path)
    assert again.finish(_TAKES_S)
    assert again.code == PASSED
    nights.assert_left("global: Mesh default")


def test_a_night_without_the_roles_for_the_walkthrough_is_refused_before_anything_is_touched(
    nights: Nights, traces: Traces, tmp_path: Path
) -> None:
    before = nights.mesh()
    nights.world.delete(_BINDING, "mesh-chaos-walkthrough", "kuma-system")
    try:
        run = nights.begin(traces, tmp_path)
        said = " ".join(run.finish(_TAKES_S).split())
    finally:
        nights.grant()

    assert run.code == INFRA, said
    assert "deploy/rbac-global-walkthrough.yaml" in said
    assert nights.mesh() == before
    nights.assert_left("global: Mesh default")
