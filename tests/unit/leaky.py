"""A mesh that names a credential wherever it can, and the search for it in what is kept.

The credential is put together here, so that no source that a stack trace shows has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaos.model import LOAD_BALANCER, Vantage
from chaos.platform import Record
from tests.unit.simulation import SimulatedMesh

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chaos.model import Zone
    from chaos.platform import Action, Target

CANARY = "-".join(("canary", "5ecret"))
LOGIN = f"me:{CANARY}@"


@dataclass
class LeakyMesh(SimulatedMesh):
    """As the simulated one; its addresses have a login, and each of its words an address."""

    @property
    def vantages(self) -> tuple[Vantage, ...]:
        gateways = (Vantage(f"gateway-{zone}", f"http://{LOGIN}{zone}/echo", zone) for zone in self.zones)
        return (Vantage(LOAD_BALANCER, f"http://lb/echo?token={CANARY}"), *gateways)

    def explain(self, action: Action, target: Target) -> str:
        return f"curl -H 'Authorization: Bearer {CANARY}' -X {action} http://{LOGIN}api/{target}"

    def record(self, target: Target) -> Record:
        return Record(target, {"server": f"http://{LOGIN}api"})

    def gone(self, record: Record) -> str | None:
        return f"http://{LOGIN}api answers 404" if super().gone(record) else None

    def unsettled(self, zone: Zone) -> str | None:
        return f"http://{LOGIN}api shows {zone} as offline"

    def evidence(self, zone: Zone) -> Mapping[str, str]:
        return {f"{zone}.json": f'{{"key": "authorization", "value": "Basic {CANARY}"}}'}


def leaks(folder: Path) -> list[str]:
    """The files below ``folder`` that hold the credential in any of their bytes, by name."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files
    return [path.name for path in files if CANARY.encode() in path.read_bytes()]
