"""Tests that were made again because nothing could be concluded (``--again``), as every report tells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reports.glance import told
from reports.words import count

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.run import Superseded


@dataclass(frozen=True)
class MadeAgain:
    """A test that was made again; what it came to at last is told like that of every other."""

    test: str
    times: int
    why: str
    """What each of its attempts said that concluded nothing, those alike once."""

    def __str__(self) -> str:
        return f"{self.test} was made again {count(self.times, 'time')}: {self.why}"


def made_again(superseded: Iterable[Superseded]) -> tuple[MadeAgain, ...]:
    """Each test that was made again, in the order of their first attempts; every text on one line, without secrets."""
    tests: dict[str, list[str]] = {}
    for one in superseded:
        tests.setdefault(one.test, []).append(told(one.message))
    return tuple(MadeAgain(told(test), len(said), "; ".join(dict.fromkeys(said))) for test, said in tests.items())
