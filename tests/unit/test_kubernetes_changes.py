"""What the suite makes and changes is undone, whatever cannot be; an API server's own rules: the integration test."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any, cast

import pytest

from chaos.errors import InfraError
from fixtures.platforms.kubernetes import changes as module
from fixtures.platforms.kubernetes.changes import FORMER, Changes
from fixtures.platforms.kubernetes.kinds import MESH, NAMESPACE, SERVICE, ObjectKind
from fixtures.platforms.kubernetes.ownership import MANAGED_BY
from fixtures.platforms.kubernetes.problems import Problem, Refused, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable

    from fixtures.platforms.kubernetes.cluster import Cluster
    from fixtures.platforms.kubernetes.kinds import Document

OURS = {MANAGED_BY: "mesh-chaos"}


class Fake:
    """A cluster that has what was applied; what is said of some names, it does not delete or put."""

    def __init__(self, zone: str = "zone1") -> None:
        self.zone = zone
        self.objects: dict[tuple[str, str], Document] = {}
        self.stubborn: dict[str, InfraError] = {}
        self.said: list[str] = []
        self.asked: list[str] = []
        self.silent = False

    def __str__(self) -> str:
        return self.zone

    def get(self, kind: ObjectKind, name: str, namespace: str | None = None) -> Document | None:
        self._ask("GET", name)
        return deepcopy(self.objects.get((kind.kind, name)))

    def apply(self, document: Document) -> Document:
        key = document["kind"], document["metadata"]["name"]
        there = self.objects.get(key, {"metadata": {"uid": f"uid of {document['metadata']['name']}"}})
        self.objects[key] = deepcopy({**there, **document, "metadata": {**there["metadata"], **document["metadata"]}})
        return self.objects[key]

    def update(
        self, kind: ObjectKind, name: str, change: Callable[[Document], None], namespace: str | None
    ) -> Document:
        self._ask("PUT", name)
        change(self.objects[kind.kind, name])
        return self.objects[kind.kind, name]

    def delete(self, kind: ObjectKind, name: str, namespace: str | None = None, *, uid: str) -> None:
        self._ask("DELETE", name)
        assert uid == self.objects[kind.kind, name]["metadata"]["uid"]
        del self.objects[kind.kind, name]

    def silence(self) -> str | None:
        return f"{self.zone} does not answer" if self.silent else None

    def log(self, line: str) -> None:
        self.said.append(line)

    def _ask(self, method: str, name: str) -> None:
        self.asked.append(f"{method} {name}")
        if self.silent:
            raise Unanswered(f"{self.zone}: waited in vain", Problem("refused", passing=True))
        if method != "GET" and name in self.stubborn:
            raise self.stubborn[name]


def cluster(fake: Fake) -> Cluster:
    return cast("Cluster", fake)


def service(name: str, **more: Any) -> Document:
    metadata = {"name": name, "namespace": "kong", "labels": {**OURS, "app": name}}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [], **more}}


def mesh(**spec: Any) -> Document:
    metadata = {"name": "default", "labels": dict(OURS)}
    return {"apiVersion": MESH.api_version, "kind": "Mesh", "metadata": metadata, "spec": spec}


def space() -> Document:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kong", "labels": dict(OURS)}}


def of_users(document: Document) -> Document:
    labels = {key: value for key, value in document["metadata"]["labels"].items() if key != MANAGED_BY}
    return {**document, "metadata": {**document["metadata"], "labels": labels}}


def forbidden(what: str) -> InfraError:
    return Refused(f"{what}: forbidden", 403)


def test_one_that_cannot_be_undone_keeps_no_other_from_it_and_all_that_is_left_is_named() -> None:
    fake = Fake()
    changes = Changes()
    changes.bring(cluster(fake), [service(name) for name in ("a", "b", "c", "d")])
    fake.stubborn = {"b": forbidden("DELETE b"), "d": forbidden("DELETE d")}

    with pytest.raises(InfraError) as failed:
        changes.undo()

    assert {name for _, name in fake.objects} == {"b", "d"}
    said = str(failed.value)
    assert said.startswith("2 of what the suite made or changed could not be undone and is left: ")
    assert "Service kong/d in zone1 (DELETE d: forbidden); Service kong/b in zone1 (DELETE b: forbidden)" in said


def test_what_is_left_can_be_tried_again() -> None:
    fake = Fake()
    changes = Changes()
    changes.bring(cluster(fake), [service("a"), service("b")])
    fake.stubborn = {"a": forbidden("DELETE a")}
    with pytest.raises(InfraError):
        changes.undo()
    fake.asked.clear()
    fake.stubborn = {}

    changes.undo()

    assert fake.asked == ["GET a", "DELETE a"]
    assert not changes.made


def test_a_cluster_that_is_away_is_waited_for_once_and_keeps_no_other_from_being_undone() -> None:
    away, there = Fake("zone1"), Fake("zone2")
    changes = Changes()
    for fake in (there, away):
        changes.bring(cluster(fake), [service("a"), service("b")])
    away.asked.clear()
    away.silent = True

    with pytest.raises(InfraError, match=r"Service kong/a in zone1 \(zone1 does not answer\)"):
        changes.undo()

    assert away.asked == ["GET b"]
    assert not there.objects


def test_where_a_namespace_cannot_be_deleted_what_is_in_it_is_undone_by_itself() -> None:
    fake = Fake()
    changes = Changes()
    changes.bring(cluster(fake), [space(), service("a"), service("b")])
    fake.stubborn = {"kong": forbidden("DELETE kong")}

    with pytest.raises(InfraError, match="Namespace kong in zone1"):
        changes.undo()

    assert list(fake.objects) == [("Namespace", "kong")]


def test_a_namespace_that_others_have_taken_over_stays_without_what_the_suite_has_in_it() -> None:
    fake = Fake()
    changes = Changes()
    changes.bring(cluster(fake), [space(), service("a")])
    fake.objects["Namespace", "kong"]["metadata"]["labels"] = {"team": "a"}

    changes.undo()

    assert list(fake.objects) == [("Namespace", "kong")]
    assert fake.said == [
        "Namespace kong in zone1 is left: it is not what the suite made or changed, somebody has made it again"
    ]


def test_what_goes_with_its_namespace_is_not_asked_for_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = Fake()
    changes = Changes()
    changes.bring(cluster(fake), [space(), service("a")])
    fake.asked.clear()
    changes.undo()
    assert not [asked for asked in fake.asked if asked.endswith(" a")]


def test_a_namespace_that_does_not_go_is_named_after_all_others_were_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GONE_LIMIT_S", 0.1)
    ends, hangs = Fake("zone1"), Fake("zone2")
    monkeypatch.setattr(hangs, "delete", lambda *_, **__: None)
    changes = Changes()
    for fake in (hangs, ends):
        changes.bring(cluster(fake), [space()])

    with pytest.raises(InfraError, match=r"1 of .*zone2: namespace kong is still there"):
        changes.undo()

    assert not ends.objects


def test_a_mesh_that_was_made_stays_and_is_the_users_from_then_on() -> None:
    fake = Fake()
    changes = Changes()
    changes.bring(cluster(fake), [mesh(mtls={})])
    changes.bring(cluster(fake), [mesh(mtls={})])

    changes.undo()

    left = fake.objects["Mesh", "default"]
    assert left["spec"] == {"mtls": {}}
    assert left["metadata"] == {"uid": "uid of default", "name": "default", "labels": {}}
    assert fake.said == ["Mesh default in zone1 stays: what others have in the mesh would be lost with it"]


def test_a_mesh_that_an_earlier_suite_has_labelled_as_its_own_is_not_deleted_either() -> None:
    fake = Fake()
    fake.apply(mesh(mtls={}))
    changes = Changes()
    changes.bring(cluster(fake), [mesh(mtls={}, routing={})])
    changes.undo()
    assert fake.objects["Mesh", "default"]["spec"] == {"mtls": {}}


def test_what_is_changed_says_what_it_was_until_that_is_given_back() -> None:
    fake = Fake()
    before = of_users(service("echo", type="ClusterIP"))
    before["metadata"]["annotations"] = {"team": "a"}
    fake.apply({**before, "status": {"loadBalancer": {}}})
    fake.objects["Service", "echo"]["metadata"] |= {"uid": "1", "resourceVersion": "2", "managedFields": []}
    changes = Changes()

    changes.bring(cluster(fake), [service("echo", type="ExternalName")])

    changed = fake.objects["Service", "echo"]
    assert json.loads(changed["metadata"]["annotations"][FORMER]) == before
    assert MANAGED_BY not in changed["metadata"]["labels"]
    changes.undo()
    now = fake.objects["Service", "echo"]
    assert now["spec"] == before["spec"]
    assert now["metadata"]["annotations"] == {"team": "a"}
    assert now["status"] == {"loadBalancer": {}}


def test_a_run_that_was_killed_does_not_make_its_changes_the_original() -> None:
    fake = Fake()
    before = of_users(mesh(routing={"zoneEgress": True}))
    fake.apply(before)
    Changes().bring(cluster(fake), [mesh(mtls={})])
    again = Changes()

    again.bring(cluster(fake), [mesh(mtls={}, meshServices={})])
    again.undo()

    assert fake.objects["Mesh", "default"]["spec"] == {"routing": {"zoneEgress": True}}
    assert FORMER not in fake.objects["Mesh", "default"]["metadata"]["annotations"]


def test_a_part_that_was_not_there_goes_again() -> None:
    fake = Fake()
    before = of_users(mesh())
    del before["spec"]
    fake.apply(before)
    changes = Changes()
    changes.bring(cluster(fake), [mesh(mtls={})])
    changes.undo()
    assert "spec" not in fake.objects["Mesh", "default"]


@pytest.mark.parametrize("kept", ["", "no JSON", "[]", "{}", '{"metadata": 1}'])
def test_what_is_kept_on_an_object_and_cannot_be_read_is_not_overwritten(kept: str) -> None:
    fake = Fake()
    broken = of_users(mesh())
    broken["metadata"]["annotations"] = {FORMER: kept}
    fake.apply(broken)
    with pytest.raises(InfraError, match="remove the annotation"):
        Changes().bring(cluster(fake), [mesh(mtls={})])
    assert fake.objects["Mesh", "default"]["spec"] == {}


def test_what_somebody_else_has_made_again_is_theirs() -> None:
    fake = Fake()
    changes = Changes()
    changes.bring(cluster(fake), [service("echo")])
    theirs = fake.objects["Service", "echo"] = of_users(service("echo", type="LoadBalancer"))

    changes.undo()

    assert fake.objects["Service", "echo"] == theirs
    (said,) = fake.said
    assert said.startswith("Service kong/echo in zone1 is left: ")


def test_also_where_it_was_theirs_before() -> None:
    fake = Fake()
    fake.apply(of_users(mesh()))
    changes = Changes()
    changes.bring(cluster(fake), [mesh(mtls={})])
    fake.objects["Mesh", "default"] = of_users(mesh(mtls={}, metrics={}))
    changes.undo()
    assert fake.objects["Mesh", "default"]["spec"] == {"mtls": {}, "metrics": {}}


def test_what_somebody_has_deleted_is_not_made_again() -> None:
    fake = Fake()
    fake.apply(of_users(mesh()))
    changes = Changes()
    changes.bring(cluster(fake), [mesh(mtls={})])
    fake.objects.clear()
    changes.undo()
    assert not fake.objects


def test_a_service_that_was_made_anew_keeps_the_address_that_it_has_now() -> None:
    fake = Fake()
    fake.apply(of_users(service("echo", clusterIP="10.0.0.1")))
    changes = Changes()
    changes.bring(cluster(fake), [service("echo", clusterIP="10.0.0.1")])
    fake.objects["Service", "echo"]["spec"]["clusterIP"] = "10.0.0.2"
    changes.undo()
    assert fake.objects["Service", "echo"]["spec"]["clusterIP"] == "10.0.0.2"


def test_another_process_is_told_all_of_it() -> None:
    fake = Fake()
    fake.apply(of_users(mesh(routing={})))
    changes = Changes()
    changes.bring(cluster(fake), [space(), service("a"), mesh(mtls={})])
    assert Changes.parse(changes.text(), {"zone1": cluster(fake)}) == changes
    assert [change.kind for change in changes.made] == [NAMESPACE, SERVICE, MESH]
