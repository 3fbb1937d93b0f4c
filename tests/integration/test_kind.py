"""The platform kind, without a container engine: real plans, real API servers, recorded calls of docker, kind and helm.

What is not shown here, for want of a container daemon, is that the images start and that MetalLB's addresses answer.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chaos.errors import InfraError, MeshGone, SettingsError
from fixtures.mesh import Backend
from fixtures.meshes import mesh_settings
from fixtures.platforms.kind import bringup
from fixtures.platforms.kind.made import Kept, make
from fixtures.platforms.kubernetes import bringup as kubernetes
from fixtures.platforms.kubernetes.contexts import parse_contexts
from fixtures.platforms.kubernetes.install.installing import Installed, install_mesh
from fixtures.platforms.kubernetes.install.settings import InstallSettings
from fixtures.platforms.kubernetes.install.versions import parse_versions
from fixtures.platforms.kubernetes.kinds import DEPLOYMENT, HTTP_ROUTE, NAMESPACE, SECRET, SERVICE, ObjectKind
from fixtures.platforms.kubernetes.walkthrough import zone_objects
from tests.integration.kind_programs import Programs
from tests.integration.kind_programs.cluster import GLOBAL_ADDRESS, at, be_kubelet
from tests.integration.suite import Run, start_mesh_chaos, start_pytest, until
from tests.unit.made import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fixtures.mesh import MeshSettings
    from fixtures.platforms.kind.made import Made
    from fixtures.platforms.kubernetes.cluster import Cluster
    from fixtures.platforms.kubernetes.testbed.clusters import Clusters
    from tests.integration.suite import Traces

POOL = ObjectKind("metallb.io/v1beta1", "IPAddressPool")
SAME = "node=v1.36.3"
"""The version of the API servers that new clusters turn out to be."""


@dataclass
class Bench:
    """What a test makes clusters with."""

    programs: Programs
    clusters: Clusters
    logs: Path
    name: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex[:6]}")
    """Of clusters: no other test's, and no other run's of the tests."""
    made: list[Made] = field(default_factory=list)

    def wanted(self, **given: str) -> MeshSettings:
        return mesh_settings(settings(platform="kind", cluster_name=self.name, **given), "page", self.logs)

    def make(self, progress: Callable[[str], None] = lambda _: None, **given: str) -> Made:
        self.made.append(make(self.wanted(**given), progress))
        return self.made[-1]

    def cluster(self, member: str) -> str:
        return f"mesh-chaos-{self.name}-{member}"

    @property
    def all(self) -> set[str]:
        return {self.cluster(member) for member in ("global", "zone1", "zone2")}

    def api(self, member: str) -> Cluster:
        """The API server that a new cluster turns out to be."""
        return at(self.clusters.kubeconfig, member)

    def clean_up(self) -> None:
        """End what a failed test has left."""
        self.programs.obey()
        for one in self.made:
            one.end()
            with contextlib.suppress(MeshGone):
                Kept(one.layout.folder).end()

    def command(self, *arguments: str, traces: Traces, code: int = 0) -> str:
        """``mesh-chaos kind ARGUMENTS``, in a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "fixtures.platforms.kind", *arguments],
            cwd=Path(__file__).parents[2],
            env=traces.environment(**self.programs.environment()),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture
