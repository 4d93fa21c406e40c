"""From a redemption's commit in PostgreSQL to its being seen on a dashboard that is open.

In a real browser, while the shop goes on: each redemption is waited for before the next, at
moments that have nothing to do with the page's own rhythm.
"""

import random
import threading
from collections.abc import Sequence
from datetime import UTC, datetime

from playwright.sync_api import Page

from benchmarks.figures import Figure, Section, Table, percentile
from benchmarks.pace import write_paced
from benchmarks.workbench import Workbench
from connectors.settings import Settings
from tests.e2e.browsing import browser, element, opened
from tests.e2e.pipeline import Pipeline
from tests.reading import eventually

TRIALS = 25
MOST_S = 3.0
PATIENCE_S = 30.0
TRAFFIC, TRAFFIC_S = 50.0, 90.0
LONGEST_PAUSE_MS = 2_000
CODE, TITLE = "SEEN-ON-THE-PAGE", "Redemptions"
ROUNDS = 10

_NOTE = """(panel) => {
    const body = panel.querySelector('.body');
    window.seen = {};
    const note = () => { window.seen[body.innerText.trim()] ??= Date.now(); };
    new MutationObserver(note).observe(body, { childList: true, subtree: true });
    note();
}"""
_ROUND_MS = """(rounds) => new Promise((done) => {
    const times = [];
    new MutationObserver(() => {
        times.push(performance.now());
        if (times.length > rounds) done((times.at(-1) - times[0]) / rounds);
    }).observe(document.body, { attributes: true, attributeFilter: ['data-round'] });
})"""


def measure(bench: Workbench) -> Section:
    """Redeem again and again while a page is open and the shop goes on."""
    settings = bench.live
    shop = threading.Thread(target=_go_on, args=(settings, bench))
    path = f"/dashboards/promo-overview?var-code={CODE}"
    with browser() as chromium, opened(chromium, settings, path) as page:
        shop.start()
        try:
            times = _seen(settings, page)
            round_ms = float(page.evaluate(_ROUND_MS, ROUNDS))
        finally:
            shop.join()
    return _section(times, round_ms)


def _go_on(settings: Settings, bench: Workbench) -> None:
    write_paced(settings, bench.mix.endless(), TRAFFIC, TRAFFIC_S, transactions=TRAFFIC)


def _seen(settings: Settings, page: Page) -> list[float]:
    """Seconds from each commit to the number on the page that counts it."""
    shop, pauses = Pipeline(settings), random.Random(1)
    element(page, TITLE).evaluate(_NOTE)
    return [_until_seen(shop, page, str(trial), pauses) for trial in range(1, TRIALS + 1)]


def _until_seen(shop: Pipeline, page: Page, shown: str, pauses: random.Random) -> float:
    page.wait_for_timeout(pauses.uniform(0, LONGEST_PAUSE_MS))
    shop.redeem(f"page-{shown}", CODE, datetime.now(UTC).isoformat())
    committed = datetime.now(UTC).timestamp()
    seen: list[float] = []

    def there() -> bool:
        seen.extend(page.evaluate("(shown) => [window.seen[shown] ?? []].flat()", shown))
        return bool(seen)

    eventually(there, f"{shown} redemptions on the page", PATIENCE_S)
    return seen[0] / 1_000 - committed


def _section(times: Sequence[float], round_ms: float) -> Section:
    p50, p99, most = (percentile(times, share) for share in (0.5, 0.99, 1.0))
    figure = Figure(
        "page, redemption to seen on the open dashboard",
        f"p50 {p50:.2f} s, p99 {p99:.2f} s",
        {"p50_s": p50, "p99_s": p99, "most_s": most, "count": len(times), "round_ms": round_ms},
        f"p99 < {MOST_S:.0f} s",
        p99 < MOST_S,
        "cheaper questions, or fewer panels: the page asks again after four times what they took",
    )
    shown = [f"{percentile(times, share):.2f}" for share in (0.0, 0.5, 0.9, 0.99, 1.0)]
    return Section(
        f"Redemptions on an open dashboard, beside {TRAFFIC:.0f} rows/s",
        [figure],
        [
            Table(
                "Seconds from commit to seen",
                ("redemptions", "least", "p50", "p90", "p99", "most"),
                [(str(len(times)), *shown)],
            )
        ],
        (
            "Promo overview in headless Chromium, refreshing by itself; all of its panels.",
            f"From one refresh to the next: {round_ms / 1_000:.2f} s.",
        ),
    )
