"""Objectives from OpenSLO YAML (https://github.com/OpenSLO/OpenSLO, version ``openslo/v1``).

Of an SLO the target, the window and how the budget is counted are taken; the bounds that are judged, of which OpenSLO
has no notion, are annotations of ours. What is measured is always the probe's requests: docs/slo.md.
"""

from chaos.openslo.reading import read_objectives

__all__ = ["read_objectives"]
