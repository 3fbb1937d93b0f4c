"""``--repeat N``: scenarios as tests of a user's own, on no mesh, whose outcomes are chosen repeat by repeat."""

from __future__ import annotations

import json
import re
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from reports.run import read_run
from tests.integration.suite import ROOT, start_pytest

if TYPE_CHECKING:
    from pathlib import Path

    from reports.run import Run
    from tests.integration.suite import Traces

PASSED, FAILED, INFRA, INVALID = 0, 1, 10, 11
NOT_OURS = ("-o", "python_files=case_*.py", "-c", str(ROOT / "pyproject.toml"))
CASE = """
    import time
    from pathlib import Path
    from types import SimpleNamespace

    import pytest

    from chaos.errors import InfraError, InvalidRun, KnownFalse
    from fixtures.stash import FOLDER

    MESH = SimpleNamespace(name="universal", engine="none")
    KNOWN = pytest.mark.xfail(raises=KnownFalse, strict=True)

    @pytest.fixture
    def meshes():
        return SimpleNamespace(discard=lambda mesh: None)

    @pytest.fixture
    def number(request):
        return request.node.callspec.params["repeat_number"]

    @pytest.fixture
    def check(prove):
        return lambda holds: prove.check(MESH, "nearest-first", "zone1", "page", holds=holds, evidence="seen")

    def test_holds(check):
        check(True)

    def test_fails_third(check, number, request):
        certain = request.config.stash[FOLDER] / "certain"
        deadline = time.monotonic() + 30
        while number > 3 and not list(certain.glob("*.txt")):  # what runs beside the third waits for it
            assert time.monotonic() < deadline
            time.sleep(0.01)
        check(number != 3)

    def test_invalid_second(check, number):
        if number == 2:
            raise InvalidRun("INVALID: the probe lagged")
        check(True)

    def test_infra_first(check, number):
        if number == 1:
            raise InfraError("INFRA: no steady state")
        check(True)

    @KNOWN
    def test_known(meshes):
        raise KnownFalse("FAIL: as documented")

    @KNOWN
    def test_known_but_holds_second(meshes, number):
        if number != 2:
            raise KnownFalse("FAIL: as documented")

    @KNOWN
    def test_known_but_broken_otherwise(check, number):
        check(False)

    def test_no_scenario():
        pass
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    file = tmp_path / "case_repeated.py"
    file.write_text(dedent(CASE))
    return file


def said(traces: Traces, case: Path, test: str, *arguments: str, code: int = PASSED) -> str:
    run = start_pytest(traces, case.parent / "artifacts", *NOT_OURS, "-v", *arguments, f"{case}::test_{test}")
    text = run.finish()
    assert run.code == code, text
    return text


def made(case: Path) -> Run:
    return read_run(case.parent / "artifacts" / "latest")


def test_every_repeat_is_a_test_with_a_folder_and_a_number_and_one_name(traces: Traces, case: Path) -> None:
    text = said(traces, case, "holds", "--repeat=20")
    assert "::test_holds[r01] " in text
    assert "20 passed" in text
    results = made(case).results
    assert [str(one.repeat) for one in results] == [f"{number} of 20" for number in range(1, 21)]
    assert {one.scenario for one in results} == {"holds"}, "the history knows it again"
    assert len({one.artifacts for one in results}) == 20
    assert "0 failures in 20 runs: failure rate below 13.9 % (95 %)" in text
    assert text.count("nearest-first zone1 [page], repeat") == 1, "of all repeats one is told in full"


def test_one_run_is_what_it_was(traces: Traces, case: Path) -> None:
    text = said(traces, case, "holds", "--repeat=1")
    assert "::test_holds " in text
    assert "repeat" not in text.partition("what users felt")[2]
    (result,) = made(case).results
    assert (result.repeat, result.scenario) == (None, "holds")


def test_what_is_no_scenario_is_not_repeated(traces: Traces, case: Path) -> None:
    assert "1 passed" in said(traces, case, "no_scenario", "--repeat=20")


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_fail_is_certain_and_ends_all_that_is_still_to_come_in_every_worker(
    traces: Traces, case: Path, workers: str
) -> None:
    text = said(traces, case, "fails_third", "--repeat=20", "-n", workers, code=FAILED)
    (skipped,) = re.findall(r"SKIPPED \[(\d+)\] \S*case_repeated.py:\d+: outcome certain: FAIL in repeat 3 of 20", text)
    ran = made(case).results
    assert len(ran) + int(skipped) == 20
    assert len(ran) <= 3 + int(workers)
    assert "certain: FAIL in repeat 3 of 20" in " ".join(text.partition("what users felt")[2].split())
    assert "failure rate below" not in text


@pytest.mark.parametrize(("test", "code"), [("invalid_second", INVALID), ("infra_first", INFRA)])
def test_what_is_inconclusive_ends_nothing_and_is_no_pass(traces: Traces, case: Path, test: str, code: int) -> None:
    text = said(traces, case, test, "--repeat=4", code=code)
    assert "3 passed" in text
    assert "skipped" not in text
    assert "failure rate below" not in text
    (found,) = json.loads((case.parent / "artifacts" / "latest" / "summary.json").read_text())["repeats"]
    assert (found["outcome"], found["planned"], found["ran"], found["counts"]) == (None, 4, 3, {"PASS": 3})


def test_what_is_known_to_be_false_may_fail_every_time(traces: Traces, case: Path) -> None:
    assert "5 xfailed" in said(traces, case, "known", "--repeat=5")


@pytest.mark.parametrize(("test", "ran"), [("known_but_holds_second", 2), ("known_but_broken_otherwise", 1)])
def test_what_is_known_to_be_false_and_holds_or_breaks_otherwise_is_certain(
    traces: Traces, case: Path, test: str, ran: int
) -> None:
    text = said(traces, case, test, "--repeat=5", code=FAILED)
    assert f"SKIPPED [{5 - ran}]" in text
    assert f"outcome certain: FAIL in repeat {ran} of 5" in text


def test_another_scenario_goes_on(traces: Traces, case: Path) -> None:
    text = said(traces, case, "fails_third", "--repeat=4", f"{case}::test_holds", code=FAILED)
    assert "6 passed, 1 failed, 1 skipped" in text or "1 failed, 6 passed, 1 skipped" in text


def test_less_than_one_is_refused(traces: Traces, case: Path) -> None:
    assert "--repeat: 0 is not between 1 and 10000" in said(traces, case, "holds", "--repeat=0", code=4)
