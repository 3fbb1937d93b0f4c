"""``--again N``: what is INVALID is made again, openly, and nothing else is; tests of a user's own, most on no mesh."""

from __future__ import annotations

import json
import signal
from itertools import groupby, pairwise
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from chaos.model import Verdict
from reports.glance import run_verdict
from reports.run import read_run
from tests.integration.suite import ROOT, start_pytest, until

if TYPE_CHECKING:
    from pathlib import Path

    from reports.run import Run
    from tests.integration.suite import Traces

PASSED, FAILED, STOPPED, INFRA, INVALID = 0, 1, 2, 10, 11
NOT_OURS = ("-o", "python_files=case_*.py", "-c", str(ROOT / "pyproject.toml"))
CASE = """
    import time
    from collections import Counter
    from dataclasses import replace
    from pathlib import Path
    from types import SimpleNamespace

    import pytest

    from chaos.detection import Detected, Detection
    from chaos.diagnosis.cause import Cause
    from chaos.errors import InfraError, InvalidRun, KnownFalse
    from chaos.model import Verdict
    from chaos.result import Finding
    from chaos.verdict import ERRORS
    from fixtures.proving import new_folder
    from fixtures.sabotaging import Saboteur
    from fixtures.stash import FOLDER, SETTINGS
    from reports import archive
    from tests.unit.reports import samples_of_results as samples

    PASS, FAIL, INFRA, INVALID = Verdict.PASS, Verdict.FAIL, Verdict.INFRA, Verdict.INVALID
    ATTEMPTS = Counter()

    @pytest.fixture
    def meshes():
        return SimpleNamespace(discard=lambda mesh: None, close=lambda: None)

    @pytest.fixture
    def attempt(request):
        ATTEMPTS[request.node.nodeid] += 1
        return ATTEMPTS[request.node.nodeid]

    def found(prove, verdict):
        folder = new_folder(prove.folder)
        said = (Finding(verdict, f"the probe lagged in {folder.name}"),)
        made = samples.smooth() if verdict is PASS else samples.infra(verdict=verdict, findings=said)
        archive.write(replace(made, artifacts=str(folder), repeat=prove.repeat), folder)
        prove.keep(folder)
        if verdict is not PASS:
            raise ERRORS[verdict](f"{verdict}: {said[0].text}")

    @pytest.fixture
    def experiment(prove, attempt):
        return lambda *verdicts: found(prove, verdicts[attempt - 1])

    def test_passes(experiment):
        experiment(PASS)

    def test_passes_second(experiment):
        experiment(INVALID, PASS)

    def test_passes_third(experiment):
        experiment(INVALID, INVALID, PASS)

    def test_is_never_valid(experiment):
        experiment(*[INVALID] * 9)

    def test_fails_second(experiment):
        experiment(INVALID, FAIL)

    def test_fails(experiment):
        experiment(FAIL, PASS)

    def test_cannot_be_carried_out(experiment):
        experiment(INFRA, PASS)

    @pytest.fixture
    def set_up(attempt):
        if attempt == 1:
            raise InvalidRun("INVALID: the machine slept")

    def test_set_up_second(set_up, experiment):
        experiment(None, PASS)

    @pytest.fixture
    def left_behind(attempt):
        yield
        raise InfraError("INFRA: Service echo is left")

    def test_leaves_something_behind(experiment, left_behind):
        experiment(INVALID, PASS)

    @pytest.fixture
    def ends_second(attempt):
        yield
        if attempt == 1:
            raise InvalidRun("INVALID: the machine slept")

    def test_ends_second(experiment, ends_second):
        experiment(PASS, PASS)

    def test_fails_though_the_next_experiment_is_invalid(prove, attempt):
        with pytest.raises(AssertionError):
            found(prove, FAIL)
        found(prove, INVALID)

    def test_is_told_to_stop(prove, attempt, request):
        stop = request.config.stash[SETTINGS].stop_file
        stop.touch()
        found(prove, INVALID)

    def test_ends_the_session(prove, attempt, request):
        request.session.shouldstop = "enough"
        found(prove, INVALID)

    @pytest.mark.parametrize("profile", ["page"])
    def test_soak(soak, profile):
        raise InvalidRun("INVALID: the probe lagged")

    @pytest.fixture
    def slow_to_end(request):
        yield
        (request.config.stash[FOLDER] / "ending").touch()
        time.sleep(60)  # until the test interrupts it

    def test_is_interrupted(experiment, slow_to_end):
        experiment(FAIL)

    def test_third_repeat(prove, attempt, repeat_number):
        found(prove, INVALID if repeat_number == 2 and attempt == 1 else PASS)

    def test_second_repeat_fails_at_last(prove, attempt, repeat_number):
        found(prove, PASS if repeat_number != 2 else INVALID if attempt == 1 else FAIL)

    def test_sabotage(saboteur, sabotage, attempt, monkeypatch):
        def tried(self, chosen):
            if attempt == 1:
                raise InvalidRun("INVALID: the probe lagged")
            return Detection(
                chosen.name, "m", "s", Cause.NO_MTLS, Detected.CAUGHT, "e", "standin", "p", FAIL, Cause.NO_MTLS
            )

        monkeypatch.setattr(Saboteur, "_tried", tried)
        saboteur(sabotage)

    @pytest.mark.xfail(raises=KnownFalse, strict=True)
    def test_is_false_as_documented(attempt, meshes):
        raise InvalidRun("INVALID: the probe lagged") if attempt == 1 else KnownFalse("FAIL: as documented")

    def test_has_parts(subtests, meshes):
        with subtests.test("a part"):
            raise InvalidRun("INVALID: the probe lagged")

    def test_no_scenario(attempt):
        raise InvalidRun("INVALID: the probe lagged")
"""
REAL = """
    from chaos.errors import InvalidRun

    SEEN = []

    def test_a_mesh(mesh, prove):
        SEEN.append(mesh)
        prove.check(mesh, "nearest-first", "zone1", "page", holds=True, evidence="seen")
        if len(SEEN) == 1:
            raise InvalidRun("INVALID: the machine slept")
        assert SEEN[0] is not SEEN[1], "nothing of the first attempt is used again"
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    return written(tmp_path, CASE)


def written(folder: Path, text: str) -> Path:
    file = folder / "case_again.py"
    file.write_text(dedent(text))
    return file


def said(traces: Traces, case: Path, test: str, *arguments: str, code: int = PASSED) -> str:
    run = start_pytest(traces, case.parent / "artifacts", *NOT_OURS, "-v", *arguments, f"{case}::test_{test}")
    text = run.finish()
    assert run.code == code, text
    return text


def made(case: Path) -> Run:
    return read_run(case.parent / "artifacts" / "latest")


def told(case: Path, name: str) -> str:
    return (case.parent / "artifacts" / "latest" / name).read_text()


def verdicts(run: Run) -> list[Verdict]:
    return [result.verdict for result in run.results]


def test_what_was_invalid_passes_when_it_is_made_again_and_every_report_says_so(traces: Traces, case: Path) -> None:
    text = said(traces, case, "passes_second", f"{case}::test_passes")

    assert "INVALID: the probe lagged in passes_second: nothing was concluded; made again (1 of 2)" in text
    assert "2 passed, 1 again in" in text
    assert text.count("::test_passes_second AGAIN") == 1
    summary = text.partition("made again, for nothing was concluded")[2]
    assert "::test_passes_second was made again 1 time: INVALID: the probe lagged in passes_second" in summary

    run = made(case)
    (superseded,) = run.about.again
    assert superseded.test.endswith("::test_passes_second")
    assert (superseded.message, superseded.folders) == (
        "INVALID: the probe lagged in passes_second",
        ("passes_second",),
    )
    assert (run.folder / "passes_second" / "result.json").exists(), "nothing is thrown away"
    assert verdicts(run) == [Verdict.PASS, Verdict.PASS]
    assert run_verdict(run) is Verdict.PASS
    assert {time.folders for time in run.about.times} == {("passes_second-2",), ("passes",)}

    assert "test\\_passes\\_second: INVALID: the probe lagged" in told(case, "summary.md").partition("## Made again")[2]
    (digested,) = json.loads(told(case, "summary.json"))["again"]
    assert digested["folders"] == ["passes_second"]
    assert "mesh_chaos_run_tests_made_again 1.0" in told(case, "metrics.txt")
    assert "::test_passes_second was made again 1 time" in told(case, "report.html")


def test_junit_xml_has_one_testcase_for_all_attempts_which_says_that_there_were_some(
    traces: Traces, case: Path
) -> None:
    said(traces, case, "passes_third", f"{case}::test_ends_second")
    suite = ElementTree.fromstring(told(case, "junit.xml"))[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("2", "0", "0")
    cases = {one.get("name"): one for one in suite.findall("testcase")}
    third, ends = cases["test_passes_third"], cases["test_ends_second"]
    assert properties(third, "made_again") == [
        "INVALID: the probe lagged in passes_third",
        "INVALID: the probe lagged in passes_third-2",
    ]
    assert properties(third, "verdict") == ["PASS"]
    assert properties(ends, "made_again") == ["INVALID: the machine slept"]


def properties(testcase: ElementTree.Element, name: str) -> list[str | None]:
    return [one.get("value") for one in testcase.iter("property") if one.get("name") == name]


def test_what_stays_invalid_is_invalid(traces: Traces, case: Path) -> None:
    text = said(traces, case, "is_never_valid", code=INVALID)
    assert "1 failed, 2 again in" in text
    assert "::test_is_never_valid was made again 2 times: INVALID: the probe lagged in is_never_valid; " in text
    run = made(case)
    assert verdicts(run) == [Verdict.INVALID]
    assert [one.folders for one in run.about.again] == [("is_never_valid",), ("is_never_valid-2",)]


@pytest.mark.parametrize(("most", "code"), [("1", INVALID), ("2", PASSED)])
def test_the_option_says_how_often(traces: Traces, case: Path, most: str, code: int) -> None:
    assert f"{most} again in" in said(traces, case, "passes_third", f"--again={most}", code=code)


def test_it_can_be_turned_off(traces: Traces, case: Path) -> None:
    text = said(traces, case, "passes_second", "--again=0", code=INVALID)
    assert "1 failed in" in text
    assert verdicts(made(case)) == [Verdict.INVALID]


def test_a_fail_is_never_hidden_by_what_came_before_it(traces: Traces, case: Path) -> None:
    text = said(traces, case, "fails_second", code=FAILED)
    assert "1 failed, 1 again in" in text
    assert verdicts(made(case)) == [Verdict.FAIL]


@pytest.mark.parametrize(
    ("test", "code", "found"),
    [
        ("fails", FAILED, [Verdict.FAIL]),
        ("cannot_be_carried_out", INFRA, [Verdict.INFRA]),
        ("leaves_something_behind", INFRA, [Verdict.INVALID]),
        ("fails_though_the_next_experiment_is_invalid", INVALID, [Verdict.FAIL, Verdict.INVALID]),
        ("is_told_to_stop", INVALID, [Verdict.INVALID]),
        ("ends_the_session", STOPPED, [Verdict.INVALID]),
        ("no_scenario", INVALID, []),
        ("has_parts", FAILED, []),
    ],
)
def test_what_says_something_or_may_not_begin_is_not_made_again(
    traces: Traces, case: Path, test: str, code: int, found: list[Verdict]
) -> None:
    text = said(traces, case, test, code=code)
    assert "made again" not in text
    assert made(case).about.again == ()
    assert sorted(verdicts(made(case))) == sorted(found)


def test_a_soak_is_not_made_again(traces: Traces, case: Path) -> None:
    text = said(traces, case, "soak", "-m", "", "--duration=1", code=INVALID)
    assert "made again" not in text


@pytest.mark.parametrize("test", ["set_up_second", "ends_second"])
def test_what_is_invalid_before_or_after_the_test_itself_is_made_again(traces: Traces, case: Path, test: str) -> None:
    text = said(traces, case, test)
    assert "1 passed, 1 again in" in text
    assert "INVALID: the machine slept: nothing was concluded; made again (1 of 2)" in text
    assert verdicts(made(case)) == [Verdict.PASS]


def test_what_is_known_to_be_false_may_be_invalid_before(traces: Traces, case: Path) -> None:
    assert "1 xfailed, 1 again in" in said(traces, case, "is_false_as_documented")


def test_only_the_last_attempt_at_a_failure_ends_a_run_at_once(traces: Traces, case: Path) -> None:
    others = (f"{case}::test_passes_second", f"{case}::test_fails")
    text = said(traces, case, "passes", "-x", *others, code=FAILED)
    assert "1 failed, 1 passed, 1 again in" in text


def test_workers_tell_the_same(traces: Traces, case: Path) -> None:
    others = (f"{case}::test_{name}" for name in ("passes", "fails_second", "is_never_valid"))
    text = said(traces, case, "passes_second", "-n", "2", *others, code=FAILED)
    assert "2 failed, 2 passed, 4 again in" in text
    run = made(case)
    again = sorted(one.test.rpartition("::test_")[2] for one in run.about.again)
    assert {name: len(list(group)) for name, group in groupby(again)} == {
        "fails_second": 1, "is_never_valid": 2, "passes_second": 1,
    }  # fmt: skip
    assert sorted(verdicts(run)) == sorted([Verdict.PASS, Verdict.PASS, Verdict.FAIL, Verdict.INVALID])


def test_a_run_that_was_killed_keeps_what_was_invalid(traces: Traces, case: Path) -> None:
    said(traces, case, "passes_second")
    (case.parent / "artifacts" / "latest" / "run.json").unlink()
    assert sorted(verdicts(made(case))) == sorted([Verdict.INVALID, Verdict.PASS])


def test_a_fail_is_told_before_its_test_has_ended(traces: Traces, case: Path) -> None:
    """What ends the process then, or a worker of it, must not take the FAIL along."""
    artifacts = case.parent / "artifacts"
    run = start_pytest(traces, artifacts, *NOT_OURS, f"{case}::test_is_interrupted")
    until(lambda: list(artifacts.glob("*/ending")), what="the test's end")
    run.kill(signal.SIGINT)
    assert "1 failed" in run.finish()
    assert run.code == STOPPED


def test_a_repeat_that_is_made_again_is_one_repeat(traces: Traces, case: Path) -> None:
    text = said(traces, case, "third_repeat", "--repeat=3")
    assert "3 passed, 1 again in" in text
    (found,) = json.loads(told(case, "summary.json"))["repeats"]
    assert (found["outcome"], found["planned"], found["ran"], found["counts"]) == ("PASS", 3, 3, {"PASS": 3})


def test_a_repeat_that_fails_at_last_ends_the_others(traces: Traces, case: Path) -> None:
    text = said(traces, case, "second_repeat_fails_at_last", "--repeat=4", code=FAILED)
    assert "1 failed, 1 passed, 2 skipped, 1 again in" in text
    assert "outcome certain: FAIL in repeat 2 of 4" in text


def test_of_a_sabotage_the_last_attempt_counts(traces: Traces, case: Path) -> None:
    text = said(traces, case, "sabotage", "--sabotage=mtls-off")
    assert "1 of 1 sabotage caught" in text
    assert "not tried" not in text
    run = made(case)
    assert [one.folders for one in run.about.again] == [("sabotages/mtls-off",)]
    assert [one.standing.value for one in run.detections] == ["caught"]
    assert run_verdict(run) is Verdict.PASS
    (run.folder / "run.json").unlink()
    assert sorted(one.standing.value for one in made(case).detections) == ["caught", "not tried"]


def test_allure_shows_the_last_attempt_and_the_others_as_its_retries(
    traces: Traces, case: Path, tmp_path: Path
) -> None:
    said(traces, case, "passes_third", f"--alluredir={tmp_path / 'allure'}")
    results: list[dict[str, Any]] = [
        json.loads(file.read_text()) for file in (tmp_path / "allure").glob("*-result.json")
    ]
    results.sort(key=lambda result: result["start"])
    assert [one["status"] for one in results] == ["broken", "broken", "passed"]
    assert len({one["historyId"] for one in results}) == 1, "so the one that began last is the result"
    assert all(before["stop"] <= after["start"] for before, after in pairwise(results))
    assert results[0]["statusDetails"]["message"].endswith("INVALID: the probe lagged in passes_third")
    assert "statusDetails" not in results[2]


def test_more_than_a_user_can_mean_is_refused(traces: Traces, case: Path) -> None:
    assert "--again: -1 is not between 0 and 100" in said(traces, case, "passes", "--again=-1", code=4)


@pytest.mark.envoy
def test_a_mesh_is_brought_up_anew_beside_the_logs_of_the_first(traces: Traces, tmp_path: Path) -> None:
    case = written(tmp_path, REAL)
    text = said(traces, case, "a_mesh", "--engine=standin")
    assert "1 passed, 1 again in" in text
    run = made(case)
    assert sorted(path.name for path in (run.folder / "mesh-main").iterdir()) == ["1", "2"]
    assert len(run.results) == 1
