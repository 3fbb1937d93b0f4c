"""Meshes that were once judged wrongly: each was a PASS though users suffered, or a FAIL though all went well."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from chaos import undo
from chaos.errors import StillGoing
from chaos.experiment import Experiment
from chaos.fault import Stage
from chaos.faults import fault
from chaos.model import NS_PER_S, Vantage, Verdict
from chaos.platform import Kind, Record, Target
from chaos.slo import Objectives
from reports.verdicts import expected
from tests.unit.simulation import Onlooker, SimulatedMesh, VirtualClock, bad, start_probe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chaos.model import Zone
    from chaos.result import Result
    from chaos.samples import Sample

    Answer = Sample | tuple[str, str]
    How = Callable[["Moment"], Answer]


@dataclass(frozen=True)
class Moment:
    """A request, and what has happened by when it is due."""

    gateway: Zone
    due_ns: int
    injected_s: float | None
    """Since the last injection; None before it."""
    repaired_s: float | None
    broken_s: dict[Zone, float]
    """Since each zone was broken."""

    def bad(self) -> Answer:
        return bad(self.due_ns)

    def by(self, zone: Zone) -> Answer:
        return zone, self.gateway

    @property
    def home(self) -> Answer:
        return self.gateway, self.gateway

    def broken(self, zone: Zone = "zone1") -> bool:
        """Whether that zone's users ask while its fault lasts, or have a second after it."""
        lasts = self.repaired_s is None or self.repaired_s < 1
        return self.gateway == zone and zone in self.broken_s and lasts


@dataclass
class Mesh(SimulatedMesh):
    """Answers as its test says."""

    how: How = lambda moment: moment.home
    at_ns: dict[Zone, int] = field(default_factory=dict)
    kinds_ns: dict[Kind, int] = field(default_factory=dict)
    """When what of a mesh was last broken."""
    takes_s: dict[Zone, float] = field(default_factory=dict)
    """How long a zone needs until it is what it was."""
    offline: Zone = ""

    def find(self, kind: Kind, zone: Zone) -> tuple[Target, ...]:
        return (Target(kind, zone, "it"),)

    def delete(self, record: Record) -> None:
        now_ns = self.injected_ns = self.at_ns[record.target.zone] = self.clock.now_ns()
        self.kinds_ns[record.target.kind] = now_ns

    def gone(self, record: Record) -> str | None:
        return "proof"

    def difference(self, record: Record) -> str | None:
        assert self.repaired_ns is not None
        since_s = (self.clock.now_ns() - self.repaired_ns) / NS_PER_S
        return "starting" if since_s < self.takes_s.get(record.target.zone, 0) else None

    def unsettled(self, zone: Zone) -> str | None:
        return f"{zone} is offline" if zone == self.offline else None

    def answer(self, index: int, vantage: Vantage, due_ns: int) -> Answer:
        gateway = vantage.zone or self.zones[index % len(self.zones)]
        since = {zone: (due_ns - at) / NS_PER_S for zone, at in self.at_ns.items() if due_ns >= at}
        return self.how(
            Moment(gateway, due_ns, _since(self.injected_ns, due_ns), _since(self.repaired_ns, due_ns), since)
        )


def _since(begin_ns: int | None, due_ns: int) -> float | None:
    return None if begin_ns is None or due_ns < begin_ns else (due_ns - begin_ns) / NS_PER_S


def tried(
    folder: Path, mesh: Mesh, *told: str, profile: str = "hardened", objectives: Objectives | None = None
) -> Result:
    first, *then = [Stage(fault(name), zone) for name, zone in (one.split() for one in told)]
    experiment = Experiment(
        scenario="simulated",
        fault=first.fault,
        zone=first.zone,
        profile=profile,
        engine="simulated",
        claims=(first.fault.claim, "nearest-first", "comes-home"),
        objectives=objectives or Objectives(),
        folder=folder,
        then=tuple(then),
        composition="several" if then else "",
    )
    return experiment.run(mesh, start_probe(mesh), Onlooker(), mesh.clock)


