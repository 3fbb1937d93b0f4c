"""Following a probe's samples as they come, phase by phase, until what they say of a phase is certain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from chaos import timeline
from chaos.clock import poll
from chaos.errors import StopRequested
from chaos.model import NS_PER_S
from chaos.observer import Answering, Live

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from chaos.clock import Clock
    from chaos.diary import Diary
    from chaos.experiment import Experiment
    from chaos.model import SeriesKey
    from chaos.observer import Observer
    from chaos.platform import Platform
    from chaos.samples import SampleLog, Series

    AllSeries = Mapping[SeriesKey, Series]


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


class Following:
    """The samples of one experiment, while it goes on; ``observer`` is shown the newest."""

    def __init__(
        self, experiment: Experiment, platform: Platform, diary: Diary, *, observer: Observer, clock: Clock
    ) -> None:
        self.probe: RunningProbe
        self.steady_ns: int | None = None
        """Since when the mesh was steady: from then on bad samples are counted for who looks on."""
        self._experiment = experiment
        self._platform = platform
        self._diary = diary
        self._observer = observer
        self._clock = clock

    def obey(self) -> None:
        """Raise StopRequested where the run was told to stop."""
        if reason := self._experiment.stop():
            raise StopRequested(f"stopped: {reason}")

    def until(self, done: Callable[[AllSeries], bool], limit_s: float) -> bool:
        """Follow the samples until ``done`` or the limit; whether it was done.

        Raises:
            StopRequested: the run was told to stop.
            InvalidRun, SamplesError: the probe no longer samples.
        """

        def look() -> bool:
            self.obey()
            self.probe.check()
            self.probe.log.poll()
            every = self.probe.log.series(self._platform.attribution())
            self._show(every)
            return bool(every) and done(every)

        return poll(self._clock, look, limit_s, self._experiment.pace.every)

    def until_certain(self, certain: Callable[[AllSeries], bool], limit_s: float) -> None:
        """Follow the samples until what they say of this phase cannot change any more, and note how that came.

        What came about in time may need a bit longer than ``limit_s`` until it is seen; it is waited for.

        Raises:
            StopRequested, InvalidRun, SamplesError: as ``until``.
        """
        limit_s += self._patience()
        self._diary.certain = self.until(certain, limit_s)
        self._diary.note(
            f"certain after {self._diary.elapsed_s:.1f} s"
            if self._diary.certain
            else f"not certain: watched to the limit of {limit_s:.1f} s"
        )

    def _patience(self) -> float:
        """How long what came about in time may need until it is seen: held, or k samples of the slowest series."""
        pace = self._experiment.pace
        every = self.probe.log.series(self._platform.attribution()).values()
        return max([pace.hold, *(pace.consecutive(s) * s.period_ns / NS_PER_S + 1 for s in every)])

    def _show(self, every: AllSeries) -> None:
        since = self.steady_ns
        bad = sum(int((~s.between(since, s.due_ns[-1] + 1).good).sum()) for s in every.values() if since and len(s))
        newest = tuple(Answering(key, timeline.answer(s, -1), bool(s.good[-1])) for key, s in every.items() if len(s))
        self._observer.live(Live(self._experiment.title, self._diary.phase, self._diary.elapsed_s, newest, bad))
