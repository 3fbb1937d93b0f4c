"""``mesh-chaos report history`` and ``report gate``: what they print, and with which code they end."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reports import archive
from reports.command import app
from reports.history.store import append
from reports.run import About, Run, write_about
from tests.unit.reports import samples_of_results as samples

DAY_S = 86_400.0


def add(file: Path, number: int, failover_s: float) -> None:
    """One night more, with a ``delete-deployment`` whose failover takes so long everywhere."""
    result = samples.smooth(started_unix_s=number * DAY_S)
    moved = samples.seconds(failover_s, failover_s + 0.3)
    figures = tuple(replace(one, failover=moved) if one.failover else one for one in result.figures)
    append(Run(Path(f"night-{number:02}"), About(number * DAY_S, 0, {}), (replace(result, figures=figures),)), file)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "history.sqlite"
    for number in range(20):
        add(path, number, 1 + 0.1 * (number * 7 % 10))
    return path


def call(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == code, done.output
    return done.output


def test_the_history_is_printed(file: Path) -> None:
    text = call("history", file)
    assert text.startswith("20 runs in the history, night-00 to night-19\n")
    assert "delete-deployment zone1 [hardened]: 0 of 20 runs failed: rate below 13.9 % (95 %)" in text
    assert "failover        1.40-1.80 s" in text


def test_the_history_is_printed_as_json(file: Path) -> None:
    assert json.loads(call("history", file, "--json", "--last", "3"))["runs"] == 3


def test_only_what_is_wanted_is_printed(file: Path) -> None:
    text = call("history", file, "--fault", "wrong-port")
    assert text == "20 runs in the history, night-00 to night-19\nno experiment of that kind is in them\n"
    assert "delete-deployment" not in call("history", file, "--profile", "page")
    assert "(12 a month, 99.9 %)" in call("history", file, "--events-per-month", "12")


def test_a_run_can_be_added_by_hand(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    archive.write(samples.wrong_port(), folder / "experiment")
    write_about(About(99 * DAY_S, 1, {}), folder)
    assert call("history", file, "--add", folder, "--add", folder).startswith("21 runs")


def test_what_of_a_run_cannot_be_added_is_said(file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    archive.write(samples.wrong_port(), folder / "experiment")
    (folder / "broken").mkdir()
    (folder / "broken" / "result.json").write_text("{")
    write_about(About(99 * DAY_S, 1, {}), folder)
    assert f"{folder} is added without broken: {folder}/broken/result.json: not an" in call(
        "history", file, "--add", folder
    )
    write_about(About(100 * DAY_S, 5, {}), tmp_path)
    assert f"{tmp_path} is not added: nothing was tried in it" in call("history", file, "--add", tmp_path)


def test_a_history_that_is_named_must_be_one(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    archive.write(samples.wrong_port(), folder / "experiment")
    assert "there is no history yet" in call("run", folder, "--history", tmp_path / "none.sqlite", code=2)
    assert not (folder / "report.html").exists()
    assert "report.html" in call("run", folder)


def test_reports_that_cannot_be_written_are_named_once(tmp_path: Path) -> None:
    archive.write(samples.wrong_port(), tmp_path / "experiment")
    for name in ("report.html", "metrics.txt"):
        (tmp_path / name).mkdir()
    text = call("run", tmp_path, code=2)
    assert [line.split()[0] for line in text.splitlines()] == [
        str(tmp_path / "summary.md"), str(tmp_path / "summary.json"), "mesh-chaos:", "mesh-chaos:",
    ]  # fmt: skip


def test_the_help_says_where_files_are_looked_for() -> None:
    assert "default: history.sqlite beside" in " ".join(call("run", "--help").replace("│", " ").split())
    text = " ".join(call("allure", "--help").replace("│", " ").split())
    assert "default: allure-results in" in text
    assert "default: allure-history.jsonl" in text


def test_without_a_history_both_end_with_one_line(tmp_path: Path) -> None:
    for command in ("history", "gate"):
        assert "there is no history yet" in call(command, tmp_path / "none.sqlite", code=2)
        (empty := tmp_path / "empty.sqlite").touch()
        assert "there is no history yet" in call(command, empty, code=2)


def test_a_quiet_history_passes_the_gate(file: Path) -> None:
    assert call("gate", file).startswith("gate: none of ")


def test_a_slowdown_ends_the_gate_with_1_until_it_is_accepted(file: Path) -> None:
    for number in range(20, 25):
        add(file, number, 4)
    text = call("gate", file, code=1)
    assert text.startswith("gate: WORSE in 4 of ")
    assert json.loads(call("gate", file, "--json", code=1))["first"] == "night-20"
    assert call("gate", file, "--since", "1970-01-21").startswith("gate: not enough data")
    assert call("gate", file, "--least", "5").startswith("gate: none of ")


def test_a_damaged_history_is_no_verdict_on_the_mesh(file: Path) -> None:
    file.write_text("damaged" * 99)
    assert "is damaged" in call("gate", file, code=2)


def test_scipy_is_read_by_no_command_that_does_not_need_it() -> None:
    code = "import sys, fixtures.plugin, reports.command; sys.exit('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("only", ["--collect-only", "--plan"])
def test_what_runs_nothing_adds_nothing(only: str, tmp_path: Path) -> None:
    file = tmp_path / "history.sqlite"
    options = ("-q", "-p", "no:cacheprovider", "-m", "failover", "--fault=wrong-port", f"--history={file}")
    command = [sys.executable, "-m", "pytest", *options, only, f"--artifacts={tmp_path}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert list(tmp_path.iterdir()) == []
