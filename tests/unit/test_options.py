"""Every option: command line before environment before configuration file before default; bad values in one line."""

from __future__ import annotations

from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.config import _prepareconfig

from chaos.composition import read_all
from chaos.errors import SettingsError
from chaos.slo import Objectives
from fixtures.composing import SHIPPED
from fixtures.given import read_settings
from fixtures.options import OPTIONS
from fixtures.platforms.kubernetes.contexts import Contexts
from fixtures.platforms.kubernetes.install.versions import Versions
from fixtures.platforms.kubernetes.settings import Install
from fixtures.platforms.universal.settings import LinkWay
from tests.unit.made import settings

if TYPE_CHECKING:
    from fixtures.option import Option
    from fixtures.options import Settings

BY_NAME = {option.name: option for option in OPTIONS}
DIFFERENT: dict[str, tuple[str, tuple[tuple[str, Any], ...]]] = {
    # option: the field of Settings, then (text, value) for the file, the environment and the command line
    "platform": ("platform", (("universal", "universal"),) * 3),
    "engine": ("engine", (("a", "a"), ("b", "b"), ("c", "c"))),
    "profile": (
        "profiles",
        (("page", ("page",)), ("hardened", ("hardened",)), ("retry, page", ("retry", "page"))),
    ),
    "zones": ("zones", (("3", ("zone1", "zone2", "zone3")), ("east,west", ("east", "west")), ("b, a", ("b", "a")))),
    "gateway": ("gateway", (("envoy", "envoy"), ("builtin", "builtin"), ("my/kong.yaml", "my/kong.yaml"))),
    "replicas": ("replicas", (("1", 1), ("3", 3), ("50", 50))),
    "fault": (
        "faults",
        (
            ("wrong-port", {"wrong-port"}),
            ("delete-service", {"delete-service"}),
            ("delete-cluster, wrong-port", {"delete-cluster", "wrong-port"}),
        ),
    ),
    "zone": ("fault_zones", (("zone1", {"zone1"}), ("zone2", {"zone2"}), ("zone2,zone1", {"zone1", "zone2"}))),
    "experiment": (
        "experiments",
        (
            (f"{SHIPPED}/double-fault.yaml", read_all([SHIPPED / "double-fault.yaml"])),
            (f"{SHIPPED}/last-of-three.yaml", read_all([SHIPPED / "last-of-three.yaml"])),
            (
                f"{SHIPPED}/last-of-three.yaml, {SHIPPED}/double-fault.yaml",
                read_all([SHIPPED / "last-of-three.yaml", SHIPPED / "double-fault.yaml"]),
            ),
        ),
    ),
    "sabotage": (
        "sabotages",
        (
            ("mtls-off", {"mtls-off"}),
            ("ingress-down", {"ingress-down"}),
            ("mtls-off, balancer-blind", {"mtls-off", "balancer-blind"}),
        ),
    ),
    "repeat": ("repeat", (("2", 2), ("20", 20), ("59", 59))),
    "again": ("again", (("0", 0), ("1", 1), ("100", 100))),
    "duration": ("duration_s", (("90s", 90), ("1h30m", 5400), ("12.5", 12.5))),
    "seed": ("seed", (("0", 0), ("7", 7), ("4294967295", 4294967295))),
    "probe-rate": ("probe_rate_hz", (("30", 30), ("2.5", 2.5), ("1000", 1000))),
    "probe-timeout": ("probe_timeout_s", (("1", 1), ("0.1", 0.1), ("60", 60))),
    "lb-check": ("balancer_check", (("deep", "deep"), ("shallow", "shallow"), ("deep", "deep"))),
    "slo": (
        "objectives",
        (
            ("failover=1", Objectives(failover=1)),
            ("failback=2", Objectives(failback=2)),
            ("target=99,window=7", Objectives(target=99, window=7)),
        ),
    ),
    "artifacts": ("artifacts", (("/a", Path("/a")), ("/b", Path("/b")), ("c", Path.cwd() / "c"))),
    "history": ("history", (("/a", Path("/a")), ("/b", Path("/b")), ("c", Path.cwd() / "c"))),
    "kuma-home": ("kuma_home", (("/a/kuma", "/a/kuma"), ("/b/kuma", "/b/kuma"), ("kuma", "kuma"))),
    "envoy": ("envoy", (("/a/envoy", "/a/envoy"), ("/b/envoy", "/b/envoy"), ("envoy", "envoy"))),
    "loopback-block": ("block", (("20", 20), ("219", 219), ("33", 33))),
    "gateways": ("gateways", (("zone1", ("zone1",)), ("zone2", ("zone2",)), ("zone1,zone2", ()))),
    "keep-mesh": ("keep_mesh", (("yes", True), ("no", False), ("", True))),
    "plan": ("plan", (("true", True), ("0", False), ("", True))),
    "link": ("link", (("relay", LinkWay.RELAY), ("packets", LinkWay.PACKETS), ("auto", LinkWay.AUTO))),
    "stop-file": ("stop_file", (("/a", Path("/a")), ("/b", Path("/b")), ("c", Path.cwd() / "c"))),
    "context": (
        "kubernetes.contexts",
        (
            ("a=x,b=y,global=z", Contexts({"a": "x", "b": "y"}, "z")),
            ("b=y,a=x,global=z", Contexts({"b": "y", "a": "x"}, "z")),
            ("a=1,b=2,global=3", Contexts({"a": "1", "b": "2"}, "3")),
        ),
    ),
    "allow-context": ("kubernetes.allowed", (("a", ("a",)), ("a,b", ("a", "b")), ("b, a", ("b", "a")))),
    "kubeconfig": ("kubernetes.kubeconfig", (("/a", "/a"), ("/b", "/b"), ("c", "c"))),
    "namespace": ("kubernetes.namespace", (("a", "a"), ("b", "b"), ("kong", "kong"))),
    "mesh-namespace": ("kubernetes.mesh_namespace", (("a", "a"), ("b", "b"), ("kong-mesh-system", "kong-mesh-system"))),
    "install": (
        "kubernetes.install",
        (("nothing", Install.NOTHING), ("walkthrough", Install.WALKTHROUGH), ("mesh", Install.MESH)),
    ),
    "gateway-url": (
        "kubernetes.gateway_urls",
        (
            ("zone1=http://a", {"zone1": "http://a"}),
            ("zone2=https://b/", {"zone2": "https://b"}),
            ("zone1=http://a,zone2=http://b", {"zone1": "http://a", "zone2": "http://b"}),
        ),
    ),
    "gateway-port": ("kubernetes.gateway_port", (("1", 1), ("8080", 8080), ("65535", 65535))),
    "load-balancer": (
        "kubernetes.load_balancer",
        (("http://a", "http://a"), ("https://b/", "https://b"), ("http://c:1", "http://c:1")),
    ),
    "control-plane": (
        "kubernetes.control_planes",
        (
            ("zone1=http://a", {"zone1": "http://a"}),
            ("global=http://b", {"global": "http://b"}),
            ("zone1=http://a,zone2=http://b", {"zone1": "http://a", "zone2": "http://b"}),
        ),
    ),
    "cluster-stop": ("kubernetes.stop_command", (("a", "a"), ("b {zone}", "b {zone}"), ("c", "c"))),
    "cluster-start": ("kubernetes.start_command", (("a", "a"), ("b {zone}", "b {zone}"), ("c", "c"))),
    "versions": (
        "kubernetes.charts.versions",
        (
            ("kuma=2.13.10", Versions("kuma", {"kuma": "2.13.10"})),
            ("kong-mesh", Versions("kong-mesh")),
            ("kong-mesh=2.9.1", Versions("kong-mesh", {"kong-mesh": "2.9.1"})),
        ),
    ),
    "upgrade": ("kubernetes.charts.upgrade", (("true", True), ("0", False), ("", True))),
    "kds-node-port": ("kubernetes.charts.node_port", (("true", True), ("0", False), ("", True))),
    "cluster-name": ("kubernetes.charts.cluster_name", (("a", "a"), ("b-1", "b-1"), ("c", "c"))),
}


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    """A configuration file, away from the project's own."""
    return tmp_path / "pytest.ini"


