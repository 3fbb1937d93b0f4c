"""The history's file: an SQLite database that is complete by itself whenever no run is being added.

It keeps a rollback journal, not a write-ahead log, so that CI can keep the one file as an artifact. Several runs may
add themselves at once: each waits for the others.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from chaos.errors import ChaosError
from chaos.model import Lane, SeriesKey, Verdict
from chaos.result import Expectation
from reports.history import FILE_NAME
from reports.history.record import Bounds, Experiment, Measured, PastRun, Subject, past

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from reports.run import Run

WAIT_S = 30.0
"""How long a run waits for others that are being added."""
_APPLICATION_ID = 0x6D636831
"""``mch1``: what tells a history from other programs' databases."""
_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE run (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL, started_unix_s REAL NOT NULL, exit_code INTEGER,
            environment TEXT NOT NULL, unmeasured INTEGER NOT NULL, UNIQUE (started_unix_s))""",
        """CREATE TABLE experiment (
            id INTEGER PRIMARY KEY, run INTEGER NOT NULL REFERENCES run,
            name TEXT NOT NULL, zone TEXT NOT NULL, profile TEXT NOT NULL, scenario TEXT NOT NULL, fault TEXT NOT NULL,
            platform TEXT NOT NULL, engine TEXT NOT NULL, conditions TEXT NOT NULL,
            verdict TEXT NOT NULL, documented INTEGER NOT NULL, target REAL NOT NULL, started_unix_s REAL NOT NULL,
            UNIQUE (run, scenario, zone, profile, started_unix_s))""",
        """CREATE TABLE series (
            experiment INTEGER NOT NULL REFERENCES experiment, vantage TEXT NOT NULL, lane TEXT NOT NULL,
            expectation TEXT NOT NULL, samples INTEGER NOT NULL, bad INTEGER NOT NULL, away INTEGER NOT NULL,
            failover_low_s REAL, failover_high_s REAL, failback_low_s REAL, failback_high_s REAL,
            longest_low_s REAL NOT NULL, longest_high_s REAL NOT NULL,
            total_low_s REAL NOT NULL, total_high_s REAL NOT NULL,
            spent_low_s REAL NOT NULL, spent_high_s REAL NOT NULL,
            PRIMARY KEY (experiment, vantage, lane)) WITHOUT ROWID""",
    ),
)
"""What makes each version of the schema from the one before, the first from an empty file. Seconds that are infinite:
it never came; that are NULL: it does not apply."""
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_PRIMARY_CODE = 0xFF


class HistoryError(ChaosError):
    """The history cannot be read or added to."""


def append(run: Run, file: Path) -> None:
    """Add a run to the history, made when missing; what is in it already stays as it is.

    A run in which nothing was tried is not added.

    Raises:
        HistoryError: the run has not ended, or the file is no history, damaged, newer than this program, or cannot
            be written. It is never replaced.
    """
    if run.about.exit_code is None:
        raise HistoryError(f"{run.folder} did not end: only whole runs are history")
    if run.results or run.about.failures:
        with _opened(file, make=True) as connection, _transaction(connection):
            _insert(connection, past(run))


def read(file: Path) -> tuple[PastRun, ...]:
    """Every run of the history by when it began, its experiments likewise.

    Raises:
        HistoryError: there is no such file, or no run in it; it is a folder, no history, damaged, or newer than this
            program.
    """
    if file.is_dir():
        raise HistoryError(f"{file} is a folder: give the file in it, as {file / FILE_NAME}")
    found = _read(file) if file.is_file() and file.stat().st_size else ()
    if not found:
        raise HistoryError(f"{file}: there is no history yet; every run adds itself to --history at its end")
    return found


def _read(file: Path) -> tuple[PastRun, ...]:
    with _opened(file) as connection, _transaction(connection, "DEFERRED"):
        try:
            return tuple(_runs(connection))
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise HistoryError(f"{file} has an entry that cannot be understood: {error}; {_KEPT}") from error


_KEPT = "nothing was changed; move it away to begin a new history"
_OTHER = "name another file (pytest: --history)"


@contextmanager
def _opened(file: Path, *, make: bool = False) -> Iterator[sqlite3.Connection]:
    """The history, of this program's version and undamaged."""
    address = f"{file.absolute().as_uri()}?mode={'rwc' if make else 'rw'}"
    try:
        if make:
            file.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(address, uri=True, timeout=WAIT_S, isolation_level=None)) as connection:
            _check(connection, file)
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection
    except sqlite3.Error as error:
        raise _refusal(file, error) from error
    except UnicodeDecodeError as error:  # Python's, of a message of SQLite's that names what is damaged
        raise HistoryError(f"{file} is damaged ({error}); {_KEPT}") from error
    except OSError as error:
        raise HistoryError(f"{file} cannot be written: {error.strerror}; {_OTHER}") from error


def _refusal(file: Path, error: sqlite3.Error) -> HistoryError:
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE
    if code in _DAMAGED:
        return HistoryError(f"{file} is damaged, or no history ({error}); {_KEPT}")
    if code == sqlite3.SQLITE_BUSY:
        return HistoryError(f"{file} was in use by other processes for {WAIT_S:g} s; add the run again later")
    return HistoryError(f"{file} cannot be used ({error}); {_OTHER}")


