"""From an experiment's file to what is run; every refusal says file, line, column and what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import ValidationError

from chaos.composition import Composition
from chaos.composition.contradictions import contradiction
from chaos.composition.documents import Experiment, FaultHere, Objectives, Part
from chaos.errors import SettingsError
from chaos.fault import Stage
from chaos.faults import fault
from chaos.platform import Kind
from chaos.wording import meant, path, reason
from chaos.yamlfile import Place, YamlFileError, parse, read_text

if TYPE_CHECKING:
    from pathlib import Path

    from pydantic_core import ErrorDetails

    from chaos.yamlfile import Written

_EXAMPLE = "docs/experiments.md has examples"


def read(file: Path) -> Composition:
    """The experiment in a file.

    Raises:
        SettingsError: it cannot be used.
    """
    written = _only(file)
    given = _validated(file, written)
    stages = tuple(Stage(fault(one.fault), one.zone) for one in given.faults)
    _check(file, written, given, stages)
    places = {str(number): _at(file, written.place(("faults", number))) for number in range(len(stages))}
    return Composition(
        name=given.name,
        description=given.description,
        stages=stages,
        zones=tuple(given.zones or ()),
        gateways=tuple(given.gateways or ()),
        replicas=given.replicas,
        profile=given.profile,
        claims=tuple(given.claims or ()),
        bounds=given.objectives.model_dump(exclude_none=True),
        places={**places, **{name: _at(file, written.place((name,))) for name in ("objectives", "claims", "profile")}},
    )


def _only(file: Path) -> Written:
    """The file's one document."""
    try:
        documents = [document for document in parse(read_text(file)) if document.content is not None]
    except YamlFileError as error:
        raise _refusal(file, error.place, str(error)) from None
    if not documents:
        raise _refusal(file, None, f"it is empty; {_EXAMPLE}")
    if len(documents) > 1:
        raise _refusal(file, documents[1].place(()), "a file has one experiment: give each a file of its own")
    if not isinstance(documents[0].content, dict):
        raise _refusal(file, documents[0].place(()), f"must be a mapping with name and faults; {_EXAMPLE}")
    return documents[0]


def _validated(file: Path, written: Written) -> Experiment:
    try:
        return Experiment.model_validate(written.content)
    except ValidationError as error:
        detail = min(error.errors(include_url=False), key=lambda one: one["type"] == "missing")
        raise _refused(file, written, detail) from None


def _refused(file: Path, written: Written, detail: ErrorDetails) -> SettingsError:
    where = detail["loc"]
    if detail["type"] == "extra_forbidden":
        *way, last = where
        fields = _fields(way)
        why = f"no such field {last!r}{meant(str(last), fields)}, there are: {', '.join(fields)}"
        return _refusal(file, written.place(where, key=True), f"{path(tuple(way))}: {why}" if way else why)
    why = reason(detail)
    return _refusal(file, written.place(where), f"{path(where)}: {why}" if where else why)


def _fields(way: list[int | str]) -> list[str]:
    """The fields of what is there."""
    model: type[Part] = Experiment
    for step in way:
        model = _MODELS.get(step, model)
    return list(model.model_fields)


_MODELS: dict[int | str, type[Part]] = {"faults": FaultHere, "objectives": Objectives}


def _check(file: Path, written: Written, given: Experiment, stages: tuple[Stage, ...]) -> None:
    """What no model of one field can see."""
    for field, names in (("zones", given.zones or []), ("gateways", given.gateways or [])):
        for number, zone in enumerate(names):
            if zone in names[:number]:
                raise _refusal(file, written.place((field, number)), f"{field}: {zone} is there twice")
    _check_gateways(file, written, given, stages)
    for number, stage in enumerate(stages):
        if given.zones and stage.zone not in given.zones:
            where = written.place(("faults", number, "zone"))
            raise _refusal(file, where, f"no zone {stage.zone!r} in zones; there are: {', '.join(given.zones)}")
    if found := contradiction(stages):
        number, why = found
        raise _refusal(file, written.place(("faults", number)), f"{stages[number]}: {why}")


def _check_gateways(file: Path, written: Written, given: Experiment, stages: tuple[Stage, ...]) -> None:
    """A file that says which zones have a gateway says which zones there are, and hits no gateway that is not there."""
    for number, zone in enumerate(given.gateways or ()):
        if zone not in (given.zones or ()):
            there = f"there are: {', '.join(given.zones)}" if given.zones else "name the zones, too"
            raise _refusal(file, written.place(("gateways", number)), f"gateways: {zone} is not in zones; {there}")
    for number, stage in enumerate(stages):
        if given.gateways and stage.fault.kind is Kind.GATEWAY and stage.zone not in given.gateways:
            where = written.place(("faults", number, "zone"))
            raise _refusal(file, where, f"{stage.zone} has no gateway; those with one: {', '.join(given.gateways)}")


def _refusal(file: Path, place: Place | None, why: str) -> SettingsError:
    """A refusal on one line, whatever is in the file."""
    line = f"{_at(file, place or Place(1, 1))}: {why}"
    return SettingsError("".join(c if c.isprintable() else " " for c in line))


def _at(file: Path, place: Place) -> str:
    return f"{file}:{place.line}:{place.column}"
