"""The rules on what was really seen: of sabotaged meshes, and of experiments on well ones that failed (2026-11-29).

Each file is a ``seen.json`` of an experiment with the stand-in and real Envoys, without line breaks.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import TypeAdapter

from chaos.diagnosis.cause import Cause
from chaos.diagnosis.reasoning import diagnose
from chaos.diagnosis.rules import rules
from chaos.diagnosis.seen import Seen
from fixtures.platforms.universal.sabotages import sabotages

FOLDER = Path(__file__).parent / "recorded"
OTHERS = {"hang-echo": Cause.DEAD_ENDPOINTS_KEPT}
"""Experiments on meshes that nobody sabotaged. Workloads that accept and never answer look well to a control plane."""


def _cause(name: str) -> Cause:
    return OTHERS.get(name) or Cause(sabotages()[name].cause)


RECORDED = [(file.stem, _cause(file.stem)) for file in sorted(FOLDER.glob("*.json"))]


def seen(name: str) -> Seen:
    return TypeAdapter(Seen).validate_json((FOLDER / f"{name}.json").read_text())


@pytest.mark.parametrize(("name", "cause"), RECORDED)
def test_the_cause_is_named(name: str, cause: Cause) -> None:
    assert diagnose(seen(name)).cause is cause


@pytest.mark.parametrize(("name", "cause"), RECORDED)
def test_no_other_rule_speaks(name: str, cause: Cause) -> None:
    assert {found for found, rule in rules().items() if rule.diagnose(seen(name)) is not None} == {cause}


@pytest.mark.parametrize(("name", "_"), RECORDED)
def test_nothing_is_concluded_from_what_was_not_seen(name: str, _: Cause) -> None:
    """Samples alone prove that a zone flaps or that new connections alone come home; all else needs clues."""
    made = TypeAdapter(Seen).dump_python(seen(name))
    blind = TypeAdapter(Seen).validate_python({**made, "clues": {}, "names": ()})
    assert diagnose(blind).cause in {Cause.UNKNOWN, Cause.FLAPPING}
