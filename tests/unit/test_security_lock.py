"""The lock files: every dependency in them, in a version that is allowed, with its hashes, from nowhere particular."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.markers import Marker

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = PROJECT["dependency-groups"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
DIRECT = [*PROJECT["project"]["dependencies"], *(one for extra in EXTRAS.values() for one in extra)]
GO_LOCK = "fixtures/platforms/kubernetes/testbed/go.lock"
LOCKS = {"requirements.lock": DIRECT, "tools.lock": GROUPS["tools"], GO_LOCK: GROUPS["go"]}
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def entries(text: str) -> Iterator[tuple[Requirement, list[str]]]:
    """Each requirement of a lock file, with its hashes."""
    joined = re.sub(r"\\\n\s*", "", "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")))
    for line in filter(None, joined.splitlines()):
        requirement, *hashes = line.split("--hash=")
        yield Requirement(requirement.strip()), [one.strip() for one in hashes]


def locked(lock: str, python: str) -> dict[str, Requirement]:
    """What is installed on Linux with a version of Python, by name."""
    environment = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    found: dict[str, Requirement] = {}
    for requirement, _ in entries((ROOT / lock).read_text()):
        if applies(requirement.marker, environment):
            name = canonicalize_name(requirement.name)
            assert name not in found, f"{name} is locked twice for Python {python}"
            found[name] = requirement
    return found


def applies(marker: Marker | None, environment: dict[str, str]) -> bool:
    return marker is None or marker.evaluate(dict(environment))


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("lock", LOCKS)
def test_every_direct_dependency_is_locked_in_a_version_that_is_allowed(lock: str, python: str) -> None:
    found = locked(lock, python)
    for wanted in map(Requirement, LOCKS[lock]):
        (version,) = found[canonicalize_name(wanted.name)].specifier
        assert version.operator == "=="
        assert wanted.specifier.contains(version.version, prereleases=True), f"{wanted}: make lock"


def test_what_builds_the_project_is_locked_too() -> None:
    """For it is installed without a build environment of its own, which pip would fill with whatever is newest."""
    found = locked("requirements.lock", "3.11")
    for wanted in (*map(Requirement, PROJECT["build-system"]["requires"]), Requirement("editables")):
        (version,) = found[canonicalize_name(wanted.name)].specifier
        assert wanted.specifier.contains(version.version)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_has_one_exact_version_and_its_hashes(lock: str) -> None:
    every = list(entries((ROOT / lock).read_text()))
    assert every
    for requirement, hashes in every:
        assert [one.operator for one in requirement.specifier] == ["=="], requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement
        assert requirement.url is None


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_says_where_it_comes_from(lock: str) -> None:
    """The hashes say what is meant, and each user has an index of their own."""
    text = (ROOT / lock).read_text()
    assert not re.search(r"https?:|--(index|extra-index|find-links|trusted-host)", text)


def test_whatever_sets_the_project_up_takes_the_locks_by_their_hashes() -> None:
    make, tox = (ROOT / "Makefile").read_text(), (ROOT / "tox.ini").read_text()
    assert "--require-hashes" in make
    assert "-r requirements.lock" in make
    assert "pip install -e" not in make
    assert "install_command = python -m pip install --require-hashes" in tox
    assert re.findall(r"^deps = (.*)$", tox, re.MULTILINE) == ["-r requirements.lock", "-r tools.lock"]
    assert "extras" not in tox


def test_an_audit_that_could_not_ask_about_a_dependency_fails() -> None:
    """pip-audit itself tells what it skipped, and succeeds: without --strict an index that knows nothing is green."""
    for file in ("Makefile", "tox.ini"):
        audits = [line for line in (ROOT / file).read_text().splitlines() if re.search(r"pip-audit .*-r", line)]
        assert audits
        assert all("--strict" in line and "|| true" not in line for line in audits), file
