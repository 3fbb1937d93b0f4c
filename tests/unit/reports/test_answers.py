from __future__ import annotations

from dataclasses import replace

import pytest

from chaos.model import Interval, Lane
from chaos.result import Expectation
from reports.answers import absent, in_words, period_ns, quiet, spells, timed
from reports.words import cost, count, plain, seconds, share, span, subject, title
from tests.unit.reports import samples_of_results as samples
from tests.unit.reports.samples_of_results import PERIOD_NS, figures, segments_of, stretch


def told(*plan: samples.Stretch) -> list[str]:
    return [words for words, _ in in_words(figures("gateway-zone1", Lane.FRESH, *plan, home="zone1"))]


def test_a_gateway_is_told_zone_by_zone() -> None:
    plan = (stretch(3.1, "zone1"), stretch(13.4, "503"), stretch(17.4, "zone2"), stretch(20, "zone1"))
    assert told(*plan) == ["zone1 3.1s", "503 10.3s", "zone2 4.0s", "zone1 2.6s"]


def test_a_load_balancer_that_asks_in_turn_is_told_as_one() -> None:
    assert told(stretch(5, "zone1", "zone2"), stretch(9, "zone2")) == ["zone1+zone2 5.0s", "zone2 4.0s"]


def test_bad_samples_among_good_ones_are_named_and_counted() -> None:
    plan = (stretch(3, "zone1", "zone2"), stretch(5, "503", "zone2"), stretch(9, "zone2"))
    assert told(*plan) == ["zone1+zone2 3.0s", "zone2+503 1.9s (20 of 39 bad)", "zone2 4.0s"]


def test_a_single_bad_sample_in_a_mix_stands_alone() -> None:
    plan = (stretch(3, "zone1", "zone2"), stretch(3.05, "TIMEOUT"), stretch(6, "zone2", "zone1"))
    assert told(*plan) == ["zone1+zone2 3.0s", "TIMEOUT 0.1s", "zone1+zone2 3.0s"]


def test_a_zone_that_no_longer_takes_its_turn_is_noticed() -> None:
    three = ("zone1", "zone2", "zone3")
    plan = (stretch(3, *three), stretch(9, "zone2", "zone3"), stretch(12, *three))
    assert told(*plan) == ["zone1+zone2+zone3 2.9s", "zone2+zone3 6.1s", "zone1+zone2+zone3 3.0s"]


def test_different_errors_in_a_row_are_told_apart() -> None:
    plan = (stretch(3, "zone1"), stretch(4.5, "REFUSED"), stretch(9, "503"))
    assert told(*plan) == ["zone1 3.0s", "REFUSED 1.5s", "503 4.5s"]


def test_a_short_visit_by_one_zone_is_not_hidden() -> None:
    plan = (stretch(3, "zone1"), stretch(3.2, "zone2"), stretch(9, "zone1"))
    assert told(*plan) == ["zone1 3.0s", "zone2 0.2s", "zone1 5.8s"]


def test_a_zone_reached_through_either_gateway_is_told_once() -> None:
    one = figures("load-balancer", Lane.FRESH, stretch(3, "zone2"), home=None)
    (only,) = one.segments
    through_both = (
        replace(only, samples=20, last_due_ns=only.first_due_ns + 19 * PERIOD_NS),
        replace(only, first_due_ns=only.first_due_ns + 20 * PERIOD_NS, samples=40, away=True),
    )
    assert [str(spell) for spell in spells(through_both)] == ["zone2 3.0s"]


def test_of_many_changes_the_middle_is_counted_with_its_bad_samples() -> None:
    plan = [stretch(2 * second + 2, "zone1" if second % 2 else "503") for second in range(30)]
    words = told(*plan)
    assert len(words) == 13
    assert words[6] == "(18 more changes with 360 bad: see the timeline)"


def test_a_single_sample_has_no_length() -> None:
    segments = segments_of(["zone1"], "zone1")
    assert period_ns(segments) == 0
    assert str(spells(segments)[0]) == "zone1 0.0s"


def test_the_last_segment_ends_a_period_after_its_last_sample() -> None:
    segments = segments_of(["zone1", "503", "zone1"], "zone1")
    assert period_ns(segments) == PERIOD_NS
    assert timed(segments)[-1].end_ns == samples.START_NS + 3 * PERIOD_NS


def test_nothing_is_told_of_nothing() -> None:
    assert spells(()) == ()
    assert timed(()) == ()


def test_quiet_is_home_throughout_and_nothing_else() -> None:
    still = samples.gateway2(Lane.FRESH)
    assert quiet(still)
    assert not quiet(samples.gateway1(Lane.FRESH))
    assert not quiet(replace(still, lost=1))
    assert not quiet(replace(still, late_away=1))
    assert not quiet(replace(still, samples=0, segments=()))


def test_what_did_not_come_about_is_said_as_far_as_the_experiment_got() -> None:
    result = samples.result()
    lost = figures("gateway-zone1", Lane.FRESH, stretch(5, "503"))
    assert absent(lost, result) == ("no failover", "not home again")
    assert absent(lost, replace(result, restored=None)) == ("no failover",)
    assert absent(lost, replace(result, injected=None, restored=None)) == ()
    assert absent(replace(lost, expectation=Expectation.MAY_DIE), result) == ("not home again",)
    assert absent(replace(lost, expectation=Expectation.UNTOUCHED), result) == ()


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 0, "0.00 s"),
        (0, 1, "0.00-0.01 s"),
        (1_234_567_890, 1_234_567_890, "1.23-1.24 s"),
        (9_990_000_000, 9_990_000_000, "9.99 s"),
        (10_210_000_000, 10_390_000_000, "10.2-10.4 s"),
        (580_000_000, 580_000_000, "0.58 s"),
    ],
)
def test_intervals_are_rounded_outwards(low: int, high: int, words: str) -> None:
    assert span(Interval(low, high)) == words


def test_figures_in_words() -> None:
    assert seconds(10_340_000_000) == "10.3s"
    assert cost((0.00393, 0.00401)) == "0.39-0.41 %"
    assert cost((0.0, float("inf"))) == "0.00-inf %"
    assert share(0.99999) == "99.99 %"
    assert share(0.589) == "58.90 %"
    assert share(1.0) == "100 %"
    assert count(1, "outage") == "1 outage"
    assert count(1_200, "outage") == "1,200 outages"


def test_titles() -> None:
    result = samples.delete_deployment()
    assert title(result) == "delete-deployment zone1 [page]"
    left_alone = replace(result, fault="none", scenario="test_a_mesh_left_alone_is_quiet-zone1-page")
    assert subject(left_alone) == "a mesh left alone is quiet zone1"
    assert subject(replace(left_alone, zone="", scenario="control")) == "control"
    assert subject(replace(left_alone, claims=("nearest-first",), figures=())) == "nearest-first zone1"


def test_names_cannot_change_a_terminal_or_break_xml() -> None:
    assert plain("a\x1b[31mred\nb\ud800\u202ec\ufffe") == "a [31mred b c "
