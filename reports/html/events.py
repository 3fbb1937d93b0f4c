"""What the mesh itself logged while an experiment lasted: its control planes, its Envoys and their proxies.

Where the suite brought the mesh up (``universal``) their logs are in the run's folder (``mesh-*``); else only their
ends, in ``diagnosis/`` of an experiment that did not pass. Envoy's clusters say when they last took endpoints
(``update_time`` in ``evidence/``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from chaos.errors import SamplesError
from chaos.redaction import redacted
from reports.html.folder import attribution
from reports.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chaos.result import Result
    from reports.html.folder import Folder
    from reports.html.moments import Moments

MOST = 300
"""Events drawn of each kind: the rest are in the logs, which are linked."""
_READ = 2 << 20
_LONGEST = 400
_STAMP = re.compile(
    r"\[?(?:(?P<day>\d{4}-\d\d-\d\d)[T ])?(?P<time>\d\d:\d\d:\d\d\.\d{1,6})\d*(?P<zone>Z|[+-]\d\d:?\d\d)?\]?\s*"
)
"""As Envoy (``[2026-11-24 02:13:04.512]``), kuma-cp (``2026-11-24T02:13:04.512+0000``) and the stand-in write it."""
_LEVEL = re.compile(r"\b(warn(?:ing)?|error|critical|fatal)\b", re.IGNORECASE)
_LEVEL_WITHIN = 60
_UPDATED = re.compile(r"^cluster\.(?P<cluster>.+)\.update_time: (?P<ms>\d+)$", re.MULTILINE)


class Source(StrEnum):
    """Who logged."""

    CONTROL_PLANE = "control planes"
    PROXY = "Envoys and proxies"


@dataclass(frozen=True)
class Event:
    """One line of a log."""

    at_ns: int
    source: Source
    who: str
    level: str
    """``info``, ``warning`` or ``error``."""
    text: str


def events_of(result: Result, folder: Folder, moments: Moments) -> tuple[list[Event], list[Path]]:
    """What was logged between the experiment's begin and end, by time, and the files that hold it."""
    logs = _logs_of_mesh(folder) or folder.files("diagnosis", pattern="*.log")
    found = [event for log in logs for event in _read(log, moments)]
    found += [event for stats in folder.files("evidence", pattern="*stats.txt") for event in _updates(stats, moments)]
    within = [event for event in found if result.started_ns <= event.at_ns <= result.ended_ns]
    return sorted(within, key=lambda event: event.at_ns), logs


def foremost(events: Iterable[Event]) -> tuple[list[Event], int]:
    """At most ``MOST`` of a kind, what is worse first; and how many are left out."""
    every = list(events)
    kept: list[Event] = []
    for source in Source:
        of = sorted((e for e in every if e.source is source), key=lambda e: ("error", "warning", "info").index(e.level))
        kept += of[:MOST]
    return sorted(kept, key=lambda event: event.at_ns), len(every) - len(kept)


def _logs_of_mesh(folder: Folder) -> list[Path]:
    """The logs of the mesh in which an experiment was run: the one with the addresses that answered."""
    try:
        hosts = [name.rpartition(":")[0] for name in attribution(folder).gateways]
    except SamplesError:
        return []
    blocks = {".".join(host.split(".")[:2]) + "." for host in hosts if host.startswith("127.")}
    meshes = {log.parent for log in folder.run.glob("mesh-*/*/*-cp.log")}
    mine = [
        mesh for mesh in sorted(meshes) if any(block in _text(log) for log in mesh.glob("*-cp.log") for block in blocks)
    ]
    return [log for mesh in mine for log in sorted(mesh.glob("*.log"))]


def _text(log: Path) -> str:
    """The end of a file; nothing of one that cannot be read."""
    try:
        with log.open("rb") as opened:
            opened.seek(max(0, log.stat().st_size - _READ))
            return opened.read().decode(errors="replace")
    except OSError:
        return ""


def _read(log: Path, moments: Moments) -> Iterator[Event]:
    who = log.stem
    source = Source.CONTROL_PLANE if who.endswith("-cp") else Source.PROXY
    for line in _text(log).splitlines():
        stamp = _STAMP.match(line)
        if stamp and (unix_s := _unix_s(stamp, moments.started_unix_s)) is not None:
            text = plain(redacted(line[stamp.end() : stamp.end() + _LONGEST]))
            yield Event(moments.ns(unix_s), source, plain(who), _level(text), text)


def _unix_s(stamp: re.Match[str], near_unix_s: float) -> float | None:
    """Seconds since the epoch; without a day it is the nearest one, without a time zone the local one."""
    near = datetime.fromtimestamp(near_unix_s).astimezone()
    day = stamp["day"] or near.date().isoformat()
    try:
        told = datetime.fromisoformat(f"{day}T{stamp['time']}{stamp['zone'] or ''}").astimezone()
    except ValueError:
        return None
    if not stamp["day"]:
        told = min((told + timedelta(days=days) for days in (-1, 0, 1)), key=lambda one: abs(one - near))
    return told.timestamp()


def _level(text: str) -> str:
    found = _LEVEL.search(text[:_LEVEL_WITHIN])
    return "info" if not found else "warning" if found[1].lower().startswith("warn") else "error"


def _updates(stats: Path, moments: Moments) -> Iterator[Event]:
    who = stats.name.removesuffix("-stats.txt")
    for update in _UPDATED.finditer(_text(stats)):
        text = f"Envoy last took endpoints of cluster {update['cluster']} (as of the evidence)"
        yield Event(moments.ns(int(update["ms"]) / 1000), Source.PROXY, plain(who), "info", plain(text))