def read(ini: Path, *arguments: str, file: str = "", environment: dict[str, str] | None = None) -> Settings:
    """The settings that pytest itself would hand to the suite."""
    environment = environment or {}
    ini.write_text(f"[pytest]\n{file}\n")
    config = _prepareconfig(["-c", str(ini), "-p", "no:cacheprovider", *arguments, str(ini.parent)])
    try:
        return read_settings(config, environment)
    finally:
        config._ensure_unconfigure()


def on_command_line(option: Option, text: str) -> str:
    return f"--{option.name}={text}" if option.metavar else f"--{option.name}"


def test_every_option_is_specified_here() -> None:
    assert DIFFERENT.keys() == BY_NAME.keys()


@pytest.mark.parametrize("name", BY_NAME)
def test_the_first_of_command_line_environment_and_file_that_is_given_counts(ini: Path, name: str) -> None:
    option = BY_NAME[name]
    field, ((in_file, file_value), (in_environment, environment_value), (given, value)) = DIFFERENT[name]
    file, environment = f"{option.key} = {in_file}", {option.variable: in_environment}
    where = [f"--platform={option.of[0]}"] if option.of else []

    of = attrgetter(field)
    assert of(read(ini, *where, file=file)) == file_value
    assert of(read(ini, *where, file=file, environment=environment)) == environment_value
    assert of(read(ini, *where, on_command_line(option, given), file=file, environment=environment)) == value


