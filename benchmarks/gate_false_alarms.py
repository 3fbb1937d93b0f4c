"""How often the gate alarms although nothing changed, and how soon and how surely it sees a slowdown.

Histories are drawn at random (tests/unit/reports/made_histories.py), each judged by ``reports.history.gate`` as
``mesh-chaos report gate`` does. The rate of false alarms must not exceed what the gate states.

Run: python -m benchmarks.gate_false_alarms [--histories 1000] [--nights 35]
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Console
from scipy.stats import binomtest

from reports.history.gate import Rule, compare
from tests.unit.reports.made_histories import nights

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.history.record import PastRun

console = Console(highlight=False, width=120)
_SLOWER_S = (1.0, 2.0, 3.0)


def alarms(histories: Sequence[tuple[PastRun, ...]], rule: Rule) -> str:
    """How many of these histories alarm, as a line."""
    found = [bool(compare(history, rule).alarms) for history in histories]
    ends = binomtest(sum(found), len(found)).proportion_ci(0.95, "exact")
    return f"{sum(found):>5} of {len(found)} alarm: {100 * ends.low:.2f} to {100 * ends.high:.2f} % (95 %)"


def drawn(rng: np.random.Generator, count: int, length: int, slower_s: Sequence[float]) -> list[tuple[PastRun, ...]]:
    """So many histories, each of so many nights."""
    return [nights(rng, length, slower_s=slower_s) for _ in range(count)]


def main() -> None:
    """Print every rate as soon as it is known."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--histories", type=int, default=300, help="for the rate of false alarms; a tenth for others")
    parser.add_argument("--nights", type=int, default=35, help="length of each history")
    parser.add_argument("--permutations", type=int, default=Rule().permutations, help="of each gate")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    sizes = len(compare(nights(rng, options.nights), Rule()).compared)
    console.print(f"histories of {options.nights} nights, {sizes} figures compared in each")
    for rate, least_s in ((0.1, 0.0), (0.01, 0.0), (0.01, 0.5)):
        rule = Rule(false_alarms=rate, least_s=least_s, permutations=options.permutations)
        told = alarms(drawn(rng, options.histories, options.nights, ()), rule)
        console.print(f"nothing changed, stated {100 * rate:g} %, from {least_s:g} s on: {told}")
    rule = Rule(permutations=options.permutations)
    for slower_s in _SLOWER_S:
        for slow in (3, 4, 5):
            told = alarms(drawn(rng, options.histories // 10, options.nights, [slower_s] * slow), rule)
            console.print(f"slower by {slower_s:g} s in the last {slow}: {told}")


if __name__ == "__main__":
    main()
