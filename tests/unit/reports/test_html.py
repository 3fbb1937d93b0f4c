"""The HTML report without a browser: complete, escaped, and whole whatever is missing of a run."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from chaos.model import Lane, Verdict
from chaos.result import LogEntry
from chaos.slo import BudgetingMethod, Objectives
from reports import html
from reports.html.sections import anchors
from reports.run import About, Failure, read_run
from tests.unit.reports import samples_of_results as samples
from tests.unit.reports.run_folders import run_of

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>'


class Reader(HTMLParser):
    """What a page shows (no scripts, no style), its ids and its links."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.ids, self.links, self.tags = "", list[str](), list[str](), set[str]()
        self._silent = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._silent = tag in ("script", "style")
        self.tags.add(tag)
        self.ids += [given["id"] or ""] if "id" in given else []
        self.links += [given["href"] or ""] if "href" in given else []

    def handle_endtag(self, tag: str) -> None:
        self._silent = False

    def handle_data(self, data: str) -> None:
        self.text += "" if self._silent else data


def test_the_whole_night_is_told(tmp_path: Path) -> None:
    broken = samples.wrong_port(profile="hardened")
    page = Reader(html.render(run_of(tmp_path, *samples.run(), broken)))
    for text in (
        "delete-deployment zone1 [page]",
        "FAIL, as documented",
        "10.1-10.5 s",
        "fault since 2026",
        "exit code",
    ):
        assert text in page.text
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


@pytest.mark.parametrize(
    ("run", "says"),
    [
        ({}, "nothing broke in 2 experiments"),
        ({"unreadable": ("killed: it left no result",)}, "1 trouble outside of 2 experiments"),
        ({"results": (samples.infra(),)}, "1 of 1 experiment to look at"),
        ({"results": ()}, "1 trouble outside of 0 experiments"),
    ],
)
def test_the_headline_agrees_with_the_verdict(tmp_path: Path, run: dict[str, Any], says: str) -> None:
    night = run_of(tmp_path, samples.delete_deployment(), samples.smooth())
    night = replace(night, about=replace(night.about, exit_code=0), **run)
    assert says in Reader(html.render(night)).text


def test_it_is_told_which_slo_and_what_the_budget_is_counted_in(tmp_path: Path) -> None:
    goal = Objectives(method=BudgetingMethod.TIMESLICES, timeslice=60, timeslice_target=95, name="echo-minutes")
    text = Reader(html.render(run_of(tmp_path, samples.delete_deployment(objectives=goal)))).text
    assert "slices of 60 s, good from 95 % (Timeslices)" in text
    assert "echo-minutes" in text


def test_every_link_to_a_file_leads_into_the_run(tmp_path: Path) -> None:
    run = run_of(tmp_path, samples.delete_deployment())
    files = [link for link in Reader(html.render(run)).links if not link.startswith(("#", "https://developer"))]
    assert "experiment-0/samples.arrow" in files
    assert all((tmp_path / link).is_file() for link in files)


def test_the_policy_lets_nothing_in_but_the_pages_own_scripts(tmp_path: Path) -> None:
    page = html.render(run_of(tmp_path, samples.delete_deployment()))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    policy = policy.replace("&#39;", "'")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = {f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in scripts}
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert set(rules["script-src"].split()) == hashes
    assert "connect-src" not in rules


def test_what_comes_from_a_mesh_is_text_in_every_place(tmp_path: Path) -> None:
    hostile = samples.delete_deployment(
        effect=HOSTILE, profile=HOSTILE, engine=HOSTILE, log=(LogEntry(samples.START_NS, HOSTILE, HOSTILE),)
    )
    about = About(1.0, 1, {HOSTILE: HOSTILE}, (Failure(HOSTILE, Verdict.INFRA, HOSTILE),))
    text = html.render(run_of(tmp_path, hostile, about=about))
    page = Reader(text)
    assert "img" not in page.tags
    assert HOSTILE in page.text
    assert text.count("alert(2)</script>") == 0


