"""How large and how slow the HTML report of a long run is.

Writes a run of 100,000 samples (or so many as said), a third of them bad, renders its report and opens it in the
distribution's Chromium from disk, five times. Targets: under 5 MB, open with a timeline drawn in under 2 s. The
browser's CPU time (of the page's main thread) is also printed: it is the same on a busy machine.

Run: python -m benchmarks.html_report [--samples 100000] [--experiments 10]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright
from rich.console import Console

from chaos.model import Lane
from reports import html
from tests.unit.reports import samples_of_results as samples
from tests.unit.reports.run_folders import run_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from chaos.result import Result
    from reports.run import Run

TIMES = 5
SERIES = 6
BROKEN = 2 / 3
"""How much of each experiment the fault lasts."""
LOADED = "() => performance.getEntriesByType('navigation')[0].loadEventEnd"
DRAWN = """
() => new Promise((resolve) => {
  document.querySelector(".plot").scrollIntoView();
  const drawn = () => document.querySelector("[data-drawn]");
  const look = () => (drawn() ? resolve(performance.now()) : requestAnimationFrame(look));
  look();
})
"""
console = Console(highlight=False, width=120)


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--experiments", type=int, default=10)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        samples.LENGTH_S = wanted.samples / wanted.experiments / SERIES * samples.PERIOD_NS / 1e9
        run = run_of(Path(folder), *(long() for _ in range(wanted.experiments)))
        show_opening(rendered(run, Path(folder) / html.FILE_NAME))


def long() -> Result:
    """An experiment of ``samples.LENGTH_S`` that is broken for most of it."""
    until = samples.INJECT_S + (samples.LENGTH_S - samples.INJECT_S) * BROKEN
    back: dict[str, Any] = {"back_s": until}
    balancer = [samples.load_balancer(lane, samples.stretch(until, "503", "zone2"), **back) for lane in Lane]
    gateway = [samples.gateway1(lane, samples.stretch(until, "503"), **back) for lane in Lane]
    return samples.result(*balancer, *gateway, *(samples.gateway2(lane) for lane in Lane))


def rendered(run: Run, path: Path) -> Path:
    """The report's file, and what it took to write it."""
    began, cpu = time.perf_counter(), time.process_time()
    path.write_text(html.render(run), "utf-8")
    lasted, used = time.perf_counter() - began, time.process_time() - cpu
    every = sum(figures.samples for result in run.results for figures in result.figures)
    bad = sum(figures.bad for result in run.results for figures in result.figures)
    console.print(f"{every:,} samples, {bad:,} of them bad, in {len(run.results)} experiments")
    console.print(f"rendered in {lasted:.1f} s ({used:.1f} s of CPU): {path.stat().st_size / 1e6:.2f} MB")
    return path


def show_opening(page: Path) -> None:
    """Open the page several times, and print the medians."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"))
        measured = [opened(page, browser) for _ in range(TIMES)]
        browser.close()
    loaded, drawn, cpu = (statistics.median(column) for column in zip(*measured, strict=True))
    console.print(f"loaded after {loaded:.0f} ms, first timeline drawn after {drawn:.0f} ms, {cpu:.0f} ms of CPU")
    console.print(f"(medians of {TIMES} times)")


def opened(page: Path, browser: Browser) -> tuple[float, float, float]:
    """When it was loaded and its first timeline drawn, and the CPU time of both, in milliseconds."""
    tab = browser.new_page()
    session = tab.context.new_cdp_session(tab)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    tab.goto(page.as_uri())
    times = tab.evaluate(LOADED), tab.evaluate(DRAWN)
    metrics = {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}
    tab.close()
    return (*times, 1000 * metrics["TaskDuration"])


if __name__ == "__main__":
    main()
