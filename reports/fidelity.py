"""How faithful the stand-in is: what users felt of each fault on real Kuma (recorded), and on the stand-in (this run).

``python -m reports.fidelity record RUN...`` prints the record of runs with ``--engine=kuma``;
``python -m reports.fidelity compare RUN...`` prints the table of runs with ``--engine=standin`` beside it, and exits
with 1 where they differ by more than ``TOLERANCE_S``. RUN is a run's folder in the artifacts.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaos.model import LOAD_BALANCER, Lane
from reports import archive
from reports.words import NO_FAULT
from reports.worst import MEASURED, where_felt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from chaos.result import Figures, Result

RECORD = Path(__file__).with_name("kuma-record.json")
TOLERANCE_S = 3.0
"""Kuma's own timers spread by more than this: a status every 5 s, health discovery every 5 s, 1 s each for the store's
cache, the refresh of a proxy and each direction of the synchronisation. A shorter tolerance would judge luck."""
_MOMENT_NS = 1_000_000_000
"""An answer that came for less than this is no step of its own in the order of events."""

Range = tuple[float, float]
"""Seconds: the lowest low end and the highest high end of a figure in all runs."""


@dataclass(frozen=True)
class Felt:
    """What users felt of one fault under one profile, where it is judged, each request on a new connection."""

    fault: str
    profile: str
    runs: int
    order: tuple[tuple[str, ...], ...]
    """Every order of events that was seen: who answered, with ``home`` and ``other`` for the zones."""
    failover: Range | None
    """None: never, in any run."""
    failback: Range | None
    longest_outage: Range
    return_outage: Range
    """All outages together after the repair began."""


def felt(results: Iterable[Result]) -> tuple[Felt, ...]:
    """What users felt in these runs, by fault and profile; INFRA and INVALID say nothing."""
    judged: dict[tuple[str, str], list[tuple[Result, Figures]]] = {}
    for result in results:
        fresh = [figures for figures in where_felt(result) if figures.key.lane is Lane.FRESH]
        if result.fault not in NO_FAULT and result.verdict in MEASURED and fresh:
            judged.setdefault((result.fault, result.profile), []).append((result, fresh[0]))
    return tuple(_felt(*key, judged[key]) for key in sorted(judged))


def _felt(fault: str, profile: str, judged: Sequence[tuple[Result, Figures]]) -> Felt:
    failovers = [f.failover for _, f in judged if f.failover is not None]
    failbacks = [f.failback for _, f in judged if f.failback is not None]
    outages = [f.outage_longest for _, f in judged]
    return Felt(
        fault,
        profile,
        len(judged),
        tuple(dict.fromkeys(_order(result, figures) for result, figures in judged)),
        _range((i.low_s, i.high_s) for i in failovers),
        _range((i.low_s, i.high_s) for i in failbacks),
        _range((i.low_s, i.high_s) for i in outages) or (0.0, 0.0),
        _range((f.return_outage.low_s, f.return_outage.high_s) for _, f in judged) or (0.0, 0.0),
    )


def _range(ends: Iterable[Range]) -> Range | None:
    known = list(ends)
    return (round(min(low for low, _ in known), 2), round(max(high for _, high in known), 2)) if known else None


def _order(result: Result, figures: Figures) -> tuple[str, ...]:
    """Who answered, one after the other. At a load balancer both zones answer in turn: nothing to order."""
    if figures.key.vantage == LOAD_BALANCER:
        return ()
    long = (s for s in figures.segments if s.last_due_ns - s.first_due_ns >= _MOMENT_NS)
    names = (_name(result, segment.answer) for segment in long)
    return tuple(name for name, _ in groupby(names))


def _name(result: Result, answer: str) -> str:
    if answer == result.zone:
        return "home"
    return "other" if answer.startswith("zone") else answer


def differences(recorded: Felt, now: Felt) -> Iterator[str]:
    """What is beyond the tolerance, in words."""
    if unseen := [order for order in now.order if order not in recorded.order]:
        yield f"order of events {_orders(unseen)}, on Kuma {_orders(recorded.order)}"
    for name in ("failover", "failback", "longest_outage", "return_outage"):
        theirs, ours = getattr(recorded, name), getattr(now, name)
        if not _alike(theirs, ours):
            yield f"{name} {_words(ours)}, on Kuma {_words(theirs)}"


def _alike(theirs: Range | None, ours: Range | None) -> bool:
    if theirs is None or ours is None:
        return theirs is ours
    return ours[0] <= theirs[1] + TOLERANCE_S and ours[1] >= theirs[0] - TOLERANCE_S


def table(recorded: Iterable[Felt], now: Iterable[Felt]) -> Iterator[str]:
    """Both side by side as a Markdown table."""
    ours = {(f.fault, f.profile): f for f in now}
    yield "| fault | profile | | runs | order of events | failover | longest outage | home again after | outages then |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for real in recorded:
        yield _row(f"| {real.fault} | {real.profile} | Kuma", real)
        if (here := ours.get((real.fault, real.profile))) is not None:
            yield _row("| | | stand-in", here)


def _row(begin: str, one: Felt) -> str:
    figures = map(_words, (one.failover, one.longest_outage, one.failback, one.return_outage))
    return f"{begin} | {one.runs} | {_orders(one.order)} | {' | '.join(figures)} |"


def _words(figure: Range | None) -> str:
    return f"{figure[0]:.1f} to {figure[1]:.1f} s" if figure else "never"


def _orders(orders: Iterable[tuple[str, ...]]) -> str:
    return " or ".join(" → ".join(order) if order else "in turn" for order in orders)


def read_record(file: Path = RECORD) -> tuple[str, tuple[Felt, ...]]:
    """On which Kuma it was recorded and when, and the record."""
    document = json.loads(file.read_text())
    return f"{document['engine']}, {document['recorded']}", tuple(_of(entry) for entry in document["felt"])


def _of(entry: dict[str, Any]) -> Felt:
    lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
    return Felt(**{**entry, **lists, "order": tuple(tuple(order) for order in entry["order"])})


def results_of(runs: Iterable[Path]) -> list[Result]:
    """Every result of these runs."""
    return [archive.read(file) for run in runs for file in sorted(run.glob(f"*/{archive.FILE_NAME}"))]


def _record(results: Sequence[Result]) -> dict[str, Any]:
    engines = sorted({result.engine for result in results})
    day = time.strftime("%Y-%m-%d", time.gmtime(max(result.started_unix_s for result in results)))
    return {"engine": ", ".join(engines), "recorded": day, "felt": [asdict(one) for one in felt(results)]}


def main(arguments: Sequence[str]) -> int:
    """``record`` or ``compare``, then the folders of runs."""
    verb, *runs = arguments
    results = results_of(map(Path, runs))
    if verb == "record":
        sys.stdout.write(json.dumps(_record(results), indent=1) + "\n")
        return 0
    _, recorded = read_record()
    now = felt(results)
    sys.stdout.write("\n".join(table(recorded, now)) + "\n")
    known = {(f.fault, f.profile): f for f in recorded}
    pairs = [(known[f.fault, f.profile], f) for f in now if (f.fault, f.profile) in known]
    found = [f"{f.fault} [{f.profile}]: {text}" for real, f in pairs for text in differences(real, f)]
    sys.stdout.write("".join(f"differs: {text}\n" for text in found))
    return 1 if found or not pairs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
