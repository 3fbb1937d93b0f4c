"""Where the time went, in the terminal summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from reports.terminal.console import show
from reports.walltime import OURS_AT_MOST, in_words, together

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from reports.walltime import WallTime


def render(every: Sequence[WallTime], console: Console) -> None:
    """Print the sum, and the tests in which the suite took more than it allows itself."""
    if not every:
        return
    whole = together(every)
    show(console, Text(f"time of {whole.name}: {in_words(whole)}", "dim"))
    for one in every:
        if one.share > OURS_AT_MOST:
            show(console, Text(f"  more than {OURS_AT_MOST:.0%} ours in {one.name}: {in_words(one)}", "yellow"))
