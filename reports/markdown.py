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

from chaos.detection import Detected
from chaos.model import Verdict
from reports.again import made_again
from reports.answers import absent
from reports.glance import run_verdict, severity, told, troubles
from reports.injections import sequence
from reports.repeats import badness, repeats
from reports.sabotages import HEADINGS, cells, rate
from reports.verdicts import Standing, claim_verdicts, expected, surprising
from reports.walltime import in_words, together, wall_times
from reports.words import cost, count, day_and_time, span, title
from reports.worst import worst

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.detection import Detection
    from chaos.model import Interval
    from chaos.result import Result
    from reports.glance import Trouble
    from reports.repeats import Repeats
    from reports.run import Run, Superseded
    from reports.verdicts import ClaimVerdict
    from reports.walltime import WallTime

FILE_NAME = "summary.md"
LIMIT = 60_000
"""Bytes of UTF-8, at most."""
_BROKE, _AGAIN, _CLAIMS, _SABOTAGES, _REPEATS, _EXPERIMENTS, _TIME = 16_000, 2_000, 12_000, 4_000, 4_000, 12_000, 2_000
"""Bytes of each section; what one leaves over is the next one's. The rest is the head's."""
_MOST_REASONS, _MOST_PROFILES, _MOST_FACTS = 4, 8, 12
_NAME, _FACT, _WHY, _REASON = 100, 50, 150, 500
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
_DETECTED = {
    Detected.UNDETECTED: "❌",
    Detected.MISDIAGNOSED: "❌",
    Detected.NOT_TRIED: "⚠️",
    Detected.UNDIAGNOSED: "☑️",
    Detected.CAUGHT: "✅",
}
"""How a sabotage's outcome is shown, the worst first."""
_REPEATED = ("experiment", "outcome", "repeats", "what is proven", "failover", "failback", "longest outage")
_TIMES = ("test", "bring-up", "watched", "ours", "share")
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
    sections = (
        (_broke(run), _BROKE),
        (_again(run.about.again), _AGAIN),
        (_claims(verdicts), _CLAIMS),
        (_sabotages(run.detections), _SABOTAGES),
        (_repeats(run.results), _REPEATS),
        (_experiments(run.results), _EXPERIMENTS),
        (_time(run), _TIME),
    )
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


def _again(superseded: Sequence[Superseded]) -> _Section:
    """A row for each test that was made again."""
    rows = (
        f"- {count(one.times, 'time')}: {_test(one.test)}: {escaped(one.why, _WHY)}\n" for one in made_again(superseded)
    )
    note = "These were INVALID at first, so that nothing could be concluded, and were made again (`--again`)."
    return _Section(f"\n## Made again\n\n{note}\n\n", tuple(rows), "that were made again")


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


def _sabotages(detections: Sequence[Detection]) -> _Section:
    """A row for each mesh that was wrong on purpose, what was not caught first."""
    order = list(_DETECTED)
    rows = (_sabotage(one) for one in sorted(detections, key=lambda one: order.index(one.standing)))
    note = f"{rate(detections)}."
    return _Section(f"\n## Sabotages\n\n{note}\n\n{_head_of_table(HEADINGS)}", tuple(rows), "sabotages")


def _sabotage(one: Detection) -> str:
    name, standing, expected_cause, named, why = cells(one)
    told_of = f"{_DETECTED[one.standing]} {standing}"
    return _row([escaped(name, _NAME), told_of, expected_cause, escaped(named, _FACT), escaped(why, _REASON)])


def _repeats(results: Sequence[Result]) -> _Section:
    """A row for each repeated experiment, the worst first; its figures are in the other reports."""
    rows = (
        _row(
            [
                escaped(one.title, _NAME),
                f"{_SIGNS[one.outcome]} {one.outcome}" if one.outcome else "⚠️ not finished",
                one.counts,
                one.statement,
                *(_median(one, name) for name in ("failover", "failback", "longest outage")),
            ]
        )
        for one in sorted(repeats(results), key=lambda one: severity(one.outcome or Verdict.INFRA))
    )
    note = "Medians of the worst of lanes and vantages, and where the true median lies."
    return _Section(f"\n## Repeats\n\n{note}\n\n{_head_of_table(_REPEATED)}", tuple(rows), "repeated experiments")


def _median(one: Repeats, name: str) -> str:
    found = next((figure for figure in one.figures if figure.name == name), None)
    return f"{span(found.median)}; {found.known}" if found else "-"


def _experiments(results: Sequence[Result]) -> _Section:
    note = (
        "Each figure is the worst of lanes and vantages, without those that were themselves deleted. "
        "Budget: the error budget of the objective's whole window."
    )
    rows = (_experiment(result) for result in sorted(results, key=badness))
    return _Section(f"\n## Experiments\n\n{note}\n\n{_head_of_table(_HEADINGS)}", tuple(rows), "experiments")


def _time(run: Run) -> _Section:
    """A row for each test, those first in which the suite itself took the largest share."""
    every = wall_times(run.about.times, run.results)
    rows = tuple(_row([_test(one.name), *_seconds(one)]) for one in every)
    note = f"{in_words(together(every))}. Ours is what is neither bringing a mesh up nor watching it."
    return _Section(f"\n## Where the time went\n\n{note}\n\n{_head_of_table(_TIMES)}", rows, "tests")


def _test(name: str) -> str:
    """Without the file that it is in."""
    return escaped(name.rpartition("::")[2], _NAME)


def _seconds(one: WallTime) -> list[str]:
    return [*(f"{part:.1f} s" for part in (one.bring_up_s, one.watched_s, one.ours_s)), f"{one.share:.1%}"]


def _experiment(result: Result) -> str:
    several = sequence(result)
    name = escaped(title(result), _NAME) + (f"<br>{escaped(several, _FACT * 3)}" if several else "")
    verdict = _verdict(result)
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
