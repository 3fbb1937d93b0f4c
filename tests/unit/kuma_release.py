"""Releases of Kuma for tests: the files that a real one has, with scripts that print what the real binaries print."""

from __future__ import annotations

import tarfile
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DETAILED = """\
Product:       {product}
Version:       {version}
Git Tag:       v{version}
Git Commit:    b9b8c3f84ad8ff5fede09577439eb12cac518709
Build Date:    2026-07-30T09:42:54Z
"""


def binary(file: Path, printed: str) -> None:
    """An executable that answers ``version --detailed``, and nothing else, like kuma-cp and kuma-dp."""
    file.unlink(missing_ok=True)
    file.write_text(
        dedent("""\
            #!/bin/sh
            [ "$*" = "version --detailed" ] || exit 1
            cat <<'END'
            """)
        + printed
        + "END\n"
    )
    file.chmod(0o755)


def unpacked(home: Path, version: str, product: str = "Kuma") -> Path:
    """An unpacked release; returns its folder."""
    (home / "bin").mkdir(parents=True)
    for name in ("kuma-cp", "kuma-dp", "kumactl", "envoy", "coredns"):
        binary(home / "bin" / name, DETAILED.format(product=product, version=version))
    (home / "conf").mkdir()
    for name in ("LICENSE", "NOTICE", "README", "UPGRADE.md", "conf/kuma-cp.defaults.yaml"):
        (home / name).write_text(name)
    return home


def packed(folder: Path, version: str = "2.13.10", product: str = "kuma") -> Path:
    """A release's archive, laid out as Kuma's mk/distribution.mk does it."""
    name = f"{product}-{version}"
    home = unpacked(folder / name, version, {"kuma": "Kuma", "kong-mesh": "Kong Mesh"}[product])
    archive = folder / f"{name}.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(home, name)
    return archive
