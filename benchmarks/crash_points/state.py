"""Everything that a mesh shows of itself, as texts by name, so that two moments can be compared."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Protocol

from chaos.errors import InfraError
from fixtures.platforms import platform as platform_named

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chaos.platform import Platform

State = dict[str, str]
"""What something is, by its name."""


class Subject(Protocol):
    """A mesh that is broken again and again."""

    @property
    def locator(self) -> Mapping[str, str]:
        """Where its breakers and repairers find it."""
        ...

    @property
    def zone(self) -> str:
        """Where faults are injected."""
        ...

    def state(self) -> State:
        """All that it shows of itself now; what does not answer says so."""
        ...

    def unsettled(self) -> str | None:
        """Why the next kill would find it on its way still."""
        ...

    def pids(self) -> set[int]:
        """Its processes on this machine."""
        ...

    def end(self) -> None:
        """End it."""
        ...


def bring_up(platform: str, logs: Path) -> Subject:
    """A mesh of this platform, two replicas in each of two zones."""
    module = importlib.import_module(f"{__package__}.{platform}")
    subject: Subject = module.bring_up(platform_named(platform), logs)
    return subject


def unsettled(mesh: Platform) -> str | None:
    """What a mesh does not show as before, of its first zone with such a thing; or why it cannot be asked."""
    try:
        return next(filter(None, map(mesh.unsettled, mesh.zones)), None)
    except InfraError as error:
        return str(error)


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What is another, missing or new."""
    names = sorted(before.keys() | now.keys())
    return [f"{n}: {_of(now, n)}, was {_of(before, n)}" for n in names if before.get(n) != now.get(n)]


def _of(state: Mapping[str, str], name: str) -> str:
    return f"{state[name]:.200}" if name in state else "not there"
