"""Which samples a plot draws, where there are more than it has columns of pixels: never without a bad one.

Kept are every bad sample, the first and the last, and in each column the fastest and the slowest good
sample of each kind (of each zone that answered): what a plot of all samples would show as its outline.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.integer[Any]]
    Mask = npt.NDArray[np.bool_]


def columns(due_ns: Numbers, count: int) -> npt.NDArray[np.int64]:
    """For each sample in which of ``count`` equally wide columns it is drawn, from 0."""
    since = due_ns.astype(np.int64) - due_ns[0]
    width = max(1, -(-(int(since[-1]) + 1) // count))
    column: npt.NDArray[np.int64] = since // width
    return column


def kept(due_ns: Numbers, latency_ns: Numbers, kind: Numbers, bad: Mask, count: int) -> npt.NDArray[np.intp]:
    """The positions of the samples to draw, ascending: at most all bad ones, and two a column and kind.

    ``due_ns`` ascends; ``kind`` is who answered.
    """
    if not len(due_ns):
        return np.zeros(0, np.intp)
    column = columns(due_ns, count)
    order = np.lexsort((latency_ns, kind, column))
    order = order[~bad[order]]
    changes = np.flatnonzero((np.diff(column[order]) != 0) | (np.diff(kind[order]) != 0))
    fastest, slowest = order[changes + 1], order[changes]
    return np.unique(np.concatenate((fastest, slowest, order[:1], order[-1:], np.flatnonzero(bad), [0, len(bad) - 1])))
