from __future__ import annotations

import asyncio
import time

import pytest
import uvloop

from chaos.probe.alarm import LoopAlarm, TimerfdAlarm, alarm

MS = 1_000_000
KINDS = [TimerfdAlarm, LoopAlarm]
LOOPS = [asyncio.new_event_loop, uvloop.new_event_loop]


@pytest.mark.parametrize("new_loop", LOOPS)
@pytest.mark.parametrize("kind", KINDS)
def test_rings_in_time_and_when_set_in_the_past(kind: type[TimerfdAlarm | LoopAlarm], new_loop) -> None:  # type: ignore[no-untyped-def]
    loop, rung = new_loop(), []
    due = [time.monotonic_ns() + 20 * MS, time.monotonic_ns() - MS]

    def ring() -> None:
        rung.append(time.monotonic_ns())
        if len(rung) == len(due):
            loop.stop()
        else:
            ringer.set(due[1])

    ringer = kind(loop, ring)
    ringer.set(due[0])
    loop.run_forever()
    ringer.close()
    loop.close()
    assert rung[0] >= due[0] - MS
    assert len(rung) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_set_again_it_forgets_the_former_moment(kind: type[TimerfdAlarm | LoopAlarm]) -> None:
    loop, rung = asyncio.new_event_loop(), []
    ringer = kind(loop, lambda: rung.append(time.monotonic_ns()))
    start = time.monotonic_ns()
    ringer.set(start + 5 * MS)
    ringer.set(start + 10**12)
    loop.call_later(0.05, loop.stop)
    loop.run_forever()
    ringer.close()
    loop.close()
    assert rung == []


def test_linux_has_the_exact_one() -> None:
    loop = asyncio.new_event_loop()
    ringer = alarm(loop, lambda: None)
    assert isinstance(ringer, TimerfdAlarm)
    ringer._expired()  # nothing has expired: not a ring
    ringer.close()
    loop.close()
