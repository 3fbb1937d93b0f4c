"""The JSON schema of experiments, published as ``docs/schema/experiment-v1.schema.json``."""

from __future__ import annotations

import json

from chaos.composition.documents import Experiment


def schema() -> str:
    """The schema (draft 2020-12): within a version fields and names are only added."""
    described = Experiment.model_json_schema()
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **described}, indent=1) + "\n"