def test_a_secret_in_the_log_is_not_told(tmp_path: Path) -> None:
    secret = "eyJhbGciOiJI.eyJzdWIiOiJ4.c2lnbmF0dXJl"
    leaking = samples.delete_deployment(effect=secret, log=(LogEntry(samples.START_NS, "inject", f"used {secret}"),))
    assert secret not in html.render(run_of(tmp_path, leaking))


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("samples.arrow", None, "No latency is shown: samples.arrow cannot be read: No such file or directory."),
        ("samples.arrow", b"no Arrow at all", "No latency is shown: samples.arrow is not a sample file"),
        ("samples.arrow", b"", "is in the file, which is cut short."),
        ("attribution.json", None, "No latency is shown: attribution.json cannot be read"),
        ("attribution.json", b'{"pods": 3}', "No latency is shown: attribution.json cannot be understood"),
    ],
)
def test_samples_that_cannot_be_read_are_a_sentence_and_the_rest_is_told(
    tmp_path: Path, name: str, content: bytes | None, sentence: str
) -> None:
    run = run_of(tmp_path, samples.delete_deployment())
    file = tmp_path / "experiment-0" / name
    file.unlink() if content is None else file.write_bytes(content)
    page = html.render(run)
    assert sentence in Reader(page).text
    assert 'class="item"' in page


def test_a_truncated_sample_file_says_whose_samples_are_missing(tmp_path: Path) -> None:
    run = run_of(tmp_path, samples.delete_deployment())
    file = tmp_path / "experiment-0" / "samples.arrow"
    file.write_bytes(file.read_bytes()[:-500])
    assert "Samples of load-balancer/fresh, " in (text := Reader(html.render(run)).text)
    assert "gateway-zone2/keepalive are missing from the file, which is cut short." in text


def test_every_moment_that_the_timeline_marks_is_told_in_words(tmp_path: Path) -> None:
    whole = samples.moment(samples.RESTORE_S + 0.4, samples.RESTORE_S + 0.62)
    text = Reader(html.render(run_of(tmp_path, samples.delete_deployment(mended=whole)))).text
    for moment in ("fault requested", "fault in effect", "repair requested", "not to be repaired", "repair confirmed"):
        assert moment in text


def test_a_control_that_found_nothing_has_a_timeline_too(tmp_path: Path) -> None:
    calm = samples.result(samples.gateway2(Lane.FRESH), fault="none", injected=None, restored=None, log=())
    page = html.render(run_of(tmp_path, calm))
    assert "seconds since the first sample" in page
    assert "No log of control planes or Envoys is here" in page


def test_samples_of_an_experiment_that_was_not_judged_are_pointed_to(tmp_path: Path) -> None:
    run = run_of(tmp_path, samples.infra())
    assert "nothing was sampled here" in html.render(run)
    (tmp_path / "experiment-0" / "samples.arrow").touch()
    assert "no sample could be judged" in html.render(run)


def test_samples_of_another_version_are_a_sentence(tmp_path: Path) -> None:
    run = run_of(tmp_path, samples.delete_deployment())
    file = tmp_path / "experiment-0" / "samples.arrow"
    written = file.read_bytes()
    file.write_bytes(written.replace(b'"version": 1', b'"version": 7'))
    assert re.search(r"No latency is shown: .*\b7\b", Reader(html.render(run)).text)


def test_a_run_without_its_folders_is_told_from_its_results(tmp_path: Path) -> None:
    run = run_of(tmp_path, samples.delete_deployment())
    (tmp_path / "elsewhere").mkdir()
    page = Reader(html.render(replace(run, folder=tmp_path / "elsewhere")))
    assert "No latency is shown: the experiment's folder is not in the run's folder." in page.text
    assert "10.1-10.5 s" in page.text


def test_a_killed_run_is_no_pass_and_says_what_is_unreadable(tmp_path: Path) -> None:
    run_of(tmp_path, samples.delete_deployment())
    (tmp_path / "run.json").unlink()
    (tmp_path / "experiment-0" / "result.json").write_text("{")
    page = Reader(html.render(read_run(tmp_path)))
    assert "nothing is proven" in page.text
    assert "not an archived result" in page.text
    assert "<title>INFRA" in html.render(read_run(tmp_path))


def test_a_test_without_a_result_is_a_trouble(tmp_path: Path) -> None:
    about = About(1.0, 10, {}, (Failure("test_a", Verdict.INFRA, "no mesh came up"),))
    page = Reader(html.render(run_of(tmp_path, samples.delete_deployment(), about=about)))
    assert "no mesh came up" in page.text


def test_experiments_have_the_same_ids_in_every_run() -> None:
    twice = (samples.delete_deployment(), samples.infra(), samples.delete_deployment())
    assert anchors(twice) == (
        "x-delete-deployment-zone1-page",
        "x-delete-service-zone2-page",
        "x-delete-deployment-zone1-page--2",
    )
