"""Which kills a campaign of crash points plans, and that each of them comes about."""

from __future__ import annotations

from multiprocessing import get_context
from typing import TYPE_CHECKING, cast

from benchmarks.crash_points.campaign import Campaign
from benchmarks.crash_points.kill import Killer, Outcome, Plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_TAKES_S = 8.0


class Quick:
    """Kills a process that has ended after 3 of the 8 s that it took at first."""

    def __init__(self) -> None:
        self.asked: list[Plan] = []

    def rehearse(self, fault: str) -> tuple[Sequence[str], float, Outcome]:
        return ["record", "inject"], _TAKES_S, self._outcome(Plan(fault), killed=False)

    def kill(self, plan: Plan) -> Outcome:
        self.asked.append(plan)
        return self._outcome(plan, killed=plan.after_s is None or plan.after_s < 3)

    def _outcome(self, plan: Plan, *, killed: bool) -> Outcome:
        return Outcome(plan, killed, told=True, restore_s=0.1, same_s=0.1, problems=())


def test_what_had_ended_before_its_moment_is_killed_sooner_until_there_are_as_many_kills_as_wanted(
    tmp_path: Path,
) -> None:
    campaign = Campaign(
        "universal", ["wrong-port"], 20, 1, tmp_path, get_context("forkserver"), points=None, note=lambda _: None
    )
    campaign._waiting.append("wrong-port")
    killer = Quick()
    campaign._kill_all(cast("Killer", killer))
    assert campaign.killed == campaign.planned == 20
    late = [plan.after_s for plan in killer.asked if plan.after_s is not None and plan.after_s >= 3]
    assert late, "of 18 random moments within 8 s some come after 3 s"
    assert {moment / 2 for moment in late} <= {plan.after_s for plan in killer.asked}