def bench(three_clusters: Clusters, here: Traces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """The programs first on PATH; everything that is made has been deleted in the end, and the user's is as it was."""
    del here
    programs = Programs.install(tmp_path / "programs", three_clusters)
    for name, value in programs.environment().items():
        monkeypatch.setenv(name, value)
    bench = Bench(programs, three_clusters, tmp_path / "logs")
    yield bench
    left = programs.clusters, programs.networks, list(programs.state.iterdir()) if programs.state.exists() else []
    bench.clean_up()
    assert left == (set(), set(), [])
    programs.assert_user_untouched()


def test_clusters_are_made_a_mesh_is_installed_and_all_of_it_is_deleted(bench: Bench) -> None:
    said: list[str] = []
    made = bench.make(said.append)
    creates = bench.programs.calls("kind create cluster")

    assert bench.programs.clusters == bench.all
    network = bench.programs.calls("docker network create")
    assert network[0].ended_ns is not None
    assert network[0].ended_ns < min(call.began_ns for call in creates)
    assert max(call.began_ns for call in creates) < min(call.ended_ns or 0 for call in creates)  # all at once
    assert {call.environment["KIND_EXPERIMENTAL_DOCKER_NETWORK"] for call in creates} == bench.programs.networks

    meshes = bench.programs.calls("--install kuma")
    assert "controlPlane.mode=global" in meshes[0].argv
    ready_ns = meshes[0].ended_ns
    assert ready_ns is not None
    assert all(call.began_ns > ready_ns for call in meshes[1:])
    assert all(f"controlPlane.kdsGlobalAddress=grpcs://{GLOBAL_ADDRESS}:5685" in call.argv for call in meshes[1:])

    for index, member in enumerate(made.layout.members):
        pool = bench.api(member).get(POOL, "mesh-chaos", "metallb-system")
        assert pool is not None
        assert pool["spec"] == {"addresses": [f"172.18.{128 + index}.1-172.18.{128 + index}.254"]}
    for file in made.layout.folder.iterdir():
        assert file.stat().st_mode & 0o077 == 0 or file.name in {"kind.json", "undo.jsonl"}, file
    assert made.layout.folder.stat().st_mode & 0o777 == 0o700
    assert any(line.startswith("zone1: install kuma 2.13.10") for line in said)

    made.end()
    deleted = [str(call) for call in bench.programs.calls() if " rm " in str(call) or " delete " in str(call)]
    assert deleted[-1] == f"docker network rm --force mesh-chaos-{bench.name}"
    assert len(deleted) == 4


@pytest.mark.parametrize(
    ("match", "said", "line"),
    [
        (
            "kind create cluster --name mesh-chaos-NAME-zone2",
            "ERROR: failed to create cluster: pulling image\nno space left on device\n",
            "zone2: make the cluster mesh-chaos-NAME-zone2: kind create cluster failed: no space left on",
        ),
        (
            "--kube-context kind-mesh-chaos-NAME-zone1 --namespace kuma-system --install kuma",
            "Error: failed to fetch https://kumahq.github.io/charts/kuma-2.13.10.tgz : 503\n",
            "zone1: install kuma 2.13.10: helm upgrade failed: Error: failed to fetch https://kumahq.github.io",
        ),
        (
            "docker network create",
            "Error response from daemon: all predefined address pools have been fully subnetted\n",
            "network: make the container network: docker network create failed: Error response from daemon: all",
        ),
    ],
)
def test_a_failure_in_the_middle_leaves_nothing(bench: Bench, match: str, said: str, line: str) -> None:
    bench.programs.rule(match.replace("NAME", bench.name), stderr=said, code=1)
    with pytest.raises(InfraError) as caught:
        bench.make()
    (told,) = str(caught.value).splitlines()
    assert told.startswith(line.replace("NAME", bench.name))
    assert "(whole log: " in told


def test_a_mesh_that_does_not_come_up_in_them_takes_the_clusters_with_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handed: MeshSettings, progress: object, owner: object) -> None:
        assert bench.programs.clusters
        assert handed.kubernetes.kubeconfig is not None
        assert owner is not None
        raise InfraError("echo is not ready")

    monkeypatch.setattr(kubernetes, "bring_up", fail)
    with pytest.raises(InfraError, match=r"^echo is not ready$"):
        bringup.bring_up(bench.wanted(), lambda _: None)


def test_what_cannot_be_deleted_is_told_with_the_command(bench: Bench) -> None:
    made = bench.make()
    delete = f"kind delete cluster --name {bench.cluster('zone1')}"
    bench.programs.rule(delete, stderr="ERROR: daemon is gone\n", code=1)
    with pytest.raises(InfraError) as caught:
        made.end()
    assert "left to do: " in str(caught.value)
    assert delete in str(caught.value)
    assert bench.programs.clusters == {bench.cluster("zone1")}
    bench.programs.obey()
    Kept(made.layout.folder).end()


def test_kept_clusters_are_used_again_and_deleted_on_request(bench: Bench, traces: Traces) -> None:
    first = bench.make(versions=SAME)
    told = first.keep()
    first.end()
    folder = first.layout.folder
    assert f"mesh-chaos kind down {folder}" in told
    assert f"export KUBECONFIG={first.layout.kubeconfig}" in told
    assert len(bench.programs.clusters) == 3
    created = len(bench.programs.calls("kind create"))

    second = bench.make(versions=SAME)
    second.end()
    assert len(bench.programs.clusters) == 3
    assert len(bench.programs.calls("kind create")) == created

    listed = bench.command("list", traces=traces)
    assert f"{folder}: {', '.join(map(bench.cluster, ('global', 'zone1', 'zone2')))}" in listed
    assert "have been deleted" in bench.command("down", str(folder), traces=traces)
    assert "they have been deleted" in bench.command("down", str(folder), code=10, traces=traces)


