"""The HTML report as people use it: opened from disk in a real browser, by mouse, by keyboard, dark, and on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.browser

FIRST = "#x-delete-deployment-zone1-page"
LAST = "#x-delete-service-zone2-page"
_CONTRASTS = """
() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const over = (front, back) => {
    const [r, g, b, a = 1] = front;
    return [r, g, b].map((value, i) => value * a + back[i] * (1 - a));
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const paper = (element) => {
    const chain = [];
    for (let e = element; e; e = e.parentElement) chain.unshift(parts(getComputedStyle(e).backgroundColor));
    return chain.reduce((back, front) => over(front, back), [255, 255, 255]);
  };
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest("script, style, option")) continue;
    const back = paper(element);
    const [a, b] = [light(over(parts(getComputedStyle(element).color), back)), light(back)];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    found.push([contrast, walk.currentNode.data.trim().slice(0, 60)]);
  }
  return found;
}
"""
"""Each visible text with its contrast (https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio)."""


def drawn(page: Page, article: str = FIRST) -> Locator:
    """The timeline of an experiment, brought into view and drawn."""
    details = page.locator(f"{article} details.body")
    if details.get_attribute("open") is None:
        details.locator("> summary").click()
    plot = page.locator(f"{article} .plot")
    plot.scroll_into_view_if_needed()
    page.wait_for_selector(f"{article} .plot[data-drawn]")
    return plot


def seen(page: Page, article: str = FIRST) -> tuple[float, float]:
    """What the timeline says it shows: seconds."""
    words = page.locator(f"{article} .zoom output").inner_text().split()
    return float(words[0]), float(words[3])


def press(page: Page, what: str, article: str = FIRST) -> None:
    page.locator(f"{article} .zoom").get_by_role("button", name=what, exact=True).click()


def choose(page: Page, what: str, value: str) -> None:
    page.locator("#filters").get_by_label(what).select_option(value)


def test_it_opens_without_an_error_and_asks_for_nothing_but_itself(browser: Browser, report: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    requests, complaints = list[str](), list[str]()
    page.on("request", lambda request: requests.append(request.url))
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(report.as_uri())
    page.get_by_role("button", name="Open all").click()
    for article in (FIRST, "#x-wrong-port-zone1-page"):
        drawn(page, article)
        assert page.locator(f"{article} .plot canvas").count() > 0
    assert complaints == []
    assert [url for url in requests if not url.startswith(("data:", "blob:"))] == [report.as_uri()]
    context.close()


def test_the_network_is_forbidden_to_it(page: Page) -> None:
    blocked = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.effectiveDirective));
            fetch("http://127.0.0.1:9/").catch(() => {});
        })"""
    )
    assert blocked == "connect-src"


def test_buttons_zoom_and_move_the_timeline(page: Page) -> None:
    drawn(page)
    start, end = seen(page)
    press(page, "Zoom in")
    assert seen(page)[1] - seen(page)[0] == pytest.approx((end - start) / 2, abs=0.05)
    press(page, "Later →")
    assert seen(page)[0] > start + (end - start) / 4
    press(page, "Repair")
    assert seen(page) == pytest.approx((10.0, 14.0), abs=0.02)
    press(page, "Whole")
    assert seen(page) == (start, end)


def test_keys_do_the_same_and_never_leave_the_timeline(page: Page) -> None:
    plot = drawn(page)
    whole = seen(page)
    plot.focus()
    for _ in range(12):
        page.keyboard.press("+")
    assert 0.04 < seen(page)[1] - seen(page)[0] < 0.06
    for _ in range(5):
        page.keyboard.press("-")
    page.keyboard.press("ArrowLeft")
    assert seen(page)[0] >= whole[0]
    page.keyboard.press("0")
    assert seen(page) == whole


def test_a_stretch_that_is_dragged_over_is_zoomed_into(page: Page) -> None:
    box = drawn(page).bounding_box()
    assert box
    start, end = seen(page)
    page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + 300)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 320, steps=4)
    page.mouse.up()
    expect(page.locator(f"{FIRST} .zoom output")).not_to_have_text(f"{start:.2f} s to {end:.2f} s")
    assert seen(page)[1] - seen(page)[0] < (end - start) / 2


def test_filters_choose_experiments_without_a_reload(page: Page) -> None:
    choose(page, "Profile", "hardened")
    assert page.locator("#shown").inner_text() == "2 of 7 shown"
    choose(page, "Fault", "wrong-port")
    assert page.locator(".experiment:visible").count() == 1
    choose(page, "Zone", "zone2")
    assert page.get_by_text("No experiment is of that kind.").is_visible()
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".experiment:visible")).to_have_count(7)


def test_a_link_to_an_experiment_opens_it_even_where_it_was_filtered_out(page: Page) -> None:
    choose(page, "Verdict", "PASS")
    assert page.locator(LAST).is_hidden()
    page.locator(f".troubles a[href='{LAST}']").click()
    page.wait_for_selector(f"{LAST} details.body[open] .finding")
    assert page.locator(LAST).is_visible()


