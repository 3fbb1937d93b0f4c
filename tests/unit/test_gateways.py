"""Kinds of gateway: recipes and what is wrong with them, the documents that each kind writes, what mesh.json keeps."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
import yaml

from chaos.errors import SettingsError
from chaos.platform import Record
from fixtures.local.processes import ProcessSpec, Role
from fixtures.mesh import Backend
from fixtures.platforms.universal.breakables import gateway, groups
from fixtures.platforms.universal.gateways import find_gateway, gateway_names, gateway_of, shipped
from fixtures.platforms.universal.gateways.builtin import Builtin
from fixtures.platforms.universal.gateways.delegated import Delegated
from fixtures.platforms.universal.gateways.recipe import PLACEHOLDERS, Recipe, fill, parse_recipe, read_recipe
from fixtures.platforms.universal.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fixtures.local.addresses import Endpoint
    from fixtures.platforms.universal.running import Running

ZONE = Topology.of(("zone1", "zone2"), 1, 20).zone("zone1")
ENVOY = Path("/opt/envoy")


def written(folder: Path, text: str) -> Path:
    file = folder / "mine.yaml"
    file.write_text(text)
    return file


def test_every_placeholder_is_filled_in_everywhere(tmp_path: Path) -> None:
    every = " ".join(f"${{{name}}}" for name in PLACEHOLDERS)
    file = written(tmp_path, yaml.safe_dump({"command": ["run", every], "env": {"A": every}, "files": {"f": every}}))
    filled = fill(read_recipe(file), ZONE, Path("/own"), ENVOY)
    expected = "127.20.1.10 8080 127.20.1.10 1027 /own zone1 /opt/envoy"
    assert filled == Recipe("mine", ("run", expected), {"A": expected}, {"f": expected})


def test_a_dollar_sign_is_written_twice() -> None:
    assert fill(parse_recipe("x", {"command": ["$$1 ${zone}"]}), ZONE, Path("/own"), ENVOY).command == ("$1 zone1",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "must be a mapping with the field command"),
        ("[a]", "must be a mapping with the field command"),
        ("env: {A: b}", "command: must be a list, the program first"),
        ("command: kong start", "command: must be a list, the program first"),
        ("command: []", "command: must be a list, the program first"),
        ("command: [kong, 1]", "command[1]: must be text, not 1: put it in quotes"),
        ("command: [a]\nenv: {KONG_DATABASE: off}", "env.KONG_DATABASE: must be text, not False: put it in quotes"),
        ("command: [a]\nenv: [A=b]", "env: must be a mapping of names to texts"),
        ("command: [a]\nenv: ''", "env: must be a mapping of names to texts"),
        ("command: [a]\nfiles: text", "files: must be a mapping of names to texts"),
        ("command: [a]\nfiles: {a.conf: }", "files.a.conf: must be text, not None"),
        ("command: [a]\nfiles: {../a: b}", "files.../a: must be the name of a file in the gateway's own folder"),
        ("command: [a]\nfiles: {/a: b}", "files./a: must be the name of a file in the gateway's own folder"),
        ("command: [a]\nfiles: {..: b}", "files...: must be the name of a file in the gateway's own folder"),
        ("command: [a]\nfiles: {'': b}", "files.: must be the name of a file in the gateway's own folder"),
        ("command: [a]\nimage: kong", "image: no such field; there are: command, env, files"),
        ("command: [a, '${port}']", "command[1]: no placeholder ${port} ($$ writes a dollar sign); there are: listen_"),
        ("command: [a]\nfiles: {n.conf: 'x $host'}", "files.n.conf: no placeholder ${host} ($$ writes a dollar sign)"),
        ("command: [a, '$']", "command[1]: a $ that begins no placeholder must be written $$"),
        ("command: [", "cannot be read: "),
        ("\x00", "cannot be read: "),
        ("command: [no-such-gateway]", "command[0]: 'no-such-gateway' is neither on PATH nor the absolute path of a"),
        ("command: [/no/such]", "command[0]: '/no/such' is neither on PATH"),
        ("command: [./run.sh]", "command[0]: './run.sh' is neither on PATH"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_one_line_that_names_the_field(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        find_gateway(str(written(tmp_path, text)))
    assert str(caught.value).startswith("--gateway")
    assert complaint in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_gateway_that_is_neither_a_kind_nor_a_file_is_told_what_there_is(tmp_path: Path) -> None:
    for nothing in ("moon", "", str(tmp_path)):
        with pytest.raises(SettingsError, match="is none of builtin, envoy, kong, nor a YAML file"):
            find_gateway(nothing)


def test_a_file_of_the_users_is_a_kind_named_after_it(tmp_path: Path) -> None:
    found = find_gateway(str(written(tmp_path, "command: [sh, -c, 'exec sleep 1']")))
    assert (found.name, found.title) == ("mine", "delegated gateway mine and its data plane proxy")


def programs_of(name: str, folder: Path) -> tuple[Any, Path]:
    (program,) = Delegated(read_recipe(shipped(name))).programs(ZONE, folder, ENVOY)
    return program, folder / program.name


def test_the_envoy_listens_where_users_ask_and_leads_to_its_proxys_outbound(tmp_path: Path) -> None:
    program, own = programs_of("envoy", tmp_path)
    config = json.dumps(yaml.safe_load((own / "envoy.yaml").read_text()))
    assert '"address": "127.20.1.10", "port_value": 8080' in config
    assert '"address": "127.20.1.10", "port_value": 1027' in config
    assert str(ENVOY) in program.argv
    assert (program.role, program.zone, own.stat().st_mode & 0o777) == (Role.GATEWAY_APP, "zone1", 0o700)


def test_the_documented_kong_is_without_database_and_admin_and_leads_to_its_proxys_outbound(tmp_path: Path) -> None:
    program, own = programs_of("kong", tmp_path)
    assert program.argv[-2:] == ("kong", "start")
    expected = {
        "KONG_DATABASE": "off",
        "KONG_ADMIN_LISTEN": "off",
        "KONG_NGINX_DAEMON": "off",
        "KONG_PROXY_LISTEN": "127.20.1.10:8080",
        "KONG_PREFIX": str(own / "prefix"),
        "KONG_DECLARATIVE_CONFIG": str(own / "declarative.yaml"),
    }
    assert expected.items() <= program.env.items()
    (service,) = yaml.safe_load((own / "declarative.yaml").read_text())["services"]
    assert service["url"] == "http://127.20.1.10:1027"
    assert [(route["paths"], route["strip_path"]) for route in service["routes"]] == [(["/echo"], False)]


def test_kong_is_refused_where_it_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(SettingsError, match=r"--gateway=kong: command\[0\]: 'kong' is neither on PATH"):
        find_gateway("kong")


@pytest.mark.parametrize(
    ("backend", "reference"),
    [
        (Backend.SERVICE, {"kind": "MeshService", "name": "echo", "port": 1027}),
        (
            Backend.MULTIZONE,
            {"kind": "MeshMultiZoneService", "labels": {"kuma.io/display-name": "echo"}, "port": 1027},
        ),
    ],
)
def test_a_delegated_gateways_dataplane_has_one_outbound_and_listens_at_nothing_else(
    backend: Backend, reference: dict[str, Any]
) -> None:
    document = find_gateway("envoy").dataplane(ZONE, 9901, backend)
    assert (document["type"], document["mesh"], document["name"]) == ("Dataplane", "default", "edge-zone1")
    assert document["networking"] == {
        "address": "127.20.1.10",
        "admin": {"port": 9901},
        "gateway": {"type": "DELEGATED", "tags": {"kuma.io/service": "edge"}},
        "outbound": [{"address": "127.20.1.10", "port": 1027, "backendRef": reference}],
    }


def test_a_builtin_gateway_is_one_process_that_says_nothing_of_where_it_leads() -> None:
    kind = Builtin()
    assert list(kind.programs(ZONE, Path("/nowhere"), ENVOY)) == []
    assert kind.listeners(ZONE) == {Role.GATEWAY: ZONE.gateway}
    assert kind.dataplane(ZONE, 1, Backend.SERVICE) == kind.dataplane(ZONE, 1, Backend.MULTIZONE)


def test_the_two_processes_of_a_delegated_gateway_listen_at_different_endpoints_of_the_mesh() -> None:
    listeners = find_gateway("envoy").listeners(ZONE)
    assert listeners[Role.GATEWAY_APP] == ZONE.gateway
    assert listeners[Role.GATEWAY] == ZONE.outbound != ZONE.gateway
    assert {*listeners.values()} <= {*Topology.of(("zone1", "zone2"), 1, 20).endpoints()}


def test_a_mesh_that_is_kept_knows_its_gateway_after_the_users_file_is_gone(tmp_path: Path) -> None:
    file = written(tmp_path, "command: [sh, -c, '${folder}/x']\nenv: {A: b}\nfiles: {x: '$$'}")
    kind = find_gateway(str(file))
    kept = json.dumps(kind.document())
    file.unlink()
    assert gateway_of(json.loads(kept)) == kind
    assert gateway_of(None) == find_gateway("builtin") == Builtin()


def test_every_kind_that_is_offered_can_be_read() -> None:
    assert gateway_names() == ("builtin", "envoy", "kong")
    assert [read_recipe(shipped(name)).name for name in gateway_names()[1:]] == ["envoy", "kong"]


def test_a_gateway_is_put_back_only_when_its_proxy_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    happened: list[str] = []

    def listens(endpoint: Endpoint) -> bool:
        happened.append(str(endpoint))
        return happened.count(str(endpoint)) == 2

    def start(specs: Iterable[ProcessSpec]) -> None:
        happened.extend(spec.name for spec in specs)

    monkeypatch.setattr(groups, "accepts", listens)
    keeping = SimpleNamespace(start_processes=start, folder=tmp_path)
    mesh = SimpleNamespace(keeping=keeping, topology=Topology.of(("zone1",), 1, 20))
    group = gateway.breakable(mesh.topology.zone("zone1"), Builtin())
    assert group is not None
    specs = [ProcessSpec("app", Role.GATEWAY_APP, "zone1", ()), ProcessSpec("proxy", Role.GATEWAY, "zone1", ())]
    state = {"processes": [spec.document() for spec in specs], "resources": [], "listening": []}

    group.put(Record(group.target, state), cast("Running", mesh))

    assert happened == ["proxy", "127.20.1.10:1027", "127.20.1.10:1027", "app"]
