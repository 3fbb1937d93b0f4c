"""What repeats come to, and how every report tells it."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from chaos.model import Lane, Verdict
from chaos.result import Finding, Repeat
from reports import archive, digest, html, markdown
from reports.history import store
from reports.history.record import NEVER, Bounds
from reports.repeats import repeats
from reports.run import About, Run
from reports.terminal.summary import render
from tests.unit.reports import samples_of_results as samples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from chaos.result import Result

BUSY = Finding(Verdict.INVALID, "the probe lagged")


def repeated(make: Callable[..., Result], count: int, of: int | None = None, **changes: object) -> list[Result]:
    return [
        make(
            repeat=Repeat(number, of or count),
            started_unix_s=1_790_000_000.0 + number,
            artifacts=f"/tmp/artifacts/{make.__name__}-r{number:02}",
            **changes,
        )
        for number in range(1, count + 1)
    ]


def summary(results: Sequence[Result], width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width)
    render(results, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def run(*results: Result) -> Run:
    return Run(Path("artifacts", "20261129T000000"), About(1_790_000_000.0, 0, {}), results)


@pytest.mark.parametrize(("runs", "rate"), [(1, "95 %"), (20, "13.9 %"), (59, "4.95 %")])
def test_a_pass_says_what_so_many_runs_prove(runs: int, rate: str) -> None:
    (found,) = repeats(repeated(samples.delete_deployment, runs))
    assert found.statement == f"0 failures in {runs} run{'' if runs == 1 else 's'}: failure rate below {rate} (95 %)"


def test_what_is_not_repeated_is_not_told_as_if_it_were() -> None:
    assert repeats(samples.run()) == ()
    assert "repeat" not in summary(samples.run())


def test_a_series_that_ended_at_a_fail_states_no_rate() -> None:
    results = repeated(samples.delete_deployment, 3, 20)
    results[2] = replace(results[2], verdict=Verdict.FAIL)
    (found,) = repeats(results)
    assert found.outcome is Verdict.FAIL
    assert found.counts == "2 PASS, 1 FAIL of 20, 17 without a result"
    assert found.statement == "certain: FAIL in repeat 3 of 20"


def test_an_inconclusive_repeat_is_counted_and_is_no_pass() -> None:
    results = repeated(samples.delete_deployment, 20)
    results[4] = replace(results[4], verdict=Verdict.INVALID, findings=(BUSY,))
    (found,) = repeats(results)
    assert (found.outcome, found.passed) == (Verdict.INVALID, 19)
    assert found.counts == "19 PASS, 1 INVALID of 20"
    assert found.statement == "inconclusive: only 19 of 20 passed"
    assert {figure.values for figure in found.figures} == {19}, "what it measured says nothing of the mesh"


def test_a_series_that_was_stopped_is_no_pass() -> None:
    (found,) = repeats(repeated(samples.delete_deployment, 7, 20))
    assert found.outcome is None
    assert found.counts == "7 PASS of 20, 13 without a result"


def test_what_fails_as_documented_every_time_is_as_it_should_be() -> None:
    (found,) = repeats(repeated(samples.wrong_port, 20))
    assert found.outcome is Verdict.PASS
    assert found.statement == (
        "20 of 20 runs failed as documented, none otherwise: rate of all else below 13.9 % (95 %)"
    )
    assert found.figures[0].median == NEVER, "a failover that never came is not left out"


def test_what_is_documented_as_false_and_held_once_is_a_fail() -> None:
    results = repeated(samples.wrong_port, 3, 5)
    results[1] = replace(results[1], verdict=Verdict.PASS, findings=())
    (found,) = repeats(results)
    assert (found.outcome, found.statement) == (Verdict.FAIL, "certain: FAIL in repeat 2 of 5")


def test_each_repeat_counts_with_its_worst_lane_and_the_middle_of_them_is_told() -> None:
    (found,) = repeats(repeated(samples.delete_deployment, 6))
    failover = found.figures[0]
    assert (failover.name, failover.values, failover.median) == ("failover", 6, Bounds(10.1, 10.45))
    assert failover.known == "10.1-10.5 s (96.8 %)"


def test_with_too_few_for_an_interval_the_range_is_told() -> None:
    (found,) = repeats(repeated(samples.delete_deployment, 5))
    assert found.figures[0].known == "unknown, too few for 95 % (that takes 6); all values in 10.1-10.5 s"


def test_experiments_and_the_claims_beside_them_are_told_apart() -> None:
    beside: dict[str, Any] = {
        "fault": "none",
        "figures": (),
        "claims": ("enters-by-ingress",),
        "scenario": "delete-deployment-page",
    }
    results = repeated(samples.delete_deployment, 3) + repeated(samples.result, 3, **beside)
    assert [(one.title, one.ran) for one in repeats(results)] == [
        ("delete-deployment zone1 [page]", 3),
        ("enters-by-ingress zone1 [page] in delete-deployment-page", 3),
    ]


def test_the_terminal_shows_one_block_however_often_it_was_repeated() -> None:
    few, many = (summary(repeated(samples.delete_deployment, count)) for count in (6, 59))
    assert len(many.splitlines()) == len(few.splitlines())
    assert "repeats of delete-deployment zone1 [page]  PASS\n" in many
    assert "59 PASS of 59: 0 failures in 59 runs: failure rate below 4.95 % (95 %)" in many
    assert "failover: median 10.1-10.5 s, worst 10.1-10.5 s; true median: 10.1-10.5 s (96.3 %)" in many
    assert max(map(len, many.splitlines())) <= 100


def test_no_outage_at_all_is_no_length() -> None:
    still = replace(samples.result(samples.gateway2(Lane.FRESH)), fault="none", injected=None, restored=None)
    text = summary([replace(still, repeat=Repeat(number, 6)) for number in range(1, 7)])
    assert "    longest outage: none in 6 runs\n" in text


def test_of_all_repeats_the_worst_is_the_block() -> None:
    results = repeated(samples.delete_deployment, 20)
    results[7] = replace(results[7], verdict=Verdict.INVALID, findings=(BUSY,))
    text = summary(results)
    assert "delete-deployment zone1 [page], repeat 8 of 20  INVALID" in text
    assert text.count(", repeat ") == 1


def test_the_page_and_the_job_summary_have_a_table() -> None:
    results = repeated(samples.delete_deployment, 20)
    page, job = html.render(run(*results)), markdown.render(run(*results))
    for text in (page, job):
        assert "0 failures in 20 runs: failure rate below 13.9 % (95 %)" in text
        assert "delete-deployment zone1" in text
        assert "repeat 20 of 20" in text
    assert 'href="#repeats"' in page
    assert page.count('<span class="by">by ') == page.count("delete-deployment zone1</a></span>"), (
        "each claim names one"
    )
    assert "## Repeats" not in markdown.render(run(*samples.run()))
    assert 'href="#repeats"' not in html.render(run(*samples.run()))


def test_programs_get_numbers() -> None:
    document = json.loads(digest.render(run(*repeated(samples.wrong_port, 6), *samples.run())))
    (found,) = document["repeats"]
    assert (found["outcome"], found["planned"], found["ran"], found["documented"]) == ("PASS", 6, 6, 6)
    assert found["failure_rate_below_ratio"] == pytest.approx(1 - 0.05 ** (1 / 6))
    failover = next(figure for figure in found["figures"] if figure["figure"] == "failover")
    assert failover["median"] == {"low_s": None, "high_s": None}, "never"
    assert found["folders"][0] == "wrong_port-r01"
    assert {one["repeat"] for one in document["experiments"]} == {None, 1, 2, 3, 4, 5, 6}


def test_a_result_of_before_there_were_repeats_is_read() -> None:
    document = json.loads(archive.dump(samples.delete_deployment()))
    del document["result"]["repeat"]
    assert archive.load(json.dumps(document)) == samples.delete_deployment()


def test_the_history_keeps_every_repeat_under_one_name(tmp_path: Path) -> None:
    results = repeated(samples.delete_deployment, 20)
    store.append(run(*results), tmp_path / "history.sqlite")
    (kept,) = store.read(tmp_path / "history.sqlite")
    assert len(kept.experiments) == 20
    assert len({one.subject for one in kept.experiments}) == 1
