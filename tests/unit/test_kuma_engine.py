"""The engine ``kuma``: command lines and environments, tokens, and which Kuma is taken."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from chaos.errors import InfraError, SettingsError
from fixtures.local.envoy import Envoy
from fixtures.local.processes import ProcessSpec, Role
from fixtures.platforms.universal.engine import EngineSettings, Proxy
from fixtures.platforms.universal.engines import find_engine
from fixtures.platforms.universal.engines.kuma import KumaEngine
from fixtures.platforms.universal.kuma import tokens
from fixtures.platforms.universal.kuma.installation import Kuma
from fixtures.platforms.universal.kuma.ports import Purpose, ports
from fixtures.platforms.universal.kuma.version import KumaVersion
from fixtures.platforms.universal.topology import Topology
from tests.integration.fake_kuma import install

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fixtures.platforms.universal.api import ControlPlane

LAYOUT = Topology.of(("zone1", "zone2"), 1, 20)
ZONE = LAYOUT.zones[0]
FOLDER = Path("/mesh")
TOKEN = "eyJ.e30.x"


def engine(minor: int = 13) -> KumaEngine:
    version = KumaVersion("Kuma", (2, minor, 0), (2, minor, 0))
    binaries = Path("/kuma/bin")
    kuma = Kuma(Path("/kuma"), binaries / "kuma-cp", binaries / "kuma-dp", None, version)
    return KumaEngine(kuma, Envoy(Path("/envoy"), "1.40.0"))


def port(host: str, purpose: Purpose, layout: Topology = LAYOUT) -> str:
    return str(ports(layout)[host, purpose])


class Issuer:
    """A control plane that has its signing key after it was asked ``late`` times."""

    name = "the global control plane"

    def __init__(self, late: int = 0) -> None:
        self.late = late
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def issue(self, path: str, wanted: Mapping[str, Any]) -> str | None:
        self.asked.append((path, wanted))
        return TOKEN if len(self.asked) > self.late else None


def admit(proxy: Proxy, folder: Path, issuer: Issuer) -> None:
    engine().admit(cast("ControlPlane", issuer), proxy, folder)


def echo() -> Proxy:
    return Proxy(ZONE, Role.ECHO_PROXY, ZONE.replicas[0].host, {"name": "echo-zone1-1"})


def proxy_spec(role: Role, name: str, host: str, minor: int = 13) -> ProcessSpec:
    return engine(minor).proxy(LAYOUT, Proxy(ZONE, role, host, {"name": name}), FOLDER / f"{name}.yaml")


def test_global_is_told_where_to_listen_and_that_it_is_global() -> None:
    spec = engine().global_control_plane(LAYOUT, FOLDER)
    api = LAYOUT.global_control_plane
    assert (spec.name, spec.role, spec.zone) == ("global-cp", Role.CONTROL_PLANE, "")
    assert spec.argv == ("/kuma/bin/kuma-cp", "run")
    assert spec.env == {
        "KUMA_MODE": "global",
        "KUMA_ENVIRONMENT": "universal",
        "KUMA_STORE_TYPE": "memory",
        "KUMA_GENERAL_WORK_DIR": "/mesh/global-cp",
        "KUMA_INTER_CP_CATALOG_INSTANCE_ADDRESS": "127.0.0.1",
        "KUMA_INTER_CP_SERVER_PORT": port(api.host, Purpose.INTER_CP),
        "KUMA_API_SERVER_HTTP_INTERFACE": "127.20.0.1",
        "KUMA_API_SERVER_HTTP_PORT": "5681",
        "KUMA_API_SERVER_HTTPS_INTERFACE": "127.20.0.1",
        "KUMA_API_SERVER_HTTPS_PORT": "5682",
        "KUMA_DP_SERVER_PORT": port(api.host, Purpose.DP_SERVER),
        "KUMA_DIAGNOSTICS_SERVER_PORT": port(api.host, Purpose.DIAGNOSTICS),
        "KUMA_MULTIZONE_GLOBAL_KDS_GRPC_PORT": port(api.host, Purpose.KDS),
    }


def test_a_zone_knows_global_by_its_certificate() -> None:
    spec = engine().zone_control_plane(LAYOUT, ZONE, FOLDER)
    kds = port(LAYOUT.global_control_plane.host, Purpose.KDS)
    assert (spec.name, spec.zone, spec.env["KUMA_MODE"]) == ("zone1-cp", "zone1", "zone")
    assert spec.env["KUMA_MULTIZONE_ZONE_NAME"] == "zone1"
    assert spec.env["KUMA_MULTIZONE_ZONE_GLOBAL_ADDRESS"] == f"grpcs://127.0.0.1:{kds}"
    assert spec.env["KUMA_MULTIZONE_ZONE_KDS_ROOT_CA_FILE"] == "/mesh/global-cp/kuma-cp.crt"
    assert not [name for name in spec.env if "SKIP_VERIFY" in name or "AUTHN" in name]


def test_a_proxy_has_its_own_token_folder_and_ports_and_verifies_its_zone() -> None:
    host = ZONE.replicas[0].host
    spec = proxy_spec(Role.ECHO_PROXY, "echo-zone1-1", host)
    assert spec.argv == (
        "/kuma/bin/kuma-dp",
        "run",
        f"--cp-address=https://127.0.0.1:{port(ZONE.control_plane.host, Purpose.DP_SERVER)}",
        "--ca-cert-file=/mesh/zone1-cp/kuma-cp.crt",
        "--dataplane-file=/mesh/echo-zone1-1.yaml",
        "--dataplane-token-file=/mesh/echo-zone1-1/token",
        "--proxy-type=dataplane",
        "--binary-path=/envoy",
        "--concurrency=1",
        "--dns-enabled=false",
        "--drain-time=1s",
    )
    assert spec.env == {
        "KUMA_READINESS_PORT": port(host, Purpose.READINESS),
        "KUMA_READINESS_UNIX_SOCKET_DISABLED": "true",
        "KUMA_DATAPLANE_RUNTIME_WORK_DIR": "/mesh/echo-zone1-1",
        "KUMA_DNS_CONFIG_DIR": "/mesh/echo-zone1-1",
    }


@pytest.mark.parametrize(
    ("role", "kind"), [(Role.INGRESS, "ingress"), (Role.EGRESS, "egress"), (Role.GATEWAY, "dataplane")]
)
def test_a_proxy_says_of_which_type_it_is(role: Role, kind: str) -> None:
    assert f"--proxy-type={kind}" in proxy_spec(role, "one", ZONE.ingress.host).argv


@pytest.mark.parametrize(
    ("minor", "control_plane", "proxy"),
    [
        (9, set(), {"KUMA_APPLICATION_PROBE_PROXY_PORT"}),
        (11, set(), set()),
        (12, set(), {"KUMA_READINESS_UNIX_SOCKET_DISABLED"}),
        (13, set(), {"KUMA_READINESS_UNIX_SOCKET_DISABLED"}),
        (14, {"KUMA_BOOTSTRAP_SERVER_PARAMS_ENVOY_ADMIN_UNIX_SOCKET"}, set()),
    ],
)
def test_each_version_gets_what_it_alone_needs(minor: int, control_plane: set[str], proxy: set[str]) -> None:
    special = {"KUMA_APPLICATION_PROBE_PROXY_PORT", "KUMA_READINESS_UNIX_SOCKET_DISABLED"}
    special |= {"KUMA_BOOTSTRAP_SERVER_PARAMS_ENVOY_ADMIN_UNIX_SOCKET"}
    for spec in (
        engine(minor).global_control_plane(LAYOUT, FOLDER),
        engine(minor).zone_control_plane(LAYOUT, ZONE, FOLDER),
    ):
        assert spec.env.keys() & special == control_plane
    assert proxy_spec(Role.ECHO_PROXY, "echo", ZONE.replicas[0].host, minor).env.keys() & special == proxy


def test_two_meshes_listen_nowhere_both() -> None:
    one, other = (set(engine().endpoints(Topology.of(("zone1", "zone2"), 1, block))) for block in (20, 21))
    assert len(one) == len(other) > 20
    assert not one & other


def test_a_token_is_for_one_proxy_and_for_its_users_eyes(tmp_path: Path) -> None:
    issuer = Issuer()
    admit(echo(), tmp_path, issuer)
    file = tmp_path / "echo-zone1-1" / "token"
    assert file.read_text() == TOKEN
    assert (stat.S_IMODE(file.stat().st_mode), stat.S_IMODE(file.parent.stat().st_mode)) == (0o600, 0o700)
    wanted = {"mesh": "default", "name": "echo-zone1-1", "type": "dataplane", "validFor": "720h"}
    assert issuer.asked == [("/tokens/dataplane", wanted)]


@pytest.mark.parametrize(("role", "scope"), [(Role.INGRESS, "ingress"), (Role.EGRESS, "egress")])
def test_a_zone_proxys_token_is_for_its_zone_and_kind(tmp_path: Path, role: Role, scope: str) -> None:
    issuer = Issuer()
    admit(Proxy(ZONE, role, ZONE.ingress.host, {"name": "it"}), tmp_path, issuer)
    assert issuer.asked == [("/tokens/zone", {"zone": "zone1", "scope": [scope], "validFor": "720h"})]


def test_a_signing_key_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    issuer = Issuer(late=2)
    admit(echo(), tmp_path, issuer)
    assert len(issuer.asked) == 3
    assert (tmp_path / "echo-zone1-1" / "token").read_text() == TOKEN


def test_a_signing_key_that_never_comes_is_infra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_KEY_LIMIT_S", 0.05)
    with pytest.raises(InfraError, match=r"the global control plane has no key to sign dataplane tokens with 0\.05 s"):
        admit(echo(), tmp_path, Issuer(late=1000))


def test_what_is_recorded_of_a_proxy_has_no_token(tmp_path: Path) -> None:
    admit(echo(), tmp_path, Issuer())
    spec = engine().proxy(LAYOUT, echo(), tmp_path / "echo-zone1-1.yaml")
    assert TOKEN not in json.dumps(spec.document())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Kuma, on a machine where no other is found."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("KUMA_HOME", raising=False)
    return install(tmp_path / "kuma")


def test_auto_is_kuma_where_it_is_found_and_else_the_stand_in(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_engine(EngineSettings("auto", str(home), None)).name == "kuma"
    assert find_engine(EngineSettings("auto", None, None)).name == "standin"
    with pytest.raises(SettingsError, match="no kuma-cp on PATH and no --kuma-home or KUMA_HOME given"):
        find_engine(EngineSettings("kuma", None, None))
    monkeypatch.setenv("KUMA_HOME", str(home))
    assert find_engine(EngineSettings("auto", None, None)).name == "kuma"
    assert find_engine(EngineSettings("standin", None, None)).name == "standin"


def test_the_option_counts_more_than_the_variable(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUMA_HOME", str(install(tmp_path / "other", "2.14.3")))
    assert find_engine(EngineSettings("kuma", None, None)).version.startswith("Kuma 2.14.3, Envoy ")
    assert find_engine(EngineSettings("kuma", str(home), None)).version.startswith("Kuma 2.13.10, Envoy ")


@pytest.mark.parametrize("number", ["2.8.5", "3.0.0"])
def test_another_version_is_refused_by_every_engine_but_the_stand_in(home: Path, tmp_path: Path, number: str) -> None:
    old = str(install(tmp_path / "old", number))
    for name in ("kuma", "auto"):
        with pytest.raises(SettingsError, match=rf"is Kuma {number}; supported is 2\.9 to 2\.14"):
            find_engine(EngineSettings(name, old, None))
    assert find_engine(EngineSettings("standin", old, None)).name == "standin"
