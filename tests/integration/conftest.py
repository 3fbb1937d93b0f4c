"""Every test that starts processes proves that none, and none of their files, is left."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.kubernetes_clusters import one_cluster, three_clusters
from tests.integration.suite import MARK, Traces

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["one_cluster", "three_clusters"]
_ON_CLUSTERS = ("test_kubernetes_", "test_testbed_")
_TAKE_MINUTES = (
    "test_kubernetes_suite", "test_kubernetes_nightly", "test_kubernetes_beyond",
    "test_fidelity", "test_universal", "test_kind", "test_kuma_engine", "test_again",
    "test_soak", "test_universal_beyond",
)  # fmt: skip
"""The longest first: a worker that began one of them at the end would be alone with it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs on real API servers takes long, and needs Go once: it can be chosen, or left out."""
    own = [item for item in items if item.path.parent == Path(__file__).parent]
    for item in own:
        if item.path.name.startswith(_ON_CLUSTERS):
            item.add_marker("clusters")
    order = {f"{name}.py": place for place, name in enumerate(_TAKE_MINUTES)}
    longest_first = iter(sorted(own, key=lambda item: order.get(item.path.name, len(order))))
    items[:] = [next(longest_first) if item in own else item for item in items]


@pytest.fixture
def traces() -> Iterator[Traces]:
    """What this test's processes leave; nothing may be left at its end."""
    yield from _traces()


@pytest.fixture(scope="module")
def lasting_traces(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traces]:
    """The same for what all tests of a module use."""
    tmp_path_factory.getbasetemp()  # as below
    yield from _traces()


def _traces() -> Iterator[Traces]:
    traces = Traces(Path(tempfile.mkdtemp(prefix="traces-", dir="/tmp")))  # short: unix sockets have 107 characters
    try:
        yield traces
        traces.assert_nothing_left()
    finally:
        traces.end()
        shutil.rmtree(traces.folder, ignore_errors=True)


@pytest.fixture
def here(traces: Traces, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Traces:
    """Lets what this very process starts be found as well."""
    tmp_path_factory.getbasetemp()  # pytest makes its own where it is first asked for one
    monkeypatch.setenv(MARK, traces.value)
    monkeypatch.setattr(tempfile, "tempdir", str(traces.folder))
    return traces
