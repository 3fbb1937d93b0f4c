"""From an OpenSLO file to objectives: one SLO is chosen, and what it promises is taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.openslo.documents import read_documents, refusal
from chaos.openslo.durations import bound_s
from chaos.openslo.schema import PREFIX, Sli, Slo, as_percent
from chaos.slo import BOUNDS, Objectives, impossible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from chaos.openslo.documents import Document
    from chaos.openslo.schema import SloSpec

_DAY_S = 86_400.0
_FIELDS = {
    "timeslice": "spec.objectives[0].timeSliceWindow",
    **{name: f"metadata.annotations.{PREFIX}{name}" for name in BOUNDS},
}
"""Where an objective is written whose value alone does not say whether it can be measured."""


def read_slo(file: Path, name: str | None, *, sample_period_s: float) -> Objectives:
    """The objectives of the SLO of this name in a file; ``name`` is None where the file has one only.

    Raises:
        SettingsError: the file cannot be used: the message names file, document and field.
    """
    documents = read_documents(file)
    for document in documents:
        _refuse_misplaced(document)
    chosen = _chosen([one for one in documents if one.head.kind == "SLO"], documents, name)
    slo = chosen.read(Slo)
    _check_indicator(chosen, slo.spec, documents)
    objectives = _objectives(slo, _bounds(chosen))
    if wrong := impossible(objectives, sample_period_s):
        raise refusal(chosen, f"{_FIELDS[wrong.field]}: {wrong.reason}")
    return objectives


def _objectives(slo: Slo, bounds: Mapping[str, float]) -> Objectives:
    (window,), (objective,) = slo.spec.time_window, slo.spec.objectives
    sliced = objective.time_slice_target
    return Objectives(
        **bounds,
        target=objective.percent,
        window=window.duration / _DAY_S,
        method=slo.spec.budgeting_method,
        timeslice=objective.time_slice_window or Objectives.timeslice,
        timeslice_target=None if sliced is None else as_percent(sliced),
        name=slo.metadata.name,
    )


def _chosen(slos: Sequence[Document], documents: Sequence[Document], name: str | None) -> Document:
    file = documents[0].file
    if not slos:
        others = ", ".join(sorted({one.head.kind for one in documents}))
        raise refusal(file, f"there is no SLO in it, only {others}")
    names = ", ".join(one.head.metadata.name for one in slos)
    found = [one for one in slos if name in {None, one.head.metadata.name}]
    if not found:
        raise refusal(file, f"there is no SLO {name!r} in it; there are: {names}")
    if len(found) > 1 and name is None:
        raise refusal(file, f"there are {len(found)} SLOs in it: choose one with {file}#NAME; there are: {names}")
    if len(found) > 1:
        raise refusal(file, f"there are {len(found)} SLOs {name!r} in it; names must differ")
    return found[0]


def _bounds(chosen: Document) -> dict[str, float]:
    """The bounds that are annotated, in seconds."""
    bounds = {}
    for name, text in chosen.head.metadata.ours.items():
        where = f"metadata.annotations.{PREFIX}{name}"
        if name not in BOUNDS:
            raise refusal(chosen, f"{where}: no such bound; there are: {', '.join(PREFIX + known for known in BOUNDS)}")
        try:
            bounds[name] = bound_s(text)
        except ValueError as error:
            raise refusal(chosen, f"{where}: {error}") from None
    return bounds


def _refuse_misplaced(document: Document) -> None:
    """Refuse annotations of ours where they would not be read."""
    metadata = document.head.metadata
    labels = [f"labels.{key}" for key in metadata.labels or {} if key.startswith(PREFIX)]
    annotations = [f"annotations.{PREFIX}{name}" for name in metadata.ours if document.head.kind != "SLO"]
    for where in labels + annotations:
        raise refusal(document, f"metadata.{where}: bounds belong to the SLO's metadata.annotations")


def _check_indicator(chosen: Document, spec: SloSpec, documents: Iterable[Document]) -> None:
    """An indicator that is in the file must be a ratio; one that is not must be too, for it has no value to compare."""
    if spec.indicator and spec.indicator.metadata.ours:
        raise refusal(chosen, "spec.indicator.metadata.annotations: bounds belong to the SLO's metadata.annotations")
    for document in documents:
        if document.head.kind == "SLI" and document.head.metadata.name == spec.indicator_ref:
            document.read(Sli)
