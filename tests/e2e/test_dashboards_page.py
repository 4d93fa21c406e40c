"""The dashboards' page in a browser, as who looks at it sees it."""

from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from connectors.settings import Settings
from infra.native import stack as native
from tests.e2e.browsing import (
    address,
    browser,
    drawn,
    element,
    every_panel,
    log_in,
    number,
    opened,
    rounds,
    screenshot,
    settled,
)
from tests.e2e.pipeline import Pipeline
from tests.integration.api_keys import keys_of, new_key, revoke
from tests.reading import eventually

OVERVIEW = "/dashboards/promo-overview"
HOSTILE = "<img src=x onerror=\"document.title='taken'\"> <a href='javascript:alert(1)'>&lt;b&gt;"
"""Whoever may name a code or an account may call it so."""
SAFE = "-_.!~*'()"
"""What a browser's ``encodeURIComponent`` leaves as it is, besides letters and digits."""
TAB_HIDDEN = """(hidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def shop(stack: Settings) -> Pipeline:
    """A shop with a little of everything, one of it hostile."""
    shop = Pipeline(stack)
    codes = ("PAGE-A", "PAGE-B", HOSTILE)
    for code in codes:
        shop.run("INSERT INTO promo_codes VALUES (%s, 'fixed_amount', 10, 50)", code)
    for user in ("page-anna", "page-ben", HOSTILE):
        shop.sign_up(user, timezone="Europe/Prague", device_id="page-device")
    shop.redeem("page-anna", "PAGE-A")
    shop.redeem("page-anna", "PAGE-B", "2026-03-03T12:00:00Z")
    shop.redeem("page-ben", "PAGE-B", "2026-03-04T12:00:00Z")
    for hour in range(3):
        shop.redeem(HOSTILE, HOSTILE, f"2026-03-05T{hour:02}:00:00Z")
    shop.count_when(
        3, "SELECT count() FROM promo_usages FINAL WHERE promo_code = {code:String}", code=HOSTILE
    )
    shop.risk_when("page-anna")
    return shop


@pytest.fixture
def page(chromium: Browser, shop: Pipeline) -> Iterator[Page]:
    """The overview, wide, in light colours."""
    with opened(chromium, shop.settings, OVERVIEW) as page:
        yield page


def choose(page: Page, variable: str, *texts: str) -> None:
    page.get_by_label(variable, exact=True).click()
    for text in texts:
        page.get_by_placeholder("Type to find").fill(text)
        page.locator(".several li", has_text=text).first.get_by_role("checkbox").check()
    page.keyboard.press("Escape")
    settled(page)


def test_after_logging_in_every_panel_is_drawn_from_this_host_alone(
    chromium: Browser, shop: Pipeline
) -> None:
    asked: set[str] = set()
    with opened(chromium, shop.settings, "/dashboards") as page:
        page.on("request", lambda request: asked.add(request.url))
        page.reload()
        settled(page)

        assert page.title() == "Promo overview · Promo Sentinel"
        assert {panel.state for panel in every_panel(page)} <= {"ready", "empty"}
        assert int(number(page, "Redemptions").replace(",", "")) >= 6
        assert drawn(page, "Redemptions over time").series
        eventually(lambda: "UTC" in page.locator("#updated").inner_text(), "it says when")
    assert {url for url in asked if not url.startswith((shop.settings.api_url, "data:"))} == set()


def test_a_wrong_key_is_told_so(chromium: Browser, shop: Pipeline) -> None:
    page = chromium.new_page(base_url=shop.settings.api_url)

    log_in(page, "ps_wrong", OVERVIEW)

    assert "This key opens nothing" in page.get_by_role("alert").inner_text()
    assert page.evaluate("() => document.cookie") == ""
    page.close()


def test_a_revoked_key_is_out_of_the_page_that_it_has_open(
    chromium: Browser, shop: Pipeline
) -> None:
    key = new_key(shop.settings, "page-open", "read")
    with opened(chromium, shop.settings, f"{OVERVIEW}?from=now-7d", key=key) as page:
        revoke(shop.settings, keys_of(shop.settings, "page-open")[0])

        page.wait_for_url("**/dashboards/login*", timeout=20_000)
        assert "promo-overview%3Ffrom%3Dnow-7d" in page.url


def test_logging_out_leads_to_the_form(page: Page) -> None:
    page.get_by_role("button", name="Log out").click()

    page.goto(OVERVIEW)
    assert "/dashboards/login" in page.url


def test_a_filter_changes_the_numbers_and_the_address_which_says_the_same_later(
    page: Page,
) -> None:
    choose(page, "Code", "PAGE-A", "PAGE-B")

    assert number(page, "Redemptions") == "3"
    assert number(page, "Money given").removesuffix(".00") == "$30"
    codes = drawn(page, "Top 10 codes by redemptions").rows
    assert [(code, others + flagged) for code, others, flagged in codes] == [
        ("PAGE-B", 2), ("PAGE-A", 1)
    ]  # fmt: skip
    assert "var-code=PAGE-A&var-code=PAGE-B" in page.url
    page.reload()
    settled(page)
    assert number(page, "Redemptions") == "3"
    page.go_back()
    settled(page)
    assert number(page, "Redemptions") == "1"


def test_dragging_over_a_chart_looks_at_that_stretch_and_back_undoes_it(page: Page) -> None:
    page.goto(f"{OVERVIEW}?from=2026-03-01&to=2026-03-07&var-code=PAGE-B")
    settled(page)
    assert number(page, "Redemptions") == "2"
    box = page.locator('.panel:has(h2:text-is("Redemptions over time")) .nsewdrag').bounding_box()
    assert box is not None
    begin, end = (box["x"] + box["width"] * share for share in (0.35, 0.48))
    middle = box["y"] + box["height"] / 2

    page.mouse.move(begin, middle)
    page.mouse.down()
    page.mouse.move(end, middle, steps=8)
    page.mouse.up()

    eventually(lambda: "from=17" in address(page), "the address says the stretch")
    settled(page)
    assert number(page, "Redemptions") == "1"
    page.go_back()
    settled(page)
    assert number(page, "Redemptions") == "2"


def test_links_lead_to_the_account_and_to_the_code(page: Page) -> None:
    choose(page, "Code", "PAGE-A")
    label = element(page, "Top 10 users by redemptions").query_selector("svg a")
    assert label is not None
    label.scroll_into_view_if_needed()
    box = label.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_url("**/dashboards/user?var-user=page-anna*")
    settled(page)
    assert page.get_by_label("User").input_value() == "page-anna"
    assert "redemption" in drawn(page, "Timeline").text

    links = drawn(page, "Linked accounts")
    assert {line[0] for line in links.lines} == {"page-ben", HOSTILE}
    page.get_by_role("link", name=HOSTILE).first.click()
    settled(page)
    assert page.get_by_label("User").input_value() == HOSTILE
    assert "redemption" in drawn(page, "Timeline").text


def test_text_of_the_data_is_shown_as_text_and_runs_nothing(page: Page, shop: Pipeline) -> None:
    choose(page, "Code", HOSTILE)

    codes = element(page, "Top 10 codes by redemptions")
    assert number(page, "Redemptions") == "3"
    assert codes.query_selector("svg a") is not None
    (shown,) = (label.text_content() for label in codes.query_selector_all("svg a"))
    assert shown == HOSTILE[:23] + "…"
    assert page.locator("img[src=x]").count() == 0
    hrefs = page.eval_on_selector_all("a", "(all) => all.map((a) => a.href.baseVal ?? a.href)")
    assert all(href.startswith(("/dashboards", shop.settings.api_url)) for href in hrefs)
    assert f"/dashboards/user?var-user={quote(HOSTILE, safe=SAFE)}" in hrefs
    assert page.title() == "Promo overview · Promo Sentinel"
    page.locator('.panel:has(h2:text-is("Top 10 codes by redemptions")) .point').last.hover(
        force=True
    )
    eventually(lambda: page.locator(".hoverlayer text").count() > 0, "it tells more")
    assert HOSTILE in page.locator(".hoverlayer text").first.text_content()  # type: ignore[operator]


def test_a_redemption_is_seen_on_the_open_page(page: Page, shop: Pipeline) -> None:
    choose(page, "Code", "PAGE-A")

    shop.redeem("page-ben", "PAGE-A", "2026-03-06T12:00:00Z")

    eventually(lambda: number(page, "Redemptions") == "2", "it is seen", timeout_s=30)
    shop.run("DELETE FROM promo_usages WHERE user_id = 'page-ben' AND promo_code = 'PAGE-A'")
    eventually(lambda: number(page, "Redemptions") == "1", "it is gone", timeout_s=30)


def test_an_answer_that_is_the_same_is_not_drawn_again(page: Page) -> None:
    page.goto(f"{OVERVIEW}?from=2026-03-01&to=2026-03-07&var-code=PAGE-B")
    settled(page)
    page.evaluate(
        """() => {
            window.changes = 0;
            const note = () => { window.changes += 1; };
            for (const body of document.querySelectorAll('.panel .body')) {
                new MutationObserver(note).observe(body, { childList: true, subtree: true });
            }
        }"""
    )
    before = rounds(page)

    eventually(lambda: rounds(page) >= before + 2, "it was asked twice more")

    assert page.evaluate("() => window.changes") == 0


def test_nobody_is_asked_while_the_tab_is_hidden_or_refreshing_is_off(page: Page) -> None:
    page.evaluate(TAB_HIDDEN, True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(4_000)
    assert len(asked) == 0

    page.evaluate(TAB_HIDDEN, False)
    page.wait_for_event("request", timeout=10_000)
    page.get_by_label("Refresh").select_option("off")
    page.wait_for_timeout(1_000)
    asked.clear()
    page.wait_for_timeout(3_000)
    assert len(asked) == 0


def test_the_period_is_chosen_from_presets_or_typed(page: Page) -> None:
    page.get_by_label("Period").click()
    page.get_by_role("button", name="Last 24 hours").click()
    settled(page)
    assert "from=now-24h&to=now" in page.url
    assert page.locator(".period > button").inner_text() == "Last 24 hours"

    page.get_by_label("Period").click()
    page.get_by_label("From (UTC)").fill("2026-03-03T00:00:00")
    page.get_by_label("To (UTC)").fill("2026-03-03T23:59:59")
    page.get_by_role("button", name="Apply").click()
    settled(page)
    assert page.locator(".period > button").inner_text() == "2026-03-03 00:00 – 2026-03-03 23:59"
    assert number(page, "Redemptions") == "1"

    page.get_by_role("link", name="Whole history").click()
    settled(page)
    assert page.locator(".period > button").inner_text() == "Whole history"


def test_what_a_panel_tells_can_be_read_by_keyboard(page: Page) -> None:
    about = page.get_by_role("button", name="About Redemptions", exact=True)
    assert page.get_by_role("tooltip").count() == 0

    about.focus()

    assert "Promo codes redeemed" in page.get_by_role("tooltip").inner_text()
    page.keyboard.press("Escape")
    assert page.get_by_role("tooltip").count() == 0


def test_dark_and_light_follow_the_system_until_the_reader_says_otherwise(
    chromium: Browser, shop: Pipeline
) -> None:
    def background(page: Page) -> str:
        return str(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))

    with opened(chromium, shop.settings, OVERVIEW, scheme="dark") as page:
        dark = background(page)
        screenshot(page, "promo-overview-dark")
        page.get_by_role("button", name="Switch between light and dark").click()
        light = background(page)
        page.reload()
        settled(page)
        assert background(page) == light != dark


def test_clickhouse_away_is_said_by_every_panel_and_over_by_itself(
    chromium: Browser, own_stack: Callable[..., Settings]
) -> None:
    settings = own_stack("api")
    with opened(chromium, settings, "/dashboards/promo-overview?from=now-7d") as page:
        native.stop_part(settings, "clickhouse")

        eventually(
            lambda: {panel.state for panel in every_panel(page)} == {"stale"}, "all say so", 60
        )
        assert "ClickHouse does not answer" in drawn(page, "Redemptions").note
        assert number(page, "Redemptions") == "0"  # as it was

        native.start_part(settings, "clickhouse")
        eventually(
            lambda: {panel.state for panel in every_panel(page)} <= {"ready", "empty"},
            "all are well again",
            60,
        )
        assert drawn(page, "Redemptions").note == ""


def test_a_page_that_opens_while_clickhouse_is_away_is_drawn_once_it_is_back(
    chromium: Browser, own_stack: Callable[..., Settings]
) -> None:
    settings = own_stack("api")
    native.stop_part(settings, "clickhouse")
    page = chromium.new_page(base_url=settings.api_url)
    log_in(page, settings.api_key_file.read_text().strip())
    eventually(
        lambda: "ClickHouse does not answer" in page.locator("#trouble").inner_text(), "it says why"
    )

    native.start_part(settings, "clickhouse")

    settled(page, 60)
    assert {panel.state for panel in every_panel(page)} <= {"ready", "empty"}
    page.close()
