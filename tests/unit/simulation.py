"""A two-zone mesh on a virtual clock: an experiment of minutes runs in milliseconds, and its truth is known."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chaos.diagnosis.clues import NOTHING, Clues
from chaos.model import LOAD_BALANCER, NS_PER_S, Attribution, Lane, Outcome, Vantage
from chaos.platform import Kind, Record, Target
from chaos.samples import Sample, SampleLog, SampleWriter, Schedule, SeriesPlan

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chaos.model import Zone
    from chaos.observer import Live
    from chaos.platform import Action

PERIOD_NS = NS_PER_S // 20
LATENCY_NS = 2_000_000
NEVER = float("inf")


LEAST_S = 0.2
"""What ``VirtualClock`` sleeps at least: a look at the samples costs 3 ms of CPU, whatever time passes between two."""


class VirtualClock:
    """Time passes only by ``sleep``, which may last a little longer than was asked for, as on a busy machine."""

    def __init__(self) -> None:
        self._now_ns = 1_000 * NS_PER_S

    def now_ns(self) -> int:
        return self._now_ns

    def sleep(self, seconds: float) -> None:
        self._now_ns += int(max(seconds, LEAST_S) * NS_PER_S)

    def asleep_ns(self) -> int:
        return 0


@dataclass
class Behaviour:
    """How the simulated mesh takes a fault. Seconds from the request to what it names."""

    effective_after: float = 0.2
    outage_after: float = 0.0
    failover_after: float = 5.0
    restored_after: float = 0.5
    failback_after: float = 1.0
    settled_after: float = 2.0
    """The mesh shows the repaired zone as before, this long after the repair."""
    breaks: bool = True
    blip_after: float = NEVER
    """One bad sample at this time after injection, long after another zone took over."""
    touches_others: bool = False
    answers_at_all: bool = True
    lag_ns: int = 0
    dies_again_after: float = NEVER
    """The repaired gateway answers 503 for good, this long after the repair."""
    heals_itself_after: float = NEVER
    """The faulty zone answers again this long after injection, while the fault is meant to last."""
    comes_through_another: bool = False
    """From the repair until the repaired zone answers, another one does."""
    silent_tail: str = ""
    """A vantage of which no sample is taken after injection."""
    stalled_ns: int = 0
    """How late the machine woke a process of the mesh at worst."""
    gateways_fixed: bool = False
    """The load balancer only ever uses the first zone's gateway."""


@dataclass
class SimulatedMesh:
    """A Platform whose every answer is computed from ``behaviour`` and the clock."""

    clock: VirtualClock
    behaviour: Behaviour = field(default_factory=Behaviour)
    name: str = "simulated"
    preparation: str = ""
    zones: tuple[Zone, ...] = ("zone1", "zone2")
    broken: Zone | None = None
    injected_ns: int | None = None
    repaired_ns: int | None = None
    calls: list[str] = field(default_factory=list)

    @property
    def vantages(self) -> tuple[Vantage, ...]:
        gateways = (Vantage(f"gateway-{zone}", f"http://{zone}/echo", zone) for zone in self.zones)
        return (Vantage(LOAD_BALANCER, "http://lb/echo"), *gateways)

    def attribution(self) -> Attribution:
        return Attribution(
            {f"pod-{zone}": zone for zone in self.zones},
            {f"node-{zone}": zone for zone in self.zones},
            {f"gw-{zone}": zone for zone in self.zones},
        )

    def find(self, kind: Kind, zone: Zone) -> tuple[Target, ...]:
        return (Target(kind, zone, "echo"),) if kind is not Kind.GATEWAY else ()

    def explain(self, action: Action, target: Target) -> str:
        return f"{action} {target}"

    def record(self, target: Target) -> Record:
        self.calls.append("record")
        return Record(target, {"is": "well"})

    def delete(self, record: Record) -> None:
        self.calls.append("delete")
        self.broken, self.injected_ns, self.repaired_ns = record.target.zone, self.clock.now_ns(), None

    def disturb(self, record: Record, action: Action) -> None:
        self.delete(record)

    def put(self, record: Record) -> None:
        self.calls.append("put")
        if self.repaired_ns is None:
            self.repaired_ns = self.clock.now_ns()

    def gone(self, record: Record) -> str | None:
        assert self.injected_ns is not None
        return "proof" if self._since(self.injected_ns, self.clock.now_ns()) >= self.behaviour.effective_after else None

    def disturbed(self, record: Record, action: Action) -> str | None:
        return self.gone(record)

    def difference(self, record: Record) -> str | None:
        if self.repaired_ns is None:
            return "not repaired"
        return (
            None if self._since(self.repaired_ns, self.clock.now_ns()) >= self.behaviour.restored_after else "starting"
        )

    def unsettled(self, zone: Zone) -> str | None:
        assert self.repaired_ns is not None
        since = self._since(self.repaired_ns, self.clock.now_ns())
        return None if since >= self.behaviour.settled_after else f"{zone} is offline"

    def worst_stall_ns(self, since_ns: int) -> int:
        return self.behaviour.stalled_ns

    def clues(self) -> Clues:
        return NOTHING

    def evidence(self, zone: Zone) -> Mapping[str, str]:
        return {f"{zone}.txt": "clusters"}

    def locator(self) -> Mapping[str, str]:
        return {"at": "nowhere"}

    @staticmethod
    def _since(start_ns: int, now_ns: int) -> float:
        return (now_ns - start_ns) / NS_PER_S

    def answer(self, index: int, vantage: Vantage, due_ns: int) -> Sample | tuple[str, str]:
        """(answering zone, gateway's zone), or a bad sample."""
        gateway = vantage.zone or self.zones[0 if self.behaviour.gateways_fixed else index % len(self.zones)]
        if not self.behaviour.answers_at_all:
            return bad(due_ns)
        return self._through(gateway, due_ns)

    def _through(self, gateway: Zone, due_ns: int) -> Sample | tuple[str, str]:
        behaviour = self.behaviour
        hit = behaviour.breaks and (gateway == self.broken or behaviour.touches_others)
        if not hit or self.injected_ns is None or due_ns < self.injected_ns:
            return gateway, gateway
        if self.repaired_ns is not None and self._since(self.repaired_ns, due_ns) >= behaviour.failback_after:
            again = self._since(self.repaired_ns, due_ns) >= behaviour.dies_again_after
            return bad(due_ns) if again else (gateway, gateway)
        if self.repaired_ns is not None and due_ns > self.repaired_ns and behaviour.comes_through_another:
            return self._other(gateway), gateway
        since = self._since(self.injected_ns, due_ns)
        if since >= behaviour.heals_itself_after or since < behaviour.outage_after:
            return gateway, gateway
        blip = behaviour.blip_after <= since < behaviour.blip_after + 0.05
        if since < behaviour.failover_after or blip:
            return bad(due_ns)
        return self._other(gateway), gateway

    def _other(self, gateway: Zone) -> Zone:
        return next(zone for zone in self.zones if zone != gateway)