def test_claims_lead_to_their_evidence(page: Page) -> None:
    page.locator("#claim-wrong-port-reroutes a[href='#x-wrong-port-zone1-hardened']").click()
    page.wait_for_selector("#x-wrong-port-zone1-hardened details.body[open]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_is_legible(browser: Browser, report: Path, scheme: Any) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(report.as_uri())
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = page.evaluate(_CONTRASTS)
    assert len(found) > 300
    assert [text for contrast, text in found if contrast < 4.5] == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_canvases_are_told_is_legible_too(browser: Browser, report: Path, scheme: Any) -> None:
    context = browser.new_context(color_scheme=scheme)
    page = context.new_page()
    page.goto(report.as_uri())
    pairs = [("ink", "card"), ("faint", "card"), ("bad", "card"), ("ink", "fault"), ("on-band", "zone-0")]
    pairs += [("on-band", f"zone-{zone}") for zone in range(1, 6)]
    rows = "".join(f'<p style="color:var(--{a});background:var(--{b})">{a} {b}</p>' for a, b in pairs)
    page.evaluate("(rows) => { document.body.innerHTML = rows; }", rows)
    assert [text for contrast, text in page.evaluate(_CONTRASTS) if contrast < 4.5] == []
    context.close()


def test_the_switch_turns_page_and_timeline_dark(page: Page) -> None:
    drawn(page)
    look = "() => [getComputedStyle(document.body).backgroundColor, [...Bokeh.documents[0].roots()[0].references()]"
    look += ".find((m) => m.type === 'LinearAxis').major_label_text_color]"
    light = page.evaluate(look)
    page.get_by_label("Colours").select_option("dark")
    dark = page.evaluate(look)
    assert all(before != after for before, after in zip(light, dark, strict=True))
    page.get_by_label("Colours").select_option("light")
    assert page.evaluate(look) == light


def test_the_keyboard_reaches_every_control_and_shows_where_it_is(page: Page) -> None:
    drawn(page)
    page.evaluate("window.scrollTo(0, 0)")
    page.locator("a.skip").focus()
    reached = set[str]()
    for _ in range(160):
        page.keyboard.press("Tab")
        told, outline = page.evaluate(
            """() => {
                const e = document.activeElement;
                return [e.id || e.dataset.zoom || e.name || e.className || e.tagName, getComputedStyle(e).outlineStyle];
            }"""
        )
        reached.add(told)
        if told in ("theme", "verdict", "in"):
            assert outline != "none"
    assert {"theme", "print", "verdict", "profile", "fault", "zone", "open-all", "SUMMARY"} <= reached
    assert {"in", "out", "earlier", "later", "at", "all", f"plot-{FIRST[1:]}"} <= reached


def test_a_screen_reader_is_told_what_the_timeline_shows(page: Page) -> None:
    label = page.locator(f"{FIRST} .plot").get_attribute("aria-label")
    assert label
    assert "6 lanes" in label
    assert "tables below" in label
    assert page.locator(f"{FIRST} table caption").all_inner_texts()


def test_a_pods_name_that_is_html_is_shown_as_text_also_by_the_timeline(page: Page) -> None:
    box = drawn(page).bounding_box()
    assert box
    assert page.locator(FIRST).get_by_text(HOSTILE).count() > 0
    assert page.locator("img").count() == 0
    x = page.evaluate(
        """() => {
            const view = Object.values(Bokeh.index.roots ?? Bokeh.index)[0];
            return [view.frame.x_scale.compute(0.5), view.frame.bbox.left];
        }"""
    )
    row = box["y"] + box["height"] - 46 - 12
    page.mouse.move(box["x"] + x[0], row - 3)
    page.mouse.move(box["x"] + x[0], row, steps=3)
    tooltip = page.locator(".bk-tooltip-row-value")  # locators see into shadow trees
    expect(tooltip.filter(has_text="deleted pod")).to_contain_text(HOSTILE)
    assert page.locator("img").count() == 0


def test_on_paper_everything_is_open_and_light_and_afterwards_as_before(page: Page) -> None:
    closed = page.locator("details:not([open])").count()
    assert closed > 0
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("details:not([open])")).to_have_count(0)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".zoom").first.is_hidden()
    page.emulate_media(media="screen", color_scheme="light")
    expect(page.locator("details:not([open])")).to_have_count(closed)


def test_without_scripts_everything_is_there_in_words(browser: Browser, report: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report.as_uri())
    page.locator(f"{FIRST} details.body > summary").click()
    page.locator(f"{FIRST} .more > summary").first.click()
    assert page.get_by_text("it needs JavaScript").first.is_visible()
    assert page.locator(f"{FIRST} table").count() >= 3
    context.close()
