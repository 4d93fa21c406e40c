"""Figures in the documents are those that were measured."""

import re
from collections.abc import Iterator

import pytest

from benchmarks.quoted import speed
from benchmarks.readme import filled, measured, tables
from connectors.errors import FiguresError
from connectors.settings import Settings
from tests.pages import Page, page_at, pages

PAGES = {page.name: page for page in pages()}
NO_FIGURES = {"3.11", "127.0.0.1"} | {
    str(value) for name, value in Settings(_env_file=None) if name.endswith("_port")
}
"""Numbers in the README's text that nobody measured: a version, an address, ports."""

_TABLE = re.compile(r"<!-- figures: [\w-]+ -->\n.*?<!-- end -->", re.DOTALL)
_MEASURED = re.compile(r"^\*\*Measured\.\*\*.*?(?=\n\n|\Z)", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.,#-])\d+(?:[.,]\d+)*%?(?![\w-])")


def unsupported(page: Page) -> Iterator[str]:
    """Figures in paragraphs that begin with *Measured* which no file linked there has."""
    for found in _MEASURED.finditer(page.text):
        paragraph = Page(page.name, found[0])
        text = "\n".join(
            (page.folder / link.text.partition("#")[0]).read_text() for link in paragraph.links
        )
        # p99 is a name, 1.31 s a figure.
        prose = re.sub(r"\]\([^)]*\)|\bp\d+\b", "]", paragraph.prose)
        for number in _NUMBER.findall(prose):
            if not re.search(rf"(?<![\d.,]){re.escape(number)}(?![\d]|[.,]\d)", text):
                yield f"{page.name}: {number} is in no file that is linked beside it"


def test_writing_the_tables_again_changes_nothing() -> None:
    by_name = tables()
    for page in PAGES.values():
        assert filled(page.text, by_name) == page.text, "python -m benchmarks readme"


def test_the_readme_shows_every_table_with_the_command_of_each_figure() -> None:
    shown = _TABLE.findall(PAGES["README.md"].text)
    rows = [line for table in shown for line in table.splitlines() if line.startswith("| ")]

    assert sum(len(_TABLE.findall(page.text)) for page in PAGES.values()) == len(tables())
    assert len(rows) > 20
    for row in rows:
        assert re.search(r"\| (?:`(?:make|\.venv/bin/python) .*`|repeat it|---) \|$", row), row


def test_the_readmes_text_states_no_other_figures() -> None:
    without_tables = Page("README.md", _TABLE.sub("", PAGES["README.md"].text))
    prose = re.sub(r"`[^`]*`|\]\([^)]*\)|https?://\S+", "", without_tables.prose)
    prose = re.sub(r"^\d+\. ", "", prose, flags=re.MULTILINE)

    assert set(_NUMBER.findall(prose)) - NO_FIGURES == set()


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_says_was_measured_is_in_the_file_beside_it(name: str) -> None:
    assert list(unsupported(PAGES[name])) == []


def test_decisions_state_what_decided_them() -> None:
    page = page_at("docs/decisions.md")
    assert len(_MEASURED.findall(page.text)) > 8


def test_a_figure_that_nobody_measured_is_found() -> None:
    speed = "[speed.md](../benchmarks/results/speed.md)"
    page = Page("docs/x.md", f"**Measured.** 123,456 events/s, p99 9.87 s\n({speed}).\n\nAnd 7.")

    assert len(list(unsupported(page))) == 2


def test_a_figure_that_is_in_no_file_is_refused() -> None:
    empty = {"name": "drain", "section": {"title": "", "notes": [], "figures": []}}

    with pytest.raises(FiguresError, match="has no benchmark drain"):
        list(speed({}))
    with pytest.raises(FiguresError, match="no figure named 'backlog, one scoring worker'"):
        list(speed({"speed": {"benchmarks": [empty]}}))


def test_a_figure_that_misses_its_aim_says_so() -> None:
    quotes = {quote.what: quote.measured for quote in speed(measured())}
    drained = measured()["speed"]["benchmarks"]
    (figure,) = [
        one
        for benchmark in drained
        for one in benchmark["section"]["figures"]
        if one["name"] == "backlog, one scoring worker"
    ]

    assert ("not met" in quotes["a backlog, one scoring worker"]) is (figure["met"] is False)


def test_a_table_that_there_is_not_is_refused() -> None:
    with pytest.raises(FiguresError, match="no table of figures named nothing"):
        filled("<!-- figures: nothing -->\n<!-- end -->", {})


def test_a_page_keeps_what_stands_round_its_tables() -> None:
    page = "before\n<!-- figures: one -->\nold\n<!-- end -->\nafter\n"
    assert filled(page, {"one": "new\n"}) == (
        "before\n<!-- figures: one -->\nnew\n<!-- end -->\nafter\n"
    )
