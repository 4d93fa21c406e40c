"""``make screenshots``: pictures for docs/dashboards.md, of the stack that is running.

Take them after ``make demo`` and a few minutes of ``make simulate``. Of the page *User* the newest
alert's account is shown.
"""

from pathlib import Path

from playwright.sync_api import Page

from connectors.settings import load_settings
from grafana.viewer.shelf import every_board
from infra.native.layout import REPOSITORY
from tests.e2e.browsing import WIDE, browser, drawn, opened

FOLDER = REPOSITORY / "docs/dashboards"
PERIODS = {"abuse-desk": "from=now-1h&to=now", "pipeline-health": "from=now-15m&to=now"}
"""Shorter ones than the default, as all that is judged there was judged just now."""


def main() -> None:
    """Write one picture of each dashboard."""
    settings, user = load_settings(), ""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with browser() as started:
        for uid in every_board():
            asked = f"var-user={user}" if uid == "user" else PERIODS.get(uid, "")
            path = f"/dashboards/{uid}?{asked}"
            with opened(started, settings, path, size=WIDE) as page:
                if uid == "abuse-desk":
                    user = _with_links(page)
                print(_taken(page, FOLDER / f"{uid}.png"), flush=True)


def _with_links(page: Page) -> str:
    """Of the newest alerts the first account that is linked to others."""
    panel = drawn(page, "Newest alerts")
    account, linked = panel.columns.index("user_id"), panel.columns.index("linked")
    return next(
        (str(row[account]) for row in panel.rows if row[linked]), str(panel.rows[0][account])
    )


def _taken(page: Page, path: Path) -> Path:
    page.screenshot(path=path, full_page=True)
    return path


if __name__ == "__main__":
    main()
