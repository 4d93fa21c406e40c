"""Every dashboard on the demo's data: each panel shows some, and the task's charts are right."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from api.decide_identifier import LEAST_SHARED
from connectors.drain import wait_drained
from connectors.load import load
from connectors.loading.told import told
from connectors.settings import Settings
from connectors.source.session import open_session
from connectors.telling import tell
from connectors.topics import Topic
from grafana.viewer.shelf import every_board
from ml.training.train import train
from simulator.plan import history
from simulator.play import play
from stream_processors.rescore_all import rescore_all
from tests.conftest import running_stack, stack_settings
from tests.e2e.browsing import PHONE, WIDE, browser, drawn, every_panel, opened, screenshot
from tests.e2e.expected_charts import Charts, expected_charts
from tests.e2e.pipeline import Pipeline
from tests.integration.api_client import caller
from tests.reading import eventually
from tests.source_faults import superuser_of
from warehouse.client import writer

pytestmark = pytest.mark.timeout(400)

NOAAT = Settings().noaat_dir.absolute()
TABLES = ("users", "promo_codes", "promo_usages")
BY_MONTH = "/dashboards/promo-overview?var-per=month"
TABLET = (820, 1180)
OVERLAPS = """() => {
    const panels = [...document.querySelectorAll('.panel')];
    const boxes = panels.map((panel) => panel.getBoundingClientRect());
    const apart = (a, b) => a.right <= b.left || b.right <= a.left
        || a.bottom <= b.top || b.bottom <= a.top;
    return boxes.flatMap((a, n) => boxes.slice(n + 1).filter((b) => !apart(a, b))).length;
}"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    often = {"reconcile_every_s": 5, "reconcile_rows": 20_000}
    with running_stack(stack_settings(tmp_path_factory.mktemp("dashboards"), **often)) as settings:
        yield settings


@pytest.fixture(scope="module")
def shown_of_noaat(empty: Settings) -> Charts | None:
    """What the page shows once the Noaat files are loaded, and nothing else is.

    By a browser of its own: while one is open, this thread has an event loop that runs, and what
    is done next would not have it.
    """
    if not NOAAT.is_dir():
        return None
    load_files(empty, NOAAT)
    with browser() as chromium, opened(chromium, empty, BY_MONTH) as page:
        return charts_on(page)


@pytest.fixture(scope="module")
def demo(
    empty: Settings, shown_of_noaat: Charts | None, tmp_path_factory: pytest.TempPathFactory
) -> Settings:
    """A month of traffic with attackers, a model, a label, loaded files, and all that is wrong."""
    wait_drained(empty, play(empty, history("mixed", 1, 30)).lsn)
    train(empty)
    rescore_all(empty)
    shop = Pipeline(empty)
    shop.produce(Topic.USERS, b"broken", b"{")
    shop.count_when(1, "SELECT count() FROM dead_letters FINAL")
    with caller(empty) as api:
        answer = api.post(f"/v1/users/{flagged(shop)}/label", json={"label": "abuser"})
        answer.raise_for_status()
    load_files(empty, exported(empty, tmp_path_factory.mktemp("exported")))
    go_wrong(shop)
    asked = "SELECT uniqExact(metric) FROM pipeline_metrics WHERE metric IN {metrics:Array(String)}"
    metrics = ["promo_drift_psi", "promo_commit_to_alert_seconds_bucket"]
    # The monitor looks at drift once a minute.
    eventually(lambda: shop.rows(asked, metrics=metrics)[0][0] == 2, f"{metrics} are stored", 90)
    return empty


def go_wrong(shop: Pipeline) -> None:
    """A value that identifies nobody, rows that may not have arrived, one that has changed."""
    alike = [f"of no device {number}" for number in range(LEAST_SHARED)]
    for user in alike:
        shop.sign_up(user, device_id="our SDK's name")
    shop.risk_when(alike[-1])
    ignored = {"user_id": alike[0], "kind": "device", "ignore": True, "note": "all have it"}
    with caller(shop.settings) as api:
        api.post("/v1/identifiers/ignore", json=ignored).raise_for_status()
    with superuser_of(shop.settings) as superuser:
        superuser.execute("ALTER PUBLICATION promo SET (publish = 'insert, update')")
        superuser.execute(
            "ALTER PUBLICATION promo SET (publish = 'insert, update, delete, truncate')"
        )
    with writer(shop.settings) as client:
        client.command(
            "ALTER TABLE users UPDATE timezone = 'Mars' WHERE user_id = 'of no device 0'"
        )


