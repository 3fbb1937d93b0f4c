"""The keeper: owns a mesh's processes, so that none outlives the run and any later process can repair them."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from chaos.errors import InfraError, MeshGone
from fixtures.local import keeping as keeping_module
from fixtures.local.keeping import Keeping
from fixtures.local.processes import ProcessSpec, ProcessState, Role
from tests.integration.suite import ROOT, command_of, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.suite import Traces

FREE = [247, 248, 249]
"""Blocks that no mesh takes."""


def sleeper(name: str, *, code: str = "import signal; signal.pause()", **env: str) -> ProcessSpec:
    return ProcessSpec(name, Role.ECHO, "zone1", (sys.executable, "-c", code), env)


@pytest.fixture
def keeping(here: Traces, tmp_path: Path) -> Iterator[Keeping]:
    with kept(tmp_path / "logs") as one:
        yield one


@contextlib.contextmanager
def kept(logs: Path) -> Iterator[Keeping]:
    one = Keeping.start(logs)
    try:
        yield one
    finally:
        end(one)


def end(keeping: Keeping) -> None:
    """End a keeper, also one that no longer answers: it goes when its owner lets go of it."""
    with contextlib.suppress(InfraError):
        keeping.shutdown()
        return
    owned = keeping._owned
    assert owned is not None
    owned.communicate(timeout=60)
    shutil.rmtree(keeping.folder, ignore_errors=True)  # of a killed keeper


def state(keeping: Keeping, name: str) -> ProcessState:
    return next(state for state in keeping.processes() if state.spec.name == name)


def test_what_it_starts_runs_and_is_listed_as_it_was_given(keeping: Keeping) -> None:
    specs = [sleeper("one", COLOUR="blue"), sleeper("two")]

    assert keeping.start_processes(specs) == ["one", "two"]

    states = keeping.processes()
    assert [state.spec for state in states] == specs
    assert all(state.running and psutil.pid_exists(state.pid) for state in states)
    assert psutil.Process(states[0].pid).environ()["COLOUR"] == "blue"
    assert Path(psutil.Process(states[0].pid).cwd()) == keeping.folder


def test_its_folder_is_private(keeping: Keeping) -> None:
    assert keeping.folder.stat().st_mode & 0o077 == 0


def test_what_a_process_says_is_in_its_log(keeping: Keeping, tmp_path: Path) -> None:
    keeping.start_processes([sleeper("loud", code="import sys; print('out'); sys.stderr.write('err\\n')")])
    until(lambda: not state(keeping, "loud").running)
    assert sorted((tmp_path / "logs" / "loud.log").read_text().split()) == ["err", "out"]


def test_only_what_does_not_run_is_started(keeping: Keeping) -> None:
    specs = [sleeper("one"), sleeper("two")]
    keeping.start_processes(specs)
    before = state(keeping, "one").pid
    keeping.signal(["two"], signal.SIGKILL)

    assert keeping.start_processes(specs) == ["two"]
    assert state(keeping, "one").pid == before
    assert state(keeping, "two").running


def test_a_signal_is_over_when_all_have_ended(keeping: Keeping) -> None:
    keeping.start_processes([sleeper("one"), sleeper("two"), sleeper("three")])

    keeping.signal(["one", "two"], signal.SIGKILL)

    assert [(s.spec.name, s.exit_code) for s in keeping.processes()] == [("one", -9), ("two", -9), ("three", None)]
    keeping.signal(["one"], signal.SIGKILL)


_SLOW_TO_END = (
    "import signal, time; signal.signal(15, lambda *_: (time.sleep(0.5), exit())); print(1, flush=True); signal.pause()"
)


def test_what_was_told_to_end_is_started_again_once_it_has(keeping: Keeping, tmp_path: Path) -> None:
    """Who told it may have been killed since; who repairs must not take it for one that goes on."""
    spec = sleeper("a", code=_SLOW_TO_END)
    keeping.start_processes([spec])
    until((tmp_path / "logs" / "a.log").read_text)
    (first,) = keeping.processes()
    keeping.send(["a"], signal.SIGTERM)
    (ending,) = keeping.processes()
    assert ending.ending or not ending.running

    keeping.start_processes([spec])

    (again,) = keeping.processes()
    assert again.pid != first.pid
    assert (again.running, again.ending) == (True, False)


def test_what_does_not_end_as_it_was_told_is_killed_before_it_is_started_again(
    keeping: Keeping, tmp_path: Path
) -> None:
    spec = sleeper("a", code="import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True); signal.pause()")
    keeping.start_processes([spec])
    until((tmp_path / "logs" / "a.log").read_text)
    (first,) = keeping.processes()
    keeping.send(["a"], signal.SIGTERM)
    keeping.start_processes([spec])
    (again,) = keeping.processes()
    assert again.pid != first.pid


def test_who_asks_twice_at_once_gets_one_process(keeping: Keeping, tmp_path: Path) -> None:
    """What has to end first may take longer than who asks has patience."""
    spec = sleeper("a", code="import signal; signal.signal(15, signal.SIG_IGN); print(1, flush=True); signal.pause()")
    keeping.start_processes([spec])
    until((tmp_path / "logs" / "a.log").read_text)
    keeping.send(["a"], signal.SIGTERM)
    with ThreadPoolExecutor() as pool:
        both = list(pool.map(lambda one: one.start_processes([spec]), [keeping, Keeping(keeping.folder)]))
    assert sorted(map(len, both)) == [0, 1]
    assert [child.pid for child in keeper_of(keeping).children()] == [keeping.processes()[0].pid]


def test_a_process_that_ends_by_itself_is_known_by_its_exit_code(keeping: Keeping) -> None:
    keeping.start_processes([sleeper("short", code="raise SystemExit(3)")])
    until(lambda: state(keeping, "short").exit_code == 3)


def test_what_cannot_be_done_is_refused_and_the_keeper_goes_on(keeping: Keeping) -> None:
    with pytest.raises(InfraError, match=r"the keeper cannot start: FileNotFoundError: .*/nowhere/envoy"):
        keeping.start_processes([ProcessSpec("x", Role.GATEWAY, "zone1", ("/nowhere/envoy",))])
    with pytest.raises(InfraError, match="the keeper cannot signal: KeyError: 'nobody'"):
        keeping.signal(["nobody"], signal.SIGTERM)
    assert keeping.start_processes([sleeper("one")]) == ["one"]


def test_a_mesh_of_many_replicas_can_be_started(keeping: Keeping) -> None:
    many = [ProcessSpec(str(number), Role.ECHO, "zone1", ("true", "x" * 700)) for number in range(100)]
    assert len(keeping.start_processes(many)) == 100


def test_another_process_can_ask_the_same_keeper(keeping: Keeping) -> None:
    keeping.start_processes([sleeper("one")])
    other = Keeping(keeping.folder)
    other.signal(["one"], signal.SIGTERM)
    assert state(keeping, "one").exit_code == -signal.SIGTERM


def test_a_folder_without_a_keeper_is_a_mesh_that_is_gone(tmp_path: Path) -> None:
    with pytest.raises(MeshGone, match=r"no mesh is up in .* \(No such file or directory\): it has ended"):
        Keeping(tmp_path)


def test_two_keepers_never_get_one_block(keeping: Keeping, tmp_path: Path) -> None:
    with kept(tmp_path / "second") as second, kept(tmp_path / "third") as third, kept(tmp_path / "fourth") as fourth:
        leased = [one.lease(FREE) for one in (keeping, second, third, fourth)]
        assert leased == [*FREE, None]


def test_a_block_is_free_again_when_its_keeper_has_ended_or_taken_another(keeping: Keeping, tmp_path: Path) -> None:
    with kept(tmp_path / "second") as second:
        assert second.lease(FREE) == FREE[0]
        assert second.lease(FREE[1:]) == FREE[1]
        assert keeping.lease(FREE) == FREE[0]
    assert keeping.lease(FREE[1:]) == FREE[1]


def test_a_block_of_a_killed_keeper_is_free_at_once(keeping: Keeping, tmp_path: Path) -> None:
    with kept(tmp_path / "second") as second:
        second.lease(FREE)
        keeper_of(second).kill()
        until(lambda: keeping.lease(FREE) == FREE[0])


def keeper_of(keeping: Keeping) -> psutil.Process:
    return next(p for p in psutil.Process().children() if str(keeping.folder) in command_of(p))


def test_shutting_down_leaves_no_process_and_no_folder(here: Traces, tmp_path: Path) -> None:
    one = Keeping.start(tmp_path)
    one.start_processes([sleeper("one"), sleeper("two")])
    assert len(here.processes()) == 3
    one.shutdown()
    assert here.left() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_keeper_that_is_asked_to_end_takes_all_with_it(here: Traces, tmp_path: Path, number: signal.Signals) -> None:
    with kept(tmp_path) as one:
        one.start_processes([sleeper("one")])
        keeper_of(one).send_signal(number)
        here.assert_nothing_left()


def test_what_it_is_just_starting_when_it_has_to_end_is_not_left(here: Traces, tmp_path: Path) -> None:
    """Who brings a mesh up may be killed in the middle: what was started after the others were killed stayed."""
    wanted = [sleeper(f"{number}").document() for number in range(60)]
    with kept(tmp_path) as one, one._connect() as connection:
        connection.sendall(json.dumps({"op": "start", "specs": wanted}).encode() + b"\n")
        until(lambda: len(here.processes()) > 3)
        keeper_of(one).send_signal(signal.SIGTERM)
        here.assert_nothing_left()


def test_a_killed_keeper_leaves_no_process(here: Traces, tmp_path: Path) -> None:
    with kept(tmp_path) as one:
        one.start_processes([sleeper("one"), sleeper("two")])
        keeper = keeper_of(one)
        keeper.kill()
        until(lambda: not here.processes())
        with pytest.raises(InfraError, match="it has ended"):
            one.processes()


def test_ending_a_mesh_whose_keeper_was_killed_leaves_nothing(here: Traces, tmp_path: Path) -> None:
    one = Keeping.start(tmp_path)
    keeper_of(one).kill()
    until(lambda: not here.processes())
    try:
        one.shutdown()
        assert here.left() == []
    finally:
        end(one)


def test_a_process_that_ignores_sigterm_is_ended_all_the_same(here: Traces, tmp_path: Path) -> None:
    stubborn = "import signal, sys; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); signal.pause()"
    one = Keeping.start(tmp_path)
    one.start_processes([sleeper("stubborn", code=stubborn)])
    until(lambda: (tmp_path / "stubborn.log").read_text() == "ready\n")
    one.shutdown()
    assert here.left() == []


OWNER = """
import sys
from pathlib import Path
from fixtures.local.keeping import Keeping
from fixtures.local.processes import ProcessSpec, Role
keeping = Keeping.start(Path(sys.argv[1]))
argv = (sys.executable, "-c", "import signal; signal.pause()")
keeping.start_processes([ProcessSpec(name, Role.ECHO, "", argv) for name in ("one", "two")])
if "release" in sys.argv:
    keeping.release()
