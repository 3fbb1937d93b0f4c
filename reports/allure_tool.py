"""Allure 3, a program for Node: installed once by npm into the user's cache, in the versions of ``allure3/``."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from chaos.errors import InfraError
from chaos.redaction import redacted
from reports.words import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_PINNED = Path(__file__).parent / "allure3"
_FILES = ("package.json", "package-lock.json")
_OLDEST_NODE = (20, 19)
"""The newest that any package of the lock file asks for in its ``engines``."""
_ASK_LIMIT_S = 30.0
_INSTALL_LIMIT_S = 900.0
_LIMIT_S = 900.0
_LAST_LINES = 2
_NPM_CI = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-retry-mintimeout=2000")
"""No package's script is run; a registry that does not answer is asked twice."""
_UNREACHABLE = re.compile(r"code (ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH)")


def run_allure(arguments: Sequence[str], folder: Path, say: Callable[[str], None]) -> None:
    """Run Allure 3 in ``folder``, installed first where it is not yet.

    Args:
        arguments: Allure's own.
        folder: the working directory.
        say: told when something takes long.

    Raises:
        InfraError: there is no Node, none that is new enough, npm cannot install Allure, or Allure fails.
    """
    node = _node()
    home = installed_at()
    if not home.is_dir():
        _install(home, say)
    done = _run([node, str(home / "node_modules" / "allure" / "cli.js"), *arguments], folder, _LIMIT_S)
    if done.returncode:
        raise InfraError(f"Allure {pinned_version()} failed ({_last_of(done)}): please report this")


def installed_at() -> Path:
    """Where Allure is or will be: another folder for each set of pinned versions."""
    digest = hashlib.sha256(b"".join((_PINNED / name).read_bytes() for name in _FILES)).hexdigest()
    return user_cache_path("mesh-chaos") / "allure" / digest[:16]


def pinned_version() -> str:
    """The version of Allure that is used."""
    version: str = json.loads((_PINNED / "package.json").read_text("utf-8"))["dependencies"]["allure"]
    return version


def _node() -> str:
    wanted = f"Allure's report is made by Node {'.'.join(map(str, _OLDEST_NODE))} or newer, with npm"
    node = shutil.which("node")
    if node is None:
        raise InfraError(f"{wanted}, and there is no node on PATH: install it (https://nodejs.org) and repeat this")
    said = _run([node, "--version"], Path.cwd(), _ASK_LIMIT_S).stdout
    number = re.match(r"v(\d+)\.(\d+)\.", said)
    if number is None or tuple(map(int, number.groups())) < _OLDEST_NODE:
        raise InfraError(f"{wanted}, and {node} says it is {plain(said.strip()) or 'nothing'}: install a newer one")
    return node


def _install(home: Path, say: Callable[[str], None]) -> None:
    """Install into ``home`` in one step; of two that do it at the same time, one finds it done."""
    npm = shutil.which("npm")
    if npm is None:
        raise InfraError("Allure 3 comes from npm, and there is no npm on PATH: install it beside node and repeat this")
    say(f"npm installs Allure {pinned_version()} into {home} (once; 53 MB, half a minute)")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".npm-", dir=home.parent) as folder:
            fresh = Path(folder) / "allure"
            fresh.mkdir()
            for name in _FILES:
                shutil.copyfile(_PINNED / name, fresh / name)
            _npm_ci(npm, fresh)
            if not home.is_dir():
                fresh.rename(home)
    except OSError as error:
        reason = error.strerror or error
        raise InfraError(f"Allure cannot be kept in {home} ({reason}): free the disk, or set XDG_CACHE_HOME") from error


def _npm_ci(npm: str, folder: Path) -> None:
    done = _run([npm, *_NPM_CI], folder, _INSTALL_LIMIT_S)
    if not done.returncode:
        return
    if unreachable := _UNREACHABLE.search(done.stderr):
        raise InfraError(
            f"npm cannot reach its registry ({unreachable[1]}), from which Allure is installed once: "
            "repeat this with network, or name a registry that can be reached: npm config set registry URL"
        )
    raise InfraError(f"npm cannot install Allure {pinned_version()} ({_last_of(done)})")


def _run(command: Sequence[str], folder: Path, limit_s: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=limit_s, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise InfraError(f"{Path(command[0]).name} did not end within {limit_s:g} s: repeat this") from error
    except OSError as error:
        raise InfraError(f"{command[0]} cannot be run: {error.strerror}") from error


def _last_of(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return plain(redacted("; ".join(lines[:_LAST_LINES]))) or f"exit code {done.returncode}"
