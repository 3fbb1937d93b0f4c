"""What an echo answer says: a pure function from its text."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LINES = re.compile(
    r"(?:Welcome, you are connected to node (?P<node>[^\n]+)\.\n)?"
    r"(?:Running on Pod (?P<pod>[^\n]+)\.\n)?"
    r"(?:In namespace (?P<namespace>[^\n]+)\.\n)?"
    r"(?:With IP address (?P<address>[^\n]+)\.\n)?"
)


@dataclass(frozen=True)
class Answer:
    """Who answered, in kong/go-echo's words; empty where the line is missing."""

    node: str = ""
    pod: str = ""
    namespace: str = ""
    address: str = ""


def parse(body: bytes) -> Answer | None:
    """The answer in ``body``, or None if this is not kong/go-echo's text.

    go-echo leaves a line out where it does not know the value, so any line may be missing, but
    not all of them; order and wording are fixed. The last line's end may be missing.
    """
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    match = _LINES.fullmatch(text if text.endswith("\n") else text + "\n")
    if match is None or not any(match.groups()):
        return None
    return Answer(**match.groupdict(default=""))
