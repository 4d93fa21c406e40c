"""Mermaid itself reads every diagram in the documents."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.browsing import browser
from tests.npm import node_modules
from tests.pages import pages

HERE = Path(__file__).resolve().parents[1] / "mermaid"
DIAGRAMS = {
    f"{page.name}:{fence.line}": fence.code
    for page in pages()
    for fence in page.fences
    if fence.language == "mermaid"
}
_READ = """async (code) => {
    try { await mermaid.parse(code); return ""; } catch (error) { return String(error.message); }
}"""

Reader = Callable[[str], str]
pytestmark = pytest.mark.skipif(
    shutil.which("npm") is None, reason="Node is not installed: diagrams are not read"
)


@pytest.fixture(scope="module")
def complaint() -> Iterator[Reader]:
    """A function that says what Mermaid has against a diagram; "" if nothing."""
    with browser() as started:
        page = started.new_page()
        page.add_script_tag(path=node_modules(HERE) / "@mermaid-js/tiny/dist/mermaid.tiny.js")
        yield lambda code: str(page.evaluate(_READ, code))


@pytest.mark.parametrize("place", DIAGRAMS)
def test_every_diagram_can_be_drawn(complaint: Reader, place: str) -> None:
    assert complaint(DIAGRAMS[place]) == ""


@pytest.mark.parametrize(
    "code",
    [
        "flowchart LR\n  a -> b\n",
        "flowchart LR\n  a[open --> b\n",
        "sequenceDiagram\n  A->>B\n",
        "nodiagram\n  a --> b\n",
    ],
)
def test_a_diagram_that_cannot_be_drawn_is_found(complaint: Reader, code: str) -> None:
    assert complaint(code) != ""
