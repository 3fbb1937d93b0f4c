"""The formats for CI and dashboards hold what they promise for any run, however large and whatever its texts."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from chaos.model import Verdict
from chaos.result import Finding
from reports import digest, markdown, openmetrics
from reports.glance import judged, run_verdict, told
from reports.run import About, Failure, Run, Superseded
from reports.schema import schema
from tests.unit.reports import samples_of_results as samples

if TYPE_CHECKING:
    from chaos.result import Result

HTML = MarkdownIt("commonmark").enable(["table", "strikethrough"])
NASTY = st.sampled_from([*"|`<>&@*_~[](){}#$\\!\"'\n\r\t \x1b\u2028\u200b\ud800é🎉", "a", "1", "http://u:p@h", "@b"])
TEXTS = st.one_of(st.lists(NASTY, max_size=40).map("".join), st.text(max_size=40), st.just("🎉|" * 3_000))
VERDICTS = st.sampled_from(list(Verdict))


@cache
def stories() -> tuple[Result, ...]:
    return (samples.delete_deployment(), samples.wrong_port(), samples.delete_gateway(), samples.infra())


@st.composite
def results(draw: st.DrawFn) -> Result:
    story = draw(st.sampled_from(stories()))
    if draw(st.booleans()):
        return story
    findings = draw(st.lists(st.builds(Finding, VERDICTS, TEXTS, claim=TEXTS), max_size=6))
    names: dict[str, Any] = {
        name: draw(TEXTS) for name in ("scenario", "zone", "profile", "engine", "effect", "artifacts")
    }
    fault = draw(st.one_of(st.just(story.fault), TEXTS))
    return replace(story, verdict=draw(VERDICTS), findings=tuple(findings), fault=fault, **names)


@st.composite
def runs(draw: st.DrawFn, repeats: tuple[int, ...] = (1,)) -> Run:
    every = draw(st.lists(results(), max_size=3)) * draw(st.sampled_from(repeats))
    failures = draw(st.lists(st.builds(Failure, TEXTS, VERDICTS, TEXTS), max_size=3))
    again = draw(st.lists(st.builds(Superseded, TEXTS, TEXTS, st.tuples(TEXTS)), max_size=3))
    about = About(
        1_790_000_000.0,
        draw(st.sampled_from([0, 1, 2, 5, 10, 11, None])),
        draw(st.dictionaries(TEXTS, TEXTS, max_size=3)),
        tuple(failures * draw(st.sampled_from(repeats))),
        again=tuple(
            replace(one, test=f"{n}{one.test}") for n in range(draw(st.sampled_from(repeats))) for one in again
        ),
    )
    unreadable = draw(st.lists(TEXTS, max_size=2)) * draw(st.sampled_from(repeats))
    return Run(Path("/artifacts/run"), about, tuple(every), tuple(unreadable))


QUICK = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(runs(repeats=(1, 150)))
def test_the_page_is_never_too_large_and_what_it_leaves_out_is_never_worse_than_what_it_shows(run: Run) -> None:
    page = markdown.render(run)
    assert len(page.encode()) <= markdown.LIMIT
    tokens = HTML.parse(page)
    assert [token.type for token in tokens if token.type.startswith(("html", "code", "fence"))] == []
    rows = page.partition("\n## Experiments\n")[2].count("\n| ") - 2 if run.results else 0
    cut = "more experiments: see summary.json" in page
    assert cut is (rows < len(run.results))
    broken = sum(judged(result) is Verdict.FAIL for result in run.results)
    shown = page.partition("\n## Experiments\n")[2].count("| ❌ ")
    assert shown == min(broken, rows)


@QUICK
@given(runs())
def test_a_run_is_never_said_to_have_passed_where_something_did_not(run: Run) -> None:
    passed = run_verdict(run) is Verdict.PASS
    fine = all(judged(result) is Verdict.PASS for result in run.results) and run.about.exit_code == 0
    nothing_else = not run.about.failures and not run.unreadable and bool(run.results)
    assert passed is (fine and nothing_else)
    assert markdown.render(run).startswith("# ✅ PASS") is passed
    assert json.loads(digest.render(run))["verdict"] == run_verdict(run).value
    assert f'mesh_chaos_run_verdict{{verdict="PASS"}} {float(passed)}' in openmetrics.render(run)


@QUICK
@given(TEXTS)
def test_any_text_is_shown_as_it_is_by_a_markdown_parser(text: str) -> None:
    page = HTML.parse(f"| h | i |\n| --- | --- |\n| {markdown.escaped(text, 500)} | end |\n")
    *_, cell, end = [token for token in page if token.type == "inline"]
    assert end.content == "end"
    assert {child.type for child in cell.children or ()} <= {"text", "text_special"}
    shown = "".join(child.content for child in cell.children or ())
    whole = told(text).strip()
    assert visible(shown) == visible(whole if len(whole) <= 500 else f"{whole[:499]}…")


def visible(text: str) -> str:
    return text.replace("\u200b", "").strip()


def refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")


@QUICK
@given(runs())
def test_every_run_is_json_as_the_schema_says(run: Run) -> None:
    document = json.loads(digest.render(run), parse_constant=refuse)
    validator().validate(document)
    assert [one["identity"]["scenario"] for one in document["experiments"]] == [told(r.scenario) for r in run.results]


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema()))


@QUICK
@given(runs(repeats=(1, 2)))
def test_every_run_is_openmetrics_and_no_series_is_there_twice(run: Run) -> None:
    text = openmetrics.render(run)
    series = [
        (sample.name, frozenset(sample.labels.items()))
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]
    assert len(series) == len(set(series))
    zones = {told(result.zone) for result in run.results}
    assert {dict(labels)["zone"] for _, labels in series if "zone" in dict(labels)} == zones
    assert text.splitlines()[-1] == "# EOF"
