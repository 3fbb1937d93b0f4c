"""The terminal summary: for each experiment what users felt, what policies make of it, the claims, the count."""

from __future__ import annotations

import os
from collections import Counter
from itertools import groupby, zip_longest
from typing import TYPE_CHECKING

from rich.text import Text

from chaos.model import Verdict
from chaos.result import Expectation
from reports.answers import absent, in_words, quiet, spells
from reports.injections import sequence
from reports.repeats import to_look_at
from reports.terminal.claims import show_claims
from reports.terminal.console import NARROWEST, show, wrapped
from reports.terminal.policies import policy_lines
from reports.terminal.repeats import show_repeats
from reports.verdicts import claim_verdicts, expected, reason, surprising
from reports.words import cost, count, plain, share, span, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

    from chaos.result import Figures, Result

_COLOURS = {
    Verdict.PASS: "bold green",
    Verdict.FAIL: "bold red",
    Verdict.INFRA: "bold yellow",
    Verdict.INVALID: "bold yellow",
}
_LABEL = 15


def render(results: Sequence[Result], console: Console) -> None:
    """Print the whole summary; its last line has the counts and the artifacts folder."""
    if not results:
        show(console, Text("no experiment was finished: nothing is proven"))
        return
    for result in to_look_at(results):
        render_one(result, console)
        show(console, Text())
    show_repeats(results, console, _COLOURS)
    for line in policy_lines(results):
        show(console, line)
    show_claims(claim_verdicts(results), console)
    show(console, Text())
    show(console, _counts(results))


def render_one(result: Result, console: Console) -> None:
    """Print one experiment: its verdict, the reasons, who answered whom for how long, the figures."""
    show(console, _heading(result))
    if several := sequence(result):
        wrapped(console, f"injected: {several}", "  ")
    for finding in result.findings if result.verdict is not Verdict.PASS else ():
        where = f"{finding.series}: " if finding.series else ""
        wrapped(console, f"{finding.verdict}: {where}{finding.text}", "  ")
    if result.diagnosis is not None:
        wrapped(console, str(result.diagnosis), "  ")
    if expected(result) or surprising(result):
        wrapped(console, f"documented: {reason(result)}", "  ")
    if result.effect and not result.figures and result.effect not in {f.text for f in result.findings}:
        wrapped(console, result.effect, "  ")
    for vantage, lanes in groupby(result.figures, lambda figures: figures.key.vantage):
        _vantage(plain(vantage), list(lanes), result, console)


def _heading(result: Result) -> Text:
    text = Text.assemble((title(result), "bold"), "  ", (result.verdict.value, _COLOURS[result.verdict]))
    if expected(result):
        text.append(", as documented", "cyan")
    if surprising(result):
        text.append(", but documented as false", "bold magenta")
    if result.injected and result.restored:
        text.append(f"  fault lasted {span(result.restored.since(result.injected))}", "dim")
    return text


def _vantage(vantage: str, lanes: list[Figures], result: Result, console: Console) -> None:
    """A vantage's lanes; those where nothing happened share a line."""
    still = [figures for figures in lanes if quiet(figures)]
    if len(still) == len(lanes) and len({_answering(figures) for figures in still}) == 1:
        show(console, Text(f"  {vantage}  {'+'.join(f.key.lane for f in still)}: {_stillness(still)}"))
        return
    dies = all(figures.expectation is Expectation.MAY_DIE for figures in lanes)
    show(console, Text(f"  {vantage}{'  (may fail while the fault lasts)' if dies else ''}"))
    for figures in lanes:
        story = [_story(figures), _figures(figures, result)]
        told = [[Text(_stillness([figures]))]] if figures in still else story
        _lane(plain(figures.key.lane), told, console)


def _lane(lane: str, told: list[list[Text]], console: Console) -> None:
    width = max(NARROWEST, console.width - _LABEL)
    lines = [line for pieces in told for line in _pack(pieces, width)]
    for label, line in zip_longest([lane], lines, fillvalue=""):
        show(console, Text(f"    {label:<{_LABEL - 4}}") + Text.assemble(line))


def _answering(figures: Figures) -> str:
    return spells(figures.segments)[0].name


def _stillness(still: list[Figures]) -> str:
    samples = sum(figures.samples for figures in still)
    return f"{_answering(still[0])} throughout, none of {samples:,} bad"


def _story(figures: Figures) -> list[Text]:
    """Who answered, in order."""
    pieces = [Text(told, "red" if bad else "") for told, bad in in_words(figures)] or [Text("no sample")]
    return [piece.append(" →") for piece in pieces[:-1]] + pieces[-1:]


def _figures(figures: Figures, result: Result) -> list[Text]:
    """What that means, in figures."""
    told = [Text(text) for text in _moments(figures) + _outages(figures)]
    told.append(Text(f"{share(figures.availability.occurrences)} available"))
    if figures.budget_cost[1] > 0:
        told.append(Text(f"budget cost {cost(figures.budget_cost)}"))
    told += [Text(text, "red") for text in _remarks(figures, result)]
    return [text.append(",") for text in told[:-1]] + told[-1:]


def _moments(figures: Figures) -> list[str]:
    moments = (
        ("detect", figures.detect),
        ("failover", figures.failover),
        ("recovered", figures.recovered),
        ("home", figures.failback),
    )
    return [f"{what} {span(moment)}" for what, moment in moments if moment]


def _remarks(figures: Figures, result: Result) -> list[str]:
    """What should not be."""
    numbers = (
        (figures.bad_after_failover, "bad after failover"),
        (figures.late_away, "away after home"),
        (figures.lost, "lost"),
    )
    return [*absent(figures, result), *(f"{number:,} {remark}" for number, remark in numbers if number)]


def _outages(figures: Figures) -> list[str]:
    number = len(figures.outages)
    if number == 0:
        return ["no outage"]
    if number == 1:
        return [f"1 outage {span(figures.outage_total)}"]
    longest, together = span(figures.outage_longest), span(figures.outage_total)
    return [f"{count(number, 'outage')}: longest {longest}", f"total {together}"]


def _pack(pieces: Iterable[Text], width: int) -> list[Text]:
    """Fill lines of at most ``width`` with whole pieces, a space between two."""
    lines: list[Text] = []
    for piece in pieces:
        if lines and len(lines[-1]) + 1 + len(piece) <= width:
            lines[-1] = Text(" ").join([lines[-1], piece])
        else:
            lines.append(piece)
    return lines


def _counts(results: Sequence[Result]) -> Text:
    numbers = Counter(result.verdict for result in results)
    text = Text()
    for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.INFRA, Verdict.INVALID):
        number = numbers[verdict]
        text.append(f"{number} {verdict}", _COLOURS[verdict] if number else "dim")
        documented = sum(expected(r) for r in results) if verdict is Verdict.FAIL else 0
        text.append(f" ({documented} as documented)" if documented else "").append("  ")
    surprises = sum(surprising(result) for result in results)
    text.append(f"{count(surprises, 'surprise')}  " if surprises else "", "bold magenta")
    return text.append(f"artifacts: {_folder(results)}")


def _folder(results: Sequence[Result]) -> str:
    """The folder that holds every experiment's artifacts."""
    folders = sorted({result.artifacts for result in results if result.artifacts})
    try:
        return plain(os.path.commonpath(folders))
    except ValueError:  # none at all, or relative and absolute ones mixed
        return ", ".join(plain(folder) for folder in folders) or "none"
