"""One experiment.

Steady state -> inject -> prove that the fault is in effect -> watch -> restore -> prove that it is
restored -> watch -> verdict, while the probe never stops.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chaos.attempt import Attempt
from chaos.clock import MonotonicClock
from chaos.conclusion import conclude
from chaos.errors import ChaosError, InvalidRun
from chaos.fault import Stage
from chaos.model import Verdict
from chaos.samples import FILE_NAME
from chaos.watch import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chaos.clock import Clock
    from chaos.fault import Fault
    from chaos.following import RunningProbe
    from chaos.model import Vantage, Zone
    from chaos.observer import Observer
    from chaos.platform import Platform
    from chaos.result import Result
    from chaos.slo import Objectives


@dataclass(frozen=True)
class Experiment:
    """What is to be tried: a fault (None for a control run) in one zone of one mesh, and others after it."""

    scenario: str
    fault: Fault | None
    zone: Zone
    """Where the first fault is injected; what reports name."""
    profile: str
    engine: str
    claims: tuple[str, ...]
    objectives: Objectives
    folder: Path
    """Where samples, journal and evidence go; it exists and is empty."""
    pace: Pace = field(default_factory=Pace)
    stop: Callable[[], str | None] = lambda: None
    """Why the experiment has to end at once, None while it may go on; asked at every look at the samples."""
    then: tuple[Stage, ...] = ()
    """Further faults, each injected once the one before has been watched, while it lasts."""
    composition: str = ""
    """The name of this composition of faults; empty where there is one fault, which has a name."""

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Every fault, in the order of their injection."""
        return (Stage(self.fault, self.zone), *self.then) if self.fault else ()

    @property
    def fault_name(self) -> str:
        """What reports call what is injected."""
        return self.composition or (self.fault.name if self.fault else "none")

    @property
    def title(self) -> str:
        """The experiment's name for people."""
        return f"{self.fault_name if self.fault else 'no fault'} {self.zone} [{self.profile}]"

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
        run = Attempt(self, platform, observer, clock or MonotonicClock())
        samples = self.folder / FILE_NAME
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
