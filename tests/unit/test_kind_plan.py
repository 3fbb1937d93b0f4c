"""What --plan prints of clusters that would be made: every command, in order, and nothing is touched."""

from __future__ import annotations

import re
import shlex
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from chaos.errors import SettingsError
from chaos.platform import Action, Kind
from fixtures.meshes import mesh_settings
from fixtures.platforms.kind.bringup import plan
from tests.unit.made import settings

if TYPE_CHECKING:
    from fixtures.mesh import MeshSettings

GOLDEN = Path(__file__).parent / "kind_plan"


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A user without any program, licence or state."""
    monkeypatch.setenv("PATH", str(tmp_path / "no-programs"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("KIND_EXPERIMENTAL_PROVIDER", "KMESH_LICENSE_INLINE", "KMESH_LICENSE_PATH"):
        monkeypatch.delenv(name, raising=False)


def wanted(**given: str) -> MeshSettings:
    return mesh_settings(settings(platform="kind", **given), "page", Path("/nowhere"))


def planned(tmp_path: Path, **given: str) -> str:
    text = plan(wanted(**{"cluster_name": "nightly", **given})).preparation
    return text.replace(str(tmp_path / "state"), "/state") + "\n"


def commands(text: str) -> list[str]:
    return [line for line in text.replace(" \\\n", " ").splitlines() if not line.startswith("#")]


def offer(tmp_path: Path, *programs: str) -> None:
    folder = tmp_path / "no-programs"
    folder.mkdir()
    for program in programs:
        (folder / program).write_text("#!/bin/false\n")
        (folder / program).chmod(0o755)


@pytest.mark.parametrize(
    ("name", "given", "provider"),
    [
        ("kind", {}, ""),
        ("kong-mesh", {"versions": "kong-mesh,node=v1.34.0", "zones": "3"}, ""),
        ("podman", {}, "podman"),
    ],
)
def test_the_plan_is_exactly_this(
    name: str, given: dict[str, str], provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMESH_LICENSE_INLINE", '{"license": "s3cret"}')
    monkeypatch.setenv("KIND_EXPERIMENTAL_PROVIDER", provider)
    assert planned(tmp_path, **given) == (GOLDEN / f"{name}.sh").read_text()


def test_k3d_is_used_where_kind_is_not_there_and_k3d_is(tmp_path: Path) -> None:
    offer(tmp_path, "k3d")
    assert planned(tmp_path) == (GOLDEN / "k3d.sh").read_text()


def test_kind_is_used_where_both_are_there(tmp_path: Path) -> None:
    offer(tmp_path, "k3d", "kind")
    assert planned(tmp_path) == (GOLDEN / "kind.sh").read_text()


def test_planning_touches_nothing(tmp_path: Path) -> None:
    me = psutil.Process()
    before = me.children(recursive=True), len(me.net_connections())
    planned(tmp_path)
    assert (me.children(recursive=True), len(me.net_connections())) == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["kind", "kong-mesh", "podman", "k3d"])
def test_a_shell_understands_the_plan(name: str) -> None:
    done = subprocess.run(["/bin/sh", "-n", GOLDEN / f"{name}.sh"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_shell_gives_every_program_the_arguments_of_the_plan(tmp_path: Path) -> None:
    """Pasted into a shell, what earlier commands find reaches the later ones."""
    folder = tmp_path / "programs"
    folder.mkdir()
    said = {"docker": "[inspected]", "mesh-chaos": "10.0.0.1-10.0.0.9", "kubectl": "203.0.113.7"}
    for program in ("docker", "kind", "helm", "kubectl", "mesh-chaos"):
        file = folder / program
        file.write_text(
            f'#!/bin/sh\nfor a in {program} "$@"; do printf "%s\\n" "$a"; done >> {tmp_path}/asked\n'
            f"echo '{said.get(program, '')}'\n[ {program} = kubectl ] && /bin/cat > /dev/null; exit 0\n"
        )
        file.chmod(0o755)
    script = (GOLDEN / "kind.sh").read_text().replace("/state", str(tmp_path))
    (tmp_path / "mesh-chaos" / "kind" / "nightly").mkdir(parents=True)
    done = subprocess.run(
        ["/bin/sh", "-eu", "-c", script],
        env={"PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    asked = (tmp_path / "asked").read_text()
    assert "controlPlane.kdsGlobalAddress=grpcs://203.0.113.7:5685\n" in asked
    assert "${" not in asked


def test_versions_are_pinned_and_can_be_chosen(tmp_path: Path) -> None:
    text = planned(tmp_path)
    charts = dict(re.findall(r"helm upgrade .* --install (\S+) .*--version (\S+)", text))
    assert charts == {"metallb": "0.16.1", "kuma": "2.13.10", "kong-operator": "1.3.1"}
    assert set(re.findall(r"kindest/node:\S+", text)) == {"kindest/node:v1.36.1"}
    other = planned(tmp_path, versions="kuma=2.12.0,metallb=0.15.3,node=v1.33.1,kong-operator=1.3.0")
    assert dict(re.findall(r"--install (\S+) .*--version (\S+)", other)) == {
        "metallb": "0.15.3", "kuma": "2.12.0", "kong-operator": "1.3.0",
    }  # fmt: skip
    assert set(re.findall(r"kindest/node:\S+", other)) == {"kindest/node:v1.33.1"}


def test_the_network_is_made_before_any_cluster_and_undone_after_them(tmp_path: Path) -> None:
    lines = commands(planned(tmp_path))
    assert lines[0] == "docker network create --driver bridge mesh-chaos-nightly"
    assert [line for line in lines if "network create" in line] == [lines[0]]


def test_a_new_name_is_chosen_where_none_is_given() -> None:
    assert "mesh-chaos-RUN-zone1" in plan(wanted()).preparation


def test_nothing_but_the_run_s_own_kubeconfigs_is_named(tmp_path: Path) -> None:
    for line in commands(planned(tmp_path)):
        words = shlex.split(line)
        if {"kind", "helm", "kubectl"} & set(words) and "mesh-chaos" not in words:
            assert "/state/mesh-chaos/kind/nightly/" in line


def test_the_licence_is_in_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMESH_LICENSE_INLINE", "s3cret")
    text = planned(tmp_path, versions="kong-mesh")
    assert "s3cret" not in text
    assert 'printf %s "$KMESH_LICENSE_INLINE" | ' in text


def test_a_licence_in_a_file_is_named_and_not_read_into_the_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "licence.json"
    file.write_text("s3cret")
    file.chmod(stat.S_IRUSR)
    monkeypatch.setenv("KMESH_LICENSE_PATH", str(file))
    text = planned(tmp_path, versions="kong-mesh")
    assert "s3cret" not in text
    assert f"--from-file=license.json={file}" in text


def test_a_licence_that_cannot_be_read_is_refused_while_planning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMESH_LICENSE_PATH", "/nowhere/licence.json")
    with pytest.raises(SettingsError, match=r"KMESH_LICENSE_PATH: /nowhere/licence\.json cannot be read"):
        plan(wanted(versions="kong-mesh"))


def test_kuma_needs_no_licence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KMESH_LICENSE_PATH", "/nowhere/licence.json")
    assert "license" not in plan(wanted()).preparation


def test_a_zone_s_cluster_is_deleted_and_made_again_by_commands_of_its_own() -> None:
    found = plan(wanted(cluster_name="nightly"))
    (target,) = found.find(Kind.CLUSTER, "zone2")
    told = found.explain(Action.DELETE, target)
    assert "fixtures.platforms.kind stop" in told
    assert "zone2" in told
    assert "fixtures.platforms.kind start" in found.explain(Action.PUT, target)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"cluster_name": "Nightly"}, "--cluster-name: 'Nightly' is no name: up to 20 of a-z"),
        ({"cluster_name": "n" * 21}, "--cluster-name: '" + "n" * 21),
        ({"zones": "a-zone-with-a-rather-long-name,b"}, "longer than a host name's 63 characters"),
        ({"versions": "kuma=2"}, "--versions: kuma=2 is no version such as 2.13.10"),
        ({"versions": "istio=1.0.0"}, "--versions: 'istio' is none of kuma, kong-mesh, kong-operator, metallb, node"),
        ({"versions": "kuma=2.13.10,kong-mesh"}, "--versions: kuma or kong-mesh, not both"),
        ({"upgrade": "perhaps"}, "--upgrade: 'perhaps' is neither yes nor no"),
    ],
)
def test_what_cannot_be_used_is_refused_while_planning(given: dict[str, str], complaint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        plan(wanted(**{"cluster_name": "n" * 20, **given}))
    assert complaint in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_provider_that_is_neither_docker_nor_podman_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIND_EXPERIMENTAL_PROVIDER", "nerdctl")
    with pytest.raises(SettingsError, match="KIND_EXPERIMENTAL_PROVIDER=nerdctl cannot be used: docker or podman"):
        plan(wanted())


@pytest.mark.parametrize("given", [{"gateway_url": "zone9=http://x"}, {"control_plane": "zone9=http://x"}])
def test_a_url_of_what_will_be_no_zone_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"'zone9' is none of zone1, zone2"):
        plan(wanted(**given))
