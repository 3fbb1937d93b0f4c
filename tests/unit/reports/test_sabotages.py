"""Sabotages in reports: which were caught, what that proves, and that their meshes are never taken for the user's."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from chaos.detection import Detected, Detection
from chaos.diagnosis.cause import Cause
from chaos.model import Verdict
from fixtures.run import publish_run
from reports import archive, digest, html, markdown, sabotages, terminal
from reports.glance import run_verdict
from reports.history import FILE_NAME as HISTORY
from reports.run import About, Superseded, read_run, write_about
from tests.unit.reports import samples_of_results

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = About(1_790_000_000.0, 0, {"engine": "standin"})
CAUGHT = Detection(
    "mtls-off", "mTLS was switched off", "docs", Cause.NO_MTLS, Detected.CAUGHT, "delete-deployment zone1 [page]",
    "standin", "no remote endpoint", Verdict.FAIL, Cause.NO_MTLS, "mutual TLS is off", "no other zone took over", "/x",
)  # fmt: skip
MISSED = replace(
    CAUGHT, sabotage="replica-hidden", standing=Detected.UNDETECTED, verdict=Verdict.PASS, cause=Cause.UNKNOWN,
    sentence="", reason="",
)  # fmt: skip
LOST = replace(
    CAUGHT, sabotage="lost", standing=Detected.NOT_TRIED, verdict=None, cause=None, sentence="", reason="no Envoy"
)


def folder_of(run: Path, *detections: Detection) -> Path:
    for one in detections:
        own = run / sabotages.FOLDER / one.sabotage
        archive.write(replace(samples_of_results.wrong_port(), artifacts=str(own / "experiment")), own / "experiment")
        sabotages.write(one, own)
    write_about(ABOUT, run)
    return run


def test_what_was_written_is_read(tmp_path: Path) -> None:
    assert read_run(folder_of(tmp_path, MISSED, CAUGHT, LOST)).detections == (LOST, CAUGHT, MISSED)


def test_of_one_that_was_tried_again_the_last_attempt_counts(tmp_path: Path) -> None:
    run = folder_of(tmp_path, replace(CAUGHT, standing=Detected.NOT_TRIED, verdict=Verdict.INVALID))
    sabotages.write(CAUGHT, archive.write(samples_of_results.wrong_port(), run / "sabotages" / "mtls-off-2").parent)
    write_about(replace(ABOUT, again=(Superseded("t", "INVALID: it lagged", ("sabotages/mtls-off",)),)), run)
    assert read_run(run).detections == (CAUGHT,)


def test_its_experiment_is_none_of_the_run(tmp_path: Path) -> None:
    run = read_run(folder_of(tmp_path, CAUGHT))

    assert run.results == ()
    assert run_verdict(run) is Verdict.PASS, "the FAIL is that of a mesh that was wrong on purpose"


def test_it_does_not_go_into_the_history(tmp_path: Path) -> None:
    history = tmp_path / HISTORY
    run = folder_of(tmp_path / "run", CAUGHT)

    list(publish_run(run, ABOUT, history))

    assert not history.exists()


def test_one_that_did_not_end_keeps_the_run_from_passing(tmp_path: Path) -> None:
    run = folder_of(tmp_path, CAUGHT)
    (run / sabotages.FOLDER / "killed").mkdir()

    found = read_run(run)

    assert found.unreadable == ("sabotages/killed: it did not end: it was killed, or is still under way",)
    assert run_verdict(found) is Verdict.INFRA


def test_a_damaged_file_is_told(tmp_path: Path) -> None:
    run = folder_of(tmp_path, CAUGHT)
    (run / sabotages.FOLDER / "mtls-off" / sabotages.FILE_NAME).write_text('{"format": "other"}')

    (told,) = read_run(run).unreadable
    assert told.startswith("sabotages/mtls-off: detection.json cannot be understood: format: ")


@pytest.mark.parametrize(
    ("detections", "told"),
    [
        ([CAUGHT] * 20, "20 of 20 sabotages caught: detection rate above 86.08 % (95 %); the cause of 20 named"),
        ([*[CAUGHT] * 19, MISSED], "19 of 20 sabotages caught: detection rate above 78.38 % (95 %); the cause of 19 named"),  # noqa: E501
        ([CAUGHT, LOST], "1 of 1 sabotage caught: detection rate above 5.00 % (95 %); the cause of 1 named"),
        ([LOST], "no sabotage could be tried: nothing is proven"),
    ],
)  # fmt: skip
def test_the_rate_has_its_bound(detections: list[Detection], told: str) -> None:
    """0.05 ** (1 / 20) is 0.861: with a lower rate twenty in a row are less likely than 5 %."""
    assert str(sabotages.rate(detections)) == told


def test_the_terminal_says_what_was_not_caught_and_why(tmp_path: Path) -> None:
    stream = io.StringIO()
    terminal.sabotages.render([CAUGHT, MISSED, LOST], Console(file=stream, width=100))

    lines = stream.getvalue().splitlines()
    assert lines == [
        "mtls-off  caught  no-mtls",
        "  mutual TLS is off",
        "replica-hidden  undetected  unknown",
        "  delete-deployment zone1 [page] passed",
        "lost  not tried",
        "  no Envoy",
        "1 of 2 sabotages caught: detection rate above 2.53 % (95 %); the cause of 1 named",
    ]


def test_the_job_summary_has_a_table_with_the_worst_first(tmp_path: Path) -> None:
    text = markdown.render(read_run(folder_of(tmp_path, CAUGHT, MISSED)))

    rows = [line for line in text.partition("## Sabotages")[2].splitlines() if line.startswith("| ")]
    assert rows[2].startswith("| replica-hidden | ❌ undetected | no-mtls | unknown |")
    assert rows[3] == "| mtls-off | ✅ caught | no-mtls | no-mtls | mutual TLS is off |"


def test_the_page_has_a_table(tmp_path: Path) -> None:
    text = html.render(read_run(folder_of(tmp_path, replace(CAUGHT, sentence="<script>off</script>"))))

    assert 'href="#sabotages"' in text
    assert "&lt;script&gt;off&lt;/script&gt;" in text
    assert "1 of 1 sabotage caught" in text


def test_other_programs_are_told(tmp_path: Path) -> None:
    told: Any = json.loads(digest.render(read_run(folder_of(tmp_path, CAUGHT, MISSED))))["sabotages"]

    assert (told["tried"], told["caught"], told["explained"]) == (2, 1, 1)
    assert told["detection_rate_above_ratio"] == pytest.approx(0.0253, abs=1e-4)
    assert [one["standing"] for one in told["detections"]] == ["caught", "undetected"]


def test_a_run_without_any_says_nothing_of_them(tmp_path: Path) -> None:
    archive.write(samples_of_results.smooth(), tmp_path / "one")
    write_about(ABOUT, tmp_path)
    run = read_run(tmp_path)

    assert json.loads(digest.render(run))["sabotages"] is None
    assert "abotages" not in markdown.render(run)
    assert "sabotages" not in html.render(run)
