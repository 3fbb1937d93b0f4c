"""A mesh on the fake, brought up as a user's is, and what happened in it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fixtures.mesh import MeshSettings
from fixtures.platforms.universal.bringup import bring_up
from tests.integration.fake_kuma import RECORDED, install
from tests.unit.made import settings as any_settings

if TYPE_CHECKING:
    from fixtures.platforms.universal.platform import Universal


class Fake:
    """A home with the fake in it, and what happened."""

    def __init__(self, folder: Path, version: str = RECORDED) -> None:
        self.home = install(folder / f"kuma-{version}", version)
        self.logs = folder / "logs"
        self.events_file = folder / "events"

    def bring_up(self) -> Universal:
        return bring_up(settings(self.home, self.logs), lambda _: None)

    def events(self) -> list[str]:
        return self.events_file.read_text().splitlines() if self.events_file.exists() else []

    def log(self, process: str) -> str:
        return (self.logs / f"{process}.log").read_text()


def settings(home: Path, logs: Path) -> MeshSettings:
    return MeshSettings(
        zones=("zone1", "zone2"), replicas=1, profile="page", engine="kuma", kuma_home=str(home), envoy=None,
        balancer_check="shallow", block=None, logs=logs, kubernetes=any_settings().kubernetes,
    )  # fmt: skip


if __name__ == "__main__":  # for a test that kills whoever brought a mesh up
    mesh = bring_up(settings(Path(sys.argv[1]), Path(sys.argv[2])), lambda _: None)
    print("up", flush=True)  # noqa: T201 - whoever started this waits for it
    sys.stdin.read()
    mesh.end()
