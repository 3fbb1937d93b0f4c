"""``mesh-chaos report allure``, with programs in place of Node and npm that do as they would."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from reports import allure_report, allure_tool
from reports.command import app
from reports.run import About, write_about

if TYPE_CHECKING:
    from pathlib import Path

NODE = """#!/usr/bin/env python3
import json, pathlib, sys
if sys.argv[1] == "--version":
    print("{version}")
    sys.exit()
config = json.loads(pathlib.Path(sys.argv[sys.argv.index("--config") + 1]).read_text())
results = pathlib.Path(sys.argv[sys.argv.index("--cwd") + 1])
if (results / "break").exists():
    sys.exit("it broke: eyJhbGciOiJI.eyJzdWIi.c2ln")
report = pathlib.Path(config["output"])
if (results / "nothing").exists():
    sys.exit()
report.mkdir()
(report / "index.html").write_text(
    '<script async src="https://www.googletagmanager.com/gtag/js?id=G"></script>' + json.dumps(config))
history = pathlib.Path(config["historyPath"])
(report / "history").write_text(history.read_text())
with history.open("a") as file:
    print(json.dumps({{"name": config["name"], "timestamp": 10**15}}), file=file)
"""
NPM = """#!/usr/bin/env python3
import pathlib, sys
assert sys.argv[1] == "ci" and "--ignore-scripts" in sys.argv
if {code!r}:
    sys.exit("npm error code {code}\\nnpm error more")
