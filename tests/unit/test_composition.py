"""Experiments of several faults: what is read of a file, and what is refused with its line and column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import pytest
import yaml

from chaos.composition import Composition, read_all, read_composition
from chaos.composition.contradictions import contradiction
from chaos.composition.proof import claims_of
from chaos.composition.schema import schema
from chaos.errors import SettingsError
from chaos.fault import Stage
from chaos.faults import fault, faults, meanings
from chaos.model import LOAD_BALANCER, Vantage
from chaos.slo import Objectives
from fixtures.composing import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "docs" / "schema" / "experiment-v1.schema.json"
TEXT = """\
name: double
description: zone1 is gone, then echo in zone2
zones: [zone1, zone2, zone3]
replicas: 3
profile: hardened
faults:
  - {fault: delete-cluster, zone: zone1}
  - fault: delete-deployment
    zone: zone2
claims: [comes-home]
objectives: {failover: 20, target: 99.5}
"""


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Composition]:
    monkeypatch.chdir(tmp_path)

    def read_(text: str) -> Composition:
        Path("x.yaml").write_text(text)
        return read_composition(Path("x.yaml"))

    return read_


def changed(old: str, new: str) -> str:
    assert TEXT.count(old) == 1, old
    return TEXT.replace(old, new)


def vantages(*zones: str) -> tuple[Vantage, ...]:
    return (Vantage(LOAD_BALANCER, ""), *(Vantage(f"gateway-{zone}", "", zone) for zone in zones))


def stages(*told: str) -> list[Stage]:
    return [Stage(fault(name), zone) for name, zone in (one.split() for one in told)]


# what is read


def test_everything_that_is_written_is_read(read: Callable[[str], Composition]) -> None:
    found = read(TEXT)
    assert (found.name, found.description) == ("double", "zone1 is gone, then echo in zone2")
    assert list(map(str, found.stages)) == ["delete-cluster zone1", "delete-deployment zone2"]
    assert (found.zones, found.replicas, found.profile) == (("zone1", "zone2", "zone3"), 3, "hardened")
    assert found.claims == ("comes-home",)
    assert found.places["1"] == "x.yaml:8:5"


def test_only_name_and_faults_have_to_be_there(read: Callable[[str], Composition]) -> None:
    found = read("name: one\nfaults: [{fault: wrong-port, zone: zone1}]\n")
    assert (found.zones, found.replicas, found.profile, found.claims, dict(found.bounds)) == ((), None, None, (), {})


def test_objectives_are_the_run_s_but_for_those_of_the_file(read: Callable[[str], Composition]) -> None:
    run = Objectives(failover=5, failback=6)
    assert read(TEXT).judged_by(run, 0.05) == Objectives(failover=20, failback=6, target=99.5)


# what is refused

PLACED = [
    ("", "1:1: it is empty; docs/experiments.md has examples"),
    ("[a]", "1:1: must be a mapping with name and faults"),
    ("name: [", "1:8: expected the node content, but found '<stream end>'"),
    (f"{TEXT}---\n{TEXT}", "13:1: a file has one experiment: give each a file of its own"),
    (f"{TEXT}fault: x\n", "12:1: no such field 'fault'; did you mean faults?, there are: name, description, zones, "),
    (f"{TEXT}name: again\n", "12:1: the key 'name' is there twice"),
    (changed("delete-cluster", "delete-clustr"), "7:13: faults[0].fault: no fault 'delete-clustr'; did you mean "),
    (changed("    zone: zone2\n", "    zon: zone2\n"), "9:5: faults[1]: no such field 'zon'; did you mean zone?, "),
    (changed("    zone: zone2\n", ""), "8:5: faults[1].zone: is missing"),
    (changed("    zone: zone2", "    zone: zone9"), "9:11: no zone 'zone9' in zones; there are: zone1, zone2, zone3"),
    (changed("zone2, zone3", "zone2, zone2"), "3:23: zones: zone2 is there twice"),
    (changed("[zone1, zone2, zone3]", "[zone1]"), "3:8: zones: must have at least 2 items"),
    (changed("zone3]", "Zone_3]"), "3:23: zones[2]: 'Zone_3' is no name of a zone: lower case letters"),
    (changed("    zone: zone2", "    zone: zone1"), "8:5: delete-deployment zone1: with delete-cluster zone1 its "),
    (changed("replicas: 3", "replicas: 2.5"), "4:11: replicas: must be a valid integer"),
    (changed("replicas: 3", "replicas: 0"), "4:11: replicas: must be greater than or equal to 1"),
    (changed("failover: 20", "failvoer: 20"), "11:14: objectives: no such field 'failvoer'; did you mean failover?"),
    (changed("failover: 20", "failover: soon"), "11:24: objectives.failover: must be a valid number"),
    (changed("failover: 20", "failover: .inf"), "11:24: objectives.failover: must be a finite number"),
    (changed("comes-home", "comes-hom"), "10:10: claims[0]: no claim 'comes-hom'; did you mean comes-home?"),
    (changed("name: double", "name: on"), "1:7: name: must be text; put it in quotes"),
    (changed("name: double", "name: wrong-port"), "1:7: name: 'wrong-port' is the name of a fault: reports could not"),
    (changed("name: double", "name: a/b"), "1:7: name: 'a/b' is no name: lower case letters, digits and inner hyphens"),
    ("name: a\n", "1:1: faults: is missing"),
    ("name: a\nfaults: []\n", "2:9: faults: must have at least 1 item"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), PLACED, ids=[complaint.split(":")[2][:40] for _, complaint in PLACED])
def test_a_refusal_says_where_what_and_what_is_allowed(
    read: Callable[[str], Composition], text: str, complaint: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        read(text)
    assert str(refused.value).startswith(f"x.yaml:{complaint}")
    assert len(str(refused.value).splitlines()) == 1


def test_two_files_of_one_name_could_not_be_told_apart(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(TEXT)
    with pytest.raises(SettingsError, match=r"b.yaml: its name, double, is that of .*a.yaml too"):
        read_all([tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert len(read_all([tmp_path / "a.yaml", tmp_path / "a.yaml"])) == 1, "one that is named twice is one"


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (["wrong-port zone1", "wrong-port zone1"], "wrong-port zone1 has the same target"),
        (["wrong-port zone1", "delete-service zone1"], "wrong-port zone1 has the same target"),
        (["delete-cluster zone1", "delete-gateway zone1"], "with delete-cluster zone1 its target is gone"),
        (["delete-gateway zone1", "delete-cluster zone1"], "delete-gateway zone1 could no longer be shown to last"),
        (["delete-deployment zone1", "wrong-port zone1"], "with delete-deployment zone1 its target is gone"),
        (["kill-global zone1", "kill-global zone2"], "kill-global zone1 has the same target"),
        (["kill-global zone1", "disable-zone zone2"], "with kill-global zone1 its target is gone"),
    ],
)
def test_faults_that_contradict_each_other(told: list[str], why: str) -> None:
    found = contradiction(stages(*told))
    assert found is not None
    assert found[0] == 1
    assert found[1].startswith(why)


@pytest.mark.parametrize(
    "told",
    [
        ["delete-deployment zone1", "delete-gateway zone1"],
        ["wrong-port zone1", "wrong-port zone2"],
        ["kill-global zone1", "kill-control-plane zone1"],
        ["delete-cluster zone1", "kill-global zone1"],
    ],
)
def test_faults_that_go_together(told: list[str]) -> None:
    assert contradiction(stages(*told)) is None


# what fits a mesh


def test_a_fault_s_zone_must_be_in_the_mesh(read: Callable[[str], Composition]) -> None:
    with pytest.raises(SettingsError, match=r"^x.yaml:8:5: no zone 'zone2' in the mesh; there are: zone1, zone3"):
        read(TEXT).require_zones(("zone1", "zone3"))


def test_an_objective_must_be_measurable_with_the_run_s_samples(read: Callable[[str], Composition]) -> None:
    text = changed("{failover: 20, target: 99.5}", "{failover: 1}")
    with pytest.raises(SettingsError, match=r"^x.yaml:11:13: failover: 1 s cannot be measured with a sample every 1 s"):
        read(text).judged_by(Objectives(), 1.0)


# what it proves


def test_where_nobody_is_left_what_was_judged_before_is_proved_and_the_way_home(
    read: Callable[[str], Composition],
) -> None:
    found = read(changed("zones: [zone1, zone2, zone3]\n", "").replace("claims: [comes-home]\n", ""))
    proved = claims_of(found, vantages("zone1", "zone2"), ("zone1", "zone2"))
    assert proved == ("nearest-first", "delete-cluster-moves", "comes-home")


@pytest.mark.parametrize(
    ("entrance", "proved"),
    [
        ("kill-ingress", ("nearest-first", "enters-by-ingress", "delete-deployment-reroutes", "comes-home")),
        ("disable-zone", ("nearest-first", "delete-deployment-reroutes", "comes-home", "disabled-zone-stays-local")),
    ],
)
def test_that_a_closed_zone_answers_nobody_is_proved_where_somebody_would_need_it(
    read: Callable[[str], Composition], entrance: str, proved: tuple[str, ...]
) -> None:
    faults = f"faults: [{{fault: delete-deployment, zone: zone1}}, {{fault: {entrance}, zone: zone2}}]\n"
    assert claims_of(read(f"name: one\n{faults}"), vantages("zone1", "zone2"), ("zone1", "zone2")) == proved


def test_the_third_zone_s_gateway_must_not_notice_and_the_second_is_rerouted(
    read: Callable[[str], Composition],
) -> None:
    found = read(changed("claims: [comes-home]\n", ""))
    proved = claims_of(found, vantages("zone1", "zone2", "zone3"), ("zone1", "zone2", "zone3"))
    assert proved == ("nearest-first", "delete-deployment-reroutes", "delete-cluster-moves", "comes-home")


def test_a_claim_that_nothing_could_break_is_not_proved(read: Callable[[str], Composition]) -> None:
    found = read(changed("comes-home", "delete-gateway-moves"))
    with pytest.raises(SettingsError, match=r"^x.yaml:10:9: nothing in this experiment tests delete-gateway-moves; it"):
        claims_of(found, vantages("zone1", "zone2"), ("zone1", "zone2"))


# a gateway in some zones only

ONE_GATEWAY = TEXT.replace("zones: [zone1, zone2, zone3]\n", "zones: [zone1, zone2, zone3]\ngateways: [zone2]\n")


def test_a_zone_without_a_gateway_answers_for_one_with_one(read: Callable[[str], Composition]) -> None:
    found = read(ONE_GATEWAY.replace("claims: [comes-home]\n", ""))
    assert found.gateways == ("zone2",)
    proved = claims_of(found, vantages("zone2"), ("zone1", "zone2", "zone3"))
    assert proved == ("nearest-first", "delete-deployment-reroutes", "comes-home")


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        ("gateways: [zone2]", "gateways: [zone2, zone2]", r"gateways: zone2 is there twice"),
        ("gateways: [zone2]", "gateways: [zone4]", r"gateways: zone4 is not in zones; there are: zone1, zone2, zone3"),
        ("zones: [zone1, zone2, zone3]\n", "", r"gateways: zone2 is not in zones; name the zones, too"),
        ("gateways: [zone2]", "gateways: []", r"gateways: .*at least 1"),
        ("delete-cluster", "delete-gateway", r"zone1 has no gateway; those with one: zone2"),
    ],
)
def test_gateways_are_in_zones_and_a_fault_hits_one_that_is_there(
    read: Callable[[str], Composition], was: str, becomes: str, said: str
) -> None:
    assert was in ONE_GATEWAY
    with pytest.raises(SettingsError, match=rf"^x.yaml:\d+:\d+: {said}"):
        read(ONE_GATEWAY.replace(was, becomes))


# the schema, and what is shipped


def test_the_published_schema_is_that_of_the_models() -> None:
    assert PUBLISHED.read_text() == schema(), "mesh-chaos experiment schema > docs/schema/experiment-v1.schema.json"
    jsonschema.Draft202012Validator.check_schema(json.loads(PUBLISHED.read_text()))


def test_an_editor_is_told_every_fault_with_its_meaning() -> None:
    described = json.loads(schema())["$defs"]["FaultHere"]["properties"]["fault"]
    assert described["enum"] == sorted(faults())
    assert described["enumDescriptions"] == [meanings()[name] for name in sorted(faults())]
    assert all(text.endswith(".") for text in described["enumDescriptions"])


@pytest.mark.parametrize(("text", "complaint"), [*PLACED, (TEXT, None)], ids=lambda one: None)
def test_the_schema_refuses_no_less_of_a_mapping_s_shape_than_we_do(text: str, complaint: str | None) -> None:
    """But for what no schema of one field can see: what is in another field, or in YAML itself."""
    beyond = (
        "empty",
        "expected the node",
        "one experiment",
        "there twice",
        "in zones",
        "with delete-cluster",
        "the name of",
    )
    if complaint is None or not any(part in complaint for part in beyond):
        if complaint and ".inf" in text:
            return  # YAML alone has it; JSON, of which the schema speaks, has not
        content = yaml.safe_load(text)
        valid = jsonschema.Draft202012Validator(json.loads(schema())).is_valid(content)
        assert valid is (complaint is None)


@pytest.mark.parametrize("file", sorted(SHIPPED.glob("*.yaml")), ids=lambda file: file.stem)
def test_what_is_shipped_is_read_and_says_where_its_schema_is(file: Path) -> None:
    found = read_composition(file)
    assert found.name == file.stem
    assert found.description
    head = file.read_text().splitlines()[0]
    assert head.startswith("# yaml-language-server: $schema=")
    assert (file.parent / head.partition("$schema=")[2]).resolve() == PUBLISHED
