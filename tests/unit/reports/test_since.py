"""Since which run something is wrong: the first thing that whoever is on call wants to know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chaos.model import Verdict
from chaos.result import Finding
from reports.glance import troubles
from reports.history.store import append
from reports.run import About, Run
from reports.since import remembering
from tests.unit.reports import samples_of_results as samples

if TYPE_CHECKING:
    from pathlib import Path

    from chaos.result import Result

DAY_S = 86_400.0
FIRST_S = 1_795_000_000.0
"""2026-11-18."""
BROKEN = samples.wrong_port(profile="hardened")
WELL = replace(BROKEN, verdict=Verdict.PASS, findings=())
VAIN = replace(BROKEN, verdict=Verdict.INFRA, figures=())


def night(folder: Path, number: int, result: Result) -> Run:
    began = FIRST_S + number * DAY_S
    about = About(began, 0, {"zones": "zone1, zone2"})
    return Run(folder / f"night-{number}", about, (replace(result, started_unix_s=began),))


def told(folder: Path, *nights: Result) -> str:
    """What the report of the last night says first of its trouble."""
    history = folder / "history.sqlite"
    *before, last = (night(folder, number, result) for number, result in enumerate(nights))
    for one in before:
        append(one, history)
    (trouble,) = troubles(remembering(last, history))
    return trouble.reasons[0]


@pytest.mark.parametrize(
    ("nights", "says"),
    [
        ((WELL, WELL, BROKEN), "new: it passed last on 2026-11-19"),
        ((WELL, BROKEN, BROKEN, BROKEN), "since 2026-11-19, 2 runs before; it passed last on 2026-11-18"),
        ((WELL, VAIN, BROKEN), "since 2026-11-19, 1 run before; it passed last on 2026-11-18"),
        ((BROKEN, BROKEN), "it did not pass in 1 run before either, since 2026-11-18: all that are known"),
    ],
)
def test_it_is_told_since_which_run_it_did_not_pass(tmp_path: Path, nights: tuple[Result, ...], says: str) -> None:
    assert told(tmp_path, *nights) == says


DOCUMENTED = samples.wrong_port()
SURPRISE = samples.wrong_port(verdict=Verdict.PASS, findings=())
OTHERWISE = replace(DOCUMENTED, findings=(Finding(Verdict.FAIL, "it stays", claim="comes-home"),))


@pytest.mark.parametrize(
    ("nights", "says"),
    [
        ((DOCUMENTED, OTHERWISE), "new: it failed as documented last on 2026-11-18"),
        (
            (DOCUMENTED, OTHERWISE, OTHERWISE),
            "since 2026-11-19, 1 run before; it failed as documented last on 2026-11-",
        ),
        ((DOCUMENTED, SURPRISE), "new: it failed as documented last on 2026-11-18"),
        (
            (DOCUMENTED, SURPRISE, SURPRISE),
            "since 2026-11-19, 1 run before; it failed as documented last on 2026-11-18",
        ),
        ((SURPRISE, SURPRISE), "it did not fail as documented in 1 run before either, since 2026-11-18: all that are"),
    ],
)
def test_where_a_failure_is_documented_it_is_told_since_when_it_is_another(
    tmp_path: Path, nights: tuple[Result, ...], says: str
) -> None:
    assert told(tmp_path, *nights).startswith(says)


def test_a_new_version_of_the_engine_does_not_make_it_new(tmp_path: Path) -> None:
    older = replace(BROKEN, engine="standin 0.0.9, Envoy 1.39.0")
    assert told(tmp_path, WELL, older, BROKEN).startswith("since 2026-11-19")


def test_without_a_history_nothing_is_said_of_it(tmp_path: Path) -> None:
    assert told(tmp_path, BROKEN).startswith("FAIL")
    (tmp_path / "history.sqlite").write_text("damaged")
    assert told(tmp_path, BROKEN).startswith("FAIL")


def test_a_run_is_not_before_itself(tmp_path: Path) -> None:
    run = night(tmp_path, 0, BROKEN)
    append(run, tmp_path / "history.sqlite")
    assert remembering(run, tmp_path / "history.sqlite").before == ()
