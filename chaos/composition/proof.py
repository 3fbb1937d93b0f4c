"""Which claims an experiment of several faults tests: those that what is judged at some vantage can break."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos import entrances
from chaos.claims import CLAIMS
from chaos.errors import SettingsError
from chaos.model import vantages_of
from chaos.outlook import outlooks
from chaos.result import Expectation
from chaos.verdict import tested

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chaos.composition import Composition
    from chaos.fault import Stage
    from chaos.model import Vantage, Zone


_USUAL_ZONES = ("zone1", "zone2")
"""Those of a run that says nothing of its zones."""


def check_claims(composition: Composition) -> None:
    """Check the claims that a file names, in the mesh that it names, else in the usual one.

    Where that lacks a fault's zone nothing is checked: in which mesh it is run, nobody but the run knows.

    Raises:
        SettingsError: as ``claims_of``.
    """
    zones = composition.zones or _USUAL_ZONES
    if all(stage.zone in zones for stage in composition.stages):
        claims_of(composition, vantages_of("", dict.fromkeys(composition.gateways or zones, "")), zones)


def claims_of(composition: Composition, vantages: Sequence[Vantage], zones: Sequence[Zone]) -> tuple[str, ...]:
    """The claims that it proves where it passes, in the order of ``chaos.claims``.

    What a later fault excuses was judged before it, but for the way home.

    Raises:
        SettingsError: the file names one that it does not test in a mesh with these vantages.
    """
    found = set(_tested(composition.stages, vantages, zones))
    if untested := [claim for claim in composition.claims if claim not in found]:
        proved = ", ".join(claim for claim in CLAIMS if claim in found)
        raise SettingsError(
            f"{composition.places['claims']}: nothing in this experiment tests {untested[0]}; it tests: {proved}"
        )
    return tuple(claim for claim in CLAIMS if claim in (composition.claims or found))


def _tested(stages: Sequence[Stage], vantages: Sequence[Vantage], zones: Sequence[Zone]) -> Iterator[str]:
    views = [outlooks(vantages, zones, stages[: number + 1]) for number in range(len(stages))]
    for view in views:
        for outlook in view.values():
            yield from tested(outlook.expectation, stages[outlook.cause].fault, returns=view is views[-1])
    for vantage in vantages:
        if vantage.zone is not None and views[-1][vantage.name].expectation is not Expectation.UNTOUCHED:
            yield from (entrances.claim_of(stages[number].fault) for number in entrances.closed(stages, vantage.zone))
