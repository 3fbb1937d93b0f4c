"""The machine's own clock."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from chaos.clock import MonotonicClock
from chaos.model import NS_PER_S

if TYPE_CHECKING:
    import pytest


def test_being_kept_waiting_between_two_looks_at_the_clocks_is_no_suspension(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = iter([0, NS_PER_S, 0, 0, 0, 0, 0, 0, 0, 0])
    now = [0]

    def passed() -> int:
        now[0] += next(waits)
        return now[0]

    monkeypatch.setattr(time, "monotonic_ns", passed)
    monkeypatch.setattr(time, "clock_gettime_ns", lambda _: passed() + 5)
    assert MonotonicClock().asleep_ns() == 5


def test_the_two_clocks_of_this_machine_stay_apart_by_the_same() -> None:
    first = MonotonicClock().asleep_ns()
    assert abs(MonotonicClock().asleep_ns() - first) < NS_PER_S // 10