print(keeping.folder, flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def owner(traces: Traces, *arguments: str | Path) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A process that has brought up a small mesh, and the mesh's folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, *map(str, arguments)],
        cwd=ROOT,
        env=traces.environment(PYTHONPATH=os.fspath(ROOT)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdout is not None
            yield process, Path(process.stdout.readline().strip())
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_when_its_owner_is_killed_it_leaves_no_process_socket_or_folder(
    traces: Traces, tmp_path: Path, number: signal.Signals
) -> None:
    with owner(traces, tmp_path) as (process, folder):
        assert folder.exists()
        assert len(traces.processes()) == 4
        process.send_signal(number)
        process.wait()
        traces.assert_nothing_left()


def test_when_its_owner_ends_well_it_ends_too(traces: Traces, tmp_path: Path) -> None:
    with owner(traces, tmp_path) as (process, _):
        process.communicate()
        assert process.returncode == 0
        traces.assert_nothing_left()


def test_a_released_mesh_outlives_its_owner_until_it_is_ended(traces: Traces, tmp_path: Path) -> None:
    with owner(traces, tmp_path, "release") as (process, folder):
        process.kill()
        process.wait()
        kept = Keeping(folder)
        assert [state.running for state in kept.processes()] == [True, True]
        kept.shutdown()
        traces.assert_nothing_left()


def test_a_mesh_can_be_ended_while_its_owner_lives(traces: Traces, tmp_path: Path) -> None:
    with owner(traces, tmp_path) as (process, folder):
        Keeping(folder).shutdown()
        until(lambda: not folder.exists())
        until(lambda: [one.pid for one in traces.processes()] == [process.pid])


def test_a_keeper_that_cannot_start_says_where_to_look_and_leaves_nothing(
    here: Traces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(deep))
    with pytest.raises(InfraError, match=r"the mesh's keeper did not start: see .*keeper\.log"):
        Keeping.start(tmp_path / "logs")
    assert list(deep.iterdir()) == []


def test_a_keeper_that_was_paused_too_long_answers_again_afterwards(
    keeping: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping.start_processes([sleeper("one")])
    monkeypatch.setattr(keeping_module, "_ANSWER_LIMIT_S", 0.2)
    process = keeper_of(keeping)
    process.suspend()
    try:
        with pytest.raises(InfraError, match="does not answer"):
            keeping.processes()
    finally:
        process.resume()
    monkeypatch.undo()
    assert [state.spec.name for state in keeping.processes()] == ["one"]
