"""The leases that keep two runs apart, on real API servers."""

from __future__ import annotations

import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from chaos.errors import InfraError
from fixtures.lifeline import die_with_parent
from fixtures.platforms.kubernetes.cluster import Cluster, connect
from fixtures.platforms.kubernetes.kinds import LEASE, NAMESPACE
from fixtures.platforms.kubernetes.lease import Leases
from fixtures.platforms.kubernetes.zonelease import LEASE_NAME, Timing, holder_of
from tests.integration.kubernetes_clusters import running_clusters
from tests.integration.suite import ROOT, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fixtures.platforms.kubernetes.kinds import Document
    from fixtures.platforms.kubernetes.testbed.clusters import Clusters
    from tests.integration.suite import Traces

FAST = Timing(duration_s=2, renew_s=0.2, watch_s=0.05)


@pytest.fixture(scope="module")
def two_clusters(lasting_traces: Traces, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    with running_clusters(lasting_traces, tmp_path_factory.mktemp("logs"), "zone1", "zone2") as clusters:
        yield clusters


@dataclass
class Place:
    """Two zones with a namespace of the test's own."""

    running: Clusters
    namespace: str
    said: list[str] = field(default_factory=list)
    made: list[Leases] = field(default_factory=list)

    def cluster(self, zone: str) -> Cluster:
        config = str(self.running.kubeconfig)
        return connect(zone, zone, self.namespace, kubeconfig=config, log=lambda _: None, retry_limit_s=0.5)

    def leases(self, run: str, *zones: str, timing: Timing = FAST) -> Leases:
        clusters = {zone: self.cluster(zone) for zone in zones or ("zone1", "zone2")}
        made = Leases(clusters, self.namespace, run, self.said.append, timing=timing)
        self.made.append(made)
        return made

    def lease(self, zone: str) -> Document:
        found = self.cluster(zone).get(LEASE, LEASE_NAME)
        assert found is not None
        return found

    def holder(self, zone: str) -> str:
        return str(self.lease(zone)["spec"]["holderIdentity"])

    def write(self, zone: str, **spec: object) -> None:
        """Write into the Lease of a zone, as another holder does."""
        self.cluster(zone).update(LEASE, LEASE_NAME, lambda lease: lease["spec"].update(spec))


@pytest.fixture
def place(two_clusters: Clusters) -> Iterator[Place]:
    place = Place(two_clusters, f"lease-{uuid.uuid4().hex[:8]}")
    for zone in two_clusters.zones:
        place.cluster(zone).create({"apiVersion": "v1", "kind": NAMESPACE.kind, "metadata": {"name": place.namespace}})
    yield place
    for leases in place.made:
        leases.release()


def timed(leases: Leases) -> float:
    begun = time.monotonic()
    leases.take()
    return time.monotonic() - begun


def test_a_second_run_is_refused_and_told_whose_turn_it_is(place: Place) -> None:
    first = place.leases("first")
    first.take()
    second = place.leases("second")
    with pytest.raises(InfraError, match=r"^zone1 is in use by \S+@\S+ pid \d+ run first since 20\S+Z ") as refused:
        second.take()
    assert f"(Lease {place.namespace}/mesh-chaos): wait for it, or end it" in str(refused.value)
    assert [line for line in place.said if "watching for up to 2 s" in line and "run first" in line]
    assert first.lost() is None
    assert {place.holder(zone) for zone in ("zone1", "zone2")} == {holder_of("first")}


def test_what_is_given_back_is_free_at_once_and_names_nobody(place: Place) -> None:
    first = place.leases("first")
    first.take()
    first.release()
    spec = place.lease("zone2")["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"]) == ("", 1)
    assert timed(place.leases("second")) < FAST.duration_s
    assert place.said == []
    spec = place.lease("zone2")["spec"]
    assert (spec["holderIdentity"], spec["leaseDurationSeconds"], spec["leaseTransitions"]) == (
        holder_of("second"),
        2,
        1,
    )


