"""Real Kubernetes clusters for tests: etcd, kube-apiserver and kube-controller-manager on loopback addresses.

A cluster alone takes 5 s and 0.5 GB, so a module's tests share theirs; each test makes a namespace of its own.
"""

from __future__ import annotations

import contextlib
import tempfile
from typing import TYPE_CHECKING

import pytest

from chaos.errors import SettingsError
from fixtures.platforms.kubernetes.testbed.addresses import GLOBAL
from fixtures.platforms.kubernetes.testbed.building import kube
from tests.integration.suite import MARK

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.platforms.kubernetes.testbed.clusters import Clusters
    from tests.integration.suite import Traces


@contextlib.contextmanager
def running_clusters(traces: Traces, logs: Path, *names: str) -> Iterator[Clusters]:
    """Clusters that this very process brings up, found among the traces until they end.

    Their program is built where it is missing (4 to 10 minutes, once); only without Go the test is skipped.
    """
    from fixtures.platforms.kubernetes.testbed.clusters import bring_up  # takes 1 s, and most tests need none

    try:
        kube(print)
    except SettingsError as error:
        pytest.skip(str(error))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, traces.value)
        patch.setattr(tempfile, "tempdir", str(traces.folder))
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
