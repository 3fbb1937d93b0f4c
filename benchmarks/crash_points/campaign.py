"""Many kills: which, in which order, on which of several meshes, and what is left beside them in the end."""

from __future__ import annotations

import random
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from benchmarks.crash_points.kill import Killer, Outcome, Plan
from benchmarks.crash_points.state import bring_up

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.context import ForkServerContext
    from pathlib import Path


_TWICE = 3
"""Of so many random kills one is followed by the kill of its repair."""


@dataclass
class Campaign:
    """The kills of one run."""

    platform: str
    faults: Sequence[str]
    kills: int
    """At least so many: random moments are added to the points until there are."""
    seed: int
    folder: Path
    context: ForkServerContext
    points: int | None
    """How many points of each fault are died at, None for all of them."""
    note: Callable[[str], None]
    outcomes: list[Outcome] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)
    planned: int = 0
    """How many kills there are to be, as far as that is known."""
    _waiting: deque[Plan | str] = field(default_factory=deque)
    """Plans, and the names of faults whose points are not known yet."""
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _known: dict[str, float] = field(default_factory=dict)
    """Fault -> how long it takes, of those whose points are known."""

    @property
    def killed(self) -> int:
        """How many there were: what had ended before its moment came is none, and is tried again sooner."""
        return sum(one.killed for one in self.outcomes)

    def carry_out(self, meshes: int) -> None:
        """All of it, on so many meshes side by side; ends early once ``stopped``."""
        self._waiting.extend(self.faults)
        with ThreadPoolExecutor(meshes) as pool:
            for done in [pool.submit(self._on_one_mesh, number) for number in range(1, meshes + 1)]:
                done.result()

    def _on_one_mesh(self, number: int) -> None:
        """Kill on it until there is nothing more to kill; one that is not what it was is replaced."""
        again = 0
        while self._waiting and not self.stopped.is_set():
            again += 1
            folder = self.folder / f"mesh-{number}-{again}"
            subject = bring_up(self.platform, folder / "logs")
            try:
                self._kill_all(Killer(self.platform, subject, folder, self.context))
            finally:
                subject.end()

    def _kill_all(self, killer: Killer) -> None:
        while (what := self._next()) is not None:
            outcome = self._rehearsed(killer, what) if isinstance(what, str) else killer.kill(what)
            with self._lock:
                self.outcomes.append(outcome)
                if outcome.plan.is_kill and not outcome.killed:
                    self._waiting.append(self._sooner(outcome.plan))
            for problem in outcome.problems:
                self.note(f"{what}: {problem}")
            if outcome.problems:
                return

    def _next(self) -> Plan | str | None:
        with self._lock:
            return self._waiting.popleft() if self._waiting and not self.stopped.is_set() else None

    def _rehearsed(self, killer: Killer, fault: str) -> Outcome:
        """Its points are known then, and wait to be died at."""
        points, took_s, outcome = killer.rehearse(fault)
        self.note(f"{fault}: {len(points)} points, {took_s:.1f} s without a kill")
        with self._lock:
            self._known[fault] = took_s
            self._add(Plan(fault, die_at=point) for point in self._chosen(fault, points))
            if len(self._known) == len(self.faults):
                self._add(self._random_plans())
        return outcome

    def _chosen(self, fault: str, points: Sequence[str]) -> Sequence[str]:
        if self.points is None or len(points) <= self.points:
            return points
        return random.Random(f"{self.seed} {fault}").sample(points, self.points)  # noqa: S311 - as below

    def _sooner(self, plan: Plan) -> Plan:
        """In place of one that had ended before its moment came."""
        moment_s = plan.after_s if plan.after_s is not None else self._known[plan.fault]
        return replace(plan, die_at=None, after_s=moment_s / 2)

    def _add(self, plans: Iterator[Plan]) -> None:
        wanted = list(plans)
        self._waiting.extend(wanted)
        self.planned += len(wanted)

    def _random_plans(self) -> Iterator[Plan]:
        """At least one for each fault, and as many as are lacking; a fault's own follow from the seed alone."""
        count = max(len(self.faults), self.kills - self.planned)
        for number in range(count):
            fault = self.faults[number % len(self.faults)]
            drawn = random.Random(f"{self.seed} {fault} {number}")  # noqa: S311 - a seed is to repeat it
            repair = drawn.uniform(0, 2) if number % _TWICE == 0 else None
            yield Plan(fault, after_s=drawn.uniform(0, self._known[fault]), repair_after_s=repair)