pathlib.Path("node_modules").mkdir()
"""


class Machine:
    """What is on PATH, and the user's cache."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        monkeypatch.setattr("shutil.which", self._which)
        monkeypatch.setattr(allure_tool, "user_cache_path", lambda name: folder / "cache" / name)

    def _which(self, name: str) -> str | None:
        return str(self.bin / name) if (self.bin / name).is_file() else None

    def has(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine(tmp_path, monkeypatch)
    machine.has("node", NODE.format(version="v22.1.0"))
    machine.has("npm", NPM.format(code=""))
    return machine


@pytest.fixture
def artifacts(tmp_path: Path) -> Path:
    return tmp_path / "art [*] {x}"


def run(artifacts: Path, name: str, started_unix_s: float) -> Path:
    folder = artifacts / name
    (folder / "allure-results").mkdir(parents=True)
    (folder / "allure-results" / "1-result.json").write_text("{}")
    write_about(About(started_unix_s, 0, {"engine": "standin"}), folder)
    return folder


def report(folder: Path, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["allure", str(folder), *more])
    return done.exit_code, done.output


def test_a_report_is_made_and_its_run_noted(machine: Machine, artifacts: Path) -> None:
    folder = run(artifacts, "20260101T000000", 1000.5)
    code, output = report(folder)
    assert code == 0
    assert "the report of 1 test, with 0 runs before it" in output
    assert "npm installs Allure 3." in output
    page = folder / "allure-report" / "index.html"
    assert output.endswith(f"{page}\n")
    config = json.loads(page.read_text())
    assert config["name"] == "Mesh failover 20260101T000000"
    assert config["plugins"]["awesome"]["options"]["singleFile"]
    assert len(config["categories"]) == 4
    noted = [json.loads(line) for line in (artifacts / "allure-history.jsonl").read_text().splitlines()]
    assert noted == [{"name": "Mesh failover 20260101T000000", "timestamp": 1000500}]
    assert sorted(path.name for path in folder.iterdir()) == ["allure-report", "allure-results", "run.json"]


def test_a_report_knows_the_runs_before_it_in_whatever_order_they_are_made(machine: Machine, artifacts: Path) -> None:
    first, second = run(artifacts, "1", 1), run(artifacts, "2", 2)
    for folder in (second, first, second, second):
        code, output = report(folder)
        assert code == 0
    assert "npm" not in output  # once
    known = [(folder / "allure-report" / "history").read_text().count("\n") for folder in (first, second)]
    assert known == [0, 1]
    noted = (artifacts / "allure-history.jsonl").read_text().splitlines()
    assert [json.loads(line)["timestamp"] for line in noted] == [1000, 2000]


def test_a_damaged_history_is_said_and_ends_no_trend(machine: Machine, artifacts: Path) -> None:
    report(run(artifacts, "1", 1))
    history = artifacts / "allure-history.jsonl"
    history.write_text("{\n" + history.read_text())
    code, output = report(run(artifacts, "2", 2))
    assert code == 0
    assert "is damaged: 1 of its lines are no run" in output.replace("\n", " ")
    assert "with 1 run before it" in output


def test_history_and_results_may_be_elsewhere(machine: Machine, artifacts: Path, tmp_path: Path) -> None:
    folder = run(artifacts, "1", 1)
    (folder / "allure-results").rename(tmp_path / "results")
    kept = tmp_path / "kept" / "history.jsonl"
    assert report(folder, "--results", str(tmp_path / "results"), "--history", str(kept))[0] == 0
    assert kept.is_file()


def test_a_run_in_which_no_experiment_ended_says_where_it_was_all_the_same(machine: Machine, artifacts: Path) -> None:
    folder = run(artifacts, "1", 1)
    report(folder)
    assert (folder / "allure-results" / "environment.properties").read_text() == "engine=standin\n"
    assert (folder / "allure-results" / "executor.json").is_file()


def test_a_large_report_is_a_folder(machine: Machine, artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(allure_report, "_ONE_FILE_BYTES", 1)
    folder = run(artifacts, "1", 1)
    code, output = report(folder)
    config = json.loads((folder / "allure-report" / "index.html").read_text())
    assert (code, config["plugins"]["awesome"]["options"]["singleFile"]) == (0, False)
    assert "python3 -m http.server" in output


def test_a_new_report_takes_the_place_of_the_former(machine: Machine, artifacts: Path) -> None:
    folder = run(artifacts, "1", 1)
    report(folder)
    (folder / "allure-report" / "old").touch()
    assert report(folder)[0] == 0
    assert not (folder / "allure-report" / "old").exists()


@pytest.mark.parametrize(
    ("node", "npm", "said"),
    [
        (None, None, "there is no node on PATH: install it"),
        ("v18.3.0", None, "says it is v18.3.0: install a newer one"),
        ("v20.18.1", None, "says it is v20.18.1: install a newer one"),
        ("what", None, "says it is what: install a newer one"),
        ("v20.19.0", None, "there is no npm on PATH"),
        ("v20.19.0", "ENOTFOUND", "npm cannot reach its registry (ENOTFOUND)"),
        ("v20.19.0", "ECONNREFUSED", "npm cannot reach its registry (ECONNREFUSED)"),
        ("v20.19.0", "E404", "npm cannot install Allure 3."),
    ],
)
def test_what_is_missing_is_said_plainly(
    machine: Machine, artifacts: Path, node: str | None, npm: str | None, said: str
) -> None:
    for name, text in (("node", node and NODE.format(version=node)), ("npm", npm and NPM.format(code=npm))):
        (machine.bin / name).unlink()
        if text:
            machine.has(name, text)
    folder = run(artifacts, "1", 1)
    code, output = report(folder)
    assert (code, said in output) == (10, True), output
    assert not (artifacts / "allure-history.jsonl").exists()
    assert sorted(path.name for path in folder.iterdir()) == ["allure-results", "run.json"]
    assert not allure_tool.installed_at().exists()


@pytest.mark.parametrize(
    ("told", "said"), [("break", "failed (it broke: [redacted])"), ("nothing", "ended without a report")]
)
def test_an_allure_that_fails_is_said_and_leaves_the_former_report(
    machine: Machine, artifacts: Path, told: str, said: str
) -> None:
    folder = run(artifacts, "1", 1)
    report(folder)
    (folder / "allure-results" / told).touch()
    code, output = report(folder)
    assert (code, said in output) == (10, True), output
    assert (folder / "allure-report" / "index.html").is_file()


def test_a_folder_without_results_is_wrong_usage(machine: Machine, artifacts: Path) -> None:
    folder = run(artifacts, "1", 1)
    (folder / "allure-results" / "1-result.json").unlink()
    code, output = report(folder)
    assert (code, "no Allure results in" in output) == (2, True)
    code, output = report(artifacts)
    assert (code, "is no run's folder" in output) == (2, True)


def test_a_cache_that_cannot_be_written_is_one_clear_line(machine: Machine, artifacts: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    code, output = report(run(artifacts, "1", 1))
    assert (code, "cannot be kept in" in output, "XDG_CACHE_HOME" in output) == (10, True, True)
