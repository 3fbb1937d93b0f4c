"""Experiments in Allure: steps, labels, links, parameters and attachments, and the files of a run.

``describe`` is called before anything is brought up and ``attach`` when the experiment has ended;
both do nothing where pytest was not given ``--alluredir``.
"""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING, Any

import allure
from rich.console import Console

from chaos.claims import CLAIMS
from chaos.redaction import redacted
from reports.allure_identity import identify
from reports.archive import FILE_NAME, dump
from reports.terminal.summary import render_one
from reports.words import NO_FAULT, plain, sentence, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chaos.observer import Live
    from chaos.result import Result

ARROW = ("application/vnd.apache.arrow.stream", "arrows")
"""The registered media type of a sample file, and its extension."""
_TYPES = {
    ".arrow": ARROW,
    ".arrows": ARROW,
    ".csv": ("text/csv", "csv"),
    ".html": ("text/html", "html"),
    ".json": ("application/json", "json"),
    ".jsonl": ("application/jsonl", "jsonl"),
    ".png": ("image/png", "png"),
    ".svg": ("image/svg+xml", "svg"),
    ".yaml": ("application/yaml", "yaml"),
    ".yml": ("application/yaml", "yaml"),
}
_TEXT = ("text/plain", "txt")
_WIDTH = 110
_BLOCKERS = {"delete-cluster", "delete-gateway"}

_DASH = "\N{EN DASH}"
_UNABLE = "InfraError|NothingSelected|JournalError|SamplesError|SettingsError"
_CATEGORIES = (
    ("Known to be false (expected failure)", r"^XFAIL[\s\S]*", ("skipped",)),
    (f"FAIL {_DASH} the mesh broke a promise", r"^([\w.]+: )?FAIL: [\s\S]*", ("failed", "broken")),
    (
        f"INVALID {_DASH} the probe could not keep its schedule",
        r"^(([\w.]+: )?INVALID: |([\w.]+\.)?InvalidRun(: |$))[\s\S]*",
        ("failed", "broken"),
    ),
    (
        f"INFRA {_DASH} the experiment could not be carried out",
        rf"^(([\w.]+: )?INFRA: |([\w.]+\.)?({_UNABLE})(: |$))[\s\S]*",
        ("failed", "broken"),
    ),
)
"""Name, what the message matches, statuses. Allure 2 (Java) matches whole messages and Allure 3 (JavaScript) any part:
these expressions mean the same to both."""
_dynamic: Any = allure.dynamic
_attach: Any = allure.attach
"""Allure's functions, half of which have no types."""


class AllureSteps:
    """An observer for which each phase of an experiment is an Allure step."""

    def phase(self, name: str) -> AbstractContextManager[None]:
        """A step that lasts as long as the context, failed or broken when it is left by an exception."""
        step: AbstractContextManager[None] = allure.step(plain(name))
        return step

    def note(self, text: str) -> None:
        """Nothing: notes are in the experiment's own log, which is attached."""

    def live(self, live: Live) -> None:
        """Nothing: what is seen for a moment is no result."""


def describe(*, test: str, scenario: str, fault: str, zone: str, profile: str, feature: str = "failover") -> None:
    """Say what the running test is, once, and before it can break.

    Only what is the same in every run becomes a parameter: Allure knows a test by these and by ``test``, its module
    and function, and its history ends when one changes.
    """
    identify(test)
    for name, value in (("fault", fault), ("zone", zone), ("profile", profile)):
        _dynamic.parameter(name, value)
    _dynamic.feature(feature)
    _dynamic.story(sentence(scenario))
    _dynamic.severity(severity(fault))


def link(claims: Iterable[str]) -> None:
    """Link the running test to the claims that it proves."""
    for claim_id, url in _links(claims).items():
        _dynamic.link(url, name=claim_id)


def _links(claims: Iterable[str]) -> dict[str, str]:
    """Each claim's address. Allure drops a second link to one address, so each claim gets its own."""
    links: dict[str, str] = {}
    for claim_id in claims:
        url = CLAIMS[claim_id].url if claim_id in CLAIMS else ""
        links[claim_id] = url.replace("#", f"?claim={claim_id}#") if url in links.values() else url
    return {claim_id: url for claim_id, url in links.items() if url}


def severity(fault: str) -> allure.severity_level:
    """How bad it is when users are not protected from ``fault``."""
    if fault in NO_FAULT:
        return allure.severity_level.NORMAL
    return allure.severity_level.BLOCKER if fault in _BLOCKERS else allure.severity_level.CRITICAL


def entitle(result: Result) -> None:
    """Give the running test the title of its one experiment."""
    _dynamic.title(title(result))