def _check(connection: sqlite3.Connection, file: Path) -> None:
    version = _pragma(connection, "user_version")
    if version != len(_MIGRATIONS):
        with _transaction(connection):
            _migrate(connection, file)
    elif _pragma(connection, "application_id") != _APPLICATION_ID:
        raise _not_ours(file)
    if (problem := _pragma(connection, "quick_check(1)")) != "ok":
        raise HistoryError(f"{file} is damaged ({problem}); {_KEPT}")


def _migrate(connection: sqlite3.Connection, file: Path) -> None:
    """Bring an older file to this version, an empty one too; asked again inside the transaction: others do the same."""
    version, application = _pragma(connection, "user_version"), _pragma(connection, "application_id")
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != _APPLICATION_ID and (tables or application or version):
        raise _not_ours(file)
    if version > len(_MIGRATIONS):
        raise HistoryError(
            f"{file} was written by a newer mesh-chaos (version {version} of the history, this program knows "
            f"{len(_MIGRATIONS)}): upgrade mesh-chaos, or {_OTHER}"
        )
    for statement in (statement for migration in _MIGRATIONS[version:] for statement in migration):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")


def _not_ours(file: Path) -> HistoryError:
    return HistoryError(f"{file} is another program's database; {_OTHER}")


def _pragma(connection: sqlite3.Connection, name: str) -> Any:
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """All or nothing; one that writes takes its turn at once, for a lock cannot be waited for half way."""
    connection.execute(f"BEGIN {kind}")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _insert(connection: sqlite3.Connection, run: PastRun) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO run (name, started_unix_s, exit_code, environment, unmeasured) VALUES (?, ?, ?, ?, ?)",
        (run.name, run.started_unix_s, run.exit_code, json.dumps(dict(run.environment)), run.unmeasured),
    )
    began = (run.started_unix_s,)  # by which it is known again, also where its folder was renamed
    (number,) = connection.execute("SELECT id FROM run WHERE started_unix_s = ?", began).fetchone()
    for experiment in run.experiments:
        _insert_experiment(connection, number, experiment)


def _insert_experiment(connection: sqlite3.Connection, run: int, one: Experiment) -> None:
    of = one.subject
    added = connection.execute(
        f"INSERT OR IGNORE INTO experiment VALUES (NULL{', ?' * 13})",  # noqa: S608 - places for values
        (
            *(run, of.name, of.zone, of.profile, of.scenario, of.fault, of.platform, of.engine),
            json.dumps(of.conditions),
            *(one.verdict.value, one.documented, one.target, one.started_unix_s),
        ),
    )
    if added.rowcount:
        rows = [_row(added.lastrowid, measured) for measured in one.series]
        connection.executemany(f"INSERT INTO series VALUES (?{', ?' * 16})", rows)  # noqa: S608 - places for values


def _row(experiment: int | None, one: Measured) -> tuple[object, ...]:
    ends = [end for b in (one.failover, one.failback, one.longest, one.total, one.spent) for end in _ends(b)]
    key, counts = (one.key.vantage, one.key.lane.value), (one.samples, one.bad, one.away)
    return (experiment, *key, one.expectation.value, *counts, *ends)


def _ends(bounds: Bounds | None) -> tuple[float | None, float | None]:
    return (bounds.low_s, bounds.high_s) if bounds else (None, None)


def _runs(connection: sqlite3.Connection) -> Iterator[PastRun]:
    series = {
        experiment: tuple(_measured(*row) for _, *row in rows)
        for experiment, rows in groupby(
            connection.execute("SELECT * FROM series ORDER BY experiment, vantage, lane"), itemgetter(0)
        )
    }
    experiments: dict[int, list[Experiment]] = {}
    for number, run, *row in connection.execute("SELECT * FROM experiment ORDER BY started_unix_s, id"):
        experiments.setdefault(run, []).append(_experiment(row, series.get(number, ())))
    found = connection.execute("SELECT * FROM run ORDER BY started_unix_s, name")
    for number, name, started, code, environment, unmeasured in found:
        own = tuple(experiments.get(number, ()))
        yield PastRun(name, started, code, json.loads(environment), unmeasured, own)


def _experiment(row: Iterable[Any], series: tuple[Measured, ...]) -> Experiment:
    *subject, conditions, verdict, documented, target, started = row
    of = replace(Subject(*subject), conditions=tuple((name, value) for name, value in json.loads(conditions)))
    return Experiment(of, Verdict(verdict), bool(documented), target, started, series)


def _measured(vantage: str, lane: str, expectation: str, *numbers: Any) -> Measured:
    samples, bad, away, *ends = numbers
    lengths = [None if low is None else Bounds(low, high) for low, high in zip(ends[::2], ends[1::2], strict=True)]
    failover, failback, longest, total, spent = lengths
    if longest is None or total is None or spent is None:
        raise ValueError(f"{vantage}/{lane} has no outages")
    key = SeriesKey(vantage, Lane(lane))
    return Measured(key, Expectation(expectation), samples, bad, away, failover, failback, longest, total, spent)