def test_clusters_of_another_version_are_not_used(bench: Bench) -> None:
    first = bench.make()
    first.keep()
    first.end()
    with pytest.raises(SettingsError, match=r"runs Kubernetes v1\.36\.3, wanted is v1\.36\.1: choose another"):
        bench.make()
    assert len(bench.programs.clusters) == 3
    Kept(first.layout.folder).end()


def test_two_runs_never_share_clusters(bench: Bench) -> None:
    first = bench.make()
    with pytest.raises(SettingsError, match=f"another run uses the clusters {bench.name}"):
        bench.make()
    with pytest.raises(SettingsError, match=f"another run uses the clusters {bench.name}"):
        Kept(first.layout.folder).end()
    assert len(bench.programs.clusters) == 3
    first.end()


def test_a_zone_s_cluster_is_deleted_and_comes_back_as_it_was(bench: Bench, traces: Traces) -> None:
    made = bench.make()
    folder, zone1 = str(made.layout.folder), bench.api("zone1")
    for one in zone_objects("kong", 2, Backend.MULTIZONE, probe=False):
        zone1.apply(one)
    be_kubelet(zone1, "kong", "app=echo")

    bench.command("stop", folder, "zone1", traces=traces)
    assert bench.programs.clusters == {bench.cluster("global"), bench.cluster("zone2")}
    assert zone1.get(DEPLOYMENT, "echo") is None
    assert "there is no cluster" in bench.command("stop", folder, "zone1", traces=traces)

    kubelet = threading.Thread(target=be_kubelet, args=(zone1, "kong", "app=echo"))
    until(lambda: not zone1.list(ObjectKind("v1", "Pod"), "app=echo"))
    kubelet.start()
    bench.command("start", folder, "zone1", traces=traces)
    kubelet.join()
    route = zone1.get(HTTP_ROUTE, "echo")
    assert route is not None
    assert route["spec"]["rules"][0]["backendRefs"][0]["name"] == "echo-mmzs-service"
    assert zone1.get(SERVICE, "echo") is not None
    namespace = zone1.get(NAMESPACE, "kong")
    assert namespace is not None
    assert namespace["metadata"]["labels"]["kuma.io/sidecar-injection"] == "enabled"

    created = len(bench.programs.calls("kind create"))
    bench.command("start", folder, "zone1", traces=traces)  # what is as it was is left alone
    assert len(bench.programs.calls("kind create")) == created
    assert "no zone 'zone9'" in bench.command("stop", folder, "zone9", code=2, traces=traces)
    made.end()


