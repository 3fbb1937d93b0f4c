"""Real Kuma, where it is found: up, every target gone and back as recorded, and taken in again; nothing left."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos import undo
from chaos.clock import MonotonicClock, poll
from chaos.platform import Kind
from fixtures.platforms.universal.kuma.installation import find_kuma
from fixtures.platforms.universal.starting import at_home
from tests.integration.stranger import stranger
from tests.integration.suite import brought_up, until
from tests.integration.test_universal import settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.platforms.universal.platform import Universal
    from tests.integration.suite import Traces

pytestmark = [
    pytest.mark.kuma,
    pytest.mark.envoy,
    pytest.mark.skipif(
        find_kuma(None) is None, reason="no kuma-cp found: give KUMA_HOME, or get one with mesh-chaos kuma fetch"
    ),
]


@pytest.fixture(scope="module")
def mesh(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universal]:
    wanted = replace(settings(tmp_path_factory.mktemp("logs")), engine="kuma")
    with brought_up(lasting_traces, wanted) as up:
        yield up


def test_every_vantage_is_answered_zone_locally(mesh: Universal) -> None:
    assert mesh.engine.startswith(("Kuma 2.", "Kong Mesh 2."))
    assert all(at_home(mesh, vantage.url, vantage.zone) for vantage in mesh.vantages)


@pytest.mark.parametrize("kind", [Kind.SERVICE, Kind.DEPLOYMENT, Kind.GATEWAY, Kind.CLUSTER])
def test_what_is_deleted_is_gone_and_comes_back_as_it_was(mesh: Universal, kind: Kind) -> None:
    (target,) = mesh.find(kind, "zone1")
    gateway = mesh.topology.zone("zone1").gateway.url + "/echo"
    record = mesh.record(target)
    assert mesh.difference(record) is None
    mesh.delete(record)
    assert poll(MonotonicClock(), lambda: mesh.gone(record), 15)
    if kind in {Kind.SERVICE, Kind.DEPLOYMENT}:
        assert poll(MonotonicClock(), lambda: at_home(mesh, gateway, "zone2"), 25), "the other zone answers"
    undo.restore(mesh, [record], MonotonicClock())
    assert mesh.difference(record) is None
    assert poll(MonotonicClock(), lambda: mesh.unsettled("zone1") is None, 30), mesh.unsettled("zone1")
    assert poll(MonotonicClock(), lambda: at_home(mesh, gateway, "zone1"), 15)


def test_no_token_is_shown_by_any_process(mesh: Universal, lasting_traces: Traces) -> None:
    shown = [" ".join(process.cmdline()) for process in lasting_traces.processes() if "kuma-dp" in process.name()]
    assert len(shown) == 2 * 4
    assert not [text for text in shown if "eyJ" in text]


# A proxy that is none of the mesh's own, in zone1. The last test shows that with a token of its own it is let in.


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (None, "Dataplane Token is required"),
        ("echo-zone1-1", "authentication failed: proxy name from requestor: stranger is different than in token"),
        ("ingress-zone1", "authentication failed: could not parse token"),
    ],
    ids=["none", "another proxy's", "the ingress's"],
)
def test_a_proxy_without_a_token_of_its_own_is_refused(
    mesh: Universal, tmp_path: Path, token: str | None, said: str
) -> None:
    one = stranger(mesh, tmp_path / "log")
    with one.with_token(one.folder / token / "token" if token else None).running():
        until(lambda: one.says(said), 15, said)
        assert not one.registered


def test_a_proxy_does_not_talk_to_a_control_plane_with_another_certificate(mesh: Universal, tmp_path: Path) -> None:
    one = stranger(mesh, tmp_path / "log")
    with one.with_certificate(one.folder / "zone2-cp" / "kuma-cp.crt").running():
        until(lambda: one.says("failed to verify certificate"), 15, "refused")
        assert not one.registered


def test_a_proxy_with_a_token_of_its_own_is_let_in(mesh: Universal, tmp_path: Path) -> None:
    with stranger(mesh, tmp_path / "log").running() as one:
        until(lambda: one.registered, 15, "registered")