_HOLD = """
import sys
from fixtures.platforms.kubernetes.cluster import connect
from fixtures.platforms.kubernetes.lease import Leases
from fixtures.platforms.kubernetes.zonelease import Timing
kubeconfig, namespace = sys.argv[1:]
cluster = connect("zone1", "zone1", namespace, kubeconfig=kubeconfig, log=print)
Leases({"zone1": cluster}, namespace, "killed", print, timing=Timing(2, 0.2, 0.05)).take()
print("held", flush=True)
sys.stdin.read()
"""


def test_a_killed_run_is_taken_over_when_its_time_has_passed(place: Place, lasting_traces: Traces) -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(place.running.kubeconfig), place.namespace],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=lasting_traces.environment(),
        preexec_fn=die_with_parent(),  # noqa: PLW1509 - it calls prctl only
    )
    with killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "held\n"
        with pytest.raises(InfraError, match=f"pid {killed.pid} run killed"):
            place.leases("early", "zone1").take()
        killed.kill()
    for file in lasting_traces.folder.iterdir():  # the client's certificates, which a killed process leaves
        if file.is_file():
            file.unlink()
    heir = place.leases("heir", "zone1")
    assert FAST.duration_s <= timed(heir) < 2 * FAST.duration_s
    assert place.holder("zone1") == holder_of("heir")


@pytest.mark.parametrize("renewed", ["2001-01-01T00:00:00.000000Z", "2101-01-01T00:00:00.000000Z"])
def test_the_clock_of_a_holder_is_not_believed(place: Place, renewed: str) -> None:
    place.leases("other", "zone1").take()
    place.made.pop().release()
    place.write("zone1", holderIdentity="a@b pid 1 run x", leaseDurationSeconds=1, renewTime=renewed)
    assert 1 <= timed(place.leases("second", "zone1")) < FAST.duration_s
    assert any("in use by a@b pid 1 run x" in line for line in place.said)


def test_all_zones_or_none(place: Place) -> None:
    other = place.leases("other", "zone2")
    other.take()
    both = place.leases("both")
    with pytest.raises(InfraError, match=r"zone2 is in use by .* run other"):
        both.take()
    assert place.holder("zone1") == ""
    assert other.lost() is None
    other.release()
    place.leases("third").take()


def test_of_many_at_once_one_gets_it(place: Place) -> None:
    many = [place.leases(f"run{number}", "zone1") for number in range(6)]
    with ThreadPoolExecutor(len(many)) as pool:
        errors = [taking.exception() for taking in [pool.submit(leases.take) for leases in many]]
    assert errors.count(None) == 1
    assert all(isinstance(error, InfraError) and "zone1 is in use by" in str(error) for error in errors if error)
    assert place.holder("zone1") == holder_of(f"run{errors.index(None)}")
    assert many[errors.index(None)].lost() is None


def test_a_crashed_run_is_repaired_after_at_once_by_whoever_has_its_journal(place: Place) -> None:
    place.leases("crashed", "zone1").take()
    place.made.pop().release()
    place.write("zone1", holderIdentity="a@elsewhere pid 1 run crashed", leaseDurationSeconds=60)
    repair = place.leases("crashed", "zone1")
    repair.take(from_dead_run=True)
    assert place.said == []
    assert place.holder("zone1") == holder_of("crashed")


def test_the_journal_of_another_run_opens_nothing(place: Place) -> None:
    holder = place.leases("alive", "zone1")
    holder.take()
    with pytest.raises(InfraError, match=r"in use by .* run alive"):
        place.leases("crashed", "zone1").take(from_dead_run=True)


def test_a_run_that_was_believed_dead_learns_that_it_is_repaired_after(place: Place) -> None:
    alive = place.leases("one", "zone1")
    alive.take()
    place.write("zone1", holderIdentity="a@elsewhere pid 1 run one")
    until(alive.lost, 30)
    assert str(alive.lost()).startswith("zone1 is no longer this run's: a@elsewhere pid 1 run one has taken it (Lease ")
    alive.release()
    assert place.holder("zone1") == "a@elsewhere pid 1 run one"


