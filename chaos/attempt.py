"""One experiment while it is carried out: its phases, what is watched in each, and the log of what was done when."""

from __future__ import annotations

import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from chaos import undo, watch
from chaos.breaking import Breaking
from chaos.claims import COMES_HOME
from chaos.conclusion import Course
from chaos.diagnosis.clues import NOTHING, taken
from chaos.diary import Diary
from chaos.entrances import lasting_s
from chaos.errors import ChaosError, InfraError, InvalidRun
from chaos.following import Following
from chaos.model import NS_PER_S, SeriesKey, Verdict
from chaos.outlook import outlooks
from chaos.platform import Kind
from chaos.redaction import redacted
from chaos.result import Finding
from chaos.samples import ATTRIBUTION_FILE
from chaos.stall import held_up
from chaos.steady import SteadyState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from chaos.clock import Clock
    from chaos.experiment import Experiment
    from chaos.fault import Stage
    from chaos.following import RunningProbe
    from chaos.model import Interval, Zone
    from chaos.observer import Observer
    from chaos.platform import Platform
    from chaos.samples import Series


_ASLEEP_NS = NS_PER_S // 10
"""Two clocks that are read one after the other differ too, by much less than this."""


class Attempt:
    """The state of one experiment while it is carried out."""

    def __init__(self, experiment: Experiment, platform: Platform, observer: Observer, clock: Clock) -> None:
        self._experiment = experiment
        self._platform = platform
        self._clock = clock
        self._outlooks = outlooks(platform.vantages, platform.zones, experiment.stages)
        self._findings: list[Finding] = []
        self._diary = Diary(observer, clock)
        self._started_ns = clock.now_ns()
        self._started_unix_s = time.time()
        self._asleep_ns = clock.asleep_ns()
        self._following = Following(experiment, platform, self._diary, observer=observer, clock=clock)
        self._steady = SteadyState(platform, experiment.pace, self._following.until)
        self._held_up: str | None = None
        self._during = self._after = NOTHING
        self._watched_ns: int | None = None
        self._breaking: Breaking | None = None

    def find(self, verdict: Verdict, error: ChaosError) -> None:
        """Keep the reason why the experiment could not be carried out."""
        self._findings.append(Finding(verdict, str(error)))
        self._diary.note(f"{verdict}: {error}")

    def keep_attribution(self) -> None:
        """Which zone each name in the samples stands for, beside the samples: pods come and go while it runs.

        Raises:
            InfraError: it cannot be written.
        """
        self._keep(ATTRIBUTION_FILE, self._platform.attribution().text())

    def _keep(self, name: str, text: str) -> None:
        file = self._experiment.folder / name
        try:
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        except OSError as error:
            raise InfraError(f"evidence cannot be written to {file} ({error.strerror}): free the disk") from error

    def carry_out(self, probe: RunningProbe) -> None:
        """Everything up to the verdict."""
        self._following.probe = probe
        try:
            self._begin_and_go_on(self._experiment.stages)
        except ChaosError:
            try:
                self._ask_held_up()  # else a mesh that was not steady would be blamed
            except ChaosError as error:
                self._held_up = f"whether this machine held up the mesh cannot be told: {error}"
            raise

    def _begin_and_go_on(self, stages: tuple[Stage, ...]) -> None:
        with self._diary.during("steady state"):
            self._steady.reach()
            self._following.steady_ns = self._steady.since_ns
            breaking = self._about_to_break(stages) if stages else None
        if breaking is None:
            with self._diary.during("undisturbed"):
                self._following.until(lambda _: False, self._experiment.pace.undisturbed)
        else:
            self._break_and_mend(breaking, stages)

    def _about_to_break(self, stages: tuple[Stage, ...]) -> Breaking:
        """What is to be broken, asked about while the mesh is steady; that takes a while, so it must still be so then.

        Nothing is on the disk yet that would have to be undone.
        """
        breaking = Breaking(self._platform, stages, self._clock, self._diary.note, self._following.obey)
        breaking.find()
        schedule = self._following.probe.log.schedule
        assert schedule is not None
        self._steady.require(self._clock.now_ns(), schedule.timeout_ns / NS_PER_S)
        return breaking

    def stop(self, probe: RunningProbe) -> None:
        """Until now every series must have been sampled."""
        self._watched_ns = self._clock.now_ns()
        self._ask_held_up()
        probe.stop()

    def _ask_held_up(self) -> None:
        self._held_up = held_up(self._platform, self._following.probe.log, self._steady.since_ns or self._started_ns)

    def require_awake(self) -> None:
        """Raise InvalidRun where this machine slept meanwhile: the mesh went on, and nobody watched it."""
        slept_ns = self._clock.asleep_ns() - self._asleep_ns
        if slept_ns > _ASLEEP_NS:
            raise InvalidRun(f"this machine was suspended for {slept_ns / NS_PER_S:.1f} s meanwhile: repeat the run")

    def _break_and_mend(self, breaking: Breaking, stages: tuple[Stage, ...]) -> None:
        experiment = self._experiment
        breaking.record(experiment.folder, experiment.fault_name, self._started_unix_s)
        self._breaking = breaking
        undo.mended(lambda: self._break(breaking, stages), lambda: self._restore(breaking))
        with self._diary.during("failback"):
            self._watch_failback(breaking)
        with self._diary.during("settle"):
            settled = [self._is_settled(zone) for zone in self._concerned(stages)]
            self._diary.certain = all(settled)

    def _break(self, breaking: Breaking, stages: tuple[Stage, ...]) -> None:
        for number, stage in enumerate(stages):
            with self._diary.during("inject"):
                breaking.inject(number, stage)
            with self._diary.during("effective"):
                breaking.prove(number, stage, self._experiment.pace.effect_limit)
            with self._diary.during("failover"):
                self._watch_effect(stages[: number + 1], breaking.injections[number].moment)
        breaking.prove_lasting()

    def _watch_effect(self, stages: tuple[Stage, ...], injected: Interval | None) -> None:
        """Watch what the newest fault does, until that is certain."""
        assert injected is not None
        bound, pace = self._experiment.objectives.failover, self._experiment.pace
        pace = replace(pace, lasting=lasting_s(stages, pace))
        so_far = outlooks(self._platform.vantages, self._platform.zones, stages)
        newest = len(stages) - 1

        def certain(every: Mapping[SeriesKey, Series]) -> bool:
            seen = {key: so_far[key.vantage] for key in every}
            concerned = {key: series for key, series in every.items() if seen[key].stage == newest}
            return watch.lasted(every, injected, pace) and (
                watch.took_effect(every, seen, injected, pace, stage=newest)
                or watch.missed_effect(concerned, seen, injected, pace, bound_s=bound)
            )

        self._following.until_certain(certain, max(bound, pace.lasting))
        self._during = taken(self._platform.clues)
        self._keep_evidence()

    def _keep_evidence(self) -> None:
        for zone in self._platform.zones:
            for name, text in self._platform.evidence(zone).items():
                self._keep(f"evidence/{name}", redacted(text))

    def _restore(self, breaking: Breaking) -> None:
        with ExitStack() as stack:
            with suppress(Exception):  # an onlooker that fails must not keep anything broken
                stack.enter_context(self._diary.during("restore"))
            for error in breaking.restore():
                self.find(Verdict.INFRA, error)

    def _watch_failback(self, breaking: Breaking) -> None:
        pace = self._experiment.pace
        mended = {
            name: whole
            for name, seen in self._outlooks.items()
            if (whole := undo.whole(breaking.mended, seen.returns)) is not None
        }

        def certain(every: Mapping[SeriesKey, Series]) -> bool:
            return watch.came_home(
                every,
                {key: self._outlooks[key.vantage] for key in every},
                {key: mended[key.vantage] for key in every},
                pace,
            )

        self._following.until_certain(certain, max(self._experiment.objectives.failback, pace.lasting))
        self._after = taken(self._platform.clues)

    def _concerned(self, stages: tuple[Stage, ...]) -> Iterable[Zone]:
        """The zones in which something was broken; global is every zone's."""
        if any(stage.fault.kind is Kind.GLOBAL for stage in stages):
            return self._platform.zones
        return dict.fromkeys(stage.zone for stage in stages)

    def _is_settled(self, zone: Zone) -> bool:
        """Traffic may be home while the control planes believe otherwise: the next event would find that out."""
        limit = self._experiment.pace.settle_limit
        if self._following.until(lambda _: self._platform.unsettled(zone) is None, limit):
            self._diary.note(f"the mesh shows {zone} as before")
            return True
        if (reason := self._platform.unsettled(zone)) is not None:
            text = f"{limit:g} s after traffic was watched coming home: {reason}"
            self._findings.append(Finding(Verdict.FAIL, redacted(text), claim=COMES_HOME))
        return reason is None

    def course(self) -> Course:
        """How it went."""
        breaking = self._breaking
        return Course(
            platform=self._platform.name,
            attribution=self._platform.attribution(),
            vantages=tuple(self._platform.vantages),
            zones=tuple(self._platform.zones),
            outlooks=self._outlooks,
            findings=tuple(self._findings),
            clues=replace(self._steady.clues, during=self._during, after=self._after),
            log=tuple(self._diary.entries),
            phases=tuple(self._diary.phases),
            steady_ns=self._steady.since_ns,
            watched_ns=self._watched_ns,
            injections=tuple(breaking.injections) if breaking else (),
            restored=breaking.restored if breaking else None,
            mended=breaking.mended if breaking else {},
            started_ns=self._started_ns,
            ended_ns=self._clock.now_ns(),
            started_unix_s=self._started_unix_s,
            held_up=self._held_up,
        )