def mesh(how: How, **given: Any) -> Mesh:
    return Mesh(VirtualClock(), how=how, **given)


THREE = ("zone1", "zone2", "zone3")


# a wrong PASS


@pytest.mark.parametrize(
    "name", ["kill-control-plane", "kill-global", "kill-ingress", "kill-egress", "cut-link", "disable-zone"]
)
@pytest.mark.parametrize("after_s", [1, 12])
def test_a_repair_that_takes_everything_from_everybody(tmp_path: Path, name: str, after_s: float) -> None:
    """Such as a control plane that comes back and pushes an empty configuration."""

    def how(moment: Moment) -> Answer:
        return moment.bad() if (moment.repaired_s or 0) >= after_s else moment.home

    assert tried(tmp_path, mesh(how), f"{name} zone1").verdict is Verdict.FAIL


@pytest.mark.parametrize("name", ["wrong-port", "delete-deployment"])
def test_a_documented_blip_that_becomes_an_outage(tmp_path: Path, name: str) -> None:
    """Zone2 answers for 2.6 s, then there is nothing but 503; what is documented is two seconds of it."""

    def how(moment: Moment) -> Answer:
        if not moment.broken():
            return moment.home
        return moment.by("zone2") if 1.9 <= moment.broken_s["zone1"] < 4.5 else moment.bad()

    assert not expected(tried(tmp_path, mesh(how), f"{name} zone1", profile="outlier-detection"))


def test_a_documented_blip_that_the_repair_goes_on_with(tmp_path: Path) -> None:
    """The gateway of a zone that comes back answers 503 for some seconds: that is the return's outage."""

    def how(moment: Moment) -> Answer:
        lost_s, back_s = moment.broken_s.get("zone1", 0.0), moment.repaired_s
        if moment.gateway != "zone1" or not lost_s or (back_s or 0) >= 7:
            return moment.home
        well = lost_s >= 1.9 and back_s is None and not 8 <= lost_s < 8.8 and lost_s < 14.5
        return moment.by("zone2") if well else moment.bad()

    assert expected(tried(tmp_path, mesh(how), "wrong-port zone1", profile="outlier-detection"))


def test_a_documented_failure_beside_an_outage_of_others_that_comes_late(tmp_path: Path) -> None:
    def how(moment: Moment) -> Answer:
        lasts = moment.injected_s is not None and moment.repaired_s is None
        hit = moment.gateway == "zone1" or (moment.injected_s or 0) >= 10
        return moment.bad() if lasts and hit else moment.home

    brief = Objectives(failover=3)
    assert not expected(tried(tmp_path, mesh(how), "wrong-port zone1", profile="page", objectives=brief))


def test_a_lost_replica_whose_zone_is_never_used_again(tmp_path: Path) -> None:
    def how(moment: Moment) -> Answer:
        lasts = moment.injected_s is not None and moment.repaired_s is None
        return moment.by("zone2") if moment.gateway == "zone1" and lasts else moment.home

    result = tried(tmp_path, mesh(how), "kill-replica zone1")
    assert result.verdict is Verdict.FAIL
    assert {finding.claim for finding in result.findings} == {"lost-replica-recovers"}


def test_a_lost_replica_that_is_made_up_for_elsewhere_until_the_mesh_has_noticed(tmp_path: Path) -> None:
    def how(moment: Moment) -> Answer:
        away = moment.gateway == "zone1" and 0 <= (-1 if moment.injected_s is None else moment.injected_s) < 10
        return moment.by("zone2") if away and moment.repaired_s is None else moment.home

    assert tried(tmp_path, mesh(how), "kill-replica zone1").verdict is Verdict.PASS


