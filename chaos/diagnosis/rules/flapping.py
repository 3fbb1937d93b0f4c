"""A zone that nobody broke goes away and comes back, again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaos.diagnosis.cause import Cause
from chaos.model import Outcome
from chaos.result import Expectation

if TYPE_CHECKING:
    from chaos.diagnosis.facts import Tally
    from chaos.diagnosis.seen import Felt, Seen

CAUSE = Cause.FLAPPING
_OFTEN = 3
"""Once is an outage of somebody's own, twice may be its end."""
_RUN = 5
"""Samples in a row, on average: who answers by turns or at random has runs of one or two."""


def diagnose(seen: Seen) -> str | None:
    """Where a gateway left home three times while nothing was broken there, and was away and at home for a while."""
    for zone, one in seen.gateways():
        whole = [span for span in _unbroken(one) if _flaps(span)]
        if whole and (not seen.steady or seen.carried_out):
            count = sum(span.absences for span in whole)
            return f"the gateway of {zone} left home {count} times although nothing was broken there: {whole[0]}"
    return None


def _unbroken(one: Felt) -> tuple[Tally, ...]:
    spans = one.spans
    whole = one.figures.expectation is Expectation.UNTOUCHED
    return (spans.before, spans.broken, spans.after) if whole else (spans.before,)


def _flaps(span: Tally) -> bool:
    again = span.absences >= _OFTEN and span.absence >= _RUN and span.presence >= _RUN
    return again and 2 * _timeouts(span) < span.samples - span.home


def _timeouts(span: Tally) -> int:
    """Requests that took too long: a machine, or a network, that is too busy gives these in bursts too."""
    return sum(one.count for one in span.answers if one.answer == Outcome.TIMEOUT.name)
