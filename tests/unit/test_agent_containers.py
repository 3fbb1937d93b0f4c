"""A container's life with real processes: started again when it ends, ended when the pod is, nothing left behind."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import TYPE_CHECKING, Any

import psutil
import pytest

from fixtures.lifeline import adopt_orphans
from fixtures.platforms.kubernetes.testbed.agent.containers import Container
from fixtures.platforms.kubernetes.testbed.agent.processes import Processes
from fixtures.platforms.kubernetes.testbed.agent.programs import NotRunnableError, Program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from fixtures.platforms.kubernetes.testbed.agent.probes import Probe

SLEEP = "import time; time.sleep(60)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
WITH_CHILD = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); time.sleep(60)"


def container(folder: Path, code: str, *, environment: dict[str, str] | None = None) -> Container:
    async def prepare() -> tuple[Program, Probe | None]:
        return Program((sys.executable, "-c", code), "127.0.0.1", environment or {}), None

    return Container("app", "some/image", prepare, folder, Processes(), lambda: None)


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - what is waited for is seen from outside only
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(one: Container, grace_s: float = 0) -> AsyncIterator[None]:
    """Run it, and end it as a pod does."""
    life = asyncio.create_task(one.run())
    try:
        yield
    finally:
        life.cancel()
        await asyncio.wait({life})
        await one.stop(grace_s)


def _pid(one: Container) -> int:
    return int(one.status()["containerID"].removeprefix("process://"))


def test_one_that_runs_is_ready_and_ends_on_sigterm(tmp_path: Path) -> None:
    async def live() -> None:
        one = container(tmp_path, SLEEP)
        async with running(one, grace_s=5):
            await until(lambda: one.status()["ready"])
            assert "startedAt" in one.status()["state"]["running"]
        ended = one.status()
        assert ended["state"]["terminated"]["exitCode"] == 128 + signal.SIGTERM
        assert not ended["ready"]

    asyncio.run(live())


def test_one_that_does_not_heed_sigterm_is_killed(tmp_path: Path) -> None:
    async def live() -> None:
        one = container(tmp_path, DEAF)
        async with running(one, grace_s=0.05):
            await until(lambda: one.status()["ready"] and "deaf" in (tmp_path / "app.log").read_text())
        assert one.status()["state"]["terminated"]["exitCode"] == 128 + signal.SIGKILL

    asyncio.run(live())


def test_one_that_ends_is_started_again_later_and_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        if seconds >= 1:  # a backoff
            waits.append(seconds)
        await real(min(seconds, 0.01))

    monkeypatch.setattr(asyncio, "sleep", sleep)

    async def live() -> None:
        one = container(tmp_path, "import sys; print('again'); sys.exit(3)")
        async with running(one):
            await until(lambda: one.restarts >= 6)
        assert one.last_state["terminated"]["exitCode"] == 3
        assert one.last_state["terminated"]["reason"] == "Error"
        assert one.state["waiting"]["reason"] == "CrashLoopBackOff" or "running" in one.state

    asyncio.run(live())
    assert waits[:6] == [1, 2, 4, 8, 10, 10]
    assert (tmp_path / "app.log").read_text().count("again") >= 6


def test_its_environment_is_added_to_the_agents(tmp_path: Path) -> None:
    async def live() -> None:
        one = container(tmp_path, "import os; print(os.environ['POD'], 'PATH' in os.environ)", environment={"POD": "x"})
        async with running(one):
            await until(lambda: one.restarts)
        assert (tmp_path / "app.log").read_text().startswith("x True")

    asyncio.run(live())


@pytest.fixture
def adopting() -> Iterator[None]:
    """This process adopts orphans as the agent does, but not those of the tests that it runs next."""
    adopt_orphans()
    yield
    adopt_orphans(adopt=False)


@pytest.mark.usefixtures("adopting")
def test_what_it_started_ends_with_it_and_no_other_container_does(tmp_path: Path) -> None:
    async def live() -> None:
        one = container(tmp_path, WITH_CHILD)
        other = container(tmp_path, SLEEP)
        other.processes = one.processes
        async with running(other):
            async with running(one):
                await until(lambda: one.status()["ready"] and psutil.Process(_pid(one)).children())
                await until(lambda: other.status()["ready"])
                (child,) = psutil.Process(_pid(one)).children()
            assert not child.is_running()
            assert psutil.Process(_pid(other)).is_running()

    asyncio.run(live())


def test_one_that_cannot_be_run_says_why(tmp_path: Path) -> None:
    async def prepare() -> tuple[Program, Probe | None]:
        raise NotRunnableError("ImagePullBackOff", "nobody knows it")

    async def live() -> None:
        one = Container("app", "some/image", prepare, tmp_path, Processes(), lambda: None)
        async with running(one):
            await until(lambda: one.state["waiting"]["reason"] == "ImagePullBackOff")
        assert one.status()["state"]["waiting"]["message"] == "nobody knows it"
        assert one.restarts == 0

    asyncio.run(live())


def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    async def prepare() -> tuple[Program, Probe | None]:
        return Program((str(tmp_path / "missing"),), "127.0.0.1"), None

    async def live() -> None:
        one = Container("app", "some/image", prepare, tmp_path, Processes(), lambda: None)
        async with running(one):
            await until(lambda: one.state["waiting"]["reason"] == "RunContainerError")
        assert "missing" in one.status()["state"]["waiting"]["message"]

    asyncio.run(live())
