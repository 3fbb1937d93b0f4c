"""What pydantic finds wrong with what a user wrote, in words that say what is allowed."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_core import ErrorDetails

_LONGEST_ECHO = 60
_INDICATIVE = re.compile("^(?:Input|List|Keys) should (be|have)")


def path(location: tuple[int | str, ...]) -> str:
    """``spec.objectives[0].target``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def reason(detail: ErrorDetails) -> str:
    """Why a value is refused."""
    match detail["type"]:
        case "value_error":
            return str(detail["ctx"]["error"])
        case "missing":
            return "is missing"
        case "string_type":
            return "must be text; put it in quotes"
        case "literal_error" | "enum":
            return f"must be {detail['ctx']['expected']}, not {shown(detail['input'])}"
        case _:
            return _INDICATIVE.sub(lambda found: f"must {found[1]}", detail["msg"])


def meant(name: str, known: Iterable[str]) -> str:
    """``; did you mean target?``, where that is close."""
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]}?" if close else ""


def shown(value: Any) -> str:
    """A value as it is repeated to the user: not all of a long one."""
    text = repr(value)
    return text if len(text) <= _LONGEST_ECHO else f"{text[:_LONGEST_ECHO]}..."
