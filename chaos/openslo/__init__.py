"""Objectives from OpenSLO YAML (https://github.com/OpenSLO/OpenSLO, version ``openslo/v1``).

Of an SLO the target, the window and how the budget is counted are taken; the bounds that are judged, of which OpenSLO
has no notion, are annotations of ours. What is measured is always the probe's requests: docs/slo.md.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from chaos.slo import parse_objectives

if TYPE_CHECKING:
    from chaos.slo import Objectives

__all__ = ["read_objectives"]
_FILE = re.compile(r"(?P<file>.+?\.ya?ml)(?:#(?P<name>.*))?", re.IGNORECASE | re.DOTALL)


def read_objectives(text: str, *, sample_period_s: float) -> Objectives:
    """Objectives from ``FILE.yaml``, ``FILE.yaml#SLO``, or ``failover=10,target=99.95``.

    Raises:
        SettingsError: as ``parse_objectives``, or the file cannot be used: the message names file, document and field.
    """
    if not (match := _FILE.fullmatch(text)):
        return parse_objectives(text, sample_period_s=sample_period_s)
    from chaos.openslo.reading import read_slo  # noqa: PLC0415 - its models take 0.2 s, and most runs name no file

    return read_slo(Path(match["file"]), match["name"], sample_period_s=sample_period_s)
