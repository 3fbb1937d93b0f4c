"""Lengths of time as texts: OpenSLO's shorthand, and ours, which has seconds."""

from __future__ import annotations

import re

_MINUTE_S, _HOUR_S, _DAY_S = 60.0, 3_600.0, 86_400.0
_SHORTHAND = re.compile(r"([1-9][0-9]{0,8})([mhdwMQY])", re.ASCII)
_UNITS_S = {
    "m": _MINUTE_S,
    "h": _HOUR_S,
    "d": _DAY_S,
    "w": 7 * _DAY_S,
    "M": 30 * _DAY_S,
    "Q": 90 * _DAY_S,
    "Y": 365 * _DAY_S,
}
"""The specification leaves months, quarters and years to us; these are the lengths of OpenSLO's own SDK."""
_BOUND = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m)", re.ASCII)
_BOUND_UNITS_S = {"ms": 0.001, "s": 1.0, "m": _MINUTE_S}


def shorthand_s(given: object) -> float:
    """Seconds of an OpenSLO duration-shorthand such as ``30d``.

    Raises:
        ValueError: it is none.
    """
    match = _SHORTHAND.fullmatch(given) if isinstance(given, str) else None
    if not match:
        raise ValueError(
            f"{given!r} is no duration such as 30d: a whole number and one of m (minutes), h, d, w, M (30 days), "
            "Q (90 days), Y (365 days)"
        )
    return int(match[1]) * _UNITS_S[match[2]]


def slice_s(given: object) -> float:
    """Seconds of a ``timeSliceWindow``: a shorthand, or a number of minutes.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(given, bool) or not isinstance(given, int | float):
        return shorthand_s(given)
    if not 0 < given < float("inf"):
        raise ValueError(f"{given!r} minutes are no length for a slice; choose 1m, say")
    return given * _MINUTE_S


def bound_s(text: str) -> float:
    """Seconds of a bound such as ``10s``, ``500ms`` or ``1.5m``.

    Raises:
        ValueError: it is none.
    """
    if not (match := _BOUND.fullmatch(text)):
        raise ValueError(f"{text!r} is no length such as 10s, 500ms or 1.5m")
    return float(match[1]) * _BOUND_UNITS_S[match[2]]
