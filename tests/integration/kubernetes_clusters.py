"""Real Kubernetes clusters for tests: etcd, kube-apiserver and kube-controller-manager on loopback addresses.

A cluster alone takes 5 s and 0.5 GB, so a module's tests share theirs; each test makes a namespace of its own.
"""

from __future__ import annotations

import base64
import contextlib
import tempfile
from typing import TYPE_CHECKING

import pytest
import yaml

from chaos.errors import SettingsError
from fixtures.platforms.kubernetes import kinds
from fixtures.platforms.kubernetes.testbed import kubeconfig
from fixtures.platforms.kubernetes.testbed.addresses import GLOBAL
from fixtures.platforms.kubernetes.testbed.building import kube
from tests.integration.suite import MARK, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.platforms.kubernetes.cluster import Cluster
    from fixtures.platforms.kubernetes.kinds import Document
    from fixtures.platforms.kubernetes.testbed.bed import Testbed
    from fixtures.platforms.kubernetes.testbed.clusters import Clusters
    from tests.integration.suite import Traces

ACCOUNT = "mesh-chaos"
"""The shipped ServiceAccount, and its namespace."""


def require_kube() -> None:
    """The clusters' program, built where it is missing (4 to 10 minutes, once); only without Go the test is skipped."""
    try:
        kube(print)
    except SettingsError as error:
        pytest.skip(str(error))


@contextlib.contextmanager
def _traced(traces: Traces) -> Iterator[None]:
    """What is started here is found among the traces."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, traces.value)
        patch.setattr(tempfile, "tempdir", str(traces.folder))
        yield


@contextlib.contextmanager
def running_testbed(traces: Traces, logs: Path, *zones: str) -> Iterator[Testbed]:
    """A whole test bed, likewise."""
    from fixtures.platforms.kubernetes.testbed.bed import Testbed  # as below

    require_kube()
    with _traced(traces):
        up = Testbed.start(zones, logs, lambda _: None)
    with contextlib.closing(up):
        yield up


@contextlib.contextmanager
def running_clusters(traces: Traces, logs: Path, *names: str) -> Iterator[Clusters]:
    """Clusters that this very process brings up, found among the traces until they end."""
    from fixtures.platforms.kubernetes.testbed.clusters import bring_up  # takes 1 s, and most tests need none

    require_kube()
    with _traced(traces):
        clusters = bring_up(names, logs, lambda _: None)
    try:
        yield clusters
    finally:
        clusters.close()


@pytest.fixture(scope="module")
def one_cluster(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    """The cluster ``zone1`` alone."""
    with running_clusters(lasting_traces, tmp_path_factory.mktemp("logs"), "zone1") as clusters:
        yield clusters


@pytest.fixture(scope="module")
def three_clusters(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    """The clusters ``global``, ``zone1`` and ``zone2``."""
    with running_clusters(lasting_traces, tmp_path_factory.mktemp("logs"), GLOBAL, "zone1", "zone2") as clusters:
        yield clusters


def shipped(name: str) -> list[Document]:
    """The objects of a file in deploy/."""
    return list(yaml.safe_load_all((ROOT / f"deploy/{name}.yaml").read_text()))


def way_in(clusters: Clusters, admin: Cluster, user: str, context: str) -> kubeconfig.Context:
    """A context for a ServiceAccount of the shipped namespace, with a token of its own."""
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "metadata": {}, "spec": {}}
    made = admin.post(kinds.SERVICE_ACCOUNT, user, "token", request, namespace=ACCOUNT)
    server = clusters.cluster(admin.zone).addresses.api_server
    return kubeconfig.Context(context, server, _authority(clusters, admin.zone), made["status"]["token"])


def _authority(clusters: Clusters, place: str) -> str:
    """The certificate by which the administrator's kubeconfig checks a cluster."""
    entries = yaml.safe_load(clusters.kubeconfig.read_text())["clusters"]
    encoded = next(entry["cluster"]["certificate-authority-data"] for entry in entries if entry["name"] == place)
    return base64.b64decode(encoded).decode()