CONTEXTS = ["--context=zone1=a", "--context=zone2=b", "--context=global=c"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (CONTEXTS, r"^--context has no effect on platform universal: it is for --platform=kubernetes$"),
        (["--install=mesh"], r"^--install has no effect on platform universal: it is for --platform=kubernetes$"),
        (["--upgrade"], "it is for --platform=kubernetes or --platform=kind$"),
        (["--platform=kubernetes", *CONTEXTS, "--engine=kuma"], r"^--engine has no effect on platform kubernetes"),
        (["--platform=kind", "--cluster-stop=x"], r"^--cluster-stop has no effect on platform kind"),
        (["--platform=kubernetes", *CONTEXTS, "--cluster-name=a"], "it is for --platform=kind$"),
    ],
)
def test_what_would_have_no_effect_is_refused(ini: Path, given: list[str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read(ini, *given)


def test_what_is_set_for_good_does_not_forbid_another_platform_that_is_named(ini: Path) -> None:
    file = "mesh_chaos_context = zone1=a,zone2=b,global=c"
    with pytest.raises(SettingsError, match="--context has no effect on platform universal"):
        read(ini, file=file)  # else a laptop would be tested in place of clusters, and pass
    assert read(ini, "--platform=universal", file=file).platform == "universal"


@pytest.mark.parametrize(
    ("variable", "meant"),
    [("PROBRATE", "PROBE_RATE"), ("CONTEXTS", "CONTEXT"), ("BUCKET", ""), ("TESTBED", ""), ("PROBE_RATE", "")],
)
def test_a_variable_that_was_meant_to_be_an_option_s_is_refused(ini: Path, variable: str, meant: str) -> None:
    environment = {f"MESH_CHAOS_{variable}": "10"}
    if not meant:
        read(ini, environment=environment)
        return
    with pytest.raises(SettingsError, match=f"MESH_CHAOS_{variable} is no option's; did you mean MESH_CHAOS_{meant}"):
        read(ini, environment=environment)


def test_a_repeated_option_is_the_same_as_one_with_commas(ini: Path) -> None:
    given = [f"--context={part}" for part in ("a=x", "b=y", "global=z")]
    found = read(ini, "--platform=kubernetes", *given)

    assert found.kubernetes.contexts == Contexts({"a": "x", "b": "y"}, "z")
    assert found.zones == ("a", "b"), "the zones are those that have a context"


def test_without_any_option_the_defaults_are_the_walkthroughs_two_zones(ini: Path) -> None:
    found = read(ini)

    assert found == settings()
    assert (found.zones, found.replicas, found.platform, found.engine) == (
        ("zone1", "zone2"),
        2,
        "universal",
        "auto",
    )
    assert (found.profiles, found.faults, found.fault_zones) == ((), frozenset(), frozenset())
    assert (found.probe_rate_hz, found.probe_timeout_s, found.balancer_check) == (20, 2, "shallow")
    assert (found.duration_s, found.seed) == (3600, None)
    assert found.gateway == "builtin"
    assert (found.envoy, found.block, found.keep_mesh, found.plan) == (None, None, False, False)
    assert found.artifacts == Path.cwd() / "artifacts"
    assert found.history == found.artifacts / "history.sqlite"


def test_every_option_has_the_same_name_everywhere() -> None:
    option = BY_NAME["probe-rate"]
    assert (option.variable, option.key) == ("MESH_CHAOS_PROBE_RATE", "mesh_chaos_probe_rate")


def test_every_default_is_a_value_that_can_be_given() -> None:
    assert settings(**{name.replace("-", "_"): option.default for name, option in BY_NAME.items()}) == settings()


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("platform", "moon", "--platform: 'moon' is none of kind, kubernetes, universal"),
        ("platform", "", "--platform: '' is none of kind, kubernetes, universal"),
        ("zones", "1", "--zones: 1 is not between 2 and 20"),
        ("zones", "0", "--zones: 0 is not between 2 and 20"),
        ("duration", "soon", "--duration: 'soon' is no time: write for example 90s, 10m, 1h30m, or seconds"),
        ("duration", "", "--duration: '' is no time: write for example 90s, 10m, 1h30m, or seconds"),
        ("duration", "-5", "--duration: '-5' is no time: write for example 90s, 10m, 1h30m, or seconds"),
        ("duration", "500ms", "--duration: 500ms is not between 1s and 168h"),
        ("duration", "169h", "--duration: 169h is not between 1s and 168h"),
        ("seed", "x", "--seed: 'x' is not a whole number"),
        ("seed", "-1", "--seed: -1 is not between 0 and 4.29497e+09"),
        ("zones", "21", "--zones: 21 is not between 2 and 20"),
        (
            "zones",
            ",",
            "--zones: ',' must be a number from 2 to 20, or as many different DNS labels (east,west), none of them",
        ),
        ("zones", "east", "--zones: 'east' must be a number from 2 to 20"),
        ("zones", "east,east", "--zones: 'east,east' must be"),
        ("zones", "East,west", "--zones: 'East,west' must be"),
        ("zones", "east,we_st", "--zones: 'east,we_st' must be"),
        ("zones", "east,-west", "--zones: 'east,-west' must be"),
        ("zones", "-2", "--zones: '-2' must be"),
        ("zones", "2.5", "--zones: '2.5' must be"),
        ("zones", f"a,{'b' * 64}", "must be a number from 2"),
        ("replicas", "0", "--replicas: 0 is not between 1 and 50"),
        ("replicas", "51", "--replicas: 51 is not between 1 and 50"),
        ("replicas", "two", "--replicas: 'two' is not a whole number"),
        ("replicas", "", "--replicas: '' is not a whole number"),
        ("fault", "delete-moon", "no fault 'delete-moon'; the faults are: "),
        ("fault", "wrong-port delete-service", "no fault 'wrong-port delete-service'"),
        ("profile", "moon", "--profile: no profile 'moon': neither one of hardened, health-check, "),
        ("profile", "page,my/folder", "--profile: no profile 'my/folder': neither one of hardened, "),
        ("zone", "zone3", "--zone: 'zone3' is none of zone1, zone2"),
        ("repeat", "0", "--repeat: 0 is not between 1 and 10000"),
        ("repeat", "-1", "--repeat: -1 is not between 1 and 10000"),
        ("repeat", "2.5", "--repeat: '2.5' is not a whole number"),
        ("probe-rate", "0", "--probe-rate: 0 is not between 1 and 1000"),
        ("probe-rate", "1001", "--probe-rate: 1001 is not between 1 and 1000"),
        ("probe-rate", "nan", "--probe-rate: nan is not between 1 and 1000"),
        ("probe-rate", "inf", "--probe-rate: inf is not between"),
        ("probe-rate", "20/s", "--probe-rate: '20/s' is not a number"),
        ("probe-timeout", "0", "--probe-timeout: 0 is not between 0.1 and 60"),
        ("probe-timeout", "2s", "--probe-timeout: '2s' is not a number"),
        ("lb-check", "none", "--lb-check: 'none' is none of shallow, deep"),
        ("slo", "failover=0", "--slo: failover=0 s cannot be measured with a sample every 0.05 s"),
        ("slo", "target=100", "--slo: target=100 % is no objective"),
        ("loopback-block", "19", "--loopback-block: 19 is not between 20 and 219"),
        ("loopback-block", "220", "--loopback-block: 220 is not between 20 and 219"),
        ("loopback-block", "127.30", "--loopback-block: '127.30' is not a whole number"),
        ("keep-mesh", "maybe", "--keep-mesh: 'maybe' is neither yes nor no"),
        ("plan", "2", "--plan: '2' is neither yes nor no"),
        ("install", "all", "--install: 'all' is none of nothing, walkthrough, mesh"),
        ("gateway-url", "zone1", "--gateway-url: '' is no URL such as http://"),
        ("gateway-port", "http", "--gateway-port: 'http' is no port"),
        ("gateway-port", "\u00b2", "--gateway-port: '\u00b2' is no port"),
        ("gateway-port", "65536", "--gateway-port: '65536' is no port"),
        ("load-balancer", "192.0.2.1", "--load-balancer: '192.0.2.1' is no URL such as http://"),
        ("load-balancer", "me:secret@a", "--load-balancer: what is given is no URL such as http://"),
        ("load-balancer", "http://me:secret@a", "--load-balancer: the probe logs in nowhere"),
        ("gateway-url", "zone1=http://me:secret@a/b", "--gateway-url: the probe logs in nowhere"),
    ],
)
def test_a_value_that_cannot_be_used_is_one_line_that_says_what_can(name: str, text: str, complaint: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(**{name.replace("-", "_"): text})
    assert complaint in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert "secret" not in str(caught.value)


def test_what_a_control_plane_is_asked_with_is_not_shown_where_the_settings_are() -> None:
    assert "secret" not in repr(settings(control_plane="zone1=http://me:secret@a", cluster_stop="stop --key secret"))


def test_a_fraction_where_a_whole_number_is_wanted_is_told_so() -> None:
    with pytest.raises(SettingsError, match="whole number"):
        settings(replicas="2.5")


def test_as_many_zones_may_be_named_as_counted_and_no_more() -> None:
    assert len(settings(zones=",".join(f"z{n}" for n in range(20))).zones) == 20
    with pytest.raises(SettingsError):
        settings(zones=",".join(f"z{n}" for n in range(21)))


def test_a_zone_cannot_be_called_like_the_global_control_plane() -> None:
    with pytest.raises(SettingsError):
        settings(zones="global,local")


def test_zones_may_have_any_names_and_faults_are_then_chosen_by_them() -> None:
    found = settings(zones="east,west", zone="west")
    assert found.fault_zones == {"west"}
    with pytest.raises(SettingsError, match="--zone: 'zone1' is none of east, west"):
        settings(zones="east,west", zone="zone1")


def test_gateways_are_in_zones_of_the_mesh() -> None:
    assert settings(zones="c,a,b", gateways="b,c").gateways == ("c", "b")
    with pytest.raises(SettingsError, match="--gateways: 'zone1' is none of east, west"):
        settings(zones="east,west", gateways="zone1")


@pytest.mark.parametrize("text", ["yes", "true", "1", "YES", "True"])
def test_a_switch_is_on_when_it_says_so(text: str) -> None:
    assert settings(keep_mesh=text).keep_mesh


@pytest.mark.parametrize("text", ["", "no", "false", "0", "No"])
def test_a_switch_is_off_when_it_says_so(text: str) -> None:
    assert not settings(keep_mesh=text).keep_mesh


def test_a_slower_probe_makes_finer_objectives_impossible() -> None:
    assert settings(slo="outage=0.2", probe_rate="10").objectives.outage == 0.2
    with pytest.raises(SettingsError, match="with a sample every 1 s; choose at least 2 or raise --probe-rate"):
        settings(slo="outage=0.2,return_outage=5", probe_rate="1")


def test_a_probe_too_slow_for_an_objective_is_told_which_to_loosen() -> None:
    with pytest.raises(SettingsError, match=r"return_outage=1 s cannot be .* every 1 s; choose at least 2 or raise"):
        settings(probe_rate="1", slo="return_outage=1")
    assert settings(probe_rate="1").probe_rate_hz == 1


@pytest.mark.parametrize(
    ("faults", "zones", "selected"),
    [
        ("", "", {("wrong-port", "zone1"), ("wrong-port", "zone2"), ("delete-service", "zone1")}),
        ("wrong-port", "", {("wrong-port", "zone1"), ("wrong-port", "zone2")}),
        ("", "zone1", {("wrong-port", "zone1"), ("delete-service", "zone1")}),
        ("delete-service", "zone2", set()),
    ],
)
def test_an_experiment_runs_when_both_its_fault_and_its_zone_are_chosen(
    faults: str, zones: str, selected: set[tuple[str, str]]
) -> None:
    chosen = settings(fault=faults, zone=zones)
    three = [("wrong-port", "zone1"), ("wrong-port", "zone2"), ("delete-service", "zone1")]
    assert {one for one in three if chosen.selects(*one)} == selected


def test_a_variable_that_is_empty_is_not_given(ini: Path) -> None:
    assert read(ini, file="mesh_chaos_replicas = 3", environment={"MESH_CHAOS_REPLICAS": ""}).replicas == 3
