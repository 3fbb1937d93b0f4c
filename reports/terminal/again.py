"""What was made again, in the terminal summary: each test in a line of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from reports.again import made_again
from reports.terminal.console import show

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from reports.run import Superseded


def render(superseded: Iterable[Superseded], console: Console) -> None:
    """Print which tests were made again, how often and why."""
    for one in made_again(superseded):
        show(console, Text(str(one), "yellow"))
