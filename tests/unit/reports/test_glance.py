"""A run at one glance: what it concludes, and what keeps it from being a PASS."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.model import Verdict
from reports.glance import Trouble, run_verdict, troubles
from reports.run import About, Failure, Run
from tests.unit.reports import samples_of_results as samples

NO_MESH = Failure("scenarios/test_x.py::test_a", Verdict.INFRA, "no mesh")
PASSED = (samples.delete_deployment(), samples.smooth())
BROKEN = samples.wrong_port(profile="hardened")
INVALID = samples.infra(verdict=Verdict.INVALID)


def run(
    *results: object, code: int | None = 0, failures: tuple[Failure, ...] = (), unreadable: tuple[str, ...] = ()
) -> Run:
    about = About(1_790_000_000.0, code, {"engine": "standin"}, failures)
    return Run(Path("/artifacts/20261129T010203"), about, results, unreadable)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "verdict"),
    [
        (run(*PASSED), Verdict.PASS),
        (run(*PASSED, samples.wrong_port()), Verdict.PASS),
        (run(*PASSED, BROKEN, samples.infra(), INVALID, code=1), Verdict.FAIL),
        (run(*PASSED, samples.infra(), INVALID, code=10), Verdict.INFRA),
        (run(*PASSED, INVALID, code=11), Verdict.INVALID),
        (run(*PASSED, failures=(NO_MESH,), code=10), Verdict.INFRA),
        (run(*PASSED, unreadable=("killed: no result",)), Verdict.INFRA),
        (run(*PASSED, code=None, unreadable=("it did not end",)), Verdict.INFRA),
        (run(*PASSED, code=None), Verdict.INFRA),
        (run(*PASSED, code=2), Verdict.INFRA),
        (run(*PASSED, BROKEN, code=2), Verdict.FAIL),
        (run(*PASSED, code=1), Verdict.FAIL),
        (run(), Verdict.INFRA),
        (run(code=5), Verdict.INFRA),
        (run(*PASSED, BROKEN, code=0), Verdict.FAIL),
    ],
    ids=[
        "all passed",
        "what is documented is no failure",
        "FAIL before INFRA before INVALID",
        "INFRA before INVALID",
        "INVALID",
        "a mesh that did not come up",
        "a result that cannot be read",
        "a killed run",
        "a run without an end",
        "a stopped run",
        "a stopped run that found something",
        "a failure that no result explains",
        "nothing was tried",
        "nothing was selected",
        "an exit code that contradicts a result",
    ],
)
def test_a_run_is_a_pass_only_where_nothing_is_in_its_way(one: Run, verdict: Verdict) -> None:
    assert run_verdict(one) is verdict
    assert bool(troubles(one)) is (verdict is not Verdict.PASS)


def test_a_pass_that_contradicts_the_documentation_fails_the_run_and_says_why() -> None:
    surprise = samples.wrong_port(verdict=Verdict.PASS, findings=())
    (trouble,) = troubles(run(*PASSED, surprise, code=1))
    assert trouble.verdict is Verdict.FAIL
    assert trouble.reasons[0].startswith("it passed, but is documented as false under this profile: with default")


def test_troubles_are_told_worst_first_with_every_reason() -> None:
    one = run(samples.infra(), BROKEN, *PASSED, code=1, failures=(NO_MESH,), unreadable=("killed: no result",))
    assert troubles(one) == (
        Trouble(
            Verdict.FAIL,
            "wrong-port zone1 [hardened]",
            ("FAIL: gateway-zone1/fresh: no failover within 15.0 s of the injection: 241 bad samples",),
        ),
        Trouble(
            Verdict.INFRA,
            "delete-service zone2 [page]",
            ("INFRA: steady state was not reached in 30 s: zone2 answers 503",),
        ),
        Trouble(Verdict.INFRA, "scenarios/test_x.py::test_a", ("no mesh",)),
        Trouble(Verdict.INFRA, "the run", ("killed: no result",)),
    )


def test_of_a_stack_trace_the_errors_are_told_and_no_secret() -> None:
    trace = "def test():\n>   ask()\nE   Refused: http://me:secret@host\n\nx.py:1: Refused"
    (trouble,) = troubles(run(*PASSED, code=1, failures=(Failure("t", Verdict.FAIL, trace),)))
    assert trouble.reasons == ("Refused: http://[redacted]@host",)
