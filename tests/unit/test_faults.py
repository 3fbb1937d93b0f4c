"""The faults: what each does, and to whom it may be felt."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

import chaos.faults
from chaos.errors import SettingsError
from chaos.fault import Stage
from chaos.faults import fault, faults
from chaos.model import LOAD_BALANCER, Vantage
from chaos.outlook import outlooks
from chaos.platform import Action, Kind, Record, Target
from chaos.result import Expectation
from tests.unit.simulation import Behaviour, SimulatedMesh, VirtualClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BALANCER = Vantage(LOAD_BALANCER, "http://lb/echo")
GATEWAYS = [Vantage(f"gateway-zone{n}", f"http://zone{n}/echo", f"zone{n}") for n in (1, 2, 3)]
WALKTHROUGH = {
    "delete-deployment": (Action.DELETE, Kind.DEPLOYMENT),
    "delete-service": (Action.DELETE, Kind.SERVICE),
    "wrong-port": (Action.REDIRECT, Kind.SERVICE),
    "delete-gateway": (Action.DELETE, Kind.GATEWAY),
    "delete-cluster": (Action.DELETE, Kind.CLUSTER),
}


def test_the_walkthroughs_five_faults_are_there() -> None:
    assert {name: (found.action, found.kind) for name, found in faults().items()}.items() >= WALKTHROUGH.items()


@pytest.mark.parametrize("name", faults())
def test_a_fault_is_found_by_its_name(name: str) -> None:
    assert fault(name) is faults()[name]
    assert fault(name).name == name


def test_an_unknown_fault_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match=r"no fault 'delete-moon'; the faults are: cut-link, .*wrong-port"):
        fault("delete-moon")


@pytest.mark.parametrize("name", ["delete-deployment", "delete-service", "wrong-port"])
def test_a_fault_behind_a_gateway_must_be_made_up_for_where_users_come_in(name: str) -> None:
    seen = outlooks([BALANCER, *GATEWAYS], ["zone1", "zone2", "zone3"], [Stage(fault(name), "zone2")])
    assert [seen[gateway.name].expectation for gateway in GATEWAYS] == [
        Expectation.UNTOUCHED,
        Expectation.FAILS_OVER,
        Expectation.UNTOUCHED,
    ]
    assert seen[LOAD_BALANCER].expectation is Expectation.FAILS_OVER


@pytest.mark.parametrize("name", ["delete-gateway", "delete-cluster"])
def test_the_loss_of_a_gateway_is_judged_at_the_load_balancer_for_nobody_can_use_it_any_more(name: str) -> None:
    seen = outlooks([BALANCER, *GATEWAYS], ["zone1", "zone2", "zone3"], [Stage(fault(name), "zone2")])
    assert [seen[gateway.name].expectation for gateway in GATEWAYS] == [
        Expectation.UNTOUCHED,
        Expectation.MAY_DIE,
        Expectation.UNTOUCHED,
    ]
    assert seen[LOAD_BALANCER].expectation is Expectation.FAILS_OVER


class Told(SimulatedMesh):
    """Remembers what it was told to do."""

    def delete(self, record: Record) -> None:
        self.calls.append(f"delete {record.target}")

    def disturb(self, record: Record, action: Action) -> None:
        self.calls.append(f"{action} {record.target}")

    def gone(self, record: Record) -> str | None:
        return f"{record.target} is gone"

    def disturbed(self, record: Record, action: Action) -> str | None:
        return f"{record.target} has had its {action}"


@pytest.mark.parametrize("name", faults())
def test_a_fault_touches_the_recorded_target_once_and_is_proved_by_asking_the_platform(name: str) -> None:
    found, mesh = fault(name), Told(VirtualClock(), Behaviour())
    record = Record(Target(found.kind, "zone1", "echo"), {})

    found.inject(mesh, record)

    done = "is gone" if found.action is Action.DELETE else f"has had its {found.action}"
    assert mesh.calls == [f"{found.action} {record.target}"]
    assert found.effective(mesh, record) == f"{record.target} {done}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A further folder in which faults are looked for."""
    monkeypatch.setattr(chaos.faults, "__path__", [*chaos.faults.__path__, str(tmp_path)])
    importlib.invalidate_caches()
    faults.cache_clear()
    yield tmp_path
    faults.cache_clear()


def test_a_fault_is_added_by_adding_one_file(folder: Path) -> None:
    (folder / "lose_dns.py").write_text(
        "from chaos.fault import Fault, Part\n"
        "from chaos.platform import Kind\n"
        "FAULT = Fault('lose-dns', Kind.SERVICE, Part.ECHO, 'delete-service-reroutes')\n"
    )
    assert fault("lose-dns").kind is Kind.SERVICE
    assert fault("delete-service") is not fault("lose-dns")


def test_a_module_without_a_fault_is_not_one(folder: Path) -> None:
    (folder / "helpers_of_faults.py").write_text("LIMIT = 1\n")
    assert faults().keys() >= WALKTHROUGH.keys()