def load_files(settings: Settings, folder: Path) -> None:
    summary = load(settings, folder)
    tell(settings, told(summary, folder, time.time_ns() // 1_000))
    wait_drained(settings, summary.lsn)


def exported(settings: Settings, folder: Path) -> Path:
    """The source tables as the CSV files that a shop would hand over."""
    with open_session(settings, "promo-tests") as session:
        for table in TABLES:
            columns = "*" if table != "promo_usages" else "user_id, promo_code, used_at, used_promo"
            command = f"COPY (SELECT {columns} FROM {table}) TO STDOUT (FORMAT csv, HEADER)"
            with (
                session.cursor().copy(command) as rows,
                (folder / f"{table}.csv").open("wb") as file,
            ):
                for block in rows:
                    file.write(block)
    return folder


def flagged(shop: Pipeline) -> str:
    """An account with everything: an alert that stands, a redemption, links to others."""
    ((user,),) = shop.rows(
        """
        SELECT min(user_id) FROM abuse_alerts
        WHERE user_id IN (SELECT user_id FROM standing_accounts)
            AND user_id IN (SELECT user_id FROM promo_usages) AND evidence != '[]'
        """
    )
    return str(user)


def charts_on(page: Page) -> Charts:
    return Charts(
        top_users=totals(page, "Top 10 users by redemptions"),
        top_codes=totals(page, "Top 10 codes by redemptions"),
        redemptions=by_day(totals(page, "Redemptions over time")),
        registrations=by_day(totals(page, "Registrations over time")),
    )


def totals(page: Page, title: str) -> dict[Any, int]:
    """Of each bar the height as it is drawn, flagged and others together."""
    panel = drawn(page, title)
    first, second = panel.series
    assert {first["name"], second["name"]} == {"others", "flagged"}
    lying = panel.kind == "barchart"
    places, values = ("y", "x") if lying else ("x", "y")
    bars = zip(first[places], first[values], second[values], strict=True)
    # Lying bars stand at 0, 1, …: an axis of texts would take codes that are digits for numbers.
    names = {n: row[0] for n, row in enumerate(panel.rows)} if lying else {}
    return {names.get(at, at): int(one or 0) + int(other or 0) for at, one, other in bars}


def by_day(bars: dict[int, int]) -> dict[str, int]:
    """Bars by the day at whose beginning they stand; one elsewhere would be found."""
    days = {datetime.fromtimestamp(ms / 1_000, UTC): count for ms, count in bars.items()}
    return {day.isoformat().removesuffix("T00:00:00+00:00"): n for day, n in days.items()}


@pytest.mark.skipif(
    not NOAAT.is_dir(),
    reason=f"the Noaat data is not at {NOAAT}: PROMO_NOAAT_DIR names its folder",
)
def test_the_four_charts_are_those_of_the_noaat_files(shown_of_noaat: Charts) -> None:
    assert shown_of_noaat == expected_charts(NOAAT)


def test_the_four_charts_are_those_of_the_shops_own_export(
    demo: Settings, chromium: Browser, tmp_path: Path
) -> None:
    with opened(chromium, demo, BY_MONTH) as page:
        assert charts_on(page) == expected_charts(exported(demo, tmp_path))


@pytest.mark.parametrize("size", [WIDE, TABLET, PHONE], ids=lambda size: str(size[0]))
@pytest.mark.parametrize("uid", every_board())
def test_every_panel_shows_data_in_a_place_of_its_own(
    demo: Settings, chromium: Browser, uid: str, size: tuple[int, int]
) -> None:
    path = f"/dashboards/{uid}" + (f"?var-user={flagged(Pipeline(demo))}" if uid == "user" else "")
    with opened(chromium, demo, path, size=size) as page:
        board = every_board()[uid]

        eventually(lambda: not silent(page), f"every panel of {uid} shows data", 90)

        assert [panel.title for panel in every_panel(page)] == [p.title for p in board.panels]
        screenshot(page, f"{uid}-{size[0]}")
        assert page.evaluate("() => document.documentElement.scrollWidth") <= size[0]
        assert page.evaluate(OVERLAPS) == 0
        lefts = page.eval_on_selector_all(
            ".panel.stat:not(.alone)", "(all) => all.map((panel) => panel.offsetLeft)"
        )
        assert size != PHONE or len(set(lefts)) == 2


def silent(page: Page) -> list[str]:
    """Panels that show no data."""
    return [panel.title for panel in every_panel(page) if panel.state != "ready"]
