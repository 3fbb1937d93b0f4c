"""A soak on a virtual clock: what it chooses, when it ends, and that it finds what single experiments do not."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from io import StringIO
from itertools import islice
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from rich.console import Console

from chaos.claims import CLAIMS, NOTHING_GROWS, QUIET
from chaos.errors import InfraError, InvalidRun, ObjectiveBroken
from chaos.experiment import Experiment
from chaos.growth import Owner, Quantity, Subject
from chaos.journal import Header, Journal, Step
from chaos.model import Interval, Verdict
from chaos.steady import is_unsteady
from chaos.watch import Pace
from fixtures.meshes import Shape
from fixtures.progress import Progress
from fixtures.proving import Prover
from fixtures.selection import is_asked_for, is_selected, require_named, soak_cases
from fixtures.soaking import Soak, shuffled
from fixtures.usage import Standing
from reports import archive, soaks, terminal
from tests.unit.made import settings
from tests.unit.simulation import Behaviour, SimulatedMesh, SimulatedProbe, VirtualClock
from tests.unit.test_proving import Mute, finding, result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from chaos.model import Vantage
    from chaos.result import Result
    from fixtures.mesh import Mesh
    from fixtures.soaking import Supply
    from reports.soaks import Soaked

CASES = tuple(
    (fault, zone) for fault in ("delete-service", "delete-gateway", "wrong-port") for zone in ("zone1", "zone2")
)
TOOK_S = 25.0
MIB = 1 << 20


def test_the_order_follows_from_the_seed_and_the_choice_alone() -> None:
    first = list(islice(shuffled(CASES, 7), 20))
    assert list(islice(shuffled(tuple(reversed(CASES)), 7), 20)) == first
    assert list(islice(shuffled(CASES, 8), 20)) != first


def test_each_case_comes_once_before_any_comes_again_in_another_order_each_time() -> None:
    order = shuffled(CASES, 1)
    rounds = [tuple(islice(order, len(CASES))) for _ in range(5)]
    assert all(sorted(one) == sorted(CASES) for one in rounds)
    assert len(set(rounds)) > 1


@dataclass
class Watched:
    """Processes as they are said to be."""

    before: Standing = field(default_factory=lambda: Standing(Counter(envoy=7), frozenset({("envoy", "127.1.0.1:80")})))
    after: Standing | None = None
    """From the second look on."""
    leak: float = 0
    """MiB that pytest grows by with each experiment."""
    standings: int = 0
    looks: int = 0

    def standing(self) -> Standing:
        self.standings += 1
        return self.after if self.after and self.standings > 1 else self.before

    def look(self, _: Mesh) -> Iterator[tuple[Subject, float]]:
        self.looks += 1
        yield Subject(Owner.OURS, "pytest", "1", Quantity.MEMORY), (150 + self.looks * self.leak) * MIB


class Simulated:
    """A soak of simulated meshes, whose experiments come out as they are told."""

    def __init__(self, folder: Path, **given: str) -> None:
        self.clock = VirtualClock()
        self.stream = StringIO()
        self.watched = Watched()
        self.outcomes: dict[int, Result] = {}
        """The number of an experiment -> its result, where that is no PASS."""
        self.restored = True
        self.silent_outage: int | None = None
        """The experiment after whose end the mesh goes on failing."""
        self.stalled_ns = 0
        self.meshes: list[SimulatedMesh] = []
        self.discarded = 0
        self.kept: list[Path] = []
        self.chosen: list[tuple[str, str]] = []
        chosen = settings(duration="200", seed="3", **given)
        progress = Progress(Console(file=self.stream, soft_wrap=True, highlight=False), None)
        prove = Prover(chosen, progress, "soak", folder / "soak-page", self.kept.append, self.discard)
        self.soak = Soak(
            chosen,
            prove,
            cast("Supply", self),
            "page",
            Shape.of(chosen),
            Pace(),
            CASES,
            folder / soaks.FOLDER / "soak-page",
            self.background,
            self.clock,
            self.watched,
        )

    def get(self, _: str, __: Shape) -> SimulatedMesh:
        if len(self.meshes) == self.discarded:
            self.clock.sleep(5)
            self.meshes.append(Mute(self.clock, Behaviour(stalled_ns=self.stalled_ns)))
        return self.meshes[-1]

    def discard(self, mesh: Mesh) -> None:
        if mesh is cast("Mesh", self.meshes[-1]):
            self.discarded = len(self.meshes)

    @contextmanager
    def background(self, vantages: Sequence[Vantage], path: Path) -> Iterator[SimulatedProbe]:
        self.probe = SimulatedProbe(self.meshes[-1], vantages, path)
        yield self.probe

    def pass_time(self, seconds: float) -> None:
        """What the mesh is meanwhile is what the probe sees."""
        self.clock.sleep(seconds)
        self.probe.check()

    def experiment(self, experiment: Experiment) -> Result:
        """Steady for 5 s, broken for 10 s, watched for 10 s more."""
        assert experiment.fault is not None
        mesh, started = self.meshes[-1], self.clock.now_ns()
        self.chosen.append((experiment.fault.name, experiment.zone))
        self.pass_time(5)
        if (found := self.outcomes.get(len(self.chosen) - 1)) and any(map(is_unsteady, found.findings)):
            return replace(found, started_ns=started, ended_ns=self.clock.now_ns(), artifacts=str(experiment.folder))
        mesh.broken, mesh.injected_ns, mesh.repaired_ns = experiment.zone, self.clock.now_ns(), None
        injected = Interval(self.clock.now_ns(), self.clock.now_ns())
        self.pass_time(10)
        if len(self.chosen) - 1 != self.silent_outage:
            mesh.repaired_ns = self.clock.now_ns()
        self.pass_time(TOOK_S - 15)
        journal = Journal(experiment.folder / "journal.jsonl", Header("universal", {}, "x", "zone1", 0.0))
        journal.step(Step.RESTORED if self.restored else Step.RESTORING)
        journal.close()
        found = self.outcomes.get(len(self.chosen) - 1, result(Verdict.PASS))
        return replace(
            found,
            fault=experiment.fault.name,
            zone=experiment.zone,
            injected=injected,
            started_ns=started,
            ended_ns=self.clock.now_ns(),
            artifacts=str(experiment.folder),
        )

    def soaked(self) -> Soaked:
        (file,) = soaks.files(self.soak.folder.parents[1])
        return soaks.read(file)

    def claims(self) -> dict[str, Verdict]:
        found = [archive.read(folder / archive.FILE_NAME) for folder in self.kept]
        return {one.claims[0]: one.verdict for one in found if one.fault == "none"}


@pytest.fixture
def simulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulated:
    one = Simulated(tmp_path)
    monkeypatch.setattr(Experiment, "run", lambda self, *_: one.experiment(self))
    return one


def test_it_begins_no_experiment_after_its_duration_and_the_last_one_may_end_later(simulated: Simulated) -> None:
    found = simulated.soak()

    assert simulated.chosen == list(islice(shuffled(CASES, 3), 8))
    assert (found.seed, found.legs, found.lasted_s) == (3, 1, 5 + 8 * TOOK_S)
    assert [(one.fault, one.zone) for one in found.tried] == simulated.chosen
    assert {one.outcome for one in found.tried} == {"PASS"}
    assert simulated.soaked() == found
    assert "--seed=3 --duration=200" in simulated.stream.getvalue()


def test_what_proves_nothing_of_this_mesh_is_left_out(simulated: Simulated) -> None:
    simulated.soak.cases = (*CASES, ("roll-control-plane", "zone1"))
    simulated.soak.__post_init__()
    found = simulated.soak()
    assert len(found.tried) == 8
    assert "roll-control-plane" not in {one.fault for one in found.tried}


def test_where_nothing_is_left_it_says_why(simulated: Simulated) -> None:
    simulated.soak.cases = (("roll-control-plane", "zone1"),)
    simulated.soak.__post_init__()
    with pytest.raises(InfraError, match="nothing that was chosen proves anything here: roll-control-plane is none"):
        simulated.soak()


def test_where_no_experiment_was_begun_in_time_nothing_is_proved(simulated: Simulated) -> None:
    simulated.soak.settings = replace(simulated.soak.settings, duration_s=4)

    @contextmanager
    def slow(vantages: Sequence[Vantage], path: Path) -> Iterator[SimulatedProbe]:
        with simulated.background(vantages, path) as probe:
            simulated.pass_time(2)
            yield probe

    simulated.soak.background = slow
    with pytest.raises(InfraError, match="no experiment was begun within --duration=4"):
        simulated.soak()
    assert not simulated.kept
    assert simulated.soaked().verdict is Verdict.INFRA


def test_what_is_quiet_is_counted_outside_of_faults_only(simulated: Simulated) -> None:
    found = simulated.soak()
    assert found.quiet_s == pytest.approx(8 * 5, abs=1)
    assert found.quiet_answers == pytest.approx(8 * 5 * 20 * 6, rel=0.05)
    assert simulated.claims()["quiet-between-faults"] is Verdict.PASS


def test_a_random_seed_is_kept_and_said(tmp_path: Path) -> None:
    one, another = Simulated(tmp_path / "a"), Simulated(tmp_path / "b")
    for soak in (one.soak, another.soak):
        soak.settings = replace(soak.settings, seed=None)
        soak.__post_init__()
    assert one.soak.seed != another.soak.seed
    assert next(one.soak.order) == next(shuffled(CASES, one.soak.seed))


def test_a_failure_ends_it_at_once(simulated: Simulated) -> None:
    simulated.outcomes[2] = result(Verdict.FAIL, finding(Verdict.FAIL, "did not come home", "comes-home"))
    with pytest.raises(ObjectiveBroken, match="did not come home"):
        simulated.soak()

    found = simulated.soaked()
    assert [one.outcome for one in found.tried] == ["PASS", "PASS", "FAIL"]
    assert found.verdict is Verdict.FAIL
    assert "did not come home" in found.reason


def test_what_could_not_be_carried_out_ends_it_at_once(simulated: Simulated) -> None:
    simulated.outcomes[0] = result(Verdict.INFRA, finding(Verdict.INFRA, "no steady state"))
    with pytest.raises(InfraError, match="no steady state"):
        simulated.soak()
    assert len(simulated.chosen) == 1
    assert simulated.soaked().verdict is Verdict.INFRA


def test_a_mesh_that_broke_by_itself_before_an_experiment_is_not_quiet(simulated: Simulated) -> None:
    simulated.silent_outage = 1
    simulated.outcomes[2] = result(Verdict.INFRA, finding(Verdict.INFRA, "no steady state within 30 s"))
    with pytest.raises(ObjectiveBroken, match=r"was answered by .* after the probe had begun"):
        simulated.soak()
    assert [one.outcome for one in simulated.soaked().tried] == ["PASS", "PASS", "INFRA"]
    assert simulated.claims() == {"quiet-between-faults": Verdict.FAIL}
    assert simulated.soaked().verdict is Verdict.FAIL


def test_a_documented_failure_goes_on(simulated: Simulated) -> None:
    known = result(
        Verdict.FAIL,
        finding(Verdict.FAIL, "no other zone took over", "wrong-port-reroutes"),
        claims=("wrong-port-reroutes",),
    )
    simulated.outcomes[3] = known
    found = simulated.soak()

    assert [one.outcome for one in found.tried].count(soaks.KNOWN) == 1
    assert (found.verdict, found.legs, len(found.tried)) == (Verdict.PASS, 1, 8)


def test_what_passes_although_it_is_documented_as_false_ends_it_as_it_fails_any_other_scenario(
    simulated: Simulated,
) -> None:
    simulated.outcomes[1] = result(Verdict.PASS, claims=("wrong-port-reroutes",))
    with pytest.raises(ObjectiveBroken, match="it passed, but is documented as false"):
        simulated.soak()
    assert [one.outcome for one in simulated.soaked().tried] == ["PASS", "FAIL"]


def test_an_invalid_experiment_begins_a_new_leg_on_a_new_mesh_and_the_soak_is_no_pass(simulated: Simulated) -> None:
    simulated.outcomes[2] = result(Verdict.INVALID, finding(Verdict.INVALID, "the probe lagged"))
    with pytest.raises(InvalidRun, match=r"1 of 2 legs: INVALID: .*the probe lagged"):
        simulated.soak()

    found = simulated.soaked()
    assert (found.legs, len(simulated.meshes), simulated.discarded) == (2, 2, 1)
    assert [one.outcome for one in found.tried] == ["PASS", "PASS", "INVALID", *["PASS"] * 5]
    assert found.verdict is Verdict.INVALID
    assert simulated.chosen == list(islice(shuffled(CASES, 3), 8)), "the order goes on"
    assert [path.name for path in sorted(simulated.soak.folder.glob("*.arrow"))] == [
        "background-1.arrow",
        "background-2.arrow",
    ]


def test_a_mesh_that_fails_after_an_experiment_has_passed_is_not_quiet(simulated: Simulated) -> None:
    simulated.silent_outage = 1
    with pytest.raises(ObjectiveBroken, match=r"was answered by .* after the probe had begun"):
        simulated.soak()
    assert simulated.claims() == {"quiet-between-faults": Verdict.FAIL}
    assert len(simulated.chosen) == 3, "seen after the next experiment's steady state"


def test_a_disturbance_that_a_probe_saw_which_could_not_keep_its_schedule_proves_nothing(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated.silent_outage = 1
    monkeypatch.setattr("fixtures.leg.complaint", lambda *_: "the probe was late")
    with pytest.raises(InvalidRun, match="the probe was late"):
        simulated.soak()
    assert simulated.soaked().legs > 1
    assert Verdict.FAIL not in simulated.claims().values()


def test_a_probe_that_could_not_keep_its_schedule_has_seen_no_quiet_either(
    simulated: Simulated, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fixtures.leg.complaint", lambda *_: "the probe was late")
    with pytest.raises(InvalidRun, match="the probe was late"):
        simulated.soak()
    assert QUIET not in simulated.claims()


def test_a_disturbance_on_a_machine_that_held_the_mesh_up_proves_nothing(simulated: Simulated) -> None:
    simulated.silent_outage = 1
    simulated.stalled_ns = 250_000_000
    with pytest.raises(InvalidRun, match=r"woken 0\.25 s late"):
        simulated.soak()
    assert Verdict.FAIL not in simulated.claims().values()


def test_a_journal_that_does_not_say_restored_ends_it(simulated: Simulated) -> None:
    simulated.restored = False
    with pytest.raises(InfraError, match="the journal says restoring, not restored"):
        simulated.soak()
    assert len(simulated.chosen) == 1


BEFORE = Watched().before


@pytest.mark.parametrize(
    ("after", "complaint"),
    [
        (replace(BEFORE, processes=Counter(envoy=8)), "8 processes run envoy, 7 did before"),
        (replace(BEFORE, processes=Counter(envoy=6)), "6 processes run envoy, 7 did before"),
        (replace(BEFORE, processes=Counter(envoy=7, relay=1)), "1 processes run relay, 0 did before"),
        (
            replace(BEFORE, sockets=BEFORE.sockets | {("envoy", "127.1.0.1:81")}),
            "envoy listens at 2 places, 1 before: now 127.1.0.1:81",
        ),
        (replace(BEFORE, sockets=frozenset({("envoy", "0.0.0.0:80")})), "can be reached from outside"),
        (replace(BEFORE, sockets=frozenset({("envoy", ":::80")})), "can be reached from outside"),
        (replace(BEFORE, strays=("12 (envoy)",)), "process 12"),
    ],
)
def test_processes_and_sockets_that_are_not_as_before_are_reported(
    simulated: Simulated, after: Standing, complaint: str
) -> None:
    simulated.watched.after = after
    with pytest.raises(ObjectiveBroken) as caught:
        simulated.soak()
    assert complaint in str(caught.value)
    assert simulated.claims() == {"nothing-grows": Verdict.FAIL}


def test_a_restarted_process_may_listen_elsewhere(simulated: Simulated) -> None:
    simulated.watched.after = replace(BEFORE, sockets=frozenset({("envoy", "127.1.0.1:81")}))
    assert simulated.soak().verdict is Verdict.PASS


@pytest.mark.parametrize(("leak", "verdict"), [(0.0, Verdict.PASS), (1.0, Verdict.FAIL)])
def test_growth_is_judged_at_the_end(simulated: Simulated, leak: float, verdict: Verdict) -> None:
    simulated.watched.leak = leak
    simulated.soak.settings = replace(simulated.soak.settings, duration_s=30 * TOOK_S)
    if verdict is Verdict.PASS:
        simulated.soak()
    else:
        with pytest.raises(ObjectiveBroken, match=r"memory of pytest \(ours, 1\) grew from 167.0 MiB to 179.0 MiB"):
            simulated.soak()
    assert simulated.claims() == {"quiet-between-faults": Verdict.PASS, "nothing-grows": verdict}
    assert simulated.soaked().verdict is verdict


def test_what_is_too_short_to_judge_growth_says_so_and_claims_nothing(simulated: Simulated) -> None:
    simulated.watched.leak = 100
    assert simulated.soak().verdict is Verdict.PASS
    assert "growth is not judged: that takes at least 24 experiments" in simulated.stream.getvalue()
    assert "nothing-grows" not in simulated.claims()


def test_a_soak_that_is_interrupted_is_kept(simulated: Simulated, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(experiment: Experiment, *_: object) -> Result:
        if len(simulated.chosen) == 2:
            raise KeyboardInterrupt
        return simulated.experiment(experiment)

    monkeypatch.setattr(Experiment, "run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        simulated.soak()
    assert (simulated.soaked().verdict, len(simulated.soaked().tried)) == (None, 2)


def test_the_summary_tells_seed_outcomes_and_growth(simulated: Simulated) -> None:
    simulated.soak.settings = replace(simulated.soak.settings, duration_s=30 * TOOK_S)
    stream = StringIO()
    terminal.soaks.render(simulated.soak(), Console(file=stream, soft_wrap=True, highlight=False, width=120))
    lines = [" ".join(line.split()) for line in stream.getvalue().splitlines()]

    assert lines[0] == "soak [page] PASS seed 3"
    assert lines[1].startswith("30 experiments in 755 s (asked for: 750 s) on one mesh; ")
    assert "wrong-port 10 PASS" in lines
    assert "ours pytest memory 1 of 1 150.0 MiB 150.0 MiB 0 KiB to 0 KiB 12.0 MiB" in lines


def test_its_claims_are_told_with_all_others() -> None:
    assert {QUIET, NOTHING_GROWS} <= CLAIMS.keys()


def test_it_chooses_among_what_proves_something_here_but_no_rollout_of_proxies() -> None:
    chosen = soak_cases(settings(), "page")
    assert {"wrong-port", "delete-cluster", "kill-global", "roll-control-plane", "cut-link"} <= {
        name for name, _ in chosen
    }
    assert not {"roll-echo", "upgrade-echo", "roll-gateway"} & {name for name, _ in chosen}
    assert ("delete-gateway", "zone1") not in soak_cases(settings(gateways="zone1"), "page")
    assert soak_cases(settings(fault="wrong-port", zone="zone2"), "page") == (("wrong-port", "zone2"),)
    assert set(soak_cases(settings(profile="retry,hardened"), "hardened")) == set(chosen)


def item() -> pytest.Item:
    names, given = ["soak", "meshes", "mesh"], SimpleNamespace(params={"profile": "page"})
    return cast("pytest.Item", SimpleNamespace(nodeid="test_soak.py::test_soak", fixturenames=names, callspec=given))


@pytest.mark.parametrize(
    ("markers", "keyword", "argument", "asked"),
    [
        ("", "", "scenarios", False),
        ("beyond", "", "scenarios", False),
        ("soak", "", "scenarios", True),
        ("", "soak", "scenarios", True),
        ("", "", "scenarios/test_soak.py", True),
    ],
)
def test_an_hour_long_soak_is_run_only_where_it_is_named(
    markers: str, keyword: str, argument: str, *, asked: bool
) -> None:
    config = SimpleNamespace(option=SimpleNamespace(markexpr=markers, keyword=keyword), args=[argument])
    assert is_asked_for(item(), cast("pytest.Config", config)) is asked


def test_a_soak_stays_where_faults_are_named_for_it_chooses_among_these() -> None:
    named = settings(fault="wrong-port")
    assert is_selected(item(), named)
    require_named([item()], [], named)
    with pytest.raises(Exception, match="--fault: roll-echo would not be run"):
        require_named([item()], [], settings(fault="roll-echo"))
