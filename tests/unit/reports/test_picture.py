from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from chaos.model import Lane, Verdict
from chaos.result import Finding
from reports.bars import BAD
from reports.picture import timeline_svg
from tests.unit.reports import samples_of_results as samples
from tests.unit.reports.samples_of_results import figures, stretch

if TYPE_CHECKING:
    from chaos.result import Result

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in ET.fromstring(svg).iter(f"{SVG}text")]


def bad_bars(svg: str) -> int:
    """How many bars are red."""
    groups = [g for g in ET.fromstring(svg).iter(f"{SVG}g") if (g.get("id") or "").startswith("PolyCollection")]
    return sum(f"fill: {BAD}" in (node.get("style") or "") for group in groups for node in group.iter())


@pytest.mark.parametrize("result", samples.run(), ids=lambda r: f"{r.scenario}-{r.zone}-{r.profile}")
def test_it_is_one_well_formed_file_that_needs_no_other(result: Result) -> None:
    svg = timeline_svg(result)
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert "DOCTYPE" not in svg
    links = [value for node in root.iter() for name, value in node.attrib.items() if name.endswith("href")]
    assert all(link.startswith("#") for link in links)


def test_it_says_what_happened() -> None:
    told = texts(timeline_svg(samples.delete_deployment()))
    for expected in (
        "PASS",
        "delete-deployment zone1 [page]",
        "seconds since the injection",
        "▼ fault injected, in effect within 0.31 s",
        "▼ repaired, confirmed within 0.62 s",
        "load-balancer",
        "keepalive",
        "zone1+zone2",
        "503",
        "503: outage 10.2-10.4 s",
        "RESET+503: outage 10.3-10.5 s",
        "503: 50 outages, together 0.00-5.00 s",
        "206 of 500 bad",
        "failover 10.1-10.5 s",
        "home 0.80-1.45 s",
        "answered by zone2",
    ):
        assert expected in told


def test_a_failure_says_why() -> None:
    told = texts(timeline_svg(samples.wrong_port()))
    assert "FAIL, as documented" in told
    assert "no failover" in told
    assert "gateway-zone1/fresh: no failover within 15.0 s of the injection: 241 bad samples" in told
    many = tuple(Finding(Verdict.FAIL, f"reason {number}") for number in range(9))
    told = texts(timeline_svg(samples.wrong_port(findings=many, profile="hardened")))
    assert "reason 2" in told
    assert "reason 3" not in told
    assert "and 6 more findings" in told


def test_the_same_result_makes_the_same_picture() -> None:
    assert timeline_svg(samples.delete_gateway()) == timeline_svg(samples.delete_gateway())


def test_every_bad_sample_is_drawn() -> None:
    plan = (stretch(60, "zone1"), stretch(60.05, "503"), stretch(600, "zone2", "TIMEOUT"))
    row = figures("load-balancer", Lane.FRESH, *plan)
    svg = timeline_svg(samples.result(row))
    segments = [segment for segment in row.segments if segment.outcome]
    assert len(segments) > 5_000
    assert bad_bars(svg) == len(segments)


def test_names_are_text_and_not_markup() -> None:
    zone = "<script>alert(1)</script>&$x^2$"
    row = figures("gw<b>", Lane.FRESH, stretch(3, zone), stretch(9, "503"), stretch(25, "_zone"), home=zone)
    svg = timeline_svg(samples.result(row, scenario="a\x00\x1b]b", effect="<!-- $\\frac{1}{0}$ ]]>"))
    told = texts(svg)
    assert "<script" not in svg
    assert f"answered by {zone}" in told
    assert "answered by _zone" in told
    assert "gw<b>" in told
    assert any("$\\frac{1}{0}$" in text for text in told)


def test_it_draws_an_experiment_that_stopped_half_way() -> None:
    told = texts(timeline_svg(samples.infra()))
    assert "no samples" in told
    assert "seconds since the first sample" in told
    half = samples.delete_deployment(restored=None, verdict=Verdict.INFRA)
    assert not any("repaired, confirmed" in text for text in texts(timeline_svg(half)))
    empty = replace(samples.gateway2(Lane.FRESH), segments=(), samples=0)
    assert "gateway-zone2" in texts(timeline_svg(samples.result(empty)))
    instant = samples.infra(ended_ns=samples.START_NS)
    assert "no samples" in texts(timeline_svg(instant))


def test_more_zones_than_styles_are_drawn_all_the_same() -> None:
    zones = [f"zone{number}" for number in range(1, 9)]
    row = figures("load-balancer", Lane.FRESH, stretch(25, *zones))
    told = texts(timeline_svg(samples.result(row)))
    assert all(f"answered by {zone}" in told for zone in zones)


def test_outages_too_close_for_two_labels_keep_their_brackets() -> None:
    plan = [stretch(2 * (n + 1) - (n % 2) * 1.2, "503" if n % 2 else "zone1") for n in range(12)]
    told = texts(timeline_svg(samples.result(figures("gateway-zone1", Lane.FRESH, *plan))))
    labels = [text for text in told if text.startswith("503: outage")]
    assert 1 <= len(labels) < 6


def test_the_longer_of_two_outages_has_the_label() -> None:
    plan = (
        stretch(3, "zone1"),
        stretch(3.1, "RESET"),
        stretch(3.2, "zone2"),
        stretch(4.1, "TIMEOUT"),
        stretch(9, "zone2"),
    )
    told = texts(timeline_svg(samples.result(figures("load-balancer", Lane.FRESH, *plan))))
    assert "TIMEOUT: outage 0.85-0.95 s" in told
    assert "RESET: outage 0.05-0.15 s" not in told


def test_a_late_repair_keeps_its_label_on_the_page() -> None:
    late = samples.delete_deployment(restored=samples.moment(24.0, 24.5))
    assert "repaired, confirmed within 0.50 s ▼" in texts(timeline_svg(late))


def test_importing_it_does_not_import_matplotlib() -> None:
    code = "import reports.picture, sys; sys.exit('matplotlib' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_pictures_leave_no_settings_behind() -> None:
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    timeline_svg(samples.infra())
    assert dict(mpl.rcParams) == before
