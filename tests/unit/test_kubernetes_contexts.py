"""Which clusters may be touched: contexts are named, known, and allowed one by one."""

from __future__ import annotations

import os
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from chaos.errors import SettingsError
from fixtures.options import OPTIONS
from fixtures.platforms.kubernetes.cluster import connect
from fixtures.platforms.kubernetes.connecting import check_known, client_for
from fixtures.platforms.kubernetes.contexts import check_allowed, parse_contexts

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = "zone1=a,zone2=b,global=c"


def test_zones_keep_their_order_and_global_is_apart() -> None:
    contexts = parse_contexts(" west = w , east=e,global=g,")
    assert dict(contexts.zones) == {"west": "w", "east": "e"}
    assert contexts.global_context == "g"
    assert contexts.all == ("w", "e", "g")
    assert parse_contexts(str(contexts)) == contexts


CLOUD = st.text("abcdefghijklmnopqrstuvwxyz0123456789:/=_.@-", min_size=1, max_size=40)


@given(st.lists(CLOUD, min_size=3, max_size=5, unique=True))
def test_a_context_may_be_called_as_cloud_providers_call_them(names: list[str]) -> None:
    places = [*(f"zone{number}" for number in range(1, len(names))), "global"]
    contexts = parse_contexts(",".join(f"{place}={name}" for place, name in zip(places, names, strict=True)))
    assert contexts.all == tuple(names)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "global control plane is missing"),
        ("zone1=a,zone2=b", "global control plane is missing"),
        ("zone1=a,global=c", "failover needs two zones, zone1 is given"),
        ("global=c", "failover needs two zones, none is given"),
        ("zone1=a,zone2=a,global=c", "zone1 and zone2 are both a: each needs a cluster of its own"),
        ("zone1=a,zone2=b,global=b", "zone2 and global are both b"),
        ("zone1=a,zone1=b,global=c", "zone1 is given twice, as a and as b"),
        ("zone1,zone2=b,global=c", "'zone1' is not of the form NAME=CONTEXT"),
        ("zone1=,zone2=b,global=c", "'zone1=' is not of the form NAME=CONTEXT"),
        ("=a,zone2=b,global=c", "'=a' is not of the form NAME=CONTEXT"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=r"^--context: ") as refused:
        parse_contexts(text)
    assert says in str(refused.value)


def kubeconfig(file: Path, **cluster_of: str) -> str:
    contexts = [{"name": name, "context": {"cluster": cluster, "user": "u"}} for name, cluster in cluster_of.items()]
    file.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "Config", "contexts": contexts}))
    return str(file)


def test_contexts_are_looked_for_in_every_file_of_the_kubeconfig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = kubeconfig(tmp_path / "one", a="A", b="B"), kubeconfig(tmp_path / "two", c="C")
    check_known(parse_contexts(GIVEN), f"{one}:{two}")
    monkeypatch.setenv("KUBECONFIG", f"{one}:{two}")
    check_known(parse_contexts(GIVEN))


def test_a_context_that_is_not_there_is_told_with_those_that_are(tmp_path: Path) -> None:
    there = kubeconfig(tmp_path / "one", b="B", prod="P")
    with pytest.raises(SettingsError, match=r"no context a, c; it has: b, prod \(kubectl config get-contexts\)$"):
        check_known(parse_contexts(GIVEN), there)


def test_two_names_of_one_cluster_are_no_two_zones(tmp_path: Path) -> None:
    there = kubeconfig(tmp_path / "one", a="A", b="A", c="C")
    with pytest.raises(SettingsError, match="a and b are both the cluster A: each zone and global need "):
        check_known(parse_contexts(GIVEN), there)


def test_the_cluster_of_the_own_pod_needs_no_kubeconfig_entry(tmp_path: Path) -> None:
    check_known(parse_contexts("zone1=a,zone2=b,global=in-cluster"), kubeconfig(tmp_path / "one", a="A", b="B"))


@pytest.mark.parametrize("content", ["", "contexts: 3", "contexts: [{name: a}]", "[]", "{", "\t", "contexts: [a]"])
def test_a_kubeconfig_that_is_none_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    file = tmp_path / "config"
    file.write_text(content)
    with pytest.raises(SettingsError, match=r"^--context: the kubeconfig ") as refused:
        check_known(parse_contexts(GIVEN), str(file))
    assert "\n" not in str(refused.value)
    assert str(file) in str(refused.value)


def test_so_is_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nowhere does not exist"):
        check_known(parse_contexts(GIVEN), str(tmp_path / "nowhere"))


def test_what_is_allowed_passes() -> None:
    check_allowed(parse_contexts(GIVEN), ["c", "b", "a", "more"])


def test_what_nobody_has_allowed_is_refused_with_every_way_to_allow_it() -> None:
    option = next(option for option in OPTIONS if option.name == "allow-context")
    with pytest.raises(SettingsError) as refused:
        check_allowed(parse_contexts("zone1=a,zone2=prod,global=c"), ["c", "a"])
    text = str(refused.value)
    assert "through the context prod, which nobody has allowed" in text
    assert f"--{option.name}=a,c,prod" in text
    assert f"{option.variable}=a,c,prod" in text
    assert f'{option.key} = "a,c,prod" under [tool.pytest.ini_options]' in text


def test_nothing_is_allowed_by_itself() -> None:
    with pytest.raises(SettingsError, match="the contexts a, b, c, which nobody has allowed"):
        check_allowed(parse_contexts(GIVEN), [])


def test_an_allowed_name_is_not_a_beginning_or_a_pattern() -> None:
    with pytest.raises(SettingsError, match="the contexts prod-eu, prod-us"):
        check_allowed(parse_contexts("zone1=prod-eu,zone2=prod-us,global=c"), ["prod", "prod-*", "*", "c"])


def test_kubeconfigs_are_loaded_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client tells a second thread the file's name before the certificates are in it."""
    both, met = threading.Barrier(2), list[str]()

    def load(*_: object, **__: object) -> None:
        try:
            both.wait(0.3)
        except threading.BrokenBarrierError:
            return
        met.append("two at once")

    monkeypatch.setattr("kubernetes.config.load_kube_config", load)
    with ThreadPoolExecutor(2) as pool:
        for one in [pool.submit(client_for, "zone1", None) for _ in range(2)]:
            one.result()
    assert not met


def test_keys_that_a_killed_process_left_are_removed_and_those_of_a_living_one_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with subprocess.Popen(["true"]) as ended:
        pass
    left, living = tmp_path / f"mesh-chaos-keys-{ended.pid}-abc", tmp_path / f"mesh-chaos-keys-{os.getppid()}-abc"
    for folder in (left, living):
        folder.mkdir()
        (folder / "key").write_text("secret")
    (tmp_path / "kubeconfig").write_text("{}")

    with pytest.raises(SettingsError):
        connect("zone1", "zone1", "kong", kubeconfig=str(tmp_path / "kubeconfig"), log=lambda _: None)

    assert (left.exists(), living.exists()) == (False, True)
