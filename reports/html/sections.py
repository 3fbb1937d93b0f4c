"""From one result and its folder to its section of the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chaos.claims import CLAIMS
from chaos.model import Verdict
from reports.glance import told
from reports.html import tables
from reports.html.envoys import beliefs
from reports.html.events import events_of
from reports.html.folder import Folder
from reports.html.moments import Moments
from reports.html.page import Badge, Link, Section
from reports.html.timelines import timeline_of
from reports.injections import sequence
from reports.verdicts import expected, reason, surprising
from reports.words import NO_FAULT, bad_share, cost, day_and_time, plain, span, title
from reports.worst import where_felt, worst

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from chaos.result import Finding, Result

TONES = {Verdict.PASS: "good", Verdict.FAIL: "bad", Verdict.INFRA: "doubt", Verdict.INVALID: "doubt"}


def badge_of(result: Result) -> Badge:
    """A result's verdict; one that is as documented, or is documented otherwise, says so."""
    if expected(result):
        return Badge("FAIL, as documented", "known")
    if surprising(result):
        return Badge("PASS, a surprise", "bad")
    return Badge(result.verdict.value, TONES[result.verdict])


def anchors(results: Iterable[Result]) -> tuple[str, ...]:
    """An id for each result, in order: made of its title, so the same in every run; repeated ones are numbered."""
    taken: dict[str, int] = {}
    found = []
    for result in results:
        base = "x-" + (re.sub(r"[^a-z0-9]+", "-", title(result).lower()).strip("-") or "experiment")
        taken[base] = taken.get(base, 0) + 1
        found.append(base if taken[base] == 1 else f"{base}--{taken[base]}")
    return tuple(found)


def finding_text(finding: Finding) -> str:
    """A finding in a sentence, with the claim that it breaks."""
    where = f"{finding.series}: " if finding.series else ""
    claim = f" (breaks {finding.claim})" if finding.claim else ""
    return told(f"{finding.verdict}: {where}{finding.text}{claim}")


def section(result: Result, anchor: str, run: Path, columns: int, *, is_open: bool) -> Section:
    """The section of one result; ``columns`` is how finely samples may be drawn."""
    folder, moments = Folder.of(result, run), Moments.of(result)
    events, logs = events_of(result, folder, moments)
    speaking = {event.who for event in events}
    believed = beliefs(folder)
    return Section(
        id=anchor,
        title=title(result),
        badge=badge_of(result),
        verdict=badge_of(result).text,
        profile=plain(result.profile),
        fault="none" if result.fault in NO_FAULT else plain(result.fault),
        sequence=sequence(result),
        zone=plain(result.zone),
        began=day_and_time(result.started_unix_s),
        where=plain(f"{result.platform}, {result.engine}"),
        effect=told(result.effect),
        documented=plain(reason(result)),
        summary=_summary(result),
        findings=tuple(map(finding_text, result.findings)),
        diagnosis=told(str(result.diagnosis)) if result.diagnosis else "",
        evidence=tuple(map(told, result.diagnosis.evidence)) if result.diagnosis else (),
        claims=tuple(Link(claim, f"#claim-{claim}" if claim in CLAIMS else "#claims") for claim in result.claims),
        timeline=timeline_of(result, folder, moments, events, columns),
        tables=tuple(table for table in (tables.figures(result), tables.done(result, moments)) if table),
        more=(
            *([tables.answers(result, moments), tables.outages(result, moments)] if result.figures else []),
            *([tables.logged(events, moments)] if events else []),
            *([believed] if believed else []),
            *([tables.judged_by(result)] if result.figures else []),
        ),
        links=(
            *folder.links(),
            *(folder.link(log, f"{log.parent.parent.name}/{log.name}") for log in logs if _mine(log, folder, speaking)),
        ),
        is_open=is_open,
    )


def _mine(log: Path, folder: Folder, speaking: set[str]) -> bool:
    """A log of the mesh that said something in the time; those of the experiment's own folder are linked anyway."""
    return log.stem in speaking and (folder.path is None or not log.is_relative_to(folder.path))


def _summary(result: Result) -> tuple[tuple[str, str], ...]:
    """The worst of what was felt, each figure by itself; nothing of what INFRA and INVALID measured."""
    found = worst(result)
    if found is None:
        return ()
    figures = [
        *((("failover", span(found.failover) if found.failover else "never"),) if where_felt(result) else ()),
        *((("home again", span(found.failback)),) if found.failback else ()),
        ("longest outage", span(found.outage) if found.outage.high_ns else "none"),
        ("bad requests", f"{found.bad:,} of {found.samples:,} ({bad_share(found.bad, found.samples)})"),
        ("budget cost", cost(found.cost)),
    ]
    if result.injected and result.restored:
        figures.append(("fault lasted", span(result.restored.since(result.injected))))
    return tuple(figures)
