"""A run on one page of Markdown: what is on it, in which order, and that untrusted text does nothing there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from chaos.model import Lane, Verdict
from chaos.result import Finding
from reports.markdown import LIMIT, escaped, render
from reports.run import Failure
from tests.unit.reports import samples_of_results as samples
from tests.unit.reports.test_glance import BROKEN, NO_MESH, PASSED, run

HTML = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def rows(page: str, heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:1] == "|"]


def test_the_first_line_is_the_verdict_and_the_next_the_counts() -> None:
    lines = render(run(*PASSED, samples.wrong_port(), BROKEN, samples.infra(), code=1, failures=(NO_MESH,))).split("\n")
    assert lines[0] == "# ❌ FAIL: mesh failover, run 20261129T010203"
    assert lines[2] == (
        "5 experiments: 2 FAIL (1 as documented), 1 INFRA, 2 PASS, 1 failure without a result. "
        "Began 2026-09-21 14:13:20 UTC."
    )
    assert lines[4] == "engine: standin"


def test_a_run_that_passed_says_so_and_nothing_broke() -> None:
    page = render(run(*PASSED))
    assert page.startswith("# ✅ PASS: ")
    assert "What broke" not in page


def test_what_broke_comes_with_its_reasons_worst_first_and_with_what_left_no_result() -> None:
    page = render(run(samples.infra(), BROKEN, code=1, failures=(NO_MESH,), unreadable=("killed: no result",)))
    assert page.partition("## What broke\n\n")[2].partition("\n\n")[0].splitlines() == [
        r"- ❌ **FAIL** wrong-port zone1 \[hardened\]",
        "  - FAIL: gateway-zone1/fresh: no failover within 15.0 s of the injection: 241 bad samples",
        r"- ⚠️ **INFRA** delete-service zone2 \[page\]",
        "  - INFRA: steady state was not reached in 30 s: zone2 answers 503",
        r"- ⚠️ **INFRA** scenarios/test\_x.py::test\_a",
        "  - no mesh",
        "- ⚠️ **INFRA** the run",
        "  - killed: no result",
    ]


def test_claims_are_a_table_by_profile_without_those_that_were_not_run() -> None:
    assert rows(render(run(*samples.run(), code=10)), "Claims") == [
        ["claim", "page", "hardened"],
        ["---"] * 3,
        ["delete-service-reroutes", "⚠️ INFRA", "not run"],
        ["comes-home", "⚠️ INFRA", "✅ PASS"],
        ["wrong-port-reroutes", "☑️ false, as documented", "✅ PASS"],
        ["delete-deployment-reroutes", "✅ PASS", "✅ PASS"],
        ["delete-gateway-moves", "✅ PASS", "not run"],
    ]


def test_each_experiment_has_a_row_with_intervals_worst_first() -> None:
    heading, _, *found = rows(render(run(*samples.run(), code=10)), "Experiments")
    assert heading == [
        "experiment", "verdict", "failover", "failback", "longest outage", "bad samples", "budget cost",
    ]  # fmt: skip
    assert found[0] == [r"delete-service zone2 \[page\]", "⚠️ INFRA", "-", "-", "-", "-", "-"]
    assert found[1] == [
        r"wrong-port zone1 \[page\]", "☑️ FAIL, as documented", "**never**", "0.10-0.50 s", "12.2-12.4 s",
        "736 of 3,000", "0.47-0.48 %",
    ]  # fmt: skip
    assert found[2][2:5] == ["10.1-10.5 s", "0.80-1.45 s", "10.3-10.5 s"]
    assert len(found) == len(samples.run())


def test_what_was_itself_deleted_is_no_outage_of_the_users() -> None:
    (row,) = rows(render(run(samples.delete_gateway())), "Experiments")[2:]
    assert row[4] == "0.85-0.95 s"  # the gateway itself refused for 12 s


def test_where_nothing_went_wrong_no_zero_looks_measured() -> None:
    quiet = samples.result(*(samples.gateway2(lane) for lane in Lane), fault="none", scenario="test_control")
    (row,) = rows(render(run(quiet)), "Experiments")[2:]
    assert row == [r"control zone1 \[page\]", "✅ PASS", "-", "-", "none", "0 of 1,000", "none"]


@pytest.mark.parametrize(
    "text",
    [
        "a | b",
        "`code` ``",
        "<img src=x onerror=alert(1)> &lt; &amp;",
        "**bold** __x__ ~~y~~ *z*",
        "[link](http://evil) ![image](http://evil) <http://evil>",
        "# heading",
        "back\\slash \\| pipe",
        "$x^2$ {color}",
        "<!-- comment --> </td></table>",
    ],
)
def test_untrusted_text_is_shown_and_does_nothing(text: str) -> None:
    assert shown(escaped(text, 500)) == text
    cells = HTML.render(f"| h | i |\n| --- | --- |\n| {escaped(text, 500)} | end |\n")
    assert cells.count("<td>") == 2
    assert "<td>end</td>" in cells


def shown(markdown: str) -> str:
    """What a reader sees of an inline text, which must be text only."""
    (inline,) = [token for token in HTML.parse(f"- {markdown}") if token.type == "inline"]
    assert {child.type for child in inline.children or ()} <= {"text", "text_special"}
    return "".join(child.content for child in inline.children or ()).replace("\u200b", "")


def test_nobody_is_mentioned_and_every_text_is_one_line() -> None:
    assert "@octocat" not in escaped("thanks @octocat", 100)
    assert shown(escaped("a\r\nb\u2028c\x1b[31m", 100)) == "a b c [31m"


def test_a_long_text_is_cut_with_a_sign() -> None:
    assert escaped("x" * 11, 10) == "x" * 9 + "…"


def test_no_secret_is_on_the_page() -> None:
    told = Finding(Verdict.INFRA, "http://me:secret@gateway does not answer")
    failure = Failure("test_a", Verdict.INFRA, "Authorization: Bearer secret")
    page = render(run(samples.infra(findings=(told,)), code=10, failures=(failure,)))
    assert "secret" not in page
    assert page.count(r"\[redacted\]") == 2


def test_what_does_not_fit_is_counted_and_the_worst_is_kept() -> None:
    passed = [samples.smooth(scenario=f"s{number}", zone="z" * 90) for number in range(900)]
    page = render(run(*passed, BROKEN, code=1))
    assert len(page.encode()) <= LIMIT
    kept = rows(page, "Experiments")[2:]
    assert kept[0][0] == r"wrong-port zone1 \[hardened\]"
    assert f"… and {901 - len(kept):,} more experiments: see summary.json" in page


def test_of_many_reasons_the_first_are_told_and_the_others_counted() -> None:
    many = replace(BROKEN, findings=tuple(Finding(Verdict.FAIL, f"reason {number}") for number in range(9)))
    page = render(run(many, code=1))
    assert "reason 3" in page
    assert "reason 4" not in page
    assert "… and 5 reasons more" in page


def test_of_many_profiles_the_worst_are_columns() -> None:
    results = [samples.smooth(profile=f"p{number}") for number in range(9)]
    broken = samples.wrong_port(profile="broken")
    page = render(run(*results, broken, code=1))
    heading = rows(page, "Claims")[0]
    assert heading[1] == "broken"
    assert len(heading) == 1 + 8
    assert "… and 2 profiles more: see summary.json" in page


def test_a_page_of_nothing_but_what_has_to_be_escaped_is_not_too_large_either() -> None:
    text = "&" * 600
    finding = Finding(Verdict.FAIL, text)
    many = [
        samples.wrong_port(profile=f"{number % 9}{text}", zone=text, findings=(finding,) * 9) for number in range(90)
    ]
    failures = tuple(Failure(text, Verdict.FAIL, text) for _ in range(90))
    whole = run(*many, code=1, failures=failures, unreadable=(text,) * 90)
    facts = {f"{number}{text}": text for number in range(20)}
    page = render(replace(whole, about=replace(whole.about, environment=facts)))
    assert LIMIT - 12_000 < len(page.encode()) <= LIMIT
