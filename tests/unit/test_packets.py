"""Dropping packets: which rules are asked for, when the kernel is asked at all, and which way a bad network is made."""

from __future__ import annotations

import ctypes
import socket
import subprocess
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from chaos.errors import InfraError, SettingsError
from chaos.faults import fault
from chaos.platform import Action, Kind, Record, Target
from fixtures.local import nftables, packets
from fixtures.local.addresses import Endpoint
from fixtures.local.nftables import PacketFilterError
from fixtures.local.packets import Loss
from fixtures.local.processes import ProcessSpec, ProcessState, Role
from fixtures.platforms.universal.breakables import crossing, ways
from fixtures.platforms.universal.breakables import link as link_module
from fixtures.platforms.universal.breakables.link import breakable
from fixtures.platforms.universal.breakables.ways import choose
from fixtures.platforms.universal.gateways.builtin import Builtin
from fixtures.platforms.universal.settings import LinkWay, parse_link
from fixtures.platforms.universal.topology import Topology
from tests.integration.suite import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fixtures.platforms.universal.running import Running

LAYOUT = Topology.of(("zone1", "zone2"), 1, 20)
AT = LAYOUT.zone("zone1").ingress
BY_PACKETS = breakable(LAYOUT.with_link(LinkWay.PACKETS).zone("zone1"), Builtin())
BY_RELAY = breakable(LAYOUT.zone("zone1"), Builtin())
IMPOSSIBLE = "that takes root, or the capability CAP_NET_ADMIN"


def rules(percent: int) -> list[str]:
    return Loss("mesh_chaos_20_1", AT, percent).commands().splitlines()


def test_all_packets_of_one_endpoint_of_the_mesh_are_dropped_and_of_nothing_else() -> None:
    assert rules(100) == [
        "create table ip mesh_chaos_20_1 { flags owner; }",
        "create chain ip mesh_chaos_20_1 lost { type filter hook input priority 0; policy accept; }",
        "add rule ip mesh_chaos_20_1 lost iif lo ip daddr 127.20.1.20 tcp dport 10001 counter drop",
        "add rule ip mesh_chaos_20_1 lost iif lo ip saddr 127.20.1.20 tcp sport 10001 counter drop",
    ]


def test_a_share_of_them_is_dropped_by_chance_in_each_direction() -> None:
    by_chance = [rule for rule in rules(30) if "numgen random mod 100 < 30 counter drop" in rule]
    assert [rule.replace("numgen random mod 100 < 30 ", "") for rule in rules(30)] == rules(100)
    assert len(by_chance) == 2


def test_each_zone_of_each_mesh_has_a_table_of_its_own() -> None:
    links = [
        breakable(Topology.of(("a", "b"), 1, block).with_link(LinkWay.PACKETS).zone(zone), Builtin())
        for block in (20, 21)
        for zone in ("a", "b")
    ]
    tables = {link.explain(Action.CUT).partition("nft table ip ")[2].partition(",")[0] for link in links}
    assert tables == {"mesh_chaos_20_1", "mesh_chaos_20_2", "mesh_chaos_21_1", "mesh_chaos_21_2"}


@pytest.fixture
def without_library(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(nftables, "_LIBRARY", "libnowhere.so.1")
    nftables._library.cache_clear()
    yield
    nftables._library.cache_clear()


@pytest.mark.usefixtures("without_library")
def test_without_the_library_no_packet_can_be_dropped() -> None:
    assert packets.why_not() == "libnowhere.so.1 is not there: install the package nftables"


def unprivileged(*command: str) -> subprocess.CompletedProcess[str]:
    """A process without CAP_NET_ADMIN, also where root runs the tests."""
    return subprocess.run(
        (sys.executable, *command), cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        preexec_fn=lambda: ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, nftables._CAP_NET_ADMIN, 0, 0, 0),
    )  # fmt: skip


_PR_CAPBSET_DROP = 24  # prctl(2): what is executed then cannot get it back


def test_who_has_no_privilege_is_told_so_in_one_line_and_nobody_else_says_anything() -> None:
    said = unprivileged("-c", "from fixtures.local.packets import why_not\nprint(why_not())")
    assert said.stdout.strip() in {IMPOSSIBLE, "libnftables.so.1 is not there: install the package nftables"}
    assert said.stderr == ""


def test_the_process_that_drops_says_in_one_line_why_it_does_not() -> None:
    said = unprivileged("-m", "fixtures.local.packets", "--table=mesh_chaos_test", f"--at={AT}", "--percent=100")
    assert said.returncode == 1
    assert said.stderr.splitlines()[-1].startswith("packets: ")


@pytest.mark.parametrize(
    ("wanted", "reason", "way"),
    [
        (LinkWay.AUTO, None, LinkWay.PACKETS),
        (LinkWay.AUTO, IMPOSSIBLE, LinkWay.RELAY),
        (LinkWay.PACKETS, None, LinkWay.PACKETS),
        (LinkWay.RELAY, None, LinkWay.RELAY),
        (LinkWay.RELAY, IMPOSSIBLE, LinkWay.RELAY),
    ],
)
def test_packets_are_dropped_where_that_is_wanted_or_can_be(
    monkeypatch: pytest.MonkeyPatch, wanted: LinkWay, reason: str | None, way: LinkWay
) -> None:
    monkeypatch.setattr(ways, "why_not", lambda: reason)
    assert choose(wanted) is way


def test_packets_that_are_wanted_and_cannot_be_dropped_are_refused_with_what_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ways, "why_not", lambda: IMPOSSIBLE)
    with pytest.raises(SettingsError, match="--link=packets: no packet can be dropped here: that takes root, or the"):
        choose(LinkWay.PACKETS)


