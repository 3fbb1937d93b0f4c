"""What was answered, numbered: of millions of samples few differ in outcome, status and names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from chaos.model import Attribution, Outcome
from chaos.samples.series import NOBODY

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from chaos.model import Zone
    from chaos.samples.schedule import SeriesPlan

_MOST = np.iinfo(np.int64).max


class Answer(NamedTuple):
    """What one or more samples have in common."""

    outcome: int
    status: int
    node: str
    pod: str
    gateway: str


class Answers:
    """Every answer that has occurred; a row holds its number."""

    def __init__(self) -> None:
        self._numbers: dict[Answer, int] = {}

    def number(self, batch: Any) -> npt.NDArray[np.uint16] | npt.NDArray[np.uint32]:
        """The number of each row's answer, in two bytes while there are few; a batch has a row at least."""
        numbers = self._number(batch)
        return numbers.astype(np.uint16) if len(self._numbers) <= np.iinfo(np.uint16).max else numbers

    def _number(self, batch: Any) -> npt.NDArray[np.uint32]:
        encoded = [batch.column(name).dictionary_encode() for name in Answer._fields]
        sizes = [len(column.dictionary) for column in encoded]
        if math.prod(sizes) > _MOST:  # a file of nothing but different names
            half = len(batch) // 2
            return np.concatenate((self._number(batch[:half]), self._number(batch[half:])))
        combined = np.ravel_multi_index([column.indices.to_numpy() for column in encoded], sizes)
        found = pa.array(combined).dictionary_encode()
        known = [column.dictionary.to_pylist() for column in encoded]
        each = zip(*np.unravel_index(found.dictionary.to_numpy(), sizes), strict=True)
        answers = (Answer(*(names[i] for names, i in zip(known, one, strict=True))) for one in each)
        numbers = [self._numbers.setdefault(answer, len(self._numbers)) for answer in answers]
        result: npt.NDArray[np.uint32] = np.array(numbers, np.uint32)[found.indices.to_numpy()]
        return result

    def table(self, attribution: Attribution, zones: tuple[Zone, ...]) -> Table:
        """What each number means, once it is known which zone each name belongs to."""
        answers = list(self._numbers)

        def codes(names: list[str], known: Mapping[str, Zone]) -> npt.NDArray[np.int8]:
            return np.array([zones.index(known[name]) if name in known else NOBODY for name in names], np.int8)

        return Table(
            zones,
            np.array([answer.outcome for answer in answers], np.uint8),
            np.array([answer.status for answer in answers], np.uint16),
            codes([answer.node for answer in answers], attribution.nodes) if attribution.nodes else None,
            codes([answer.pod for answer in answers], attribution.pods),
            codes([answer.gateway for answer in answers], attribution.gateways) if attribution.gateways else None,
        )


class Table(NamedTuple):
    """Each answer, by its number; names as zone codes, None for names of which nothing is known."""

    zones: tuple[Zone, ...]
    outcome: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint16]
    node: npt.NDArray[np.int8] | None
    pod: npt.NDArray[np.int8]
    gateway: npt.NDArray[np.int8] | None

    def seen_by(self, plan: SeriesPlan) -> Seen:
        """What the answers mean to one series."""
        if plan.vantage.zone is not None:
            home = np.full_like(self.pod, self.zones.index(plan.vantage.zone))
        else:
            home = self.pod if self.gateway is None else self.gateway  # one that does not say who served: any is home
        known = (self.pod != NOBODY) & (home != NOBODY)
        if self.node is not None:
            known &= self.node == self.pod
        strange = (self.outcome == Outcome.OK) & ~known
        return Seen(
            np.where(strange, np.uint8(Outcome.BAD_ANSWER), self.outcome),
            self.status,
            np.where(known, self.pod, np.int8(NOBODY)),
            home,
        )


class Seen(NamedTuple):
    """Columns of a series, one row an answer."""

    outcome: npt.NDArray[np.uint8]
    status: npt.NDArray[np.uint16]
    zone: npt.NDArray[np.int8]
    home: npt.NDArray[np.int8]
