from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from chaos.model import Lane, Verdict
from chaos.result import Finding
from reports.terminal.summary import render, render_one
from tests.unit.reports import samples_of_results as samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaos.result import Result


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def lines(results: Sequence[Result], width: int = 80) -> list[str]:
    console = Console(file=io.StringIO(), width=width)
    render(results, console)
    return printed(console).splitlines()


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def test_an_experiment_is_one_block() -> None:
    text = lines([samples.delete_deployment()])
    assert text[0] == "delete-deployment zone1 [page]  PASS  fault lasted 11.6-12.7 s"
    assert "  gateway-zone1" in text
    assert "    fresh      zone1 3.1s → 503 10.3s → zone2 3.0s → zone1 8.6s" in text
    assert "               1 outage 10.2-10.4 s, 58.80 % available, budget cost 0.39-0.40 %" in text
    assert "  gateway-zone2  fresh+keepalive: zone2 throughout, none of 1,000 bad" in text


@pytest.mark.parametrize("width", [80, 100, 200])
def test_no_line_is_wider_than_the_console_and_none_ends_in_spaces(width: int) -> None:
    text = lines(samples.run(), width)
    assert max(len(line) for line in text) <= width
    assert [line for line in text if line != line.rstrip()] == []


def test_nothing_is_lost_on_a_very_narrow_console() -> None:
    assert "no failover within" in " ".join(" ".join(lines([samples.wrong_port()], 30)).split())


