from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chaos.claims import CLAIMS
from chaos.model import Verdict
from reports.verdicts import Standing, claim_verdicts, expected, first_of, reason, surprising
from tests.unit.reports import samples_of_results as samples

if TYPE_CHECKING:
    from chaos.result import Result


def standings(*results: Result) -> dict[tuple[str, str], Standing]:
    return {(v.claim.id, v.profile): v.standing for v in claim_verdicts(results)}


def test_every_claim_is_listed_under_every_profile_that_was_run() -> None:
    found = claim_verdicts(samples.run())
    assert [v.claim.id for v in found] == [claim for claim in CLAIMS for _ in range(2)]
    assert [v.profile for v in found[:2]] == ["page", "hardened"]
    assert claim_verdicts([]) == ()


def test_a_night() -> None:
    found = standings(*samples.run())
    assert found["delete-deployment-reroutes", "page"] is Standing.PASS
    assert found["wrong-port-reroutes", "page"] is Standing.FALSE_AS_DOCUMENTED
    assert found["wrong-port-reroutes", "hardened"] is Standing.PASS
    assert found["delete-service-reroutes", "page"] is Standing.INFRA
    assert found["delete-service-reroutes", "hardened"] is Standing.NOT_RUN
    assert found["comes-home", "page"] is Standing.INFRA


def test_the_worst_of_several_counts() -> None:
    passed = samples.delete_deployment()
    failed = samples.delete_deployment(zone="zone2", verdict=Verdict.FAIL)
    invalid = samples.delete_deployment(verdict=Verdict.INVALID)
    assert standings(passed, failed)["delete-deployment-reroutes", "page"] is Standing.FAIL
    assert standings(passed, invalid)["delete-deployment-reroutes", "page"] is Standing.INVALID


def test_an_expected_failure_breaks_no_other_claim() -> None:
    found = standings(samples.wrong_port())
    assert found["wrong-port-reroutes", "page"] is Standing.FALSE_AS_DOCUMENTED
    assert found["comes-home", "page"] is Standing.PASS


def test_a_failure_that_looks_otherwise_is_not_told_to_be_documented() -> None:
    result = samples.wrong_port()
    dead = tuple(
        replace(one, segments=tuple(replace(s, answer="REFUSED") if s.answer == "503" else s for s in one.segments))
        for one in result.figures
    )
    assert standings(replace(result, figures=dead))["wrong-port-reroutes", "page"] is Standing.FAIL


def test_a_pass_where_the_claim_is_documented_as_false_is_a_surprise() -> None:
    passed = samples.wrong_port(verdict=Verdict.PASS, findings=())
    assert surprising(passed)
    assert not expected(passed)
    assert standings(samples.wrong_port(), passed)["wrong-port-reroutes", "page"] is Standing.SURPRISE


def test_a_failure_that_is_not_as_documented_counts_more_than_a_surprise() -> None:
    passed = samples.wrong_port(verdict=Verdict.PASS, findings=())
    otherwise = samples.wrong_port(zone="zone2")  # where nothing was felt
    assert not expected(otherwise)
    assert standings(otherwise, passed)["wrong-port-reroutes", "page"] is Standing.FAIL


def test_a_broken_experiment_is_neither_expected_nor_a_surprise() -> None:
    broken = samples.wrong_port(verdict=Verdict.INFRA)
    assert not expected(broken)
    assert not surprising(broken)
    assert standings(broken)["wrong-port-reroutes", "page"] is Standing.INFRA


def test_evidence_and_reason() -> None:
    results = (samples.delete_deployment(), samples.delete_deployment(zone="zone2"), samples.wrong_port())
    found = {v.claim.id: v for v in claim_verdicts(results)}
    assert found["delete-deployment-reroutes"].scenarios == ("delete-deployment zone1", "delete-deployment zone2")
    assert "nothing checks the workload's port" in found["wrong-port-reroutes"].reason
    assert reason(results[-1]) == found["wrong-port-reroutes"].reason
    assert found["comes-home"].reason == ""
    assert reason(replace(results[0], claims=("unknown",))) == ""


def test_the_verdict_of_a_run() -> None:
    assert first_of([Verdict.PASS, Verdict.INVALID, Verdict.INFRA]) is Verdict.INFRA
    assert first_of([Verdict.PASS]) is Verdict.PASS
    assert first_of([]) is None
