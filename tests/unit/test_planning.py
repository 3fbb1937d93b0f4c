"""``--plan``: exactly what would be injected and how it would be undone, and nothing is touched."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import psutil
import pytest

from chaos.errors import SettingsError
from chaos.model import Vantage
from chaos.platform import Target
from fixtures.planning import plan_text
from tests.unit.made import settings

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.platform import Action, Kind


def scenario(nodeid: str = "scenarios/test_failover.py::test_x[case]", **params: str) -> pytest.Item:
    test = SimpleNamespace(nodeid=nodeid, fixturenames=["meshes"], get_closest_marker=lambda _: None)
    if params:
        test.callspec = SimpleNamespace(params=params)
    return cast("pytest.Item", test)


def experiment(fault_name: str, zone: str = "zone2") -> pytest.Item:
    return scenario(fault=fault_name, zone=zone, profile="page")


def lines(item: pytest.Item, **given: str) -> list[str]:
    return [line.strip() for line in plan_text([item], settings(**given)).splitlines()]


PUT = "PUT every echo Dataplane on zone2's control plane"
BACK = "again as recorded; wait until all of it listens and is registered"
PODS = "3 echo workloads and their 3 data plane proxies in zone2"
ZONE = "every process of zone2 at once (control plane, ingress, egress, builtin gateway, echo and its proxies)"
SERVICE_BACK = (
    f"{PUT} as recorded and DELETE MeshService echo-withdrawn there; wait until each is stored so and its Envoy has it"
)
WHAT = {
    # fault: its target, what is done to it, and how that is undone
    "delete-deployment": (
        "deployment echo in zone2",
        f"SIGTERM (as a deletion ends pods) to {PODS}",
        f"start {PODS} {BACK}",
    ),
    "delete-service": (
        "service echo in zone2",
        f"{PUT} with kuma.io/service: echo-withdrawn instead of echo",
        SERVICE_BACK,
    ),
    "wrong-port": (
        "service echo in zone2",
        f"{PUT} with servicePort 9999, where nothing listens",
        SERVICE_BACK,
    ),
    "delete-gateway": (
        "gateway edge in zone2",
        "SIGKILL to the builtin gateway of zone2, then DELETE Dataplane edge-zone2",
        f"start the builtin gateway of zone2 {BACK}",
    ),
    "delete-cluster": (
        "cluster zone2 in zone2",
        f"SIGKILL to {ZONE}",
        f"start {ZONE} " + BACK.replace(";", ", its zone's resources applied again;"),
    ),
}


@pytest.mark.parametrize("fault_name", WHAT)
def test_every_injection_is_told_with_its_undoing(fault_name: str) -> None:
    item = experiment(fault_name)
    first, *told = lines(item, replicas="3")

    assert first == item.nodeid
    target, done, undone = WHAT[fault_name]
    assert told[:2] == [f"inject  {target}: {done}", f"undo    {target}: {undone}"]


def test_a_delegated_gateway_is_told_by_its_name_with_its_proxy() -> None:
    gateway = "delegated gateway envoy and its data plane proxy"
    assert (
        f"inject  gateway edge in zone2: SIGKILL to the {gateway} of zone2, then DELETE Dataplane edge-zone2"
        in lines(experiment("delete-gateway"), gateway="envoy")
    )
    assert any(f"egress, {gateway}, echo and" in line for line in lines(experiment("delete-cluster"), gateway="envoy"))


def test_the_probe_is_told_with_every_vantage_and_how_often_it_is_asked() -> None:
    probes = [line for line in lines(experiment("wrong-port"), probe_rate="2.5") if line.startswith("probe")]
    assert probes == [
        "probe   load-balancer at http://127.B.0.10:8080/echo, 2.5/s fresh and 2.5/s keepalive",
        "probe   gateway-zone1 at http://127.B.1.10:8080/echo, 2.5/s fresh and 2.5/s keepalive",
        "probe   gateway-zone2 at http://127.B.2.10:8080/echo, 2.5/s fresh and 2.5/s keepalive",
    ]


def test_the_addresses_are_exact_where_the_block_is_chosen() -> None:
    assert "http://127.33.1.10:8080/echo" in plan_text([scenario()], settings(loopback_block="33"))


def test_a_scenario_without_a_fault_injects_nothing() -> None:
    told = lines(scenario())
    assert told[1] == "injects nothing by itself, or what its text says"
    assert not [line for line in told if line.startswith(("inject ", "undo "))]


@pytest.mark.parametrize(
    ("profile", "hold"), [("outlier-detection", "15"), ("page", None), ("service-probe", None), ("hardened", "15")]
)
def test_a_failover_that_is_watched_for_longer_than_usual_is_told(profile: str, hold: str | None) -> None:
    told = lines(scenario(fault="wrong-port", zone="zone2", profile=profile))
    watched = [line for line in told if line.startswith("watch ")]
    told_so = f"watch   every failover for {hold} s: proxies help themselves with {profile}, more may come"
    assert watched == ([told_so] if hold else [])


def test_what_has_no_profile_of_its_own_is_planned_with_the_first_that_is_given(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("type: [")
    with pytest.raises(SettingsError, match=r"broken\.yaml cannot be read"):
        plan_text([scenario()], settings(profile=f"{tmp_path},page"))
    assert plan_text([scenario()], settings(profile=f"page,{tmp_path}"))


def test_the_plan_follows_the_order_of_the_scenarios() -> None:
    text = plan_text([scenario("b"), scenario("a")], settings())
    assert [line for line in text.splitlines() if not line.startswith(" ")] == ["b", "a"]


def test_what_is_repeated_is_planned_once_and_says_how_often() -> None:
    first = lines(experiment("wrong-port"), repeat="20")[0]
    assert first == "scenarios/test_failover.py::test_x[case]  x 20, until certain"


def test_a_soak_tells_how_long_from_which_seed_and_among_what_it_chooses() -> None:
    test = SimpleNamespace(
        nodeid="soak",
        fixturenames=["soak", "mesh", "meshes"],
        callspec=SimpleNamespace(params={"profile": "page"}),
        get_closest_marker=lambda _: None,
    )
    told = lines(cast("pytest.Item", test), duration="90s", fault="delete-service,roll-echo", zone="zone2")
    assert told[1:3] == [
        "soak    for 90 s, in random order, each once before any comes again; seed: a random one, which is said",
        "choose  delete-service in zone2",
    ]
    assert "seed: 5" in lines(cast("pytest.Item", test), seed="5")[1]


def test_nothing_to_run_is_nothing_to_tell() -> None:
    assert plan_text([], settings()) == ""


def test_planning_leaves_no_file_and_no_process(tmp_path: Path) -> None:
    me = psutil.Process()
    before = me.children(recursive=True), len(me.net_connections())

    plan_text([experiment(name) for name in WHAT], settings(artifacts=str(tmp_path / "artifacts")))

    assert (me.children(recursive=True), len(me.net_connections())) == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"engine": "moon"}, "no engine 'moon'; the engines are: "),
        ({"gateway": "moon"}, "--gateway: 'moon' is none of builtin, envoy, kong, nor a YAML file"),
        ({"envoy": "/nowhere/envoy"}, "no Envoy can be run at /nowhere/envoy"),
        ({"envoy": "/bin/true"}, "/bin/true is not Envoy"),
    ],
)
def test_what_could_not_be_brought_up_is_refused_while_planning(given: dict[str, str], complaint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        plan_text([scenario()], settings(**given))
    assert complaint in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="no zone 'zone9' in this mesh; its zones are: zone1, zone2"):
        plan_text([experiment("wrong-port", "zone9")], settings())


class Leaky:
    """A platform that names a login in all that it says."""

    name = "leaky"
    preparation = "  zone1: curl http://me:secret@a"
    vantages = (Vantage("load-balancer", "http://me:secret@b/echo"),)

    def find(self, kind: Kind, zone: str) -> tuple[Target, ...]:
        return (Target(kind, zone, "echo"),)

    def explain(self, action: Action, target: Target) -> str:
        return "stop -H 'Authorization: Bearer secret'"


def test_a_plan_shows_no_credential(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtures.planning.platform", lambda _: SimpleNamespace(plan=lambda _: Leaky()))
    text = plan_text([experiment("delete-cluster")], settings())
    assert "secret" not in text
    assert text.count("[redacted]") == 4
