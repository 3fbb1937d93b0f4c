"""The engine ``kuma`` without Kuma: its processes, in their order, with tokens and certificates, on a small fake."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from chaos.errors import InfraError, SettingsError
from fixtures.mesh import MeshSettings
from fixtures.platforms.universal.bringup import bring_up
from fixtures.platforms.universal.engine import EngineSettings
from fixtures.platforms.universal.engines import find_engine
from tests.integration.fake_kuma import install

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.platforms.universal.platform import Universal
    from tests.integration.suite import Traces

pytestmark = pytest.mark.envoy


class Fake:
    """A home with the fake in it, and what happened."""

    def __init__(self, folder: Path) -> None:
        self.home = install(folder / "kuma")
        self.logs = folder / "logs"
        self._events = folder / "events"

    def bring_up(self) -> Universal:
        wanted = MeshSettings(
            zones=("zone1", "zone2"), replicas=1, profile="page", engine="kuma", kuma_home=str(self.home), envoy=None,
            balancer_check="shallow", block=None, logs=self.logs,
        )  # fmt: skip
        return bring_up(wanted, lambda _: None)

    def events(self) -> list[str]:
        return self._events.read_text().splitlines()


@pytest.fixture
def fake(here: Traces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    monkeypatch.setenv("FAKE_KUMA_EVENTS", str(tmp_path / "events"))
    assert here.folder.exists()
    return Fake(tmp_path)


PROXIES = [f"{kind}-{zone}" for zone in ("zone1", "zone2") for kind in ("ingress", "egress", "edge")]
PROXIES += ["echo-zone1-1", "echo-zone2-1"]


def test_global_answers_before_zones_start_and_proxies_come_with_a_token_each(fake: Fake, here: Traces) -> None:
    mesh = fake.bring_up()
    seen = fake.events()
    mesh.end()

    zones = [n for n, text in enumerate(seen) if text == "zone control plane answers"]
    admitted = {text: n for n, text in enumerate(seen) if text.endswith(" is let in")}
    tokens = [text.removeprefix("token for ") for text in seen if text.startswith("token for ")]
    assert seen[0] == "global control plane answers"
    assert len(zones) == 2
    assert admitted.keys() == {f"{name} is let in" for name in PROXIES}
    assert sorted(tokens) == sorted(
        ["echo-zone1-1", "echo-zone2-1", "edge-zone1", "edge-zone2"]
        + [f"{zone}-{scope}" for zone in ("zone1", "zone2") for scope in ("ingress", "egress")]
    )
    last_token = max(n for n, text in enumerate(seen) if text.startswith("token for "))
    assert last_token < min(zones)
    assert min(zones) < min(admitted.values())
    here.assert_nothing_left()


def test_no_token_is_in_a_log_an_argument_or_an_environment(fake: Fake, here: Traces) -> None:
    mesh = fake.bring_up()
    shown = [" ".join([*process.cmdline(), *process.environ().values()]) for process in here.processes()]
    assert len(shown) > 10
    assert not [text for text in shown if "eyJfake" in text]
    mesh.end()
    logs = {log.name: log.read_text() for log in fake.logs.iterdir()}
    assert len(logs) > 10
    assert not [name for name, text in logs.items() if "eyJfake" in text]


def test_two_meshes_share_no_port(fake: Fake, here: Traces) -> None:
    one, other = fake.bring_up(), fake.bring_up()
    assert one.topology.block != other.topology.block
    for mesh in (one, other):
        mesh.end()
    here.assert_nothing_left()


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("die", "global-cp ended while the mesh came up: Error: could not start: the store is on fire"),
        ("refuse", "refuses PUT /meshes/default: networking.inbound[0].servicePort: port must be in the range"),
        ("other certificate", "CERTIFICATE_VERIFY_FAILED"),
    ],
)
def test_what_goes_wrong_is_infra_with_the_reason_and_leaves_nothing(
    fake: Fake, here: Traces, monkeypatch: pytest.MonkeyPatch, how: str, said: str
) -> None:
    monkeypatch.setenv("FAKE_KUMA", how)
    with pytest.raises(InfraError) as raised:
        fake.bring_up()
    assert said in str(raised.value)
    here.assert_nothing_left()


def test_auto_is_kuma_where_it_is_found_and_else_the_stand_in(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", tempfile.gettempdir())
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("KUMA_HOME", raising=False)
    assert find_engine(EngineSettings("auto", str(fake.home), None)).name == "kuma"
    assert find_engine(EngineSettings("auto", None, None)).name == "standin"
    with pytest.raises(SettingsError, match="no kuma-cp on PATH and no --kuma-home or KUMA_HOME given"):
        find_engine(EngineSettings("kuma", None, None))
    monkeypatch.setenv("KUMA_HOME", str(fake.home))
    assert find_engine(EngineSettings("auto", None, None)).name == "kuma"
    assert find_engine(EngineSettings("standin", None, None)).name == "standin"