def attach(result: Result, picture: str, samples: Path | None = None, files: Sequence[Path] = ()) -> None:
    """Attach all that is known of an experiment to the running test.

    Args:
        result: what was found.
        picture: its timeline, as SVG.
        samples: the sample file; not attached when there is none.
        files: the journal, Envoy's clusters and statistics, and other evidence; a missing one is
            named in a note, since an experiment that broke early has not all of them.
    """
    _attach(who_answered(result), "who answered", allure.attachment_type.TEXT)
    _attach(picture, "timeline", allure.attachment_type.SVG)
    _attach(dump(result), FILE_NAME, allure.attachment_type.JSON)
    wanted = [*([samples] if samples else []), *files]
    missing = [path.name for path in wanted if not _attached(path)]
    if missing:
        _attach("\n".join(missing), "missing files", allure.attachment_type.TEXT)


def _attached(path: Path) -> bool:
    mime, extension = _TYPES.get(path.suffix.lower(), _TEXT)
    if not path.is_file():
        return False
    if path.suffix == ".jsonl":  # the journal holds what must be put back exactly, but a report is for everybody
        _attach(redacted(path.read_text("utf-8", "replace")), plain(path.name), mime, extension)
    else:
        _attach.file(path, plain(path.name), mime, extension)
    return True


def who_answered(result: Result) -> str:
    """The experiment as the terminal summary tells it, as plain text."""
    text = io.StringIO()
    render_one(result, Console(file=text, width=_WIDTH, color_system=None, force_terminal=False))
    return text.getvalue()


def write_run_files(folder: Path, environment: Mapping[str, str], ci: Mapping[str, str] | None = None) -> None:
    """Write what belongs to the whole run: its environment, the categories, who ran it.

    The files are ``environment.properties``, ``categories.json`` and ``executor.json``.

    Args:
        folder: what pytest was given as ``--alluredir``; made when missing.
        environment: what the report shows under "Environment".
        ci: the environment variables that tell which CI runs this; this process's own by default.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = (f"{_property(key)}={_property(value)}\n" for key, value in environment.items())
    (folder / "environment.properties").write_text("".join(lines), "ascii")
    (folder / "categories.json").write_text(_json(categories()), "utf-8")
    (folder / "executor.json").write_text(_json(executor(os.environ if ci is None else ci)), "utf-8")


def categories() -> list[dict[str, object]]:
    """Allure's custom categories, in the order in which a result is matched against them."""
    return [
        {"name": name, "messageRegex": regex, "matchedStatuses": list(statuses)}
        for name, regex, statuses in _CATEGORIES
    ]


def executor(ci: Mapping[str, str]) -> dict[str, object]:
    """Who ran this, from the environment variables of GitHub, GitLab or Jenkins; else ``local``."""
    if ci.get("GITHUB_ACTIONS"):
        return _github(ci)
    if ci.get("GITLAB_CI"):
        return _build("GitLab CI", "gitlab", ci.get("CI_PIPELINE_IID"), ci.get("CI_JOB_NAME"), ci.get("CI_JOB_URL"))
    if ci.get("JENKINS_URL"):
        return _build("Jenkins", "jenkins", ci.get("BUILD_NUMBER"), ci.get("JOB_NAME"), ci.get("BUILD_URL"))
    return _build("local", "local", None, "local run", None)


def _github(ci: Mapping[str, str]) -> dict[str, object]:
    server, repository, run = (ci.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    url = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
    return _build("GitHub Actions", "github", ci.get("GITHUB_RUN_NUMBER"), ci.get("GITHUB_WORKFLOW"), url)


def _build(name: str, kind: str, number: str | None, build: str | None, url: str | None) -> dict[str, object]:
    """Allure's executor; ``buildOrder`` sorts its trends and has to be a number."""
    ordered = number is not None and number.isdecimal()
    label = " #".join(part for part in (build, number) if part)
    fields = {
        "name": name,
        "type": kind,
        "reportName": "Mesh failover",
        "buildName": label,
        "buildUrl": url,
        "buildOrder": int(number) if ordered and number else None,
    }
    return {key: value for key, value in fields.items() if value not in (None, "")}


def _property(text: str) -> str:
    """A key or value of a Java properties file: ASCII, everything else as UTF-16 units."""
    return "".join(_character(char) for char in plain(text))


def _character(char: str) -> str:
    if char.isascii():
        return f"\\{char}" if char in "\\:=#! " else char
    units = char.encode("utf-16-be").hex()
    return "".join(f"\\u{units[index : index + 4]}" for index in range(0, len(units), 4))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)
