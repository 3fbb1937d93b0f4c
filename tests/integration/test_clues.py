"""Clues of a real mesh of processes: what is seen while it is well, and what when a part of it is gone."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import httpx
import pytest

from chaos.diagnosis.clues import MULTIZONE, Multizone, Service, taken
from fixtures.mesh import MeshSettings
from tests.integration.suite import brought_up, until
from tests.unit.made import settings as any_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.diagnosis.clues import Clues
    from fixtures.platforms.universal.platform import Universal
    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy

WAIT_S = 0.5
"""What an experiment waits for clues at most, and a little for a busy machine."""


@pytest.fixture(scope="module")
def mesh(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Universal]:
    logs = tmp_path_factory.mktemp("logs")
    wanted = MeshSettings(
        zones=("zone1", "zone2"), replicas=2, profile="page", engine="standin", kuma_home=None, envoy=None,
        balancer_check="shallow", block=None, logs=logs, kubernetes=any_settings().kubernetes,
    )  # fmt: skip
    with brought_up(lasting_traces, wanted) as found:
        yield found


def seen(mesh: Universal) -> Clues:
    """The clues, once every page has come: a machine that is busy may need a second try."""
    found: list[Clues] = []

    def whole() -> bool:
        found[:] = [mesh.clues()]
        return all(None not in (zone.upstreams, zone.offered, zone.backends, zone.retried) for zone in found[0].zones)

    until(whole, 20, "every page comes in time")
    return found[0]


def test_of_a_mesh_that_is_well_everything_is_seen_and_nothing_is_wrong(mesh: Universal) -> None:
    def known_to_all() -> bool:
        clues = seen(mesh)
        return len(clues.services or ()) == 2 and bool(clues.balancer and all(map(clues.balancer.uses, mesh.zones)))

    until(known_to_all, 20, "global knows both MeshServices, and the load balancer uses both zones")
    clues = seen(mesh)
    assert clues.mtls is True
    assert clues.permissions == 1
    assert clues.multizone == Multizone((1027,), ("zone1", "zone2"))
    assert set(clues.services or ()) == {Service(zone, "Available", (1027,)) for zone in mesh.zones}
    assert clues.ingresses is not None
    assert {(one.zone, one.accepts) for one in clues.ingresses} == {("zone1", True), ("zone2", True)}
    assert clues.balancer is not None
    assert clues.balancer.notices_s == 2
    assert clues.balancer.uses("zone1")
    assert clues.balancer.uses("zone2")


@pytest.mark.parametrize(("zone", "other"), [("zone1", "zone2"), ("zone2", "zone1")])
def test_a_gateways_envoy_has_its_own_replicas_first_and_the_other_zones_ingress_second(
    mesh: Universal, zone: str, other: str
) -> None:
    here = seen(mesh).zone(zone)
    assert (here.answers, here.online, here.backends, here.deregistration_s) == (True, True, (MULTIZONE,), 10.0)
    replicas = {f"{replica.host}:1027" for replica in mesh.topology.zone(zone).replicas}
    assert set(here.offered or ()) == replicas
    assert {(up.address, up.zone, up.priority, up.healthy) for up in here.local() or ()} == {
        (address, zone, 0, True) for address in replicas
    }
    assert {(up.address, up.zone, up.priority, up.healthy) for up in here.remote() or ()} == {
        (str(mesh.topology.zone(other).ingress), other, 1, True)
    }
    assert all(None not in (up.requests, up.errors, up.refused, up.connections) for up in here.upstreams or ())
    assert set(here.usable() or ()) == set(here.local() or ())


def test_what_a_gateway_asks_is_counted_by_endpoint(mesh: Universal) -> None:
    def asked(clues: Clues) -> int:
        return sum(up.requests or 0 for up in clues.zone("zone1").local() or ())

    before = asked(seen(mesh))
    for _ in range(5):
        httpx.get(mesh.topology.zone("zone1").gateway.url + "/echo", trust_env=False)
    assert asked(seen(mesh)) >= before + 5


def test_an_experiment_does_not_wait_for_what_does_not_answer(mesh: Universal) -> None:
    keeping = mesh.running.keeping
    keeping.send(["zone1-cp"], signal.SIGSTOP)
    try:
        began = time.monotonic()
        clues = taken(mesh.clues)
        took = time.monotonic() - began
    finally:
        keeping.send(["zone1-cp"], signal.SIGCONT)
    assert took < 2 * WAIT_S
    assert clues.zone("zone1").answers is False
    assert clues.zone("zone1").offered is None
    assert clues.zone("zone2").answers is True


def test_an_ingress_that_is_gone_accepts_nothing(mesh: Universal) -> None:
    """While its resource is there still: the control plane waits for it to come back."""
    mesh.running.keeping.signal(["ingress-zone2"], signal.SIGKILL)
    accepts = {one.zone: one.accepts for one in mesh.clues().ingresses or ()}
    assert accepts == {"zone1": True, "zone2": False}
