"""A run as JSON: by its published schema, with units in the names and without what JSON does not know."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from chaos.model import Lane, Verdict
from chaos.result import Finding
from chaos.slo import Availability
from reports import command
from reports.digest import render
from reports.run import Failure
from reports.schema import schema
from tests.unit.reports import samples_of_results as samples
from tests.unit.reports.test_glance import BROKEN, NO_MESH, PASSED, run

if TYPE_CHECKING:
    from reports.run import Run

PUBLISHED = Path(__file__).parents[3] / "docs" / "schema" / "summary-v1.schema.json"
UNITS = ("_s", "_ms", "_ns", "_ratio", "_percent", "_days", "burn_rate")


def refuse(constant: str) -> float:
    raise AssertionError(f"{constant} is no JSON")


def document(one: Run) -> Any:
    return json.loads(render(one), parse_constant=refuse)


def test_the_published_schema_is_that_of_the_models() -> None:
    assert PUBLISHED.read_text() == schema(), "mesh-chaos report schema > docs/schema/summary-v1.schema.json"
    Draft202012Validator.check_schema(json.loads(PUBLISHED.read_text()))


def test_the_command_line_prints_the_schema() -> None:
    assert CliRunner().invoke(command.app, ["schema"]).stdout == schema()


@pytest.mark.parametrize(
    "one",
    [
        run(*samples.run(), code=10),
        run(*PASSED, BROKEN, code=1, failures=(NO_MESH,), unreadable=("killed: no result",)),
        run(code=None, unreadable=("it did not end",)),
    ],
    ids=["a night", "one that broke", "a killed one"],
)
def test_every_run_is_as_the_schema_says(one: Run) -> None:
    Draft202012Validator(json.loads(PUBLISHED.read_text())).validate(document(one))


def test_the_schema_refuses_what_is_no_such_document() -> None:
    validator = Draft202012Validator(json.loads(PUBLISHED.read_text()))
    good = document(run(*PASSED))
    for broken in ({}, {**good, "version": 2}, {**good, "verdict": "GREAT"}, {**good, "experiments": [{}]}):
        assert not validator.is_valid(broken)


def properties(definition: Any) -> list[tuple[str, str]]:
    """Every property that may be a number with a fraction, with the model that has it."""
    models = {"Summary": definition, **definition["$defs"]}
    return [
        (model, name)
        for model, described in models.items()
        for name, of in described.get("properties", {}).items()
        if "number" in {of.get("type"), *(choice.get("type") for choice in of.get("anyOf", ()))}
    ]


def test_every_number_with_a_fraction_has_its_unit_in_its_name() -> None:
    found = properties(json.loads(schema()))
    assert len(found) > 20
    assert [pair for pair in found if not pair[1].endswith(UNITS)] == []


def test_it_says_which_format_it_is_and_what_the_run_concludes() -> None:
    found = document(run(BROKEN, samples.infra(), code=1, failures=(NO_MESH,)))
    assert (found["format"], found["version"]) == ("mesh-chaos-summary", 1)
    assert (found["run"], found["verdict"], found["exit_code"]) == ("20261129T010203", "FAIL", 1)
    assert [(one["verdict"], one["subject"]) for one in found["troubles"]] == [
        ("FAIL", "wrong-port zone1 [hardened]"),
        ("INFRA", "delete-service zone2 [page]"),
        ("INFRA", "scenarios/test_x.py::test_a"),
    ]
    assert found["failures"] == [
        {"test": "scenarios/test_x.py::test_a", "verdict": "INFRA", "message": "no mesh"},
    ]


def test_an_experiment_is_known_again_by_its_identity_and_found_by_its_folder() -> None:
    (found,) = document(run(samples.delete_deployment()))["experiments"]
    assert found["identity"] == {
        "scenario": "delete-deployment", "fault": "delete-deployment", "zone": "zone1", "profile": "page",
        "platform": "universal", "engine": "standin",
    }  # fmt: skip
    assert found["folder"] == "delete-deployment-zone1-page"
    assert found["fault_lasted"] == {"low_s": 11.69, "high_s": 12.62}
    assert found["duration_ns"] == 25_000_000_000


def test_lengths_are_intervals_or_null() -> None:
    (found,) = document(run(samples.wrong_port()))["experiments"]
    gateway = next(one for one in found["series"] if (one["vantage"], one["lane"]) == ("gateway-zone1", "fresh"))
    assert gateway["detect"] == {"low_s": 0.0, "high_s": 0.15}
    assert gateway["failover"] is None
    assert gateway["outage_longest"] == {"low_s": 12.25, "high_s": 12.35}
    assert set(gateway["budget_cost"]) == {"low_ratio", "high_ratio"}


def test_what_is_documented_is_told_apart() -> None:
    known, surprise = samples.wrong_port(), samples.wrong_port(verdict=Verdict.PASS, findings=(), zone="zone2")
    found = document(run(known, surprise, BROKEN, code=1))["experiments"]
    assert [(one["verdict"], one["as_documented"], one["surprise"]) for one in found] == [
        ("FAIL", True, False),
        ("PASS", False, True),
        ("FAIL", False, False),
    ]
    assert found[2]["broken_claims"] == ["wrong-port-reroutes"]


def test_each_claim_has_a_standing_under_each_profile_with_its_evidence() -> None:
    claims = document(run(*samples.run(), code=10))["claims"]
    standing = {(one["claim"], one["profile"]): one["standing"] for one in claims}
    assert standing["wrong-port-reroutes", "page"] == "false, as documented"
    assert standing["wrong-port-reroutes", "hardened"] == "PASS"
    assert standing["rollouts-benefit", "page"] == "not run"
    evidence = {(one["claim"], one["profile"]): one["evidence"] for one in claims}
    assert evidence["wrong-port-reroutes", "page"] == ["wrong-port-zone1-page"]


def test_what_is_no_finite_number_is_null() -> None:
    inf, nan = float("inf"), float("nan")
    figures = replace(
        samples.gateway2(Lane.FRESH),
        availability=Availability(nan, inf, -inf),
        burn_rate=inf,
        budget_cost=(nan, inf),
        latency_p50_ms=nan,
    )
    (series,) = document(run(samples.result(figures)))["experiments"][0]["series"]
    assert series["availability_occurrences_ratio"] is None
    assert series["burn_rate"] is None
    assert series["budget_cost"] == {"low_ratio": None, "high_ratio": None}
    assert series["latency_p50_ms"] is None


def test_no_secret_and_no_broken_text_is_in_it() -> None:
    finding = Finding(Verdict.INFRA, "http://me:secret@gateway\n does \ud800 not answer")
    failure = Failure("test_a", Verdict.INFRA, "Bearer secret")
    text = render(run(samples.infra(findings=(finding,)), code=10, failures=(failure,)))
    assert "secret" not in text
    assert "http://[redacted]@gateway" in text
