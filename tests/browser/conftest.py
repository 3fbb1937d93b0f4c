"""A real Chromium, the distribution's, and a report for it to open."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

from chaos.result import LogEntry
from reports import html
from tests.unit.reports import samples_of_results as samples
from tests.unit.reports.run_folders import run_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

_CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
expect.set_options(timeout=30_000)  # a busy machine is slow, not wrong
HOSTILE = "<img src=x onerror=alert(1)>"
"""A pod's name, as far as this program may trust a mesh."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ended with its module: while Playwright runs, an event loop does, and no other test could run one."""
    if _CHROMIUM is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole night; the first experiment's pods have names that are HTML."""
    folder = tmp_path_factory.mktemp("night")
    log = LogEntry(samples.START_NS + 3_500_000_000, "inject", f"deleted pod {HOSTILE}")
    hostile = samples.delete_deployment(effect=f"no pod {HOSTILE} is left", log=(log,))
    run = run_of(folder, hostile, *samples.run()[1:])
    path = folder / html.FILE_NAME
    path.write_text(html.render(run), "utf-8")
    return path


@pytest.fixture
def page(browser: Browser, report: Path) -> Iterator[Page]:
    """The report, opened from disk."""
    context = browser.new_context(viewport={"width": 1280, "height": 1400}, color_scheme="light")
    page = context.new_page()
    page.goto(report.as_uri())
    yield page
    context.close()
