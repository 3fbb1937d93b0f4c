"""Plans are carried out: in order, at the same time where they may be, and back again; with real processes."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from chaos.errors import InfraError, SettingsError
from fixtures.platforms.kubernetes.install.program import Program, Stopped, Watcher
from fixtures.platforms.kubernetes.install.runner import Runner
from fixtures.platforms.kubernetes.install.step import Command, Lane, Plan, Run, Stage, Step
from fixtures.platforms.kubernetes.install.undoing import UndoList

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def sh(script: str, **how: object) -> Command:
    return Command(("/bin/sh", "-c", script), **how)  # type: ignore[arg-type]


def step(script: str, undo: str | None = None, **how: object) -> Step:
    return Step(f"do {script}", Run(sh(script)), undo=sh(undo) if undo else None, **how)  # type: ignore[arg-type]


def plan(*stages: dict[str, list[Step]]) -> Plan:
    return Plan(tuple(Stage(tuple(Lane(name, tuple(steps)) for name, steps in stage.items())) for stage in stages))


class Told(Watcher):
    def __init__(self) -> None:
        self.running: set[int] = set()
        self.all: list[int] = []

    def began(self, group: int) -> None:
        self.running.add(group)
        self.all.append(group)

    def ended(self, group: int) -> None:
        self.running.remove(group)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def runner(tmp_path: Path, said: list[str]) -> Runner:
    return Runner(tmp_path / "logs", None, said.append, UndoList(tmp_path / "undo.jsonl"), Told())


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 60  # both cores may be busy
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)  # between two looks at the condition


def has_ended(pid: int) -> bool:
    """Whether a process has; whoever has adopted it need not have waited for it yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_stages_follow_each_other_and_lanes_meet(runner: Runner, tmp_path: Path, said: list[str]) -> None:
    """Each lane of the second stage waits for what the other has written: one after the other would never end."""
    a, b = (tmp_path / name for name in "ab")
    os.mkfifo(a)
    os.mkfifo(b)
    meet = {
        "zone1": [step(f"echo x > {a}; cat {b}")],
        "zone2": [step(f"cat {a}; echo x > {b}")],
    }
    runner.carry_out(plan({"network": [step(f"echo first > {tmp_path}/c")]}, meet, {"end": [step(f"rm {tmp_path}/c")]}))
    assert not (tmp_path / "c").exists()
    assert said[0].startswith("network: do ")
    assert {line[:5] for line in said[1:3]} == {"zone1", "zone2"}


def test_what_one_step_finds_reaches_later_ones(runner: Runner, tmp_path: Path) -> None:
    find = Step("find", Run(sh("echo ' 203.0.113.7 '"), sets="ADDRESS"))
    use = Step("use", Run(Command(("/bin/sh", "-c", f"echo ${{ADDRESS}} $HOME > {tmp_path}/f"), uses=("ADDRESS",))))
    runner.carry_out(plan({"a": [find]}, {"b": [use]}))
    assert (tmp_path / "f").read_text().split()[0] == "203.0.113.7"


def test_a_failure_is_one_line_with_the_last_of_what_was_said(runner: Runner, tmp_path: Path) -> None:
    with pytest.raises(InfraError) as caught:
        runner.carry_out(plan({"zone1": [step("echo out; echo well >&2; echo 'no such image' >&2; exit 3")]}))
    (line,) = str(caught.value).splitlines()
    assert line.startswith("zone1: do echo out;")
    assert "/bin/sh" in line
    assert "failed: no such image (whole log: " in line
    (log,) = (tmp_path / "logs").iterdir()
    text = log.read_text()
    assert "well\nno such image\n" in text
    assert "out\n" in text


def test_a_failure_that_says_nothing_is_told_by_its_code(runner: Runner) -> None:
    with pytest.raises(InfraError, match="failed: exit code 3"):
        runner.carry_out(plan({"zone1": [step("exit 3")]}))


def test_a_program_that_is_not_there_is_wrong_usage(runner: Runner) -> None:
    with pytest.raises(SettingsError, match="no-such-program is not installed"):
        runner.carry_out(plan({"zone1": [Step("do", Run(Command(("no-such-program",))))]}))


