"""One experiment.

Steady state -> inject -> prove that the fault is in effect -> watch -> restore -> prove that it is
restored -> watch -> verdict, while the probe never stops.
"""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from chaos import timeline, undo, watch
from chaos.claims import COMES_HOME
from chaos.clock import MonotonicClock, poll
from chaos.conclusion import Course, conclude
from chaos.errors import ChaosError, InfraError, InvalidRun, JournalError, NothingSelected, StopRequested
from chaos.journal import Header, Journal, Step
from chaos.model import NS_PER_S, Interval, SeriesKey, Verdict
from chaos.observer import Answering, Live
from chaos.redaction import redacted
from chaos.result import Expectation, Finding, LogEntry, Result
from chaos.watch import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chaos.clock import Clock
    from chaos.fault import Fault
    from chaos.model import Vantage, Zone
    from chaos.observer import Observer
    from chaos.platform import Platform, Record
    from chaos.samples import SampleLog, Series
    from chaos.slo import Objectives


class RunningProbe(Protocol):
    """A probe at work. ``chaos.probe.Probe`` is the real one."""

    @property
    def log(self) -> SampleLog:
        """The samples so far."""
        ...

    def check(self) -> None:
        """Raise InvalidRun or SamplesError if the probe no longer samples."""
        ...

    def stop(self) -> None:
        """Schedule no more, wait for what is in flight, close the file."""
        ...


@dataclass(frozen=True)
class Experiment:
    """What is to be tried: one fault (None for a control run) in one zone of one mesh."""

    scenario: str
    fault: Fault | None
    zone: Zone
    profile: str
    engine: str
    claims: tuple[str, ...]
    objectives: Objectives
    folder: Path
    """Where samples, journal and evidence go; it exists and is empty."""
    pace: Pace = field(default_factory=Pace)
    stop: Callable[[], str | None] = lambda: None
    """Why the experiment has to end at once, None while it may go on; asked at every look at the samples."""

    @property
    def title(self) -> str:
        """The experiment's name for people."""
        return f"{self.fault.name if self.fault else 'no fault'} {self.zone} [{self.profile}]"

    def expectation(self, vantage: Vantage) -> Expectation:
        """What may happen to ``vantage``."""
        return self.fault.expectation(vantage, self.zone) if self.fault else Expectation.UNTOUCHED

    def run(
        self,
        platform: Platform,
        start_probe: Callable[[Sequence[Vantage], Path], AbstractContextManager[RunningProbe]],
        observer: Observer,
        clock: Clock | None = None,
    ) -> Result:
        """Carry it out and judge it.

        Whatever happens after injection began (an error, Ctrl-C), everything is put back first.
        """
        run = _Run(self, platform, observer, clock or MonotonicClock())
        samples = self.folder / "samples.arrow"
        try:
            run.keep_attribution()
            with start_probe(platform.vantages, samples) as probe:
                run.carry_out(probe)
                run.stop(probe)
            run.keep_attribution()
            run.require_awake()
        except InvalidRun as error:
            run.find(Verdict.INVALID, error)
        except ChaosError as error:
            run.find(Verdict.INFRA, error)
        return conclude(self, run.course(), samples)


_ASLEEP_NS = NS_PER_S // 10
"""Two clocks that are read one after the other differ too, by much less than this."""


