"""What retries hide: an endpoint that fails while users are answered.

Silence of a replica would prove nothing, requests may be balanced by hash or by connection. That it *was* asked, and
failed, does; but Envoy counts from the first request on, so only the difference between two looks tells what is now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chaos.diagnosis.clues import Clues, Upstream, ZoneClues

_FEWEST = 10
"""Requests of one endpoint between two looks; fewer say nothing."""
_MOST = 0.9
"""The share of them that failed where the endpoint is broken: two of three is a bad moment, nine of ten is none."""


def hidden(first: Clues, second: Clues) -> tuple[str, ...]:
    """The endpoints at home that failed nearly every request between two looks at a mesh that users found steady."""
    return tuple(sentence for zone in second.zones for sentence in _of_zone(first.zone(zone.zone), zone))


def _of_zone(former: ZoneClues, now: ZoneClues) -> Iterator[str]:
    earlier = {one.address: one for one in former.local() or ()}
    for one in now.local() or ():
        asked, failed = _since(earlier.get(one.address), one)
        if asked >= _FEWEST and failed >= _MOST * asked:
            yield (
                f"{one.address} of {now.zone} failed {failed} of {asked} requests of its gateway in the steady state, "
                "and retries hid that"
            )


def _since(former: Upstream | None, now: Upstream) -> tuple[int, int]:
    """How many requests it was sent between the looks, and how many of these failed."""
    if former is None or None in {former.requests, former.errors, now.requests, now.errors}:
        return 0, 0
    assert former.requests is not None
    assert former.errors is not None
    assert now.requests is not None
    assert now.errors is not None
    return now.requests - former.requests, now.errors - former.errors