class Balanced(Mesh):
    """Its load balancer leaves the gateway of zone2 out from a second after it is gone until it is back."""

    def answer(self, index: int, vantage: Vantage, due_ns: int) -> Answer:
        if vantage.zone is not None:
            return super().answer(index, vantage, due_ns)
        left, back = self.at_ns.get("zone2"), _since(self.repaired_ns, due_ns)
        gone = left is not None and due_ns >= left + NS_PER_S and (back or 0) < 50.5
        gateways = [zone for zone in self.zones if not (gone and zone == "zone2")]
        return super().answer(0, replace(vantage, zone=gateways[index % len(gateways)]), due_ns)


def test_a_way_home_is_counted_from_when_its_own_zone_was_whole(tmp_path: Path) -> None:
    """Zone1's echo is whole at once, and its users are home after 58 s: another zone takes 50 s to start."""

    def how(moment: Moment) -> Answer:
        home_s = 58 if moment.gateway == "zone1" else 50.5
        if (moment.repaired_s or 0) >= home_s or moment.gateway not in moment.broken_s:
            return moment.home
        if moment.gateway == "zone2" or min(moment.broken_s.values()) < 1:
            return moment.bad()
        return moment.by("zone3" if "zone2" in moment.broken_s else "zone2")

    broken = Balanced(VirtualClock(), how=how, zones=THREE, takes_s={"zone2": 50})
    result = tried(tmp_path, broken, "delete-deployment zone1", "delete-cluster zone2")
    late = {str(finding.series) for finding in result.findings if "failback took 57." in finding.text}
    assert late == {"gateway-zone1/fresh", "gateway-zone1/keepalive"}


def test_a_zone_that_never_joins_global_again(tmp_path: Path) -> None:
    result = tried(tmp_path, mesh(lambda moment: moment.home, offline="zone2"), "kill-global zone1")
    assert result.verdict is Verdict.FAIL


@pytest.mark.parametrize("name", ["kill-replica", "err-echo"])
def test_an_outage_that_is_longer_than_its_objective_where_a_zone_recovers(tmp_path: Path, name: str) -> None:
    def how(moment: Moment) -> Answer:
        return moment.bad() if moment.broken() and moment.broken_s["zone1"] < 12 else moment.home

    assert tried(tmp_path, mesh(how), f"{name} zone1", objectives=Objectives(outage=0.1)).verdict is Verdict.FAIL


# a wrong FAIL


class Moving(Mesh):
    """Its load balancer needs 2 s to leave out the gateway of zone1."""

    def answer(self, index: int, vantage: Vantage, due_ns: int) -> Answer:
        closed_s, back_s = _since(self.kinds_ns.get(Kind.GATEWAY), due_ns), _since(self.repaired_ns, due_ns)
        closed = closed_s is not None and (back_s is None or back_s < 1)
        gateway = vantage.zone or ("zone2" if closed and (closed_s or 0) >= 2 else self.zones[index % 2])
        if closed and gateway == "zone1":
            return bad(due_ns)
        return super().answer(0, replace(vantage, zone=gateway), due_ns)


def test_users_of_the_load_balancer_move_from_a_gateway_whose_echo_was_gone_before(tmp_path: Path) -> None:
    first_ns: list[int] = []

    def how(moment: Moment) -> Answer:
        if not moment.broken():
            return moment.home
        first_ns[:] = first_ns[:1] or [moment.due_ns]
        return moment.bad() if moment.due_ns < first_ns[0] + NS_PER_S else moment.by("zone2")

    told = ("delete-deployment zone1", "delete-gateway zone1")
    result = tried(tmp_path, Moving(VirtualClock(), how=how), *told)
    assert result.verdict is Verdict.PASS, result.findings


@pytest.mark.parametrize("second", ["delete-deployment zone2", "kill-ingress zone2", "disable-zone zone2"])
def test_who_was_answered_by_a_zone_that_is_lost_too_recovers_once_more(tmp_path: Path, second: str) -> None:
    def how(moment: Moment) -> Answer:
        if moment.repaired_s is not None:
            return moment.home
        lost = second.startswith("delete") and moment.broken("zone2")
        if not (moment.broken() or lost):
            return moment.home
        if min(moment.broken_s.values()) < 3:
            return moment.bad()
        return moment.by("zone3" if "zone2" in moment.broken_s else "zone2")

    result = tried(tmp_path, mesh(how, zones=THREE), "err-echo zone1", second)
    assert result.verdict is Verdict.PASS, result.findings


