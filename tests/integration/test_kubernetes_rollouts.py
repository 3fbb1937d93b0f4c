"""What else can be broken, through a real API server: rollouts, one pod of several, the mesh's own Deployments."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

import pytest

from chaos.errors import InfraError, NothingSelected, SettingsError
from chaos.platform import Action, Kind
from fixtures.platforms.kubernetes.breakables import breakable
from fixtures.platforms.kubernetes.breakables.site import Site
from fixtures.platforms.kubernetes.kinds import AUTOSCALER, DEPLOYMENT, POD, ZONE
from fixtures.platforms.kubernetes.problems import Conflict, Refused
from tests.integration.suite import until
from tests.integration.test_kubernetes_faults import ZONE as HERE
from tests.integration.test_kubernetes_faults import (
    Place,
    deployment,
    effective,
    place,
    running,
    same,
    through_a_journal,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fixtures.platforms.kubernetes.breakables import Breakable

__all__ = ["place"]
NAMES = {"app": "kong-mesh-ingress"}


@pytest.fixture(autouse=True)
def agent(place: Place) -> Iterator[None]:
    """What a node agent does all the time: pods become ready, those that are ended go."""
    stop = threading.Event()

    def step() -> None:
        for pod in place.cluster.list(POD):
            with contextlib.suppress(Refused, Conflict):  # it may be gone meanwhile
                if "deletionTimestamp" in pod["metadata"]:
                    place.cluster.delete(POD, pod["metadata"]["name"], grace_s=0)
                elif pod["status"].get("phase") != "Running":
                    place.cluster.patch(POD, pod["metadata"]["name"], {"status": running()}, subresource="status")

    def run() -> None:
        while not stop.wait(0.1):
            step()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


@pytest.mark.parametrize("action", [Action.ROLL, Action.UPGRADE])
def test_a_rollout_is_proved_by_its_pods_and_undone(place: Place, action: Action, tmp_path: Path) -> None:
    place.deploy()
    before = place.get(DEPLOYMENT)
    target = place.breakable(Kind.DEPLOYMENT)
    record = through_a_journal(target.record(place.zones), tmp_path)
    former = {pod["metadata"]["name"] for pod in place.cluster.list(POD)}

    assert target.disturbed(record, action, place.zones) is None
    target.disturb(record, action, place.zones)
    assert "all 2 pods that" in effective(lambda: target.disturbed(record, action, place.zones))
    assert not former & {pod["metadata"]["name"] for pod in place.cluster.list(POD)}

    target.put(record, place.zones)
    until(lambda: target.difference(record, place.zones) is None)
    after = place.get(DEPLOYMENT)
    assert after["spec"]["template"]["spec"] == before["spec"]["template"]["spec"]
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    if action is Action.UPGRADE:
        same(before, after)


def test_a_restart_that_an_operator_takes_back_is_no_rollout(place: Place) -> None:
    place.deploy()
    target = place.breakable(Kind.DEPLOYMENT)
    record = target.record(place.zones)
    target.disturb(record, Action.ROLL, place.zones)
    place.cluster.update(DEPLOYMENT, "echo", lambda found: found["spec"]["template"]["metadata"].pop("annotations"))
    with pytest.raises(InfraError, match=r"was changed by .*, not by this experiment"):
        effective(lambda: target.disturbed(record, Action.ROLL, place.zones))


def test_a_paused_deployment_is_not_rolled_out(place: Place) -> None:
    place.deploy()
    place.apply_as("kubectl", deployment(paused=True))
    target = place.breakable(Kind.DEPLOYMENT)
    with pytest.raises(InfraError, match="is paused"):
        target.disturb(target.record(place.zones), Action.ROLL, place.zones)


def test_what_flaps_is_away_and_back_three_times(place: Place, tmp_path: Path) -> None:
    place.deploy()
    before = place.get(DEPLOYMENT)
    target = place.breakable(Kind.DEPLOYMENT)
    record = through_a_journal(target.record(place.zones), tmp_path)
    assert target.disturbed(record, Action.FLAP, place.zones) is None
    target.disturb(record, Action.FLAP, place.zones)
    assert "replaced, 3 times" in effective(lambda: target.disturbed(record, Action.FLAP, place.zones))
    assert place.get(DEPLOYMENT)["metadata"]["generation"] >= before["metadata"]["generation"] + 6
    target.put(record, place.zones)
    until(lambda: target.difference(record, place.zones) is None)
    same(before, place.get(DEPLOYMENT))


def test_a_flap_that_was_killed_half_way_is_undone(place: Place, tmp_path: Path) -> None:
    place.deploy()
    target = place.breakable(Kind.DEPLOYMENT)
    record = through_a_journal(target.record(place.zones), tmp_path)
    place.cluster.update(DEPLOYMENT, "echo", lambda found: found["spec"].update(replicas=0))
    until(lambda: not place.cluster.list(POD))
    target.put(record, place.zones)
    until(lambda: target.difference(record, place.zones) is None)


def test_one_of_several_pods_is_killed_and_another_one_comes(place: Place, tmp_path: Path) -> None:
    place.deploy()
    target = place.breakable(Kind.REPLICA)
    record = through_a_journal(target.record(place.zones), tmp_path)
    name = str(record.state["name"])
    assert target.gone(record, place.zones) is None
    target.delete(record, place.zones)

    proof = effective(lambda: target.gone(record, place.zones))
    assert f"has no Pod {place.namespace}/{name} with uid {record.state['uid']}" in proof
    target.put(record, place.zones)
    until(lambda: target.difference(record, place.zones) is None)
    assert len(place.cluster.list(POD)) == 2


def test_the_only_pod_is_not_one_of_several(place: Place) -> None:
    place.apply_as("kubectl", deployment(replicas=1))
    place.run_pods()
    with pytest.raises(NothingSelected, match="1 pods with app=echo are ready; one of several can only be killed"):
        place.breakable(Kind.REPLICA).record(place.zones)


def ingress(place: Place) -> Breakable:
    """Kong Mesh's, in a mesh whose namespace is the test's own."""
    made = deployment(selector={"matchLabels": NAMES})
    made["metadata"] = {"name": "mine", "labels": NAMES}
    made["spec"]["template"]["metadata"] = {"labels": NAMES}
    place.apply_as("helm", made)
    return breakable(Kind.INGRESS, HERE, Site(place.namespace, system=place.namespace))


def test_an_ingress_is_found_by_the_label_of_its_chart(place: Place, tmp_path: Path) -> None:
    target = ingress(place)
    record = through_a_journal(target.record(place.zones), tmp_path)
    before = place.get(DEPLOYMENT, "mine")

    target.delete(record, place.zones)
    proof = effective(lambda: target.gone(record, place.zones))
    assert proof.endswith(f"has no Deployment {place.namespace}/mine; no pod of it is left")
    target.put(record, place.zones)
    same(before, place.get(DEPLOYMENT, "mine"))


def test_a_mesh_without_such_a_deployment_is_no_target(place: Place) -> None:
    target = breakable(Kind.EGRESS, HERE, Site(place.namespace, system=place.namespace))
    with pytest.raises(NothingSelected, match="has a label app=kuma-egress or kong-mesh-egress"):
        target.record(place.zones)


def test_how_many_pods_there_are_is_an_autoscalers_to_say(place: Place) -> None:
    target = ingress(place)
    reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "mine"}
    spec = {"scaleTargetRef": reference, "minReplicas": 1, "maxReplicas": 5}
    place.cluster.create(
        {"apiVersion": AUTOSCALER.api_version, "kind": AUTOSCALER.kind, "metadata": {"name": "a"}, "spec": spec}
    )
    record = target.record(place.zones)
    place.cluster.patch(DEPLOYMENT, "mine", {"spec": {"replicas": 3}}, subresource="scale")
    target.put(record, place.zones)
    until(lambda: target.difference(record, place.zones) is None)
    assert place.get(DEPLOYMENT, "mine")["spec"]["replicas"] == 3


def test_a_number_of_pods_that_somebody_changed_is_not_taken_for_an_autoscalers(place: Place) -> None:
    target = ingress(place)
    record = target.record(place.zones)
    place.cluster.patch(DEPLOYMENT, "mine", {"spec": {"replicas": 3}}, subresource="scale")
    with pytest.raises(InfraError, match=r"was changed by mesh-chaos \(scale\)"):
        target.put(record, place.zones)


def test_a_zone_is_disabled_and_enabled_again(place: Place, tmp_path: Path) -> None:
    name = place.namespace
    place.cluster.create(
        {"apiVersion": ZONE.api_version, "kind": "Zone", "metadata": {"name": name}, "spec": {"enabled": True}}
    )
    target = breakable(Kind.ZONE, name, place.site)
    clusters = {"global": place.cluster}
    record = through_a_journal(target.record(clusters), tmp_path)
    target.disturb(record, Action.DISABLE, clusters)
    assert "has enabled: false" in str(target.disturbed(record, Action.DISABLE, clusters))
    assert f"Zone {name}: spec.enabled is False, was True" in str(target.difference(record, clusters))
    with pytest.raises(NothingSelected, match="is disabled already"):
        target.record(clusters)
    target.put(record, clusters)
    assert target.difference(record, clusters) is None
    with pytest.raises(SettingsError, match="has nothing to delete"):
        target.delete(record, clusters)
    place.cluster.delete(ZONE, name)