def test_what_runs_beside_a_failure_is_ended_with_all_that_it_started(runner: Runner, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    endless = step(f"sleep 1000 & echo $! > {pid}; wait", undo=f"touch {tmp_path}/undone")
    fails = step(f"while [ ! -s {pid} ]; do :; done; echo broken >&2; exit 1")
    with pytest.raises(InfraError, match=r"zone2: .*broken"):
        runner.carry_out(plan({"zone1": [endless, step(f"touch {tmp_path}/later")], "zone2": [fails]}))
    until(lambda: has_ended(int(pid.read_text())))
    assert not (tmp_path / "later").exists()
    assert isinstance(runner.watcher, Told)
    assert not runner.watcher.running
    assert len(runner.watcher.all) == 2
    runner.take_back()
    assert (tmp_path / "undone").exists()


def test_one_that_does_not_heed_sigterm_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fixtures.platforms.kubernetes.install.program._GRACE_S", 0.2)
    ready = tmp_path / "ready"
    cancelled = threading.Event()

    def cancel() -> None:
        until(ready.exists)
        cancelled.set()

    threading.Thread(target=cancel).start()
    program = Program(sh(f"trap '' TERM; touch {ready}; while :; do sleep 0.05; done"), {}, tmp_path / "log", cancelled)
    with pytest.raises(Stopped):
        program.output()


def test_a_command_has_a_time_limit(runner: Runner) -> None:
    slow = Step("wait", Run(sh("sleep 1000", limit_s=0.2)))
    with pytest.raises(InfraError, match=r"has not ended after 0\.2 s"):
        runner.carry_out(plan({"zone1": [slow]}))


def test_ctrl_c_ends_what_runs_and_comes_through(runner: Runner, tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    main = threading.main_thread().ident
    assert main is not None

    def interrupt() -> None:
        until(lambda: pid.exists() and pid.read_text().strip())
        signal.pthread_kill(main, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        runner.carry_out(plan({"zone1": [step(f"echo $$ > {pid}; exec sleep 1000", undo=f"touch {tmp_path}/undone")]}))
    thread.join()
    assert not psutil.pid_exists(int(pid.read_text()))
    runner.take_back()
    assert (tmp_path / "undone").exists()


def test_undoing_goes_backwards_and_only_over_what_was_begun(runner: Runner, tmp_path: Path) -> None:
    log = tmp_path / "undone"
    steps = [step("true", undo=f"echo one >> {log}"), step("false", undo=f"echo two >> {log}")]
    with pytest.raises(InfraError):
        runner.carry_out(plan({"a": [*steps, step("true", undo=f"echo three >> {log}")]}))
    runner.take_back()
    assert log.read_text().split() == ["two", "one"]
    runner.take_back()
    assert log.read_text().split() == ["two", "one"]


def test_what_was_there_before_is_not_undone(runner: Runner, tmp_path: Path) -> None:
    runner.values["THERE"] = "kuma-2.13.10"
    runner.carry_out(plan({"a": [step("true", undo=f"touch {tmp_path}/undone", undo_unless="THERE")]}))
    runner.take_back()
    assert not (tmp_path / "undone").exists()


def test_what_cannot_be_undone_is_told_and_can_be_tried_again(runner: Runner, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    runner.carry_out(plan({"a": [step("true", undo=f"touch {tmp_path}/first"), step("true", undo=f"test -e {gate}")]}))
    with pytest.raises(InfraError) as caught:
        runner.take_back()
    assert str(caught.value).endswith(f"left to do: /bin/sh -c 'test -e {gate}'")
    assert (tmp_path / "first").exists()
    gate.touch()
    runner.take_back()
    assert not runner.undo.commands()


def test_the_list_is_on_disk_before_the_step_begins(runner: Runner, tmp_path: Path) -> None:
    listed = tmp_path / "undo.jsonl"
    runner.carry_out(plan({"a": [step(f"cp {listed} {tmp_path}/then", undo="true")]}))
    assert json.loads((tmp_path / "then").read_text())["argv"] == ["/bin/sh", "-c", "true"]


def test_a_line_that_was_cut_by_a_crash_is_left_out(tmp_path: Path) -> None:
    undo = UndoList(tmp_path / "undo.jsonl")
    undo.add(sh("one", env={"A": "b"}, limit_s=5.0))
    undo.add(sh("one", env={"A": "b"}, limit_s=5.0))
    with undo.file.open("a") as out:
        out.write('{"argv": ["/bin/sh"')
    assert undo.commands() == [sh("one", env={"A": "b"}, limit_s=5.0)]


def test_a_secret_is_neither_in_the_log_nor_in_the_environment(
    runner: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KMESH_LICENSE_INLINE", "s3cret")
    runner.carry_out(plan({"a": [step("echo $KMESH_LICENSE_INLINE; env"), step("echo s3cre''t")]}))
    for log in (tmp_path / "logs").iterdir():
        assert "s3cret" not in log.read_text()


def test_files_that_programs_make_are_the_user_s_alone(runner: Runner, tmp_path: Path) -> None:
    runner.carry_out(plan({"a": [step(f"touch {tmp_path}/kubeconfig")]}))
    assert (tmp_path / "kubeconfig").stat().st_mode & 0o777 == 0o600
