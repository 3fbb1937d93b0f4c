"""What the probe's process is told, as one line of JSON on its standard input."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from chaos.errors import SettingsError
from chaos.model import GATEWAY_HEADER, Lane, Vantage

_OWN_DESCRIPTORS = 64


@dataclass(frozen=True)
class Config:
    """What to ask, how often, and where the samples go.

    Args:
        rate_hz: samples a second of each series (vantage and lane).
        timeout_s: seconds that a request may take from connecting to its answer's last byte.
        flush_s: seconds between two record batches; a killed probe loses at most that much.

    Raises:
        SettingsError: the probe cannot be run like this.
    """

    vantages: tuple[Vantage, ...]
    lanes: tuple[Lane, ...]
    rate_hz: float
    timeout_s: float
    path: Path
    flush_s: float = 0.25
    gateway_header: str = GATEWAY_HEADER

    def __post_init__(self) -> None:
        for name in ("rate_hz", "timeout_s", "flush_s"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                raise SettingsError(f"the probe's {name} is {value}; it must be above 0")
        if not self.vantages or not self.lanes:
            raise SettingsError("the probe needs at least one vantage and one lane")
        names = [vantage.name for vantage in self.vantages]
        if len({*names}) < len(names):
            raise SettingsError(f"two vantages have the same name: {', '.join(names)}")

    @property
    def descriptors(self) -> int:
        """How many open files the process may need at most.

        When no request is answered, as many are under way as become due within the time limit, and each
        may leave an idle connection behind.
        """
        in_flight = self.rate_hz * self.timeout_s * len(self.vantages) * len(self.lanes)
        return 2 * math.ceil(in_flight) + _OWN_DESCRIPTORS

    def dumps(self) -> str:
        """One line of JSON."""
        return json.dumps(
            {
                "vantages": [[vantage.name, vantage.url, vantage.zone] for vantage in self.vantages],
                "lanes": self.lanes,
                "rate_hz": self.rate_hz,
                "timeout_s": self.timeout_s,
                "path": str(self.path),
                "flush_s": self.flush_s,
                "gateway_header": self.gateway_header,
            }
        )

    @classmethod
    def loads(cls, text: str | bytes) -> Config:
        """What ``dumps`` wrote."""
        document = json.loads(text)
        vantages = tuple(Vantage(*fields) for fields in document.pop("vantages"))
        lanes = tuple(map(Lane, document.pop("lanes")))
        return cls(vantages=vantages, lanes=lanes, path=Path(document.pop("path")), **document)