def test_a_lease_that_somebody_gave_back_meanwhile_is_lost(place: Place) -> None:
    alive = place.leases("one", "zone1")
    alive.take()
    place.write("zone1", holderIdentity="")
    until(alive.lost, 30)
    assert "somebody took it and gave it back" in str(alive.lost())


def test_renewing_goes_on_through_changes_of_others(place: Place) -> None:
    leases = place.leases("one", "zone1")
    leases.take()
    acquired, first = place.lease("zone1")["spec"]["acquireTime"], place.lease("zone1")["spec"]["renewTime"]
    for number in range(30):
        place.cluster("zone1").patch(LEASE, LEASE_NAME, {"metadata": {"annotations": {"note": str(number)}}})
    until(lambda: place.lease("zone1")["spec"]["renewTime"] > first, 30)
    assert leases.lost() is None
    assert place.lease("zone1")["spec"]["acquireTime"] == acquired


def test_a_deleted_lease_is_taken_again(place: Place) -> None:
    leases = place.leases("one", "zone1")
    leases.take()
    place.cluster("zone1").delete(LEASE, LEASE_NAME)
    until(lambda: place.cluster("zone1").get(LEASE, LEASE_NAME), 30)
    assert place.holder("zone1") == holder_of("one")
    assert leases.lost() is None


def test_it_is_held_through_the_loss_of_a_zone(place: Place) -> None:
    leases = place.leases("one")
    leases.take()
    before, other = place.lease("zone1")["spec"]["renewTime"], place.lease("zone2")["spec"]["renewTime"]
    place.running.stop("zone1")
    try:
        until(lambda: any("lease in zone1 cannot be renewed for now" in line for line in place.said), 30)
        until(lambda: place.lease("zone2")["spec"]["renewTime"] > other, 5, "zone2 waits for zone1")
        assert leases.lost() is None
    finally:
        place.running.start("zone1")
    until(lambda: "the lease in zone1 is renewed again" in place.said, 30)
    assert place.lease("zone1")["spec"]["renewTime"] > before
    assert place.holder("zone1") == holder_of("one")
    assert leases.lost() is None
    assert len([line for line in place.said if "cannot be renewed" in line]) == 1


def test_a_zone_that_is_away_is_left_to_run_out(place: Place) -> None:
    leases = place.leases("one")
    leases.take()
    place.running.stop("zone1")
    try:
        leases.release()
        assert [line for line in place.said if line.startswith("the lease in zone1 is left to run out in 2 s: ")]
        assert place.holder("zone2") == ""
    finally:
        place.running.start("zone1")
    assert timed(place.leases("two", "zone1")) >= FAST.duration_s


def test_a_zone_that_the_crashed_run_has_stopped_can_be_repaired_after_all(place: Place) -> None:
    place.leases("crashed").take()
    place.made.pop().release()
    place.write("zone2", holderIdentity="a@elsewhere pid 1 run crashed", leaseDurationSeconds=60)
    place.running.stop("zone1")
    repair = place.leases("crashed")
    try:
        repair.take(from_dead_run=True)
        assert any(line.startswith("the lease in zone1 is not taken: ") for line in place.said)
        assert place.holder("zone2") == holder_of("crashed")
        with pytest.raises(InfraError, match="cannot be used"):  # who comes to break things needs every zone
            place.leases("two", "zone1").take()
    finally:
        place.running.start("zone1")


def test_a_run_may_give_them_back_and_take_them_again(place: Place) -> None:
    leases = place.leases("one", "zone1")
    leases.take()
    leases.release()
    leases.take()
    first = place.lease("zone1")["spec"]["renewTime"]
    until(lambda: place.lease("zone1")["spec"]["renewTime"] > first, 30, "it is renewed")


def test_a_namespace_that_is_missing_is_said(place: Place) -> None:
    cluster = place.cluster("zone1")
    leases = Leases({"zone1": cluster}, "nowhere", "one", place.said.append, timing=FAST)
    with pytest.raises(InfraError, match=r"^zone1 has no namespace nowhere$"):
        leases.take()
