"""From a run to its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.model import Verdict
from reports.glance import judged
from reports.html.frame import COLUMNS
from reports.html.page import Page
from reports.html.repeated import repeated
from reports.html.sabotaged import sabotaged
from reports.html.sections import anchors, section
from reports.html.top import claims, glance, policies
from reports.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.html.page import Section
    from reports.run import Run

_DRAWN = 100_000
"""Good samples that all plots together draw at most, as far as each keeps 100 columns."""
_LEAST_COLUMNS = 100
_FILTERS = (("verdict", "Verdict"), ("profile", "Profile"), ("fault", "Fault"), ("zone", "Zone"))


def page_of(run: Run) -> Page:
    """The page; what somebody has to look at is open, or else the first experiment."""
    ids = anchors(run.results)
    series = sum(len(result.figures) for result in run.results)
    columns = max(_LEAST_COLUMNS, min(COLUMNS, _DRAWN // max(1, 2 * series)))
    first = next((i for i, r in enumerate(run.results) if judged(r) is not Verdict.PASS), 0)
    sections = tuple(
        section(result, anchor, run.folder, columns, is_open=index == first)
        for index, (result, anchor) in enumerate(zip(run.results, ids, strict=True))
    )
    told, not_run = claims(run, {id(result): anchor for result, anchor in zip(run.results, ids, strict=True)})
    return Page(
        title=f"Mesh failover, run {plain(run.name)}",
        glance=glance(run, ids),
        profiles=tuple(dict.fromkeys(plain(result.profile) for result in run.results)),
        claims=told,
        not_run=not_run,
        policies=policies(run),
        sabotages=sabotaged(run),
        repeats=repeated(run),
        sections=sections,
        filters=tuple((name, label, _values(sections, name)) for name, label in _FILTERS),
    )


def _values(sections: Iterable[Section], name: str) -> tuple[str, ...]:
    return tuple(sorted({getattr(section, name) for section in sections}))
