"""Profiles: sets of mesh policies, the suite's own and any folder of the user's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import fixtures.profiles
from chaos.errors import SettingsError
from fixtures.platforms.universal.standin.defaults import initial_policies
from fixtures.platforms.universal.standin.resources.registry import parse_resource
from fixtures.platforms.universal.standin.resources.routing import MeshRetry, RetryConf
from fixtures.platforms.universal.standin.view import Policy
from fixtures.platforms.universal.standin.xds.clusters import destination_cluster
from fixtures.platforms.universal.standin.xds.policies import Proxy, outgoing
from fixtures.profiles import choose_profiles, load_profile, manifest, profile_names, read_resources
from tests.unit.standin.views import edge, multi_zone, service, view

if TYPE_CHECKING:
    from fixtures.platforms.universal.standin.view import MeshView

RETRY = "type: MeshRetry\nname: retry\nmesh: default\nspec: {targetRef: {kind: Mesh}}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "mine"
    made.mkdir()
    return made


def names(profile: str) -> list[str]:
    return [f"{resource['type']} {resource['name']}" for resource in load_profile(profile).resources]


ADDS = {
    # profile: what it adds to the walkthrough, as resources and as parts of every echo inbound
    "page": [],
    "service-probe": ["serviceProbe"],
    "outlier-detection": ["MeshCircuitBreaker"],
    "health-check": ["MeshHealthCheck"],
    "retry": ["MeshRetry"],
    "hardened": ["MeshCircuitBreaker", "MeshRetry", "serviceProbe"],
}
SINGLE = [name for name in ADDS if name not in {"page", "hardened"}]


def test_the_profiles_of_the_suite_are_those_specified_here() -> None:
    assert set(profile_names()) == ADDS.keys()


@pytest.mark.parametrize("name", ADDS)
def test_every_profile_comes_on_top_of_what_the_walkthrough_takes_for_granted(name: str) -> None:
    found = load_profile(name)
    granted, added = found.resources[:4], found.resources[4:]
    assert granted == load_profile("page").resources
    assert [resource["type"] for resource in added] + list(found.inbound) == ADDS[name]
    assert found.name == name


@pytest.mark.parametrize("name", SINGLE)
def test_a_profile_named_after_a_policy_is_the_page_and_that_policy_alone(name: str) -> None:
    assert len(ADDS[name]) == 1


@pytest.mark.parametrize("name", profile_names())
def test_every_resource_of_a_profile_is_one_that_kuma_takes(name: str) -> None:
    """As far as the stand-in knows Kuma's API: it refuses whatever it does not know by name."""
    for resource in load_profile(name).resources:
        assert parse_resource(resource).type == resource["type"]


def test_hardened_is_retry_and_the_service_probe_to_the_letter_with_room_for_the_retries() -> None:
    """It was measured as these two; what is changed in one has to be changed in it."""
    hardened, probe = load_profile("hardened"), load_profile("service-probe")
    limits = [resource for resource in hardened.resources if resource["name"] == "echo-limits"]
    assert [*hardened.resources] == [
        *load_profile("retry").resources[:4],
        *limits,
        *load_profile("retry").resources[4:],
    ]
    assert limits[0]["spec"]["to"][0]["default"] == {"connectionLimits": {"maxRetries": 1000}}
    assert hardened.inbound == probe.inbound


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_says_what_it_is_for(name: str) -> None:
    files = list((Path(fixtures.profiles.__file__).parent / name).glob("*.yaml"))
    assert files
    assert all(file.read_text().startswith("# ") for file in files)


def gateway_view(profile: str) -> MeshView:
    policies = [parse_resource(resource) for resource in load_profile(profile).resources[4:]]
    return view(service("zone1"), service("zone2"), policies=tuple(map(Policy, policies)))


def test_outliers_are_detected_at_the_gateway_as_they_were_when_it_was_measured() -> None:
    seen = gateway_view("outlier-detection")
    detection = destination_cluster(seen, Proxy(edge(), "edge"), multi_zone(seen), name="c")["outlier_detection"]
    assert (detection["interval"], detection["base_ejection_time"]) == ("1s", "5s")
    assert (detection["max_ejection_percent"], detection["consecutive_5xx"]) == (100, 3)


def test_retries_at_the_gateway_leave_the_zone_and_win_over_kumas_own() -> None:
    seen = gateway_view("retry")
    both = replace(seen, policies=(*map(Policy, initial_policies(seen.mesh)), *seen.policies))
    retry = outgoing(both, MeshRetry, Proxy(edge(), "edge"), multi_zone(both), RetryConf).http
    assert retry is not None
    assert retry.num_retries == 8
    assert retry.host_selection is not None
    assert [one.predicate for one in retry.host_selection] == ["OmitPreviousHosts", "OmitPreviousPriorities"]
    assert retry.host_selection[1].update_frequency == 1


