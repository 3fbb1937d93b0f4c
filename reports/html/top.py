"""From a run to what is said on top: the verdict, what broke and since when; and to the claims."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from chaos.model import Outcome, Verdict
from reports.again import made_again
from reports.glance import ENDED, judged, run_verdict, told, troubles
from reports.html.moments import Moments
from reports.html.page import Badge, ClaimCell, ClaimRow, Glance, Link, Table, Trouble
from reports.html.sections import TONES, badge_of
from reports.policies import effects, felt_in_words
from reports.repeats import to_look_at
from reports.verdicts import Standing, claim_verdicts, expected
from reports.words import count, day_and_time, plain, subject, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chaos.result import Result
    from reports.glance import Trouble as Found
    from reports.policies import Effect
    from reports.run import Run
    from reports.verdicts import ClaimVerdict

_STANDINGS = {
    Standing.PASS: "good",
    Standing.FAIL: "bad",
    Standing.FALSE_AS_DOCUMENTED: "known",
    Standing.SURPRISE: "bad",
    Standing.INFRA: "doubt",
    Standing.INVALID: "doubt",
    Standing.NOT_RUN: "still",
}
_MOST_REASONS = 3


def glance(run: Run, anchors: Sequence[str]) -> Glance:
    """The top of the page; ``anchors`` are the results' ids."""
    verdict, found = run_verdict(run), troubles(run)
    return Glance(
        badge=Badge(verdict.value, TONES[verdict]),
        headline=_headline(run, found),
        counts=_counts(run.results),
        troubles=_placed(found, run.results, anchors),
        again=tuple(map(str, made_again(run.about.again))),
        facts=_facts(run),
    )


def _headline(run: Run, found: Sequence[Found]) -> str:
    number, known = len(run.results), sum(map(expected, run.results))
    eyes = sum(judged(result) is not Verdict.PASS for result in run.results)
    besides = len(found) - eyes
    parts = [f"{eyes:,} of {count(number, 'experiment')} to look at"] if eyes else []
    parts += [f"{count(besides, 'trouble')} outside of {count(number, 'experiment')}"] if besides else []
    parts += [] if found else [f"nothing broke in {count(number, 'experiment')}"]
    parts += [f"{known:,} false as documented"] if known else []
    return "; ".join(parts)


def _counts(results: Iterable[Result]) -> tuple[tuple[int, Badge], ...]:
    numbers = Counter(badge_of(result) for result in results)
    order = ("bad", "doubt", "known", "good")
    return tuple((numbers[badge], badge) for badge in sorted(numbers, key=lambda badge: order.index(badge.tone)))


def _placed(found: Iterable[Found], results: Iterable[Result], anchors: Iterable[str]) -> tuple[Trouble, ...]:
    """Each trouble with the experiment that it is about, if it is about one: those alike are in the same order."""
    about: dict[tuple[str, Verdict], list[tuple[Result, str]]] = {}
    for result, anchor in zip(results, anchors, strict=True):
        about.setdefault((title(result), judged(result)), []).append((result, anchor))
    return tuple(_trouble(one, about.get((one.subject, one.verdict), [])) for one in found)


def _trouble(one: Found, about: list[tuple[Result, str]]) -> Trouble:
    left = len(one.reasons) - _MOST_REASONS
    reasons = (*one.reasons[:_MOST_REASONS], *([f"and {count(left, 'more finding')}"] if left > 0 else []))
    if not about:
        return Trouble(Link(one.subject, ""), Badge(one.verdict.value, TONES[one.verdict]), "", reasons)
    result, anchor = about.pop(0)
    return Trouble(Link(one.subject, f"#{anchor}"), badge_of(result), _since(result), reasons)


def _since(result: Result) -> str:
    """Since when: the fault and the first bad answer after it, else the experiment's begin."""
    moments = Moments.of(result)
    if result.injected is None:
        return f"began {day_and_time(result.started_unix_s)}; no fault was injected"
    after = result.injected.low_ns
    bad = [s.first_due_ns for f in result.figures for s in f.segments if s.outcome is not Outcome.OK]
    first = min((due for due in bad if due >= after), default=None)
    fault = f"fault since {day_and_time(moments.unix_s(after))}"
    return f"{fault}; " + ("no bad answer since" if first is None else f"first bad answer {moments.clock(first)}")


def _facts(run: Run) -> tuple[tuple[str, str], ...]:
    ended = max((Moments.of(result).unix_s(result.ended_ns) for result in run.results), default=None)
    facts = [
        ("exit code", _exit(run.about.exit_code)),
        ("began", day_and_time(run.about.started_unix_s)),
        *([("last experiment ended", day_and_time(ended))] if ended else []),
        *run.about.environment.items(),
    ]
    return tuple((plain(name), told(value)) for name, value in facts)


def _exit(code: int | None) -> str:
    return "none: the run did not end" if code is None else f"{code}, {ENDED.get(code, 'of pytest itself')}"


def claims(run: Run, anchors: Mapping[int, str]) -> tuple[tuple[ClaimRow, ...], tuple[str, ...]]:
    """The claims that were run, and the ids of those that were not; ``anchors`` by the results' identity."""
    rows = [tuple(row) for _, row in groupby(claim_verdicts(run.results), lambda verdict: verdict.claim.id)]
    run_rows = [row for row in rows if any(verdict.evidence for verdict in row)]
    found = tuple(
        ClaimRow(row[0].claim.id, row[0].claim.statement, row[0].claim.url, tuple(_cell(v, anchors) for v in row))
        for row in run_rows
    )
    return found, tuple(row[0].claim.id for row in rows if row not in run_rows)


def _cell(verdict: ClaimVerdict, anchors: Mapping[int, str]) -> ClaimCell:
    evidence = tuple(Link(subject(result), f"#{anchors[id(result)]}") for result in to_look_at(verdict.evidence))
    badge = Badge(verdict.standing.value, _STANDINGS[verdict.standing])
    return ClaimCell(plain(verdict.profile), badge, plain(verdict.reason) if verdict.evidence else "", evidence)


def policies(run: Run) -> Table | None:
    """What policies make of each fault; None where no two profiles can be compared."""
    found = effects(run.results)
    if len({effect.profile for effect in found}) < 2:  # noqa: PLR2004 - to compare takes two
        return None
    heading = ("fault", "profile", "zones", "failover", "longest outage", "bad requests", "not measured")
    note = "The worst of zones and lanes, at the gateway in front of the fault, else at the load balancer."
    return Table("What policies make of each fault", heading, tuple(map(_effect, found)), note=note)


def _effect(effect: Effect) -> tuple[str, ...]:
    unmeasured = ", ".join(f"{zone} {verdict}" for zone, verdict in effect.unmeasured)
    figures = felt_in_words(effect) if effect.zones else ("", "", "")
    return tuple(map(plain, (effect.fault, effect.profile, ", ".join(effect.zones), *figures, unmeasured)))
