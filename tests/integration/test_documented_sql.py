"""ClickHouse's own parser reads every statement in the documents."""

import httpx
import pytest

from tests.integration.test_reader_sql import formatted
from tests.pages import Page, pages
from warehouse.migrate import statements_of

PAGES = {page.name: page for page in pages()}


def refused(page: Page, http: httpx.Client) -> list[str]:
    """Statements of a page's ``sql`` blocks that are none, with the line of their block."""
    found = []
    for fence in page.fences:
        if fence.language == "sql":
            for statement in statements_of(fence.code):
                answer = formatted(http, statement)
                if answer.status_code != 200:
                    found.append(f"{page.name}:{fence.line}: {answer.text.strip()}")
    return found


@pytest.mark.parametrize("name", PAGES)
def test_every_statement_is_one(http: httpx.Client, name: str) -> None:
    assert refused(PAGES[name], http) == []


def test_of_two_statements_the_wrong_one_is_found(http: httpx.Client) -> None:
    page = Page("x.md", "```sql\nSELECT 1;\nSELEKT 2 FROM;\n```\n")

    assert len(refused(page, http)) == 1
    assert "SYNTAX_ERROR" in refused(page, http)[0]