def test_where_nobody_well_is_left_errors_may_go_on(tmp_path: Path) -> None:
    def how(moment: Moment) -> Answer:
        if moment.repaired_s is not None or moment.gateway not in moment.broken_s:
            return moment.home
        return moment.bad() if len(moment.broken_s) > 1 or moment.broken_s["zone1"] < 3 else moment.by("zone2")

    result = tried(tmp_path, mesh(how), "err-echo zone1", "delete-deployment zone2")
    assert result.verdict is Verdict.PASS, result.findings


LOST_AND_ROLLED = ("delete-deployment zone1", "roll-gateway zone1")


@pytest.mark.parametrize("told", [LOST_AND_ROLLED, LOST_AND_ROLLED[::-1]])
def test_a_rollout_that_costs_nobody_anything_beside_a_failover_in_time(tmp_path: Path, told: tuple[str, ...]) -> None:
    class Lost(Mesh):
        def answer(self, index: int, vantage: Vantage, due_ns: int) -> Answer:
            gateway = vantage.zone or self.zones[index % 2]
            lost_s = _since(self.kinds_ns.get(Kind.DEPLOYMENT), due_ns)
            if gateway != "zone1" or lost_s is None or self.repaired_ns is not None:
                return gateway, gateway
            return bad(due_ns) if lost_s < 1 else ("zone2", gateway)

    result = tried(tmp_path, Lost(VirtualClock()), *told)
    assert result.verdict is Verdict.PASS, result.findings


def test_a_documented_failure_that_lasts_until_the_repair_is_none_of_the_way_home(tmp_path: Path) -> None:
    def how(moment: Moment) -> Answer:
        lasts = moment.repaired_s is None or moment.repaired_s < 14
        return moment.bad() if moment.gateway == "zone1" and moment.broken_s and lasts else moment.home

    slow = mesh(how, takes_s={"zone1": 14})
    result = tried(tmp_path, slow, "err-echo zone1", profile="page")
    assert "comes-home" not in {finding.claim for finding in result.findings}, result.findings


# a fault left behind


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("before", ["signal.SIG_DFL", "lambda number, _: os._exit(number)"], ids=["nobody", "deadly"])
def test_whatever_ends_a_run_repairs_first(name: str, before: str) -> None:
    """Also where somebody else had the signal and would have ended the process by it, as coverage does."""
    code = (
        "import os, signal, time\nfrom chaos import undo\n"
        f"signal.signal(signal.{name}, {before})\n"
        f"breaking = lambda: (os.kill(os.getpid(), signal.{name}), time.sleep(5))\n"
        "undo.mended(breaking, lambda: print('repaired', flush=True))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ended.stdout == "repaired\n"
    assert "KeyboardInterrupt" in ended.stderr


def test_a_hang_up_that_somebody_has_made_sure_not_to_hear_ends_nothing() -> None:
    former = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        assert list(undo.ending()) == [signal.SIGINT, signal.SIGTERM]
    finally:
        signal.signal(signal.SIGHUP, former)


def test_an_onlooker_that_has_gone_keeps_nothing_broken() -> None:
    """A finalizer keeps an object for 100 s; whoever was told of it, such as ``2>&1 | tee``, has been killed."""
    clock, put = VirtualClock(), list[Record]()
    began_ns = clock.now_ns()

    class Leaving(SimulatedMesh):
        def put(self, record: Record) -> None:
            if self.clock.now_ns() - began_ns < 100 * NS_PER_S:
                raise StillGoing("a finalizer")
            put.append(record)

        def difference(self, record: Record) -> str | None:
            return None if put else "gone"

    def say(_: str) -> None:
        raise BrokenPipeError

    undo.restore(Leaving(clock), [Record(Target(Kind.GATEWAY, "zone1", "it"), {})], clock, say=say)
    assert put