def test_retries_are_for_the_whole_mesh_because_kumas_builtin_gateway_knows_no_others() -> None:
    (policy,) = load_profile("retry").resources[4:]
    assert [to["targetRef"] for to in policy["spec"]["to"]] == [{"kind": "Mesh"}]


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
    with pytest.raises(SettingsError, match=f"no profile '{name}': neither one of hardened, .*, page, .* nor a folder"):
        load_profile(name)


def test_several_profiles_are_taken_in_the_order_given_and_each_once() -> None:
    assert choose_profiles("retry, page,,retry") == ("retry", "page")
    assert choose_profiles("") == ()


def test_all_are_those_of_the_suite_from_no_policy_over_single_ones_to_all_that_is_needed() -> None:
    everything = choose_profiles("all")
    assert everything[0] == "page"
    assert everything[-1] == "hardened"
    assert sorted(everything) == list(profile_names())


def test_all_and_a_folder_may_be_taken_together(folder: Path) -> None:
    (folder / "policy.yaml").write_text(RETRY)
    assert choose_profiles(f"hardened,all,{folder}") == (
        "hardened",
        *(name for name in choose_profiles("all") if name != "hardened"),
        str(folder),
    )


def test_a_refusal_names_all_that_may_be_given() -> None:
    with pytest.raises(SettingsError) as refused:
        choose_profiles("moon")
    said = str(refused.value)
    shapes = {file.parent.name for file in Path(fixtures.profiles.__file__).parent.glob("shapes/*/*.yaml")}
    assert [name for name in {*profile_names(), *shapes} if name not in said] == []
    assert said.endswith("; --profile=all is each but workload-labels")


@pytest.mark.parametrize("text", ["moon", "page,moon", "all,moon,page"])
def test_a_profile_that_there_is_not_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(SettingsError, match="--profile: no profile 'moon': neither one of"):
        choose_profiles(text)


def test_two_folders_that_reports_could_not_tell_apart_are_refused(tmp_path: Path) -> None:
    for parent in ("a", "b"):
        (tmp_path / parent / "mine").mkdir(parents=True)
        (tmp_path / parent / "mine" / "policy.yaml").write_text(RETRY)
    one, other = tmp_path / "a" / "mine", tmp_path / "b" / "mine"
    with pytest.raises(SettingsError, match=f"--profile: '{one}' and '{other}' would both be called mine") as caught:
        choose_profiles(f"{one},{other}")
    assert len(str(caught.value).splitlines()) == 1
    assert choose_profiles(str(one)) == (str(one),)


def test_a_folder_called_like_a_profile_of_the_suite_is_refused_beside_it(tmp_path: Path) -> None:
    (tmp_path / "page").mkdir()
    (tmp_path / "page" / "policy.yaml").write_text(RETRY)
    with pytest.raises(SettingsError, match="would both be called page: give one of the folders another name"):
        choose_profiles(f"all,{tmp_path / 'page'}")


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


@pytest.mark.parametrize("text", ["- serviceProbe\n", "serviceProbe\n", "a: 1\n---\nb: 2\n"])
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


@pytest.mark.parametrize("value", ["2026-11-29", ".nan", "!!binary aGk=", "!!set {a}"])
def test_what_is_no_json_is_refused_before_a_mesh_is_brought_up(folder: Path, value: str) -> None:
    (folder / "policy.yaml").write_text(f"type: MeshRetry\nname: retry\nlabels: {{since: {value}}}\n")
    with pytest.raises(SettingsError, match=r"policy\.yaml, document 1: it cannot be sent as JSON"):
        load_profile(str(folder))


def test_a_resource_without_a_mesh_belongs_to_the_default_one_as_with_kumactl(folder: Path) -> None:
    (folder / "policy.yaml").write_text("type: MeshRetry\nname: retry\nspec: {targetRef: {kind: Mesh}}\n")
    assert load_profile(str(folder)).resources[-1]["mesh"] == "default"


def test_the_suites_own_manifests_are_resources() -> None:
    for name in ("mesh", "multizone", "route-to-service", "route-to-multizone"):
        assert all(resource["name"] for resource in manifest(name))


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nothing\.yaml cannot be read: .*no such file"):
        read_resources(tmp_path / "nothing.yaml")


def test_a_file_may_also_end_in_yml(folder: Path) -> None:
    (folder / "policy.yml").write_text(RETRY)
    assert load_profile(str(folder)).resources[-1]["type"] == "MeshRetry"


def test_a_shape_is_taken_by_its_name_and_is_no_policy() -> None:
    found = load_profile("workload-labels")
    (chosen,) = [one for one in found.resources if one["type"] == "MeshMultiZoneService"]
    assert chosen["spec"]["selector"]["meshService"]["matchLabels"] == {"app": "echo"}
    (made,) = found.zone
    assert (made["type"], made["labels"]["app"]) == ("MeshService", "echo")
    assert len(found.resources) == len(load_profile("page").resources)
    assert "workload-labels" not in choose_profiles("all")
    assert choose_profiles("workload-labels") == ("workload-labels",)
