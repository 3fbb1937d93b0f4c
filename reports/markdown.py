"""A run on one page for a CI job (``summary.md``), in GitHub's Markdown: the verdict, what broke, claims, figures.

However large a run is, the page is not: GitHub refuses the whole summary of a step above 1 MiB, and the text of a
comment above 65,536 characters. What is left out is said, and it is never the worst.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from chaos.model import Verdict
from reports.answers import absent
from reports.glance import judged, run_verdict, severity, told, troubles
from reports.verdicts import Standing, claim_verdicts, expected, surprising
from reports.words import cost, count, day_and_time, span, title
from reports.worst import worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.model import Interval
    from chaos.result import Result
    from reports.glance import Trouble
    from reports.run import Run
    from reports.verdicts import ClaimVerdict

FILE_NAME = "summary.md"
LIMIT = 60_000
"""Bytes of UTF-8, at most."""
_BROKE, _CLAIMS, _EXPERIMENTS = 22_000, 12_000, 18_000
"""Bytes of each section; what one leaves over is the next one's. The rest is the head's."""
_MOST_REASONS, _MOST_PROFILES, _MOST_FACTS = 4, 8, 12
_NAME, _FACT, _REASON = 100, 50, 500
"""Characters of a text that is shown; each takes 6 bytes at most once it is escaped."""

_SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INFRA: "⚠️", Verdict.INVALID: "⚠️"}
_STANDINGS = {
    Standing.FAIL: "❌ FAIL",
    Standing.SURPRISE: "❌ PASS, a surprise",
    Standing.INFRA: "⚠️ INFRA",
    Standing.INVALID: "⚠️ INVALID",
    Standing.FALSE_AS_DOCUMENTED: "☑️ false, as documented",
    Standing.PASS: "✅ PASS",
    Standing.NOT_RUN: "not run",
}
"""How each is shown, the worst first."""
_WORST_FIRST = {standing: place for place, standing in enumerate(_STANDINGS)}
_HEADINGS = ("experiment", "verdict", "failover", "failback", "longest outage", "bad samples", "budget cost")

_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "`": "&#96;", "@": "@\u200b"}
"""What would be HTML, end a cell or begin code; and a mention, which nothing can follow without a break."""
_SPECIAL = re.compile(r"[&<>|`@]|[\\*_{}\[\]#~!$]")


@dataclass(frozen=True)
class _Section:
    """A heading, rows with the worst first, and what they are called."""

    heading: str
    rows: tuple[str, ...]
    noun: str


def render(run: Run) -> str:
    """``run`` on one page of at most ``LIMIT`` bytes."""
    verdicts = claim_verdicts(run.results)
    page, left = _head(run), 0
    sections = ((_broke(run), _BROKE), (_claims(verdicts), _CLAIMS), (_experiments(run.results), _EXPERIMENTS))
    for section, room in sections:
        text = _fitted(section, room + left)
        left += room - len(text.encode())
        page += text
    return page


def escaped(text: str, most: int) -> str:
    """Untrusted ``text`` as Markdown that shows it on one line, at most ``most`` characters of it, and does nothing."""
    text = told(text).strip()
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    return _SPECIAL.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), text)


def _fitted(section: _Section, room: int) -> str:
    """The section in at most ``room`` bytes, without the last of its rows where they are too many."""
    if not section.rows:
        return ""
    text, end = section.heading, f"\n… and {len(section.rows):,} more {section.noun}: see summary.json\n"
    room -= len(end.encode()) + len(text.encode())
    for place, row in enumerate(section.rows):
        room -= len(row.encode())
        if room < 0:
            return text + f"\n… and {len(section.rows) - place:,} more {section.noun}: see summary.json\n"
        text += row
    return text


def _head(run: Run) -> str:
    verdict = run_verdict(run)
    facts = [f"{escaped(name, _FACT)}: {escaped(value, _FACT)}" for name, value in run.about.environment.items()]
    return (
        f"# {_SIGNS[verdict]} {verdict}: mesh failover, run {escaped(run.name, _FACT)}\n\n"
        f"{_counts(run)}. Began {day_and_time(run.about.started_unix_s)}.\n\n" + " · ".join(facts[:_MOST_FACTS]) + "\n"
    )


def _counts(run: Run) -> str:
    numbers = Counter(sorted((result.verdict for result in run.results), key=severity))
    documented, surprises = sum(map(expected, run.results)), sum(map(surprising, run.results))
    notes = {Verdict.FAIL: (documented, "as documented"), Verdict.PASS: (surprises, "a surprise")}
    parts = [_counted(number, verdict, *notes.get(verdict, (0, ""))) for verdict, number in numbers.items()]
    parts += [f"{count(len(run.about.failures), 'failure')} without a result"] if run.about.failures else []
    return f"{count(len(run.results), 'experiment')}: {', '.join(parts) or 'none finished'}"


def _counted(number: int, verdict: Verdict, of_them: int, what: str) -> str:
    return f"{number:,} {verdict}" + (f" ({of_them:,} {what})" if of_them else "")


def _broke(run: Run) -> _Section:
    return _Section("\n## What broke\n\n", tuple(map(_trouble, troubles(run))), "that broke")


def _trouble(one: Trouble) -> str:
    reasons = [f"  - {escaped(reason, _REASON)}\n" for reason in one.reasons[:_MOST_REASONS]]
    if (more := len(one.reasons) - _MOST_REASONS) > 0:
        reasons.append(f"  - … and {count(more, 'reason')} more\n")
    return f"- {_SIGNS[one.verdict]} **{one.verdict}** {escaped(one.subject, 2 * _NAME)}\n{''.join(reasons)}"


def _claims(verdicts: Sequence[ClaimVerdict]) -> _Section:
    """A row for each claim, a column for each profile; of too many profiles the worst."""
    profiles: dict[str, int] = {}
    for one in verdicts:
        profiles[one.profile] = min(profiles.get(one.profile, len(_WORST_FIRST)), _WORST_FIRST[one.standing])
    shown = list(profiles)
    if len(shown) > _MOST_PROFILES:
        shown = sorted(shown, key=lambda profile: profiles[profile])[:_MOST_PROFILES]
    rows = [[one for one in row if one.profile in shown] for _, row in groupby(verdicts, lambda one: one.claim.id)]
    tried = sorted((row for row in rows if any(one.evidence for one in row)), key=_worst_standing)
    hidden = len(profiles) - len(shown)
    note = f"… and {count(hidden, 'profile')} more: see summary.json\n\n" if hidden else ""
    head = _head_of_table(["claim", *(escaped(profile, _FACT) for profile in shown)])
    return _Section(f"\n## Claims\n\n{note}{head}", tuple(_claim(row, shown) for row in tried), "claims")


def _worst_standing(row: Sequence[ClaimVerdict]) -> int:
    return min(_WORST_FIRST[one.standing] for one in row)


def _claim(row: Sequence[ClaimVerdict], profiles: Sequence[str]) -> str:
    standings = {one.profile: _STANDINGS[one.standing] for one in row}
    return _row([escaped(row[0].claim.id, _NAME), *(standings[profile] for profile in profiles)])


def _experiments(results: Sequence[Result]) -> _Section:
    note = (
        "Each figure is the worst of lanes and vantages, without those that were themselves deleted. "
        "Budget: the error budget of the objective's whole window."
    )
    rows = (_experiment(result) for result in sorted(results, key=_badness))
    return _Section(f"\n## Experiments\n\n{note}\n\n{_head_of_table(_HEADINGS)}", tuple(rows), "experiments")


def _badness(result: Result) -> tuple[int, int, int]:
    """Sorts the worst first: by verdict, then by the longest outage."""
    figures = worst(result)
    outage = figures.outage.high_ns if figures else 0
    return severity(judged(result)), severity(result.verdict), -outage


def _experiment(result: Result) -> str:
    name, verdict = escaped(title(result), _NAME), _verdict(result)
    if (figures := worst(result)) is None:
        return _row([name, verdict, *["-"] * 5])
    missing = {what for one in result.figures for what in absent(one, result)}
    return _row(
        [
            name,
            verdict,
            _moment(figures.failover, never="no failover" in missing),
            _moment(figures.failback, never="not home again" in missing),
            span(figures.outage) if figures.outage.high_ns else "none",
            f"{figures.bad:,} of {figures.samples:,}",
            cost(figures.cost) if figures.cost[1] else "none",
        ]
    )


def _verdict(result: Result) -> str:
    if expected(result):
        return "☑️ FAIL, as documented"
    return "❌ PASS, a surprise" if surprising(result) else f"{_SIGNS[result.verdict]} {result.verdict}"


def _moment(length: Interval | None, *, never: bool) -> str:
    return "**never**" if never else "-" if length is None else span(length)


def _head_of_table(cells: Sequence[str]) -> str:
    return _row(cells) + _row(["---"] * len(cells))


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
