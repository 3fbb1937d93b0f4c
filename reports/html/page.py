"""What the page says, as data: every text is plain, escaping is the template's work."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Link:
    """A text that leads somewhere: within the page, or to a file of the run's folder."""

    text: str
    href: str


@dataclass(frozen=True)
class Badge:
    """A verdict, or what a claim comes to, and the tone it is shown in: good, bad, doubt, known or still."""

    text: str
    tone: str


@dataclass(frozen=True)
class Trouble:
    """One thing that somebody has to look at."""

    what: Link
    """What it is about; it leads nowhere where that is no experiment."""
    badge: Badge
    since: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Glance:
    """What whoever is on the nightly rota has to know."""

    badge: Badge
    headline: str
    counts: tuple[tuple[int, Badge], ...]
    troubles: tuple[Trouble, ...]
    again: tuple[str, ...]
    """What was made again, a sentence each."""
    facts: tuple[tuple[str, str], ...]
    """Exit code, times and environment, each with its name."""


@dataclass(frozen=True)
class ClaimCell:
    """One claim under one profile."""

    profile: str
    badge: Badge
    reason: str
    evidence: tuple[Link, ...]


@dataclass(frozen=True)
class ClaimRow:
    """One claim under every profile that was run."""

    id: str
    statement: str
    url: str
    cells: tuple[ClaimCell, ...]


@dataclass(frozen=True)
class Table:
    """A table of texts; a row with a tone stands out."""

    caption: str
    heading: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    tones: tuple[str, ...] = ()
    note: str = ""
    is_long: bool = False
    """Whether the last column is prose, which may take several lines."""

    @property
    def toned(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each row with its tone."""
        return list(zip(self.tones or ("",) * len(self.rows), self.rows, strict=True))


@dataclass(frozen=True)
class Timeline:
    """The plot of an experiment, or why there is none."""

    item: dict[str, Any] | None
    """What BokehJS embeds; None without anything to draw."""
    label: str
    """What the plot shows, for those who do not see it."""
    zones: tuple[str, ...] = ()
    """In the order of their colours and patterns."""
    moments: tuple[tuple[str, float], ...] = ()
    """Where to look closer: a name and the second on the plot's axis."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """One experiment."""

    id: str
    title: str
    badge: Badge
    verdict: str
    profile: str
    fault: str
    sequence: str
    """Its faults in order, where there are several; else empty."""
    zone: str
    began: str
    where: str
    effect: str
    documented: str
    summary: tuple[tuple[str, str], ...]
    """The worst figures where the fault must be felt, each with its name."""
    findings: tuple[str, ...]
    diagnosis: str
    """The cause in one sentence; empty where there is none."""
    evidence: tuple[str, ...]
    """What it is concluded from."""
    claims: tuple[Link, ...]
    timeline: Timeline
    tables: tuple[Table, ...]
    more: tuple[Table, ...]
    """What only a reader who goes into detail wants: closed at first."""
    links: tuple[Link, ...]
    is_open: bool = False


@dataclass(frozen=True)
class Page:
    """The whole page."""

    title: str
    glance: Glance
    profiles: tuple[str, ...]
    claims: tuple[ClaimRow, ...]
    not_run: tuple[str, ...]
    """Claims that no experiment of this run bears on."""
    policies: Table | None
    sabotages: Table | None
    """Which were caught; None without any."""
    repeats: tuple[Table, ...]
    """None without a repeated experiment; else what each comes to, and its figures."""
    sections: tuple[Section, ...]
    filters: tuple[tuple[str, str, tuple[str, ...]], ...] = field(default=())
    """What sections can be chosen by: attribute, label and values."""
