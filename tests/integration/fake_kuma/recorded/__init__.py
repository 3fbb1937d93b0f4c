"""What was recorded on Kuma, each time as a fresh copy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent


def refusal(of: str) -> tuple[int, Any]:
    """The status and document with which kuma-cp refuses."""
    recorded = _read("refusals")[of]
    return recorded["status"], recorded["document"]


def answer(of: str) -> Any:
    """A document of kuma-cp's API."""
    return _read("answers")[of]


def clusters() -> Any:
    """What a builtin gateway's Envoy has."""
    return _read("clusters")


def error(of: str, **names: object) -> str:
    """What kuma-dp says."""
    return str(_read("errors")[of]).format(**names)


def _read(name: str) -> Any:
    return json.loads((_FOLDER / f"{name}.json").read_text())
