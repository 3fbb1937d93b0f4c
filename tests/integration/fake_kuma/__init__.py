"""A small fake of kuma-cp and kuma-dp: takes their settings and flags, speaks answers recorded on Kuma 2.13.10.

It checks what the real ones check (flags, tokens, certificates, resources), and does by its version what the suite
has to know of each. It is no mesh: nothing that one zone does changes anything in another, and its gateways ask
their own zone's echo. ``FAKE_KUMA`` in the environment makes it misbehave; ``FAKE_KUMA_EVENTS`` names the file of
what happened, in order.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple, NoReturn

ROOT = Path(__file__).parents[3]
DETAILED = """\
Product:       Kuma
Version:       {version}
Git Tag:       v{version}
Git Commit:    b9b8c3f84ad8ff5fede09577439eb12cac518709
Build Date:    2026-07-30T09:42:54Z
"""
RECORDED = "2.13.10"


class Version(NamedTuple):
    """Which Kuma it stands for."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def install(home: Path, version: str = RECORDED) -> Path:
    """Put the fake's executables where a release has its own; the folder for ``--kuma-home``."""
    (home / "bin").mkdir(parents=True)
    for name in ("kuma-cp", "kuma-dp"):
        file = home / "bin" / name
        program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.integration.fake_kuma import {name[5:]}"
        file.write_text(f"#!{sys.executable} -P\n{program}\n{name[5:]}.main(sys.argv[1:], {version!r})\n")
        file.chmod(0o755)
    return home


def answer_version(arguments: list[str], version: str) -> Version:
    """What kuma-cp and kuma-dp have in common: ends after ``version --detailed``."""
    if arguments == ["version", "--detailed"]:
        sys.stdout.write(DETAILED.format(version=version))
        sys.exit(0)
    return Version(*map(int, version.split(".")))


def end(said: str) -> NoReturn:
    """End as the real ones do, with the reason as the last line."""
    sys.stderr.write(f"{said}\n")
    sys.exit(1)
