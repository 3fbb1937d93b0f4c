"""Whatever was broken is put back, and only what is proved to be back counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from chaos import undo
from chaos.errors import InfraError, StillGoing
from chaos.experiment import Experiment
from chaos.faults import fault
from chaos.journal import Step, read_journal
from chaos.model import NS_PER_S, Verdict
from chaos.platform import Kind, Record, Target
from chaos.slo import Objectives
from tests.unit.made import largest_file
from tests.unit.simulation import NEVER, Behaviour, Onlooker, SimulatedMesh, VirtualClock, start_probe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chaos.model import Zone
    from chaos.result import Result

ECHO = Record(Target(Kind.SERVICE, "zone1", "echo"), {"is": "well"})
OTHER = Record(Target(Kind.GATEWAY, "zone1", "edge"), {"is": "well"})


def mesh(behaviour: Behaviour | None = None) -> SimulatedMesh:
    return SimulatedMesh(VirtualClock(), behaviour or Behaviour())


@dataclass
class Silent(SimulatedMesh):
    """A mesh that gives no answer for some time after it was repaired, or refuses one target."""

    silent_s: float = 0.0
    refuses: Record | None = None
    put_back: list[Target] = field(default_factory=list)

    def put(self, record: Record) -> None:
        if record == self.refuses:
            raise InfraError(f"{record.target} is refused")
        super().put(record)
        self.put_back.append(record.target)

    def difference(self, record: Record) -> str | None:
        assert self.repaired_ns is not None
        if self._since(self.repaired_ns, self.clock.now_ns()) < self.silent_s:
            raise InfraError("the control plane does not answer")
        return super().difference(record)


def test_it_waits_until_the_target_is_what_was_recorded() -> None:
    broken = mesh(Behaviour(restored_after=12))
    began = broken.clock.now_ns()

    differed_ns = undo.restore(broken, [ECHO], broken.clock)[ECHO.target.zone].low_ns

    assert broken.difference(ECHO) is None
    assert 12 <= (broken.clock.now_ns() - began) / NS_PER_S < 12.2
    assert 11.8 <= (differed_ns - began) / NS_PER_S < 12


def test_what_is_not_back_within_the_limit_is_an_error_that_says_how_it_differs() -> None:
    broken = mesh(Behaviour(restored_after=NEVER))
    began = broken.clock.now_ns()

    with pytest.raises(InfraError, match="not restored after 60 s: service echo in zone1: starting"):
        undo.restore(broken, [ECHO], broken.clock)
    assert 60 <= (broken.clock.now_ns() - began) / NS_PER_S < 61


def test_putting_back_may_take_longer_than_the_limit_itself_and_leaves_all_of_it_to_become_ready() -> None:
    class Slow(SimulatedMesh):
        def put(self, record: Record) -> None:
            self.clock.sleep(200)
            super().put(record)

    broken = Slow(VirtualClock(), Behaviour(restored_after=50))

    undo.restore(broken, [ECHO], broken.clock)

    assert broken.difference(ECHO) is None


def test_what_was_seen_while_it_was_put_back_counts_for_when_it_was_back() -> None:
    class Watched(SimulatedMesh):
        def put(self, record: Record) -> int | None:  # type: ignore[override]
            self.clock.sleep(3)
            seen_ns = self.clock.now_ns()
            self.clock.sleep(5)
            super().put(record)
            return seen_ns

    broken = Watched(VirtualClock(), Behaviour(restored_after=0))
    began = broken.clock.now_ns()
    assert undo.restore(broken, [ECHO], broken.clock)[ECHO.target.zone].low_ns == began + 3 * NS_PER_S


@dataclass
class Leaving(SimulatedMesh):
    """A mesh in which what was deleted needs ``leaves_s`` until it is gone, and only then can be made again."""

    leaves_s: float = 0.0

    def put(self, record: Record) -> None:
        if self.clock.now_ns() < self.leaves_s * NS_PER_S + self.began_ns:
            raise StillGoing("it waits for x/cleanup")
        super().put(record)

    def __post_init__(self) -> None:
        self.began_ns = self.clock.now_ns()


def test_what_is_still_on_its_way_out_is_waited_for_and_put_back_then() -> None:
    broken, said = Leaving(VirtualClock(), Behaviour(restored_after=5), leaves_s=75), list[str]()
    undo.restore(broken, [ECHO], broken.clock, say=said.append)
    assert broken.difference(ECHO) is None
    assert said == [
        "waits up to 15 minutes more, for only then it can be put back: service echo in zone1: it waits for x/cleanup"
    ]


def test_what_never_goes_is_not_waited_for_for_ever() -> None:
    broken = Leaving(VirtualClock(), leaves_s=NEVER)
    with pytest.raises(InfraError, match="not restored after 960 s: service echo in zone1: it waits for x/cleanup"):
        undo.restore(broken, [ECHO], broken.clock)


def test_what_cannot_be_put_back_is_not_waited_for_because_something_else_is_on_its_way_out() -> None:
    class Refusing(Leaving):
        def put(self, record: Record) -> None:
            if record == OTHER:
                raise InfraError(f"{record.target} is refused")
            super().put(record)

    broken = Refusing(VirtualClock(), leaves_s=100)
    with pytest.raises(InfraError, match=r"not restored after 100 s: .*gateway edge in zone1 is refused$"):
        undo.restore(broken, [ECHO, OTHER], broken.clock)
    assert broken.repaired_ns is not None


def test_it_may_be_repeated() -> None:
    broken = mesh()
    undo.restore(broken, [ECHO], broken.clock)
    repaired = broken.repaired_ns

    undo.restore(broken, [ECHO], broken.clock)

    assert broken.repaired_ns == repaired


def test_nothing_recorded_is_nothing_to_do() -> None:
    untouched = mesh()
    undo.restore(untouched, [], untouched.clock)
    assert not untouched.calls


def test_all_targets_are_put_back_before_any_is_waited_for() -> None:
    broken = Silent(VirtualClock(), Behaviour(restored_after=5))
    undo.restore(broken, [ECHO, OTHER], broken.clock)
    assert broken.put_back == [ECHO.target, OTHER.target]


def test_a_target_that_cannot_be_put_back_does_not_keep_the_others_broken() -> None:
    broken = Silent(VirtualClock(), refuses=ECHO)

    began = broken.clock.now_ns()
    with pytest.raises(InfraError, match="service echo in zone1 is refused"):
        undo.restore(broken, [ECHO, OTHER], broken.clock)
    assert broken.put_back == [OTHER.target]
    assert (broken.clock.now_ns() - began) / NS_PER_S < 61


def test_a_mesh_that_does_not_answer_for_a_while_is_asked_until_the_limit() -> None:
    broken = Silent(VirtualClock(), silent_s=20)
    undo.restore(broken, [ECHO], broken.clock)
    assert broken.difference(ECHO) is None


@dataclass
class FullDisk(SimulatedMesh):
    """A mesh on a machine whose disk is full from some moment on: the injection, or when evidence is asked for."""

    folder: Path | None = None
    from_evidence: bool = False
    limit: AbstractContextManager[None] | None = None

    def delete(self, record: Record) -> None:
        super().delete(record)
        if not self.from_evidence:
            self._fill()

    def evidence(self, zone: Zone) -> Mapping[str, str]:
        if self.limit is None:
            self._fill()
        return {f"{zone}.txt": "what its client proxy believes" * 10_000}

    def _fill(self) -> None:
        assert self.folder is not None
        self.limit = largest_file((self.folder / "journal.jsonl").stat().st_size)
        self.limit.__enter__()


def on_a_full_disk(folder: Path, *, from_evidence: bool = False) -> tuple[Result, FullDisk]:
    broken = FullDisk(VirtualClock(), folder=folder, from_evidence=from_evidence)
    experiment = Experiment(
        scenario="full", fault=fault("delete-service"), zone="zone1", profile="page", engine="simulated",
        claims=(), objectives=Objectives(), folder=folder,
    )  # fmt: skip
    try:
        return experiment.run(broken, start_probe(broken), Onlooker(), broken.clock), broken
    finally:
        if broken.limit is not None:
            broken.limit.__exit__(None, None, None)


def test_a_disk_that_fills_up_is_infra(tmp_path: Path) -> None:
    result, _ = on_a_full_disk(tmp_path)

    assert result.verdict is Verdict.INFRA, result.findings
    assert any("File too large" in finding.text for finding in result.findings)


def test_a_disk_that_fills_up_while_the_fault_lasts_does_not_keep_it_from_being_undone(tmp_path: Path) -> None:
    _, broken = on_a_full_disk(tmp_path)

    assert broken.injected_ns is not None
    assert broken.calls[-1] == "put"
    assert broken.difference(ECHO) is None


def test_evidence_that_cannot_be_written_is_infra_and_the_fault_is_undone(tmp_path: Path) -> None:
    result, broken = on_a_full_disk(tmp_path, from_evidence=True)

    assert broken.calls[-1] == "put"
    assert result.verdict is Verdict.INFRA
    assert any("evidence" in finding.text for finding in result.findings)


def test_a_run_that_was_killed_is_undone_from_its_journal_alone(tmp_path: Path) -> None:
    killed = mesh()
    experiment = Experiment(
        scenario="killed", fault=fault("delete-service"), zone="zone1", profile="page", engine="simulated",
        claims=(), objectives=Objectives(), folder=tmp_path,
    )  # fmt: skip
    photographed = tmp_path / "as-it-was"

    class Watching(Onlooker):
        def note(self, text: str) -> None:
            if text.startswith("in effect"):
                photographed.write_bytes((tmp_path / "journal.jsonl").read_bytes())

    experiment.run(killed, start_probe(killed), Watching(), killed.clock)
    state = read_journal(photographed)
    assert state.step is Step.INJECTING
    assert state.must_restore

    later = mesh()
    later.delete(state.records[0])
    undo.restore(later, state.records, later.clock)
    assert later.difference(ECHO) is None


def test_any_error_of_one_target_leaves_the_others_to_be_repaired() -> None:
    class Odd(Silent):
        def put(self, record: Record) -> None:
            if record == ECHO:
                raise ValueError("odd")
            super().put(record)

    broken = Odd(VirtualClock())
    with pytest.raises(InfraError, match="ValueError: odd"):
        undo.restore(broken, [ECHO, OTHER], broken.clock)
    assert broken.put_back == [OTHER.target]
