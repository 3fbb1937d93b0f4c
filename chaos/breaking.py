"""Breaking a mesh and putting it back: every fault of an experiment, with its journal and its proofs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from chaos import undo
from chaos.clock import poll
from chaos.errors import InfraError, JournalError, NothingSelected
from chaos.journal import FILE_NAME, Header, Journal, Step
from chaos.model import Interval
from chaos.platform import Kind
from chaos.redaction import redacted
from chaos.result import Injection

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from chaos.clock import Clock
    from chaos.fault import Fault, Stage
    from chaos.model import Zone
    from chaos.platform import Platform, Record


class Breaking:
    """What is broken of a mesh by the faults of one experiment, from their records until all are put back."""

    def __init__(
        self,
        platform: Platform,
        stages: Sequence[Stage],
        clock: Clock,
        note: Callable[[str], None],
        obey: Callable[[], None],
    ) -> None:
        self.injections = [Injection(stage.fault.name, stage.zone, None, "") for stage in stages]
        self.restored: Interval | None = None
        """[first request sent, restoration confirmed]."""
        self.mended: Mapping[Zone, Interval] = {}
        """When each zone in which something was broken became what it was."""
        self._platform = platform
        self._stages = stages
        self._clock = clock
        self._note = note
        self._obey = obey
        self._records: list[tuple[Record, ...]] = []
        self._began_ns: list[int] = []
        self._journal: Journal

    def find(self) -> None:
        """Ask what every target is; nothing is written or touched.

        Raises:
            NothingSelected: a fault has nothing to hit.
            InfraError: the mesh does not answer.
        """
        self._records = [self._targets(stage) for stage in self._stages]

    def record(self, folder: Path, name: str, started_unix_s: float) -> None:
        """Put on the disk what every target is, before anything is touched; what was not found yet is found now.

        Raises:
            JournalError: it cannot be written.
            NothingSelected, InfraError: as ``find``.
        """
        platform = self._platform
        if not self._records:
            self.find()
        header = Header(platform.name, platform.locator(), name, self._stages[0].zone, started_unix_s)
        self._journal = Journal(folder / FILE_NAME, header)
        self._journal.record(self._in_undo_order())
        self._journal.step(Step.INJECTING)  # from here on there is a journal: whoever is killed before touches nothing

    def _targets(self, stage: Stage) -> tuple[Record, ...]:
        targets = self._platform.find(stage.fault.kind, stage.zone)
        if not targets:
            raise NothingSelected(f"{stage.fault.name} in {stage.zone} selects nothing: no {stage.fault.kind} there")
        return tuple(self._platform.record(target) for target in targets)

    def _in_undo_order(self) -> list[Record]:
        """Global first, for zones learn the mesh from it; else the latest first.

        The journal has them so too: what undoes it after a crash knows no stages.
        """
        latest_first = [record for records in reversed(self._records) for record in records]
        return sorted(latest_first, key=lambda record: record.target.kind is not Kind.GLOBAL)

    def inject(self, number: int, stage: Stage) -> None:
        """Do the fault ``number`` to each of its targets; the first step has been written with the records."""
        if number:
            self._journal.step(Step.INJECTING)
        self._began_ns.append(self._clock.now_ns())
        for record in self._records[number]:
            stage.fault.inject(self._platform, record)
            self._note(self._platform.explain(stage.fault.action, record.target))

    def prove(self, number: int, stage: Stage, limit_s: float) -> None:
        """Wait for the proof that it is in effect.

        Raises:
            InfraError: there is none within ``limit_s``.
            StopRequested: the run was told to stop.
        """
        proofs = [self._proof(stage.fault, record, limit_s) for record in self._records[number]]
        moment = Interval(self._began_ns[number], self._clock.now_ns())
        effect = redacted("; ".join(proofs))
        self.injections[number] = replace(self.injections[number], moment=moment, effect=effect)
        self._note(f"in effect: {effect}")
        self._journal.step(Step.EFFECTIVE)

    def _proof(self, fault: Fault, record: Record, limit_s: float) -> str:
        proof = poll(self._clock, partial(self._effective, fault, record), limit_s)
        if proof is None:
            raise InfraError(f"{fault.name} had no effect on {record.target} within {limit_s:g} s")
        return proof

    def _effective(self, fault: Fault, record: Record) -> str | None:
        self._obey()
        return fault.effective(self._platform, record)

    def prove_lasting(self) -> None:
        """What was watched are the faults only if nobody else has undone one meanwhile.

        Raises:
            InfraError: somebody has.
        """
        for stage, records in zip(self._stages, self._records, strict=True):
            for record in records:
                if stage.fault.effective(self._platform, record) is None:
                    now = self._platform.difference(record) or "it is what it was before"
                    raise InfraError(
                        f"{stage.fault.name} did not last on {record.target}, something else changed it: {now}"
                    )

    def restore(self) -> list[JournalError]:
        """Put everything back, and wait until it is; why the journal could not be written.

        A journal that can no longer be written must not keep anything broken.

        Raises:
            InfraError: something still differs from what was recorded.
        """
        began = self._clock.now_ns()
        complaints = self._step_anyway(Step.RESTORING)
        self.mended = undo.restore(self._platform, self._in_undo_order(), self._clock, say=self._note)
        self.restored = Interval(began, self._clock.now_ns())
        complaints += self._step_anyway(Step.RESTORED)
        targets = dict.fromkeys(str(record.target) for record in self._in_undo_order())
        self._note(f"restored: {', '.join(targets)}")
        self._journal.close()
        return complaints

    def leave(self) -> None:
        """Leave it broken: another process, or a later moment, restores it by the journal."""
        self._journal.close()

    def _step_anyway(self, step: Step) -> list[JournalError]:
        try:
            self._journal.step(step)
        except JournalError as error:
            return [error]
        return []
