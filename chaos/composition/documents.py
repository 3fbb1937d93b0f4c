"""What may be in an experiment's file; the models give the published JSON schema."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema

from chaos.claims import CLAIMS
from chaos.faults import meanings
from chaos.wording import meant

if TYPE_CHECKING:
    from collections.abc import Mapping

_DNS_LABEL = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
_MOST_FAULTS, _MOST_ZONES, _MOST_REPLICAS = 10, 20, 50


def _one_of(what: str, known: Mapping[str, str]) -> Any:
    """Text that is one of these names; an editor completes them, each with its meaning."""

    def check(name: str) -> str:
        if name not in known:
            raise ValueError(f"no {what} {name!r}{meant(name, known)}, there are: {', '.join(known)}")
        return name

    schema = {"type": "string", "enum": list(known), "enumDescriptions": list(known.values())}
    return Annotated[str, AfterValidator(check), WithJsonSchema(schema)]


def _label(what: str) -> Any:
    """Text that is a DNS label."""

    def check(name: str) -> str:
        if not re.match(_DNS_LABEL, name) or name.endswith("\n"):
            raise ValueError(f"{name!r} is no {what}: lower case letters, digits and inner hyphens, at most 63 of them")
        return name

    return Annotated[str, AfterValidator(check), WithJsonSchema({"type": "string", "pattern": _DNS_LABEL})]


def _own(name: str) -> str:
    if name in {*meanings(), "none"}:
        raise ValueError(f"{name!r} is the name of a fault: reports could not tell the two apart")
    return name


if TYPE_CHECKING:
    FaultName: TypeAlias = str
    ClaimId: TypeAlias = str
    ZoneName: TypeAlias = str
    Name: TypeAlias = str
else:
    FaultName = _one_of("fault", dict(sorted(meanings().items())))
    ClaimId = _one_of("claim", {claim.id: claim.statement for claim in CLAIMS.values()})
    ZoneName = _label("name of a zone")
    Name = Annotated[_label("name"), AfterValidator(_own)]
Bound: TypeAlias = Annotated[float, Field(gt=0)]


class Part(BaseModel):
    """No type changed in silence, no field that is not listed."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


class FaultHere(Part):
    """One fault in one zone."""

    fault: FaultName
    """What is done."""
    zone: ZoneName
    """In which zone."""


class Objectives(Part):
    """What users are promised while this experiment lasts; what is not named is as ``--slo`` says."""

    failover: Bound | None = None
    """Seconds from the injection until another zone answers steadily, at most."""
    failback: Bound | None = None
    """Seconds from the repair until home answers steadily, at most."""
    outage: Bound | None = None
    """Seconds of the longest outage, at most."""
    return_outage: Bound | None = None
    """Seconds of all outages together after the repair began, at most."""
    target: Bound | None = None
    """The availability objective, in percent of requests: shown, not judged."""
    window: Bound | None = None
    """The window of the availability objective, in days."""


class Experiment(Part):
    """Several faults in one mesh, one after the other; all are put back at the end, the last one first."""

    name: Name
    """What reports and the history call it."""
    description: str = ""
    """What it is to show, in a sentence."""
    zones: Annotated[list[ZoneName], Field(min_length=2, max_length=_MOST_ZONES)] | None = None
    """The zones that the mesh must have, at the least; without them it is run in whatever mesh the run has."""
    gateways: Annotated[list[ZoneName], Field(min_length=1, max_length=_MOST_ZONES)] | None = None
    """The zones of `zones` that have a gateway; without it each has one, unless the run says otherwise."""
    replicas: Annotated[int, Field(ge=1, le=_MOST_REPLICAS)] | None = None
    """How many replicas of echo each zone must have; without it any number."""
    profile: Annotated[str, Field(min_length=1)] | None = None
    """The mesh policies that it is for: page, hardened, ..., or a folder; without it those of the run."""
    faults: Annotated[list[FaultHere], Field(min_length=1, max_length=_MOST_FAULTS)]
    """What is done, in this order: each is watched before the next one is injected, and lasts until the end."""
    claims: Annotated[list[ClaimId], Field(min_length=1)] | None = None
    """The claims that it is to prove; without them all that it tests."""
    objectives: Objectives = Objectives()
    """What users are promised, where that differs from the run's objectives."""
