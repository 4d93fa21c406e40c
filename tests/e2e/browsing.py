"""A browser at the dashboards' page: logged in, patient, and able to tell what is drawn.

The page allows no evaluation of strings, so waiting is done from here by polling.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, ElementHandle, Page, sync_playwright

from connectors.settings import Settings
from infra.native.prerequisites import chromium
from tests.reading import eventually

WIDE, PHONE = (1440, 900), (390, 844)
ARTIFACTS = "PROMO_ARTIFACTS"
"""The variable that names the folder of screenshots; without it a temporary one."""

_UNSETTLED = """() => !document.body?.dataset.round
    || document.querySelector('.panel[data-state="loading"]') !== null"""
_DRAWN = """(panel) => {
    const body = panel.querySelector('.body');
    const { columns = [], rows = [] } = panel.answer ?? {};
    return {
        title: panel.querySelector('h2').textContent,
        kind: panel.dataset.kind,
        state: panel.dataset.state,
        note: panel.querySelector('.note').textContent,
        text: body.innerText,
        columns: columns.map((column) => column.name),
        rows,
        series: (body.data ?? []).map(({ name, x, y }) => ({ name, x: [...x], y: [...y] })),
        lines: [...body.querySelectorAll('tbody tr')]
            .map((line) => [...line.cells].map((cell) => cell.innerText)),
    };
}"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a panel shows.

    Attributes:
        state: loading, ready, empty, stale, failed.
        note: beside the title, as why it is stale.
        text: all that can be read in it.
        columns, rows: the answer that is drawn; times in milliseconds since 1970.
        series: a chart's, each with name, x and y as they are drawn.
        lines: a table's cells as they are written.
    """

    title: str
    kind: str
    state: str
    note: str
    text: str
    columns: list[str]
    rows: list[list[Any]]
    series: list[dict[str, Any]]
    lines: list[list[str]]


@contextmanager
def browser() -> Iterator[Browser]:
    """A headless Chromium of the system's."""
    program = chromium()
    assert program, "`make prepare-tests` installs Chromium"
    with sync_playwright() as playwright:
        # Without a sandbox: tests run as root, and open nothing but their own stack.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


@contextmanager
def opened(
    started: Browser,
    settings: Settings,
    path: str = "/dashboards",
    *,
    key: str | None = None,
    size: tuple[int, int] = WIDE,
    scheme: Literal["light", "dark"] = "light",
) -> Iterator[Page]:
    """A logged-in page whose panels have all settled; errors that it logs fail the test.

    Args:
        started: the browser; every page has cookies and storage of its own.
        settings: of the stack.
        path: of the dashboard.
        key: by default the native stack's own.
        size: of the window in pixels.
        scheme: what the system prefers.
    """
    width, height = size
    context = started.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, base_url=settings.api_url
    )
    page, errors = context.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if _matters(said) else None)
    try:
        log_in(page, key or settings.api_key_file.read_text().strip(), path)
        settled(page)
        yield page
        assert not errors
    finally:
        context.close()


def _matters(said: Any) -> bool:
    # What the network failed at is shown by the panels, and is some tests' subject.
    return said.type == "error" and "Failed to load resource" not in said.text


def log_in(page: Page, key: str, path: str = "/dashboards") -> None:
    """Open a page, and fill in the form that comes before it."""
    page.goto(path)
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Log in").click()


def settled(page: Page, timeout_s: float = 30.0) -> None:
    """Wait until every panel has been answered."""
    eventually(lambda: not page.evaluate(_UNSETTLED), f"{page.url} has settled", timeout_s)


def address(page: Page) -> str:
    """Where the page is now (``page.url`` is what the browser told last)."""
    return str(page.evaluate("() => location.href"))


def rounds(page: Page) -> int:
    """How many times all panels have been asked since the page was opened."""
    return int(page.evaluate("() => Number(document.body.dataset.round ?? 0)"))


def element(page: Page, title: str) -> ElementHandle:
    """The panel of this title."""
    found = page.query_selector(f'.panel:has(h2:text-is("{title}"))')
    assert found is not None, f"no panel {title} on {page.url}"
    return found


def drawn(page: Page, title: str) -> Drawn:
    """What the panel of this title shows now."""
    return Drawn(**element(page, title).evaluate(_DRAWN))


def every_panel(page: Page) -> list[Drawn]:
    """What all panels show now, from top left to bottom right."""
    return [Drawn(**found.evaluate(_DRAWN)) for found in page.query_selector_all(".panel")]


def number(page: Page, title: str) -> str:
    """The number, as it is written, of a panel of one."""
    return drawn(page, title).text.strip()


def screenshot(page: Page, name: str) -> Path:
    """The whole page as ``<name>.png`` in the artifacts' folder."""
    folder = Path(os.environ.get(ARTIFACTS) or Path(tempfile.gettempdir()) / "promo-artifacts")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path
