"""Meshes that are wrong on purpose, end to end: caught with the cause, and what sabotages nothing is not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from chaos.detection import Detected
from chaos.errors import InfraError, ObjectiveBroken
from fixtures.platforms.universal.sabotage import nothing
from fixtures.platforms.universal.sabotages import sabotage
from fixtures.progress import Progress
from fixtures.sabotaging import Saboteur
from reports import sabotages
from reports.history import FILE_NAME as HISTORY
from tests.integration.suite import start_pytest
from tests.unit.made import settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.suite import Traces

pytestmark = [pytest.mark.envoy, pytest.mark.usefixtures("here")]

PASSED = 0


@pytest.fixture
def saboteur(tmp_path: Path) -> Saboteur:
    console = Console(quiet=True)
    return Saboteur(
        settings(engine="standin"), Progress(console, None), tmp_path / sabotages.FOLDER / "one", lambda _: None
    )


def test_a_zone_whose_route_was_left_behind_is_caught_with_its_cause(traces: Traces, tmp_path: Path) -> None:
    artifacts = tmp_path / "artifacts"
    options = ("--sabotage=route-left-behind", "--engine=standin")
    run = start_pytest(traces, artifacts, "scenarios/test_sabotage.py", "-m", "sabotage", *options)

    text = run.finish(180)

    assert run.code == PASSED, text
    assert "route-left-behind  caught  route-not-multizone" in text
    assert "1 of 1 sabotage caught: detection rate above 5.00 % (95 %); the cause of 1 named" in text
    summary = json.loads((artifacts / "latest" / "summary.json").read_text())
    assert (summary["verdict"], summary["experiments"]) == ("PASS", []), "its FAIL is not the user's mesh's"
    assert not (artifacts / HISTORY).exists()


def test_a_mesh_with_which_nothing_is_wrong_is_not_caught(saboteur: Saboteur, tmp_path: Path) -> None:
    """The scenario itself can fail: a suite that calls everything caught would be as worthless."""
    harmless = replace(sabotage("route-left-behind"), apply=nothing, proof=lambda _: "nothing was done to it")

    with pytest.raises(ObjectiveBroken, match="FAIL: undetected: "):
        saboteur.attempt(harmless)

    (kept,), _ = sabotages.read(tmp_path)
    assert kept.standing is Detected.UNDETECTED


def test_a_sabotage_that_has_no_effect_proves_nothing(
    saboteur: Saboteur, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fixtures.sabotaging.PROOF_LIMIT_S", 0.5)

    with pytest.raises(InfraError, match=r"the sabotage mtls-off had no effect within 0\.5 s"):
        saboteur.attempt(replace(sabotage("mtls-off"), apply=nothing))

    (kept,), _ = sabotages.read(tmp_path)
    assert kept.standing is Detected.NOT_TRIED