def test_a_way_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(SettingsError, match="--link: 'tc' is none of auto, relay, packets"):
        parse_link("tc")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("cut-link", "drop every packet from and to 127.20.1.20:10001, the ingress of zone1 (nft table ip "),
        ("lose-link", "drop 30% of the packets from and to 127.20.1.20:10001, the ingress of zone1 (nft table ip "),
    ],
)
def test_what_is_done_to_packets_says_to_which_and_that_no_relay_is_used(name: str, said: str) -> None:
    told = BY_PACKETS.explain(fault(name).action)
    assert told.startswith(f"{said}mesh_chaos_20_1")
    assert told.endswith("; no relay is used")
    assert BY_RELAY.explain(fault(name).action).startswith("start a relay at 127.20.1.20:10101 that ")


def test_a_delay_is_always_the_relays_and_says_why() -> None:
    told = BY_RELAY.explain(Action.DELAY)
    assert BY_PACKETS.explain(Action.DELAY) == (
        f"{told}; packets are not delayed: that takes a queue on the loopback device, which all of this machine uses"
    )


def test_the_undoing_is_told_for_both_ways_where_both_are_possible() -> None:
    both, one = BY_PACKETS.explain(Action.PUT), BY_RELAY.explain(Action.PUT)
    assert "nft" not in one
    assert both.startswith("end the process that holds nft table ip mesh_chaos_20_1, which the kernel deletes then")
    assert one.partition(";")[0] in both


INGRESS = {"type": "ZoneIngress", "name": "ingress-zone1", "networking": {"advertisedPort": 10001}}


class Mesh:
    """A mesh whose zone1 has one process that makes its network bad."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.put: list[object] = []
        self.stored: Mapping[str, object] = INGRESS
        self.keeping = SimpleNamespace(signal=lambda names, _: self.ended.extend(names))
        self.topology = LAYOUT

    def zone_api(self, _: str) -> object:
        return SimpleNamespace(resource=lambda _: self.stored, put=self.put.append)

    def processes(self, zone: str, roles: list[Role]) -> list[ProcessState]:
        bad = ProcessState(ProcessSpec("packets-zone1", Role.RELAY, "zone1", ("sleep",)), 1, None)
        return [bad] if zone == "zone1" and roles == [Role.RELAY] else []


@pytest.fixture
def mesh() -> Mesh:
    return Mesh()


def running(mesh: Mesh) -> Running:
    return cast("Running", mesh)


RECORD = Record(Target(Kind.LINK, "zone1", "ingress-zone1"), {"ingress": INGRESS, "listens": True})


def test_undoing_ends_whatever_makes_the_network_bad_and_puts_nothing_that_is_as_it_was(mesh: Mesh) -> None:
    for link in (BY_PACKETS, BY_RELAY):
        link.put(RECORD, running(mesh))
    assert mesh.ended == ["packets-zone1"] * 2
    assert mesh.put == []
    mesh.stored = {**INGRESS, "networking": {"advertisedPort": 10101}}
    BY_PACKETS.put(RECORD, running(mesh))
    assert mesh.put == [INGRESS]


def test_nothing_that_gateways_still_dial_is_ended(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[list[str]] = []

    def dialled_at_the_third_look(*_: object) -> bool:
        looks.append(list(mesh.ended))
        return len(looks) >= 3

    monkeypatch.setattr(link_module, "dialled", dialled_at_the_third_look)
    BY_RELAY.put(RECORD, running(mesh))
    assert looks == [[], [], []]
    assert mesh.ended == ["packets-zone1"]


def test_what_gateways_never_leave_is_ended_all_the_same(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link_module, "dialled", lambda *_: False)
    monkeypatch.setattr(link_module, "_LEFT_LIMIT_S", 0.1)
    BY_RELAY.put(RECORD, running(mesh))
    assert mesh.ended == ["packets-zone1"]


def test_it_is_not_over_while_the_rules_are_there_or_nobody_is_let_in(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    listening = {AT}
    monkeypatch.setattr(link_module, "accepts", lambda endpoint: endpoint in listening)
    monkeypatch.setattr(packets, "dropped", lambda _: 0)
    assert BY_PACKETS.difference(RECORD, running(mesh)) == "nft table ip mesh_chaos_20_1 is still there"
    monkeypatch.setattr(packets, "dropped", lambda _: None)
    assert BY_PACKETS.difference(RECORD, running(mesh)) is None
    listening.clear()
    assert BY_PACKETS.difference(RECORD, running(mesh)) == "nobody is let in at 127.20.1.20:10001"


def test_where_nobody_may_look_at_the_rules_it_is_not_over(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: str) -> int:
        raise PacketFilterError("not permitted")

    monkeypatch.setattr(packets, "dropped", refuse)
    with pytest.raises(InfraError, match="nobody can say whether packets are dropped: not permitted"):
        BY_PACKETS.difference(RECORD, running(mesh))


def test_connections_that_are_made_or_refused_prove_no_loss() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as server:
        to = Endpoint("127.0.0.1", server.getsockname()[1])
        assert crossing.unmade(Action.LOSE, to) is None
    assert crossing.unmade(Action.CUT, to) is None  # refused now


def test_connections_of_which_some_hang_prove_a_loss_and_no_partition() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(4)  # whoever comes after these is not answered
        to = Endpoint("127.0.0.1", server.getsockname()[1])
        assert crossing.unmade(Action.CUT, to) is None
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(4)
        to = Endpoint("127.0.0.1", server.getsockname()[1])
        assert str(crossing.unmade(Action.LOSE, to)).endswith(f"of 40 connections to {to} were not made within 0.5 s")
