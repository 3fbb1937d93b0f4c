"""What became of a sabotage: whether the ordinary experiment caught a mesh that was made wrong, and knew why.

A suite that cannot fail is worthless: this is the proof that it can.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause
from chaos.model import Verdict
from chaos.steady import is_unsteady

if TYPE_CHECKING:
    from chaos.result import Result


class Detected(StrEnum):
    """What a run says about one sabotage."""

    CAUGHT = "caught"
    """The experiment did not pass, and the diagnosis names the right cause."""
    UNDIAGNOSED = "caught, cause unknown"
    """The experiment did not pass, and the diagnosis says that it does not know why."""
    MISDIAGNOSED = "caught, wrong cause"
    """The experiment did not pass, and the diagnosis blames something else."""
    UNDETECTED = "undetected"
    """The experiment passed."""
    NOT_TRIED = "not tried"
    """The mesh could not be sabotaged, or the experiment could not be carried out: nothing is proven."""


@dataclass(frozen=True)
class Detection:
    """One sabotage, and what the ordinary experiment made of it."""

    sabotage: str
    mistake: str
    """What people did wrong, in one sentence."""
    source: str
    expected: Cause
    """What the diagnosis has to name."""
    standing: Detected
    experiment: str
    """The ordinary experiment: its fault, zone and profile."""
    engine: str
    """What runs the control planes; empty where the mesh did not come up."""
    proof: str = ""
    """That the mesh was wrong, in words; empty where it was not."""
    verdict: Verdict | None = None
    """The experiment's; None where there was none."""
    cause: Cause | None = None
    """What the diagnosis names; None where there was none."""
    sentence: str = ""
    """The diagnosis in words."""
    reason: str = ""
    """Why the experiment did not pass, or why it could not be carried out: its first finding."""
    artifacts: str = ""
    """The folder with the experiment's samples and evidence."""


def standing(result: Result, expected: Cause) -> Detected:
    """What ``result`` says about a sabotage whose diagnosis has to name ``expected``."""
    if result.verdict is Verdict.PASS:
        return Detected.UNDETECTED
    if not is_caught(result):
        return Detected.NOT_TRIED
    cause = cause_of(result)
    if cause is expected:
        return Detected.CAUGHT
    return Detected.UNDIAGNOSED if cause is Cause.UNKNOWN else Detected.MISDIAGNOSED


def is_caught(result: Result) -> bool:
    """Whether the experiment found something wrong with the mesh: a FAIL, or a mesh that is not steady to begin with.

    An experiment that could not be carried out for any other reason, or not be measured, says nothing about it.
    """
    unsteady = any(map(is_unsteady, result.findings))
    return result.verdict is Verdict.FAIL or (result.verdict is Verdict.INFRA and unsteady)


def cause_of(result: Result) -> Cause:
    """What the result's diagnosis names."""
    return result.diagnosis.cause if result.diagnosis else Cause.UNKNOWN