def test_the_licence_is_in_the_cluster_and_nowhere_else(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMESH_LICENSE_INLINE", "s3cret")
    made = bench.make(versions="kong-mesh")
    secret = bench.api("global").get(SECRET, "kong-mesh-license", "kuma-system")
    assert secret is not None
    assert secret["data"] == {"license.json": "czNjcmV0"}
    bench.api("global").delete(SECRET, "kong-mesh-license", "kuma-system")
    for call in bench.programs.calls():
        assert "s3cret" not in str(call)
        assert "KMESH_LICENSE_INLINE" not in call.environment
    kept = [*made.layout.folder.rglob("*"), *(tmp_path / "logs").rglob("*")]
    assert not [file for file in kept if file.is_file() and b"s3cret" in file.read_bytes()]
    assert any("kuma.controlPlane.mode=global" in call.argv for call in bench.programs.calls("--install kong-mesh"))
    made.end()


def test_k3d_makes_them_where_kind_is_not_there(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (bench.programs.folder / "bin" / "kind").unlink()
    monkeypatch.setenv("PATH", str(bench.programs.folder / "bin"))  # nor is there one of the machine's
    made = bench.make()
    assert bench.programs.clusters == bench.all
    assert made.layout.contexts.zones["zone2"] == f"k3d-{bench.cluster('zone2')}"
    made.end()
    assert len(bench.programs.calls("k3d cluster delete")) == 3


PLATFORM = ("--platform=kind", "-m", "failover", "--fault=delete-service", "--zone=zone1")


def started(traces: Traces, bench: Bench, tmp_path: Path) -> Run:
    return start_pytest(traces, tmp_path / "artifacts", *PLATFORM, **bench.programs.environment())


def begun(bench: Bench, suite: Run) -> bool:
    """Whether the call that goes on for ever has begun."""
    if suite.process.poll() is not None:
        pytest.fail(suite.finish())
    return bool(bench.programs.calls("--install kuma"))


def test_ctrl_c_deletes_everything(bench: Bench, traces: Traces, tmp_path: Path) -> None:
    bench.programs.rule("--install kuma", hang=True)
    suite = started(traces, bench, tmp_path)
    until(lambda: begun(bench, suite), 90)
    suite.kill(signal.SIGINT)
    text = suite.finish()
    assert suite.code == 2, text
    assert not bench.programs.clusters


def test_after_kill_9_everything_is_deleted(bench: Bench, traces: Traces, tmp_path: Path) -> None:
    bench.programs.rule("--install kuma", hang=True)
    suite = started(traces, bench, tmp_path)
    until(lambda: begun(bench, suite), 90)
    suite.kill(signal.SIGKILL)
    suite.finish()
    until(lambda: not bench.programs.clusters and not bench.programs.networks and not traces.processes(), 60)
    until(lambda: not list(bench.programs.state.iterdir()))


def test_after_kill_9_while_clusters_are_made_everything_is_deleted(
    bench: Bench, traces: Traces, tmp_path: Path
) -> None:
    bench.programs.rule("metallb --repo", hang=True)
    suite = started(traces, bench, tmp_path)
    until(lambda: len(bench.programs.clusters) == 3, 90)
    suite.kill(signal.SIGKILL)
    suite.finish()
    until(lambda: not bench.programs.clusters and not bench.programs.networks and not traces.processes(), 60)
    until(lambda: not list(bench.programs.state.iterdir()))


def test_without_a_daemon_it_is_wrong_usage_in_one_line(traces: Traces, tmp_path: Path) -> None:
    """The real docker command, whose daemon does not run; nothing else has to be there."""
    if not any((Path(folder) / "docker").exists() for folder in os.environ["PATH"].split(os.pathsep)):
        pytest.skip("the real docker command is not installed")
    nowhere = f"unix://{tmp_path}/docker.sock"
    suite = start_pytest(traces, tmp_path / "artifacts", *PLATFORM, DOCKER_HOST=nowhere)
    text = suite.finish()
    assert "the clusters of --platform kind need docker, which says: " in text
    assert "Traceback" not in text
    assert suite.code in {4, 10}, text


def test_the_plan_needs_nothing(traces: Traces, tmp_path: Path) -> None:
    suite = start_pytest(
        traces, tmp_path / "artifacts", *PLATFORM, "--plan", "--cluster-name=n", XDG_STATE_HOME=str(tmp_path / "state")
    )
    text = suite.finish()
    assert suite.code == 0, text
    assert "docker network create --driver bridge mesh-chaos-n" in text
    assert not (tmp_path / "state").exists()


CONTEXTS = "zone1=zone1,zone2=zone2,global=global"


def test_a_mesh_is_installed_into_clusters_that_there_are_and_taken_away(bench: Bench, tmp_path: Path) -> None:
    config = str(bench.clusters.kubeconfig)
    contexts = parse_contexts(CONTEXTS)
    installed = install_mesh(contexts, config, InstallSettings(), tmp_path / "logs", lambda _: None)
    assert len(bench.programs.calls("helm upgrade")) == 5
    found = Installed.of(installed.locator())
    assert found is not None
    found.end()
    gone = [str(call).split(" --namespace ")[1].split()[1] for call in bench.programs.calls("helm uninstall")]
    assert sorted(gone) == ["kong-operator", "kong-operator", "kuma", "kuma", "kuma"]


def test_what_was_installed_before_stays_and_another_version_is_refused(bench: Bench, tmp_path: Path) -> None:
    config, logs = str(bench.clusters.kubeconfig), tmp_path / "logs"
    contexts = parse_contexts(CONTEXTS)
    first = install_mesh(contexts, config, InstallSettings(), logs / "1", lambda _: None)
    again = install_mesh(contexts, config, InstallSettings(), logs / "2", lambda _: None)
    again.end()
    assert not bench.programs.calls("helm uninstall")

    newer = parse_versions("kuma=2.14.3")
    with pytest.raises(
        SettingsError, match=r"kuma-2\.13\.10 is installed in kuma-system \(deployed\), wanted is kuma-2"
    ):
        install_mesh(contexts, config, InstallSettings(newer), logs / "3", lambda _: None)
    assert not bench.programs.calls("helm uninstall")
    upgraded = install_mesh(contexts, config, InstallSettings(newer, upgrade=True), logs / "4", lambda _: None)
    upgraded.end()
    assert not bench.programs.calls("helm uninstall")
    assert "helm uninstall" in first.keep()
    first.end()
    assert len(bench.programs.calls("helm uninstall")) == 5


def test_the_commands_are_part_of_mesh_chaos(traces: Traces) -> None:
    text = start_mesh_chaos(traces, "kind", "--help").finish()
    for command in ("list", "stop", "start", "down", "addresses"):
        assert command in text
