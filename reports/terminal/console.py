"""Lines on a console, written for 80 columns and for logs that know neither colour nor more than ASCII.

``rich`` leaves colours out where the console is no terminal or NO_COLOR is set; the signs beyond ASCII are
replaced where the console's encoding has none.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.text import Text

from reports.words import plain

if TYPE_CHECKING:
    from rich.console import Console

NARROWEST = 20
"""Columns: a console that says it has fewer is not believed."""


def show(console: Console, text: Text) -> None:
    """One line, whatever the console's width, and with signs that its encoding has."""
    if console.options.ascii_only and not text.plain.isascii():
        ascii_text = text.plain.replace("→", "->").encode("ascii", "backslashreplace")
        text = Text(ascii_text.decode())
    console.print(text, soft_wrap=True)


def wrapped(console: Console, text: str, indent: str, style: str = "") -> None:
    """A sentence of any length, indented."""
    width = max(NARROWEST, console.width)
    wrapper = textwrap.TextWrapper(width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)
    for line in wrapper.wrap(plain(text)):
        show(console, Text(line, style))
