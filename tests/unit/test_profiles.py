"""Profiles: sets of mesh policies, the suite's own and any folder of the user's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from chaos.errors import SettingsError
from fixtures.profiles import load_profile, manifest, profile_names, read_resources

if TYPE_CHECKING:
    from pathlib import Path

RETRY = "type: MeshRetry\nname: retry\nmesh: default\nspec: {targetRef: {kind: Mesh}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mine"
    made.mkdir()
    return made


def names(profile: str) -> list[str]:
    return [f"{resource['type']} {resource['name']}" for resource in load_profile(profile).resources]


def test_the_two_profiles_of_the_walkthrough_are_there() -> None:
    assert profile_names() == ("hardened", "page")


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_comes_on_top_of_what_the_walkthrough_takes_for_granted(name: str) -> None:
    assert names(name) == [
        "Mesh default",
        "MeshTrafficPermission allow-all",
        "MeshGateway edge",
        "MeshMultiZoneService echo",
    ]
    assert load_profile(name).name == name


def test_only_the_hardened_profile_lets_the_control_plane_see_a_wrong_port() -> None:
    assert load_profile("page").inbound == {}
    assert load_profile("hardened").inbound == {"serviceProbe": {"tcp": {}}}


def test_the_page_applies_no_policy_for_the_walkthrough_applies_none() -> None:
    walkthrough = (*manifest("mesh"), *manifest("multizone"))
    assert load_profile("page").resources == walkthrough


def test_a_folder_of_the_users_is_a_profile_named_like_it(folder: Path) -> None:
    (folder / "b.yaml").write_text(RETRY)
    (folder / "a.yaml").write_text("# only a remark\n---\n")
    (folder / "notes.txt").write_text("not: [yaml")
    found = load_profile(str(folder))

    assert found.name == "mine"
    assert names(str(folder)) == [
        "Mesh default",
        "MeshTrafficPermission allow-all",
        "MeshGateway edge",
        "MeshMultiZoneService echo",
        "MeshRetry retry",
    ]
    assert found.inbound == {}


def test_a_document_with_type_and_name_of_one_of_ours_replaces_it(folder: Path) -> None:
    (folder / "mesh.yaml").write_text("type: Mesh\nname: default\nmtls: {}\n")
    mesh, *others = load_profile(str(folder)).resources
    assert mesh == {"type": "Mesh", "name": "default", "mtls": {}}
    assert [other["type"] for other in others] == ["MeshTrafficPermission", "MeshGateway", "MeshMultiZoneService"]


def test_several_documents_may_be_in_one_file(folder: Path) -> None:
    (folder / "all.yaml").write_text(f"{RETRY}---\n{RETRY.replace('retry', 'again')}---\n")
    assert names(str(folder))[-2:] == ["MeshRetry retry", "MeshRetry again"]


def test_a_folder_may_add_to_every_echo_inbound(folder: Path) -> None:
    (folder / "inbound.yaml").write_text("serviceProbe: {tcp: {}}\n")
    found = load_profile(str(folder))
    assert found.inbound == {"serviceProbe": {"tcp": {}}}
    assert found.resources == load_profile("page").resources


def test_a_folder_named_like_one_of_ours_is_meant_when_it_is_given_as_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "retry.yaml").write_text(RETRY)
    monkeypatch.chdir(tmp_path)
    assert names("./page")[-1] == "MeshRetry retry"
    assert names("page")[-1] == "MeshMultiZoneService echo"


@pytest.mark.parametrize("name", ["moon", "", "/nowhere", "/dev/null"])
def test_what_is_neither_a_name_nor_a_folder_with_yaml_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=f"no profile '{name}': neither one of hardened, page nor a folder with"):
        load_profile(name)


def test_an_empty_folder_is_no_profile(folder: Path) -> None:
    with pytest.raises(SettingsError, match="no profile"):
        load_profile(str(folder))


BROKEN_YAML = ["type: [", "a: b: c", "\ttype: Mesh", "type: !!python/object/apply:os.getcwd []", "&a [*b]"]


@pytest.mark.parametrize("text", BROKEN_YAML)
@pytest.mark.parametrize("file", ["policy.yaml", "inbound.yaml"])
def test_broken_yaml_is_one_line_that_names_the_file(folder: Path, text: str, file: str) -> None:
    (folder / file).write_text(text)
    with pytest.raises(SettingsError, match=rf"mine/{file} cannot be read: ") as caught:
        load_profile(str(folder))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    ["type: MeshRetry\nmesh: default\n", "name: retry\n", "- a\n- b\n", "just text\n", f"{RETRY}---\nspec: {{}}\n"],
)
def test_a_document_that_is_no_resource_is_refused_by_its_number(folder: Path, text: str) -> None:
    (folder / "policy.yaml").write_text(text)
    number = 2 if text.startswith(RETRY) else 1
    with pytest.raises(SettingsError, match=rf"policy.yaml, document {number}: a Kuma resource needs the fields type"):
        load_profile(str(folder))


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "policy.yaml").mkdir()
    with pytest.raises(SettingsError, match=r"policy.yaml cannot be read: .*Is a directory"):
        load_profile(str(folder))


@pytest.mark.parametrize("text", ["", "# nothing yet\n"])
def test_an_empty_inbound_adds_nothing(folder: Path, text: str) -> None:
    (folder / "policy.yaml").write_text(RETRY)
    (folder / "inbound.yaml").write_text(text)
    assert load_profile(str(folder)).inbound == {}


@pytest.mark.parametrize("text", ["- serviceProbe\n", "serviceProbe\n"])
def test_an_inbound_that_is_no_mapping_is_refused(folder: Path, text: str) -> None:
    (folder / "inbound.yaml").write_text(text)
    with pytest.raises(SettingsError, match=r"inbound\.yaml"):
        load_profile(str(folder))


def test_a_file_that_is_no_text_is_refused(folder: Path) -> None:
    (folder / "policy.yaml").write_bytes(b"type: \xff\xfe\n")
    with pytest.raises(SettingsError, match=r"policy\.yaml cannot be read"):
        load_profile(str(folder))


@pytest.mark.parametrize("text", ["type: MeshRetry\nname: [retry]\n", "type: MeshRetry\nname: 1\n", "type:\nname: x\n"])
def test_a_type_or_name_that_is_no_text_is_refused(folder: Path, text: str) -> None:
    (folder / "policy.yaml").write_text(text)
    with pytest.raises(SettingsError, match=r"policy\.yaml, document 1"):
        load_profile(str(folder))


def test_a_resource_without_a_mesh_belongs_to_the_default_one_as_with_kumactl(folder: Path) -> None:
    (folder / "policy.yaml").write_text("type: MeshRetry\nname: retry\nspec: {targetRef: {kind: Mesh}}\n")
    assert load_profile(str(folder)).resources[-1]["mesh"] == "default"


def test_the_suites_own_manifests_are_resources() -> None:
    for name in ("mesh", "multizone", "route-to-service", "route-to-multizone"):
        assert all(resource["name"] for resource in manifest(name))


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nothing\.yaml cannot be read: .*No such file"):
        read_resources(tmp_path / "nothing.yaml")


def test_a_file_may_also_end_in_yml(folder: Path) -> None:
    (folder / "policy.yml").write_text(RETRY)
    assert load_profile(str(folder)).resources[-1]["type"] == "MeshRetry"
