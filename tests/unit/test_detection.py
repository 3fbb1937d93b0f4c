"""When a sabotage counts as caught, and when nothing is proven."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chaos.detection import Detected, Detection, standing
from chaos.diagnosis.cause import Cause, Diagnosis
from chaos.errors import InfraError, InvalidRun, ObjectiveBroken
from chaos.model import Verdict
from chaos.result import Finding, Result
from fixtures.sabotaging import must_be_caught
from tests.unit.reports import samples_of_results

UNSTEADY = "no steady state within 15 s: gateway-zone1/fresh is answered by 403"


def result(verdict: Verdict, *reasons: str, cause: Cause | None = None) -> Result:
    findings = tuple(Finding(verdict, reason) for reason in reasons)
    diagnosis = Diagnosis(cause, "it is so") if cause else None
    return replace(samples_of_results.smooth(), verdict=verdict, findings=findings, diagnosis=diagnosis)


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (result(Verdict.PASS), Detected.UNDETECTED),
        (result(Verdict.FAIL, "no other zone took over", cause=Cause.NO_MTLS), Detected.CAUGHT),
        (result(Verdict.FAIL, "no other zone took over", cause=Cause.FLAPPING), Detected.MISDIAGNOSED),
        (result(Verdict.FAIL, "no other zone took over", cause=Cause.UNKNOWN), Detected.UNDIAGNOSED),
        (result(Verdict.FAIL, "no other zone took over"), Detected.UNDIAGNOSED),
        (result(Verdict.INFRA, UNSTEADY, cause=Cause.NO_MTLS), Detected.CAUGHT),
        (result(Verdict.INFRA, UNSTEADY, cause=Cause.NO_PERMISSION), Detected.MISDIAGNOSED),
        (result(Verdict.INFRA, "the keeper does not answer", cause=Cause.NO_MTLS), Detected.NOT_TRIED),
        (result(Verdict.INVALID, "the probe lagged", cause=Cause.NO_MTLS), Detected.NOT_TRIED),
    ],
)
def test_what_an_experiment_says_about_a_sabotage(found: Result, says: Detected) -> None:
    assert standing(found, Cause.NO_MTLS) is says


def detection(says: Detected, verdict: Verdict | None = Verdict.FAIL) -> Detection:
    return Detection(
        "mtls-off", "mTLS was switched off", "docs", Cause.NO_MTLS, says, "delete-deployment zone1 [page]", "standin",
        verdict=verdict, cause=Cause.FLAPPING, sentence="zone1 flaps", reason="why", artifacts="/run/mtls-off",
    )  # fmt: skip


@pytest.mark.parametrize("says", [Detected.CAUGHT, Detected.UNDIAGNOSED])
def test_what_is_caught_passes_with_or_without_a_cause(says: Detected) -> None:
    assert must_be_caught(detection(says)).standing is says


@pytest.mark.parametrize(
    ("found", "kind", "message"),
    [
        (
            detection(Detected.UNDETECTED, Verdict.PASS),
            ObjectiveBroken,
            "FAIL: undetected: mTLS was switched off: delete-deployment zone1 [page] passed (evidence: /run/mtls-off)",
        ),
        (
            detection(Detected.MISDIAGNOSED),
            ObjectiveBroken,
            "FAIL: a wrong cause is named: flapping, but it is no-mtls: zone1 flaps (evidence: /run/mtls-off)",
        ),
        (detection(Detected.NOT_TRIED, Verdict.INFRA), InfraError, "INFRA: nothing is proven: why"),
        (detection(Detected.NOT_TRIED, None), InfraError, "INFRA: nothing is proven: why"),
        (detection(Detected.NOT_TRIED, Verdict.INVALID), InvalidRun, "INVALID: nothing is proven: why"),
    ],
)
def test_whatever_else_is_an_error_that_says_what_it_is(found: Detection, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as error:
        must_be_caught(found)
    assert str(error.value).startswith(message)