def bad(due_ns: int) -> Sample:
    """A 503."""
    return Sample(0, due_ns, due_ns, due_ns + LATENCY_NS, Outcome.HTTP_ERROR, 503)


class SimulatedProbe:
    """Writes a real sample file, up to the virtual now, each time it is checked."""

    def __init__(self, mesh: SimulatedMesh, vantages: Sequence[Vantage], path: Path) -> None:
        self._mesh = mesh
        start = mesh.clock.now_ns()
        plans = [SeriesPlan(vantage, lane, start) for vantage in vantages for lane in Lane]
        self._schedule = Schedule(PERIOD_NS, 2 * NS_PER_S, tuple(plans))
        self._writer = SampleWriter(path, self._schedule)
        self._next = 0
        self._under_way: list[Sample] = []
        self._stopped = False
        self.log = SampleLog(path)

    def check(self) -> None:
        samples = []
        while (
            due := self._schedule.series[0].start_ns + self._next * PERIOD_NS
        ) + LATENCY_NS <= self._mesh.clock.now_ns():
            samples += [
                self._sample(number, plan, due)
                for number, plan in enumerate(self._schedule.series)
                if not self._is_silent(plan, due)
            ]
            self._next += 1
        self._write(samples, self._mesh.clock.now_ns())

    def _write(self, fresh: list[Sample], now_ns: int) -> None:
        """Those that have ended; a request that hangs is under way for long."""
        self._under_way += fresh
        if ended := [sample for sample in self._under_way if sample.done_ns <= now_ns]:
            self._under_way = [sample for sample in self._under_way if sample.done_ns > now_ns]
            self._writer.write(ended)

    def _is_silent(self, plan: SeriesPlan, due: int) -> bool:
        injected = self._mesh.injected_ns
        return injected is not None and due > injected and plan.vantage.name == self._mesh.behaviour.silent_tail

    def _sample(self, number: int, plan: SeriesPlan, due: int) -> Sample:
        sent = due + self._mesh.behaviour.lag_ns
        answer = self._mesh.answer(self._next, plan.vantage, due)
        if isinstance(answer, Sample):
            took = self._schedule.timeout_ns if answer.outcome is Outcome.TIMEOUT else LATENCY_NS
            return Sample(number, due, sent, sent + took, answer.outcome, answer.status)
        zone, gateway = answer
        named = ("", "") if plan.vantage.zone else (f"gw-{gateway}", "")
        return Sample(number, due, sent, sent + LATENCY_NS, Outcome.OK, 200, f"node-{zone}", f"pod-{zone}", named[0])

    def stop(self) -> None:
        if self._stopped:
            return
        self._stopped = True
        self.check()
        self._write([], self._mesh.clock.now_ns() + self._schedule.timeout_ns)
        self._writer.close()


def start_probe(mesh: SimulatedMesh) -> Starter:
    @contextmanager
    def start(vantages: Sequence[Vantage], path: Path) -> Iterator[SimulatedProbe]:
        probe = SimulatedProbe(mesh, vantages, path)
        try:
            yield probe
        finally:
            probe.stop()

    return start


if TYPE_CHECKING:
    from collections.abc import Callable

    Starter = Callable[[Sequence[Vantage], Path], AbstractContextManager[SimulatedProbe]]


class Onlooker:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.notes: list[str] = []
        self.lives: list[Live] = []

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        self.phases.append(name)
        yield

    def note(self, text: str) -> None:
        self.notes.append(text)

    def live(self, live: Live) -> None:
        self.lives.append(live)
