"""``mesh-chaos experiment``: the schema for editors, and whether a file is right, without a mesh."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from chaos.cli import app
from fixtures.composing import SHIPPED, shipped

PUBLISHED = Path(__file__).parents[2] / "docs" / "schema" / "experiment-v1.schema.json"


def test_the_schema_is_printed_as_it_is_published() -> None:
    assert CliRunner().invoke(app, ["experiment", "schema"]).stdout == PUBLISHED.read_text()


def test_files_are_checked_until_one_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: x\nfaults: [{fault: delete-moon, zone: zone1}]\n")
    done = CliRunner().invoke(app, ["experiment", "check", str(SHIPPED / "double-fault.yaml"), str(wrong)])
    assert done.exit_code == 2
    assert "double-fault: delete-cluster zone1, then delete-deployment zone2" in done.output
    assert f"{wrong}:2:18: faults[0].fault: no fault 'delete-moon'" in done.output


def checked(tmp_path: Path, *lines: str) -> tuple[int, str]:
    file = tmp_path / "one.yaml"
    file.write_text("\n".join(["name: x", *lines]))
    done = CliRunner().invoke(app, ["experiment", "check", str(file)])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    "lines",
    [
        ["faults: [{fault: wrong-port, zone: zone1}]"],
        ["zones: [east, west]", "faults: [{fault: wrong-port, zone: east}]"],
        ["zones: [zone1, zone2]", "gateways: [zone2]", "faults: [{fault: delete-service, zone: zone1}]"],
    ],
)
def test_a_claim_that_nothing_tests_is_refused_as_pytest_does(tmp_path: Path, lines: list[str]) -> None:
    code, said = checked(tmp_path, *lines, "claims: [delete-service-reroutes]")
    place = f"{tmp_path / 'one.yaml'}:{len(lines) + 2}:9"
    assert f"{place}: nothing in this experiment tests delete-service-reroutes; it tests: " in said
    assert code == 2


@pytest.mark.parametrize(
    "lines",
    [
        ["faults: [{fault: delete-service, zone: zone1}]"],
        ["faults: [{fault: wrong-port, zone: east}]"],  # in which mesh, only the run says
    ],
)
def test_a_claim_that_may_be_tested_is_not_refused(tmp_path: Path, lines: list[str]) -> None:
    code, said = checked(tmp_path, *lines, "claims: [delete-service-reroutes]")
    assert (code, ": x: " in said) == (0, True)


def test_what_comes_with_the_suite_is_right() -> None:
    done = CliRunner().invoke(app, ["experiment", "check", *map(str, sorted(SHIPPED.glob("*.yaml")))])
    assert (done.exit_code, len(done.stdout.splitlines())) == (0, len(shipped()))
