"""What the probe promises to do, and one row of what it did."""

from __future__ import annotations

import json
from dataclasses import dataclass

from chaos.errors import SamplesError
from chaos.model import Lane, Outcome, SeriesKey, Vantage
from chaos.redaction import redacted

FORMAT_VERSION = 1


@dataclass(frozen=True)
class Sample:
    """One request, as the probe saw it end."""

    series: int
    due_ns: int
    sent_ns: int
    done_ns: int
    outcome: Outcome
    status: int = 0
    node: str = ""
    pod: str = ""
    gateway: str = ""


@dataclass(frozen=True)
class SeriesPlan:
    """One series of the schedule: sample i is due at ``start_ns + i * period_ns``."""

    vantage: Vantage
    lane: Lane
    start_ns: int

    @property
    def key(self) -> SeriesKey:
        """The name of this series."""
        return SeriesKey(self.vantage.name, self.lane)


@dataclass(frozen=True)
class Schedule:
    """What a sample file promises: every series, its period and the requests' time limit."""

    period_ns: int
    timeout_ns: int
    series: tuple[SeriesPlan, ...]

    def dumps(self) -> bytes:
        """The schema metadata that describes this schedule; of a URL without what is secret in it."""
        document = {
            "version": FORMAT_VERSION,
            "period_ns": self.period_ns,
            "timeout_ns": self.timeout_ns,
            "series": [
                {
                    "vantage": plan.vantage.name,
                    "lane": plan.lane,
                    "url": redacted(plan.vantage.url),
                    "zone": plan.vantage.zone,
                    "start_ns": plan.start_ns,
                }
                for plan in self.series
            ],
        }
        return json.dumps(document).encode()

    @classmethod
    def loads(cls, text: bytes) -> Schedule:
        """The schedule in a file's schema metadata.

        Raises:
            SamplesError: the metadata is of another version or no schedule at all.
        """
        try:
            document = json.loads(text)
            if document["version"] != FORMAT_VERSION:
                raise SamplesError(
                    f"its sample format is version {document['version']}, this program reads {FORMAT_VERSION}: "
                    "read it with the release that wrote it"
                )
            series = tuple(
                SeriesPlan(
                    Vantage(entry["vantage"], entry["url"], entry["zone"]),
                    Lane(entry["lane"]),
                    _whole(entry["start_ns"]),
                )
                for entry in document["series"]
            )
            return cls(_whole(document["period_ns"], least=1), _whole(document["timeout_ns"]), series)
        except (KeyError, TypeError, ValueError) as error:
            raise SamplesError(f"the sample file's schedule cannot be understood: {error!r}") from error


def _whole(number: object, least: int = 0) -> int:
    """A number of nanoseconds.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(number, int) or not least <= number < 1 << 63:
        raise ValueError(f"{number!r} is no number of nanoseconds")
    return number
