"""A run at one glance: its verdict, and all that keeps it from being a PASS, worst first. The same in every report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chaos.model import EXIT_CODES, Verdict
from chaos.redaction import redacted
from reports.since import since
from reports.verdicts import expected, first_of, reason, surprising
from reports.words import plain, title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.result import Finding, Result
    from reports.run import Run

ENDED = {code: verdict for verdict, code in EXIT_CODES.items()}
"""What a run's exit code says; every other one is that of a run that was stopped, or began wrongly."""
_ORDER = {verdict: place for place, verdict in enumerate(Verdict)}
_THE_RUN = "the run"
_LOOK = "what failed is in junit.xml, and in pytest's output"


@dataclass(frozen=True)
class Trouble:
    """One thing that keeps a run from being a PASS."""

    verdict: Verdict
    subject: str
    """The experiment or test, or ``the run`` itself; one line, without secrets."""
    reasons: tuple[str, ...]
    """Each one line, without secrets."""


def run_verdict(run: Run) -> Verdict:
    """What the whole run concludes: FAIL before INFRA before INVALID; a PASS only where nothing is in its way.

    A failure that is documented is none, and a PASS that contradicts the documentation is a FAIL, as for pytest. A
    run that was killed or stopped, or that finished no experiment, is INFRA at best: it has proven nothing.
    """
    return first_of(trouble.verdict for trouble in troubles(run)) or Verdict.PASS


def troubles(run: Run) -> tuple[Trouble, ...]:
    """All that keeps ``run`` from being a PASS, worst first and then by when it began."""
    found = [*_of_results(run), *_of_failures(run), *_of_unreadable(run)]
    found += _of_the_run(run, first_of(trouble.verdict for trouble in found))
    return tuple(sorted(found, key=lambda trouble: severity(trouble.verdict)))


def severity(verdict: Verdict) -> int:
    """A place in the order of verdicts, the worst first."""
    return _ORDER[verdict]


def judged(result: Result) -> Verdict:
    """The verdict of one experiment as the run counts it: what is documented is as it should be."""
    if expected(result):
        return Verdict.PASS
    return Verdict.FAIL if surprising(result) else result.verdict


def told(text: str) -> str:
    """``text`` as a report may show it: one line, without secrets."""
    return plain(redacted(text))


def _of_results(run: Run) -> Iterator[Trouble]:
    for result, known in zip(run.results, since(run), strict=True):
        if (verdict := judged(result)) is not Verdict.PASS:
            yield Trouble(verdict, title(result), (*filter(None, [known]), *_reasons(result)))


def _reasons(result: Result) -> tuple[str, ...]:
    if surprising(result):
        return (told(f"it passed, but is documented as false under this profile: {reason(result)}"),)
    cause = (told(str(result.diagnosis)),) if result.diagnosis else ()
    return (*cause, *map(_told_of, result.findings)) or ("no reason was recorded",)


def _told_of(finding: Finding) -> str:
    where = f"{finding.series}: " if finding.series else ""
    return told(f"{finding.verdict}: {where}{finding.text}")


def _of_failures(run: Run) -> Iterator[Trouble]:
    for failure in run.about.failures:
        yield Trouble(failure.verdict, told(failure.test), (told(_gist(failure.message)),))


def _gist(message: str) -> str:
    """Of a stack trace what the errors say, as pytest marks it; of everything else all."""
    said = [line.removeprefix("E ").strip() for line in message.splitlines() if line.startswith("E ")]
    return " ".join(said) or message


def _of_unreadable(run: Run) -> Iterator[Trouble]:
    for text in run.unreadable:
        yield Trouble(Verdict.INFRA, _THE_RUN, (told(text),))


def _of_the_run(run: Run, found: Verdict | None) -> Iterator[Trouble]:
    """What only the exit code says, and that there is nothing from which to conclude."""
    code = run.about.exit_code
    if code is None and found is None:
        yield Trouble(Verdict.INFRA, _THE_RUN, ("it did not end: what it would still have found is not known",))
    elif code is not None and code not in ENDED:
        yield Trouble(Verdict.INFRA, _THE_RUN, (f"it was stopped or could not begin: pytest's exit code is {code}",))
    elif code is not None and severity(said := ENDED[code]) < severity(found or Verdict.PASS):
        yield Trouble(said, _THE_RUN, (f"its exit code is {code}, {said}, which no result explains: {_LOOK}",))
    if not run.results and not run.detections:
        yield Trouble(Verdict.INFRA, _THE_RUN, ("no experiment was finished: nothing is proven",))
