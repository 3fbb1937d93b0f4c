"""What JUnit XML says of a test besides pytest's own: the verdict and the figures of its experiments, as properties.

The file itself (``junit.xml`` in the run's folder, or where ``--junitxml`` says) is pytest's.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING

from reports.glance import told
from reports.verdicts import expected, first_of, surprising
from reports.words import NO_FAULT
from reports.worst import worst

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chaos.model import Interval
    from chaos.result import Result

FILE_NAME = "junit.xml"


def properties(results: Sequence[Result]) -> Iterator[tuple[str, str]]:
    """Names and values for a test that gave these results; nothing for one that gave none.

    ``verdict`` is that of them all, the worst. The other names are plain for the test's one experiment; where it made
    several, and for a claim that it looked into beside, they begin with the name of the result's folder.
    """
    first = first_of(result.verdict for result in results)
    if first is not None:
        yield "verdict", first.value
    made = [result for result in results if result.figures or result.fault not in NO_FAULT] or results
    for result in results:
        alone = len(made) == 1 and result is made[0]
        prefix = "" if alone else f"{told(PurePath(result.artifacts).name)}."
        for name, value in (*(() if alone else (("verdict", result.verdict.value),)), *_of(result)):
            yield f"{prefix}{name}", value


def _of(result: Result) -> Iterator[tuple[str, str]]:
    for name in ("fault", "zone", "profile", "platform", "engine"):
        yield name, told(getattr(result, name))
    if expected(result):
        yield "as_documented", "yes"
    if surprising(result):
        yield "surprise", "yes"
    if (figures := worst(result)) is None:
        return
    yield from _bounds("failover", figures.failover)
    yield from _bounds("failback", figures.failback)
    yield from _bounds("outage_longest", figures.outage)
    yield "bad_samples", str(figures.bad)
    yield "samples", str(figures.samples)
    for end, cost in zip(("low", "high"), figures.cost, strict=True):
        yield f"budget_cost_{end}_ratio", str(cost)


def _bounds(name: str, length: Interval | None) -> Iterator[tuple[str, str]]:
    if length is not None:
        yield f"{name}_low_s", str(length.low_s)
        yield f"{name}_high_s", str(length.high_s)