def test_a_log_gets_no_colours_and_a_terminal_does(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not any("\x1b" in line for line in lines(samples.run()))

    def on_a_terminal() -> str:
        console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system="standard")
        render(samples.run(), console)
        return printed(console)

    assert "\x1b[1;32mPASS" in on_a_terminal()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[1;32m" not in on_a_terminal()
    assert "32m" not in on_a_terminal()


def test_an_ascii_log_gets_ascii() -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    render([samples.delete_deployment(effect="ü", profile="größer")], Console(file=file, width=80))
    file.seek(0)
    text = file.read()
    assert "zone1 3.1s -> 503 10.3s -> zone2" in text
    assert "gr\\xf6\\xdfer" in text


def test_reasons_are_given_for_what_did_not_pass() -> None:
    text = "\n".join(lines([samples.wrong_port(profile="hardened"), samples.infra()]))
    assert "wrong-port zone1 [hardened]  FAIL  fault lasted" in text
    assert "  FAIL: gateway-zone1/fresh: no failover within 15.0 s of the injection" in text
    assert "  INFRA: steady state was not reached in 30 s: zone2 answers 503" in text
    assert "no failover" in text


def test_an_expected_failure_and_a_surprise_are_called_so() -> None:
    surprise = samples.wrong_port(verdict=Verdict.PASS, findings=(), zone="zone2")
    text = "\n".join(lines([samples.wrong_port(), surprise]))
    assert "wrong-port zone1 [page]  FAIL, as documented" in text
    assert "wrong-port zone2 [page]  PASS, but documented as false" in text
    assert "wrong-port-reroutes  PASS, a surprise" in text
    assert text.splitlines()[-1].startswith("1 PASS  1 FAIL (1 as documented)  0 INFRA  0 INVALID  1 surprise")


def test_claims_are_a_table() -> None:
    text = lines(samples.run())
    start = text.index("claim                       page                  hardened")
    assert text[start + 1] == "delete-deployment-reroutes  PASS                  PASS"
    assert text[start + 2] == "    by delete-deployment zone1 zone2"
    assert "wrong-port-reroutes         false, as documented  PASS" in text
    assert any(line.startswith("    documented as false in page: with default policies") for line in text)
    assert any(line.startswith("not run: zone-local-route,") for line in text)


PROFILES = ("page", "health-check", "outlier-detection", "retry", "service-probe", "hardened")


def under_all_profiles(width: int) -> list[str]:
    claims = ("wrong-port-reroutes", "comes-home")
    known = [samples.wrong_port(profile=profile) for profile in PROFILES[:2]]
    true = [samples.smooth(fault="wrong-port", claims=claims, profile=profile) for profile in PROFILES[3:]]
    return lines([*known, samples.infra(profile=PROFILES[2]), *true], width)


def test_claims_under_more_profiles_than_fit_side_by_side_are_a_list() -> None:
    text = under_all_profiles(80)
    start = text.index("wrong-port-reroutes")
    assert text.index("claims") < start < text.index("comes-home")
    assert text[start + 1 : start + 5] == [
        "  false, as documented: page, health-check",
        "  not run: outlier-detection",
        "  PASS: retry, service-probe, hardened",
        "    by wrong-port zone1",
    ]
    assert max(map(len, text)) <= 80
    assert any(line.startswith("claim ") for line in under_all_profiles(200))


def test_what_policies_make_of_a_fault_comes_before_the_claims() -> None:
    text = lines(samples.run())
    assert text.index("what policies make of each fault") < text.index(
        "claim                       page                  hardened"
    )
    assert "what policies make of each fault" not in lines([samples.delete_deployment()])


def test_the_last_line_has_the_counts_and_the_folder() -> None:
    assert lines(samples.run())[-1] == (
        "5 PASS  1 FAIL (1 as documented)  1 INFRA  0 INVALID  artifacts: /tmp/artifacts"
    )


def test_one_result_names_its_own_folder_and_mixed_ones_all_theirs() -> None:
    one = samples.infra()
    assert lines([one])[-1].endswith("artifacts: /tmp/artifacts/delete-service-zone2-page")
    assert lines([one, replace(one, artifacts="here")])[-1].endswith(
        "artifacts: /tmp/artifacts/delete-service-zone2-page, here"
    )
    assert lines([replace(one, artifacts="")])[-1].endswith("artifacts: none")


def test_nothing_run_is_said_plainly() -> None:
    assert lines([]) == ["no experiment was finished: nothing is proven"]


def test_results_without_claims_have_no_table() -> None:
    text = lines([samples.delete_deployment(claims=())])
    assert not any(line.startswith("claim ") for line in text)


def test_one_quiet_lane_beside_one_that_is_not_has_a_line_of_its_own() -> None:
    mixed = samples.result(samples.gateway2(Lane.FRESH), replace(samples.gateway2(Lane.KEEPALIVE), lost=3))
    text = lines([mixed])
    assert "    fresh      zone2 throughout, none of 500 bad" in text
    assert any("3 lost" in line for line in text)


def test_late_and_lost_samples_are_counted() -> None:
    figures = samples.gateway1(Lane.FRESH)
    odd = samples.result(replace(figures, bad_after_failover=2, late_away=1_500, samples=0, segments=()))
    text = "\n".join(lines([odd]))
    assert "no sample" in text
    assert "2 bad after failover" in text
    assert "1,500 away after home" in text


def test_a_vantage_that_may_fail_is_marked() -> None:
    assert "  gateway-zone1  (may fail while the fault lasts)" in lines([samples.delete_gateway()])


def test_names_are_not_markup() -> None:
    finding = Finding(Verdict.FAIL, "pod [red]x[/red] said \x1b[2J")
    console = Console(file=io.StringIO(), width=80)
    render_one(samples.delete_deployment(verdict=Verdict.FAIL, findings=(finding,)), console)
    text = printed(console)
    assert "pod [red]x[/red] said" in text
    assert "\x1b" not in text


def test_a_claim_that_needs_no_fault_says_what_was_found() -> None:
    found = "the ingress of zone2 passed on 12 connections"
    looked = samples.result(fault="none", claims=("enters-by-ingress",), effect=found, injected=None, restored=None)
    assert lines([looked])[:3] == ["enters-by-ingress zone1 [page]  PASS", f"  {found}", ""]
    failed = replace(looked, verdict=Verdict.FAIL, findings=(Finding(Verdict.FAIL, found),))
    assert lines([failed])[:3] == ["enters-by-ingress zone1 [page]  FAIL", f"  FAIL: {found}", ""]
