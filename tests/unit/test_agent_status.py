"""What a pod's containers make of its status."""

from __future__ import annotations

from typing import Any

import pytest

from fixtures.platforms.kubernetes.testbed.agent import status
from fixtures.platforms.kubernetes.testbed.agent.status import Conditions, pod_status

RUNNING: dict[str, Any] = {"running": {"startedAt": "t"}}
WAITING: dict[str, Any] = {"waiting": {"reason": "ContainerCreating"}}


def container(name: str, state: dict[str, Any], *, ready: bool, restarts: int = 0) -> dict[str, Any]:
    return {"name": name, "state": state, "ready": ready, "restartCount": restarts}


def shown(*containers: dict[str, Any], ending: bool = False, conditions: Conditions | None = None) -> dict[str, Any]:
    return pod_status("127.9.1.10", "127.9.1.1", "start", containers, conditions or Conditions([]), ending=ending)


def statuses(shown: dict[str, Any]) -> dict[str, str]:
    return {condition["type"]: condition["status"] for condition in shown["conditions"]}


@pytest.mark.parametrize(
    ("containers", "phase", "ready"),
    [
        ([container("a", WAITING, ready=False)], "Pending", "False"),
        ([container("a", RUNNING, ready=True), container("b", WAITING, ready=False)], "Pending", "False"),
        ([container("a", RUNNING, ready=True), container("b", RUNNING, ready=False)], "Running", "False"),
        ([container("a", WAITING, ready=False, restarts=1)], "Running", "False"),
        ([container("a", RUNNING, ready=True), container("b", RUNNING, ready=True)], "Running", "True"),
    ],
)
def test_a_pod_is_ready_when_every_container_is(containers: list[dict[str, Any]], phase: str, ready: str) -> None:
    found = shown(*containers)
    assert found["phase"] == phase
    assert statuses(found) == {"Initialized": "True", "ContainersReady": ready, "Ready": ready}


def test_a_pod_that_is_not_ready_says_which_container() -> None:
    found = shown(container("a", RUNNING, ready=True), container("b", RUNNING, ready=False))
    why = {condition["type"]: condition.get("message") for condition in found["conditions"]}
    assert why["Ready"] == "containers with unready status: [b]"
    assert why["Initialized"] is None


def test_a_pod_that_was_deleted_is_not_ready_while_its_containers_are() -> None:
    found = shown(container("a", RUNNING, ready=True), ending=True)
    assert statuses(found) == {"Initialized": "True", "ContainersReady": "True", "Ready": "False"}


def test_a_condition_keeps_the_time_of_its_last_change(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter(["2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z", "2026-01-01T00:00:03Z"])
    conditions = Conditions([{"type": "Ready", "status": "True", "lastTransitionTime": "before"}])
    monkeypatch.setattr(status, "now", lambda: next(times))
    first = conditions.updated({"Ready": True}, "", "")
    second = conditions.updated({"Ready": False}, "R", "M")
    third = conditions.updated({"Ready": False}, "R", "M")
    fourth = conditions.updated({"Ready": True}, "", "")
    assert [entry["lastTransitionTime"] for (entry,) in (first, second, third, fourth)] == [
        "before",
        "2026-01-01T00:00:01Z",
        "2026-01-01T00:00:01Z",
        "2026-01-01T00:00:02Z",
    ]
    assert second[0]["reason"] == "R"
    assert fourth[0]["reason"] is None  # merged into what the API server has: it takes the reason away


def test_ips_are_there_in_both_forms() -> None:
    found = shown(container("a", RUNNING, ready=True))
    assert (found["podIP"], found["podIPs"]) == ("127.9.1.10", [{"ip": "127.9.1.10"}])
    assert (found["hostIP"], found["hostIPs"]) == ("127.9.1.1", [{"ip": "127.9.1.1"}])
