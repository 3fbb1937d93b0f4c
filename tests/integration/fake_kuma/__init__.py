"""A small fake of kuma-cp and kuma-dp: takes their settings and flags, speaks answers recorded on Kuma 2.13.10.

It checks what the real ones check (flags, tokens, certificates); its gateways ask their own zone's echo. It is no mesh.
``FAKE_KUMA`` in the environment makes it misbehave; ``FAKE_KUMA_EVENTS`` names the file of what happened, in order.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
DETAILED = """\
Product:       Kuma
Version:       2.13.10
Git Tag:       v2.13.10
Git Commit:    b9b8c3f84ad8ff5fede09577439eb12cac518709
Build Date:    2026-07-30T09:42:54Z
"""


def install(home: Path) -> Path:
    """Put the fake's executables where a release has its own; the folder for ``--kuma-home``."""
    (home / "bin").mkdir(parents=True)
    for name in ("kuma-cp", "kuma-dp"):
        file = home / "bin" / name
        program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.integration.fake_kuma import {name[5:]}"
        file.write_text(f"#!{sys.executable} -P\n{program}\nsys.exit({name[5:]}.main(sys.argv[1:]))\n")
        file.chmod(0o755)
    return home