class _Run:
    """The state of one experiment while it is carried out."""

    def __init__(self, experiment: Experiment, platform: Platform, observer: Observer, clock: Clock) -> None:
        self._experiment = experiment
        self._platform = platform
        self._observer = observer
        self._clock = clock
        self._expected = {v.name: experiment.expectation(v) for v in platform.vantages}
        self._findings: list[Finding] = []
        self._log: list[LogEntry] = []
        self._phase = ("", 0)
        self._started_ns = clock.now_ns()
        self._started_unix_s = time.time()
        self._asleep_ns = clock.asleep_ns()
        self._steady_ns: int | None = None
        self._watched_ns: int | None = None
        self._injected: Interval | None = None
        self._restored: Interval | None = None
        self._mended: Interval | None = None
        self._effect = ""
        self._newest: tuple[Answering, ...] = ()
        self._probe: RunningProbe

    def find(self, verdict: Verdict, error: ChaosError) -> None:
        """Keep the reason why the experiment could not be carried out."""
        self._findings.append(Finding(verdict, str(error)))
        self._note(f"{verdict}: {error}")

    def keep_attribution(self) -> None:
        """Which zone each name in the samples stands for, beside the samples: pods come and go while it runs.

        Raises:
            InfraError: it cannot be written.
        """
        self._keep("attribution.json", json.dumps(vars(self._platform.attribution()), indent=1, sort_keys=True))

    def _keep(self, name: str, text: str) -> None:
        file = self._experiment.folder / name
        try:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        except OSError as error:
            raise InfraError(f"evidence cannot be written to {file} ({error.strerror}): free the disk") from error

    def carry_out(self, probe: RunningProbe) -> None:
        """Everything up to the verdict."""
        self._probe = probe
        with self._in_phase("steady state"):
            self._reach_steady_state()
        if self._experiment.fault is None:
            with self._in_phase("undisturbed"):
                self._watch(lambda _: False, self._experiment.pace.undisturbed)
        else:
            self._break_and_mend(self._experiment.fault)

    def stop(self, probe: RunningProbe) -> None:
        """Until now every series must have been sampled."""
        self._watched_ns = self._clock.now_ns()
        probe.stop()

    def require_awake(self) -> None:
        """Raise InvalidRun where this machine slept meanwhile: the mesh went on, and nobody watched it."""
        slept_ns = self._clock.asleep_ns() - self._asleep_ns
        if slept_ns > _ASLEEP_NS:
            raise InvalidRun(f"this machine was suspended for {slept_ns / NS_PER_S:.1f} s meanwhile: repeat the run")

    def _reach_steady_state(self) -> None:
        pace = self._experiment.pace

        def steady(every: Mapping[SeriesKey, Series]) -> bool:
            self._steady_ns = watch.steady_since(every, self._platform.zones, pace)
            return self._steady_ns is not None

        if not self._watch(steady, pace.steady_limit):
            newest = (f"{a.key} is answered by {a.answer}" for a in self._newest)
            raise InfraError(f"no steady state within {pace.steady_limit:g} s: {'; '.join(newest) or 'no sample yet'}")

    def _break_and_mend(self, fault: Fault) -> None:
        records = self._record(fault)
        try:
            with self._in_phase("inject"):
                began = self._step(Step.INJECTING)
                for record in records:
                    fault.inject(self._platform, record)
                    self._note(self._platform.explain(fault.action, record.target))
            with self._in_phase("effective"):
                self._prove(fault, records, began)
            with self._in_phase("failover"):
                self._watch_failover()
                self._prove_lasting(fault, records)
        finally:
            with undo.patiently():
                self._restore(records)
        with self._in_phase("failback"):
            self._watch_failback()
        with self._in_phase("settle"):
            self._await_settled()

    def _record(self, fault: Fault) -> tuple[Record, ...]:
        experiment, platform = self._experiment, self._platform
        targets = platform.find(fault.kind, experiment.zone)
        if not targets:
            raise NothingSelected(f"{fault.name} in {experiment.zone} selects nothing: no {fault.kind} there")
        records = tuple(platform.record(target) for target in targets)
        header = Header(platform.name, platform.locator(), fault.name, experiment.zone, self._started_unix_s)
        self._journal = Journal(experiment.folder / "journal.jsonl", header)
        self._journal.record(records)
        return records

    def _step(self, step: Step) -> int:
        self._journal.step(step)
        return self._clock.now_ns()

    def _prove(self, fault: Fault, records: Sequence[Record], began: int) -> None:
        limit = self._experiment.pace.effect_limit
        proofs = []
        for record in records:
            proof = poll(self._clock, partial(self._effective, fault, record), limit)
            if proof is None:
                raise InfraError(f"{fault.name} had no effect on {record.target} within {limit:g} s")
            proofs.append(proof)
        self._injected = Interval(began, self._clock.now_ns())
        self._effect = redacted("; ".join(proofs))
        self._note(f"in effect: {self._effect}")
        self._step(Step.EFFECTIVE)

    def _effective(self, fault: Fault, record: Record) -> str | None:
        self._obey()
        return fault.effective(self._platform, record)

    def _prove_lasting(self, fault: Fault, records: Sequence[Record]) -> None:
        """What was watched is the fault only if nobody else has undone it meanwhile."""
        for record in records:
            if fault.effective(self._platform, record) is None:
                now = self._platform.difference(record) or "it is what it was before"
                raise InfraError(f"{fault.name} did not last on {record.target}, something else changed it: {now}")

    def _obey(self) -> None:
        if reason := self._experiment.stop():
            raise StopRequested(f"stopped: {reason}")

    def _watch_failover(self) -> None:
        experiment, injected = self._experiment, self._injected
        assert injected is not None
        bound, pace = experiment.objectives.failover, experiment.pace

        def certain(every: Mapping[SeriesKey, Series]) -> bool:
            expected = self._by_key(every)
            return watch.failed_over(every, expected, injected, experiment.zone, pace) or watch.missed_failover(
                every, expected, injected, experiment.zone, pace, bound_s=bound
            )

        self._watch(certain, bound + self._patience())
        self._keep_evidence()

    def _keep_evidence(self) -> None:
        for zone in self._platform.zones:
            for name, text in self._platform.evidence(zone).items():
                self._keep(f"evidence/{name}", redacted(text))

    def _restore(self, records: Sequence[Record]) -> None:
        with ExitStack() as stack:
            with suppress(Exception):  # an onlooker that fails must not keep anything broken
                stack.enter_context(self._in_phase("restore"))
            began = self._clock.now_ns()
            self._step_anyway(Step.RESTORING)
            differed = undo.restore(self._platform, records, self._clock)
            self._restored = Interval(began, self._clock.now_ns())
            self._mended = Interval(max(began, differed or began), self._restored.high_ns)
            self._step_anyway(Step.RESTORED)
            self._note(f"restored: {', '.join(str(record.target) for record in records)}")
            self._journal.close()

    def _step_anyway(self, step: Step) -> None:
        """A journal that can no longer be written must not keep anything broken; the run is INFRA all the same."""
        try:
            self._journal.step(step)
        except JournalError as error:
            self.find(Verdict.INFRA, error)

    def _watch_failback(self) -> None:
        experiment, mended = self._experiment, self._mended
        assert mended is not None
        self._watch(
            lambda every: watch.came_home(every, self._by_key(every), mended, experiment.zone, experiment.pace),
            experiment.objectives.failback + self._patience(),
        )

    def _await_settled(self) -> None:
        """Traffic may be home while the control planes believe otherwise: the next event would find that out."""
        zone, limit = self._experiment.zone, self._experiment.pace.settle_limit
        if self._watch(lambda _: self._platform.unsettled(zone) is None, limit):
            self._note(f"the mesh shows {zone} as before")
        elif (reason := self._platform.unsettled(zone)) is not None:
            text = f"{limit:g} s after traffic was watched coming home: {reason}"
            self._findings.append(Finding(Verdict.FAIL, redacted(text), claim=COMES_HOME))

    def _patience(self) -> float:
        """How long what came about in time may need until it is seen: held, or k samples of the slowest series."""
        pace = self._experiment.pace
        every = self._probe.log.series(self._platform.attribution()).values()
        return max([pace.hold, *(pace.consecutive(s) * s.period_ns / NS_PER_S + 1 for s in every)])

    def _by_key(self, every: Mapping[SeriesKey, Series]) -> dict[SeriesKey, Expectation]:
        return {key: self._expected[key.vantage] for key in every}

    def _watch(self, done: Callable[[Mapping[SeriesKey, Series]], bool], limit_s: float) -> bool:
        """Follow the samples until ``done`` or the limit; whether it was done."""

        def look() -> bool:
            self._obey()
            self._probe.check()
            self._probe.log.poll()
            every = self._probe.log.series(self._platform.attribution())
            self._show(every)
            return bool(every) and done(every)

        return poll(self._clock, look, limit_s, self._experiment.pace.every)

    def _show(self, every: Mapping[SeriesKey, Series]) -> None:
        steady = self._steady_ns
        bad = sum(int((~s.between(steady, s.due_ns[-1] + 1).good).sum()) for s in every.values() if steady and len(s))
        name, since = self._phase
        elapsed = (self._clock.now_ns() - since) / NS_PER_S
        self._newest = tuple(
            Answering(key, timeline.answer(s, -1), bool(s.good[-1])) for key, s in every.items() if len(s)
        )
        self._observer.live(Live(self._experiment.title, name, elapsed, self._newest, bad))

    @contextmanager
    def _in_phase(self, name: str) -> Iterator[None]:
        self._phase = (name, self._clock.now_ns())
        with self._observer.phase(name):
            yield

    def _note(self, text: str) -> None:
        text = redacted(text)
        self._log.append(LogEntry(self._clock.now_ns(), self._phase[0], text))
        self._observer.note(text)

    def course(self) -> Course:
        """How it went."""
        return Course(
            platform=self._platform.name,
            attribution=self._platform.attribution(),
            expected=self._expected,
            findings=tuple(self._findings),
            log=tuple(self._log),
            steady_ns=self._steady_ns,
            watched_ns=self._watched_ns,
            injected=self._injected,
            restored=self._restored,
            mended=self._mended,
            effect=self._effect,
            started_ns=self._started_ns,
            ended_ns=self._clock.now_ns(),
            started_unix_s=self._started_unix_s,
        )
