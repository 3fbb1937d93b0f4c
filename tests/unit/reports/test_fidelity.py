"""What counts as a difference between the stand-in and Kuma."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.fidelity import TOLERANCE_S, Felt, differences, read_record, table

REAL = Felt(
    "wrong-port", "mine", 3, (("home", "503", "other", "home"),), (4.0, 6.0), (1.0, 2.0), (4.0, 6.0), (0.0, 0.5)
)
NEAR = TOLERANCE_S - 0.1
FAR = TOLERANCE_S + 0.1


def test_within_the_tolerance_nothing_differs() -> None:
    assert list(differences(REAL, replace(REAL, failover=(6.0 + NEAR, 20.0), longest_outage=(0.0, 4.0 - NEAR)))) == []


@pytest.mark.parametrize(
    ("now", "text"),
    [
        (replace(REAL, failover=(6.0 + FAR, 20.0)), "failover 9.1 to 20.0 s, on Kuma 4.0 to 6.0 s"),
        (replace(REAL, failover=(0.0, 4.0 - FAR)), "failover 0.0 to 0.9 s, on Kuma 4.0 to 6.0 s"),
        (replace(REAL, failover=None), "failover never, on Kuma 4.0 to 6.0 s"),
        (replace(REAL, failback=None), "failback never, on Kuma 1.0 to 2.0 s"),
        (replace(REAL, return_outage=(5.0, 6.0)), "return_outage 5.0 to 6.0 s, on Kuma 0.0 to 0.5 s"),
        (
            replace(REAL, order=(("home", "other", "home"),)),
            "order of events home → other → home, on Kuma home → 503 → other → home",
        ),
    ],
)
def test_what_is_beyond_it_is_said(now: Felt, text: str) -> None:
    assert list(differences(REAL, now)) == [text]


def test_what_never_fails_over_on_either_is_alike() -> None:
    never = replace(REAL, failover=None)
    assert list(differences(never, never)) == []


def test_the_table_has_both_side_by_side() -> None:
    _, _, real, ours = table([REAL], [replace(REAL, runs=1)])
    assert real.startswith("| wrong-port | mine | Kuma | 3 | home → 503 → other → home | 4.0 to 6.0 s |")
    assert ours.startswith("| | | stand-in | 1 |")


def test_the_record_says_which_kuma_and_has_every_fault() -> None:
    engine, recorded = read_record()
    assert "Kuma 2.13.10" in engine
    assert {one.fault for one in recorded if one.profile == "page"} == {
        "delete-deployment", "delete-service", "wrong-port", "delete-gateway", "delete-cluster",
    }  # fmt: skip
