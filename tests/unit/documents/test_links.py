"""Every link in the documents leads somewhere; what lies on the network is not asked."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.native.layout import REPOSITORY
from tests.pages import Page, page_at, pages, slug_of

PAGES = {page.name: page for page in pages()}
_ELSEWHERE = re.compile(r"^(https?|mailto):")


def broken_links(page: Page) -> Iterator[str]:
    """Links and images of a page that lead nowhere, with the line where they stand."""
    for link in page.links:
        if _ELSEWHERE.match(link.text):
            continue
        path, _, anchor = link.text.partition("#")
        target = (page.folder / path).resolve()
        if path and not _is_in_the_project(target):
            yield f"{page.name}:{link.line}: {link.text}: no such file"
        elif anchor and anchor not in (_anchors(target) if path else page.anchors):
            yield f"{page.name}:{link.line}: {link.text}: no such heading"


def _is_in_the_project(target: Path) -> bool:
    return target.exists() and target.is_relative_to(REPOSITORY)


def _anchors(target: Path) -> frozenset[str]:
    if target.suffix != ".md":
        return frozenset()
    return page_at(target.relative_to(REPOSITORY).as_posix()).anchors


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    assert list(broken_links(PAGES[name])) == []


def test_documents_have_links_and_pictures() -> None:
    targets = [link.text for page in PAGES.values() for link in page.links]
    assert sum(target.endswith(".png") for target in targets) > 5
    assert sum("#" in target for target in targets) > 2


def test_the_readme_links_everything_once() -> None:
    targets = [link.text for link in PAGES["README.md"].links]
    assert sorted(targets) == sorted(set(targets))


def test_every_page_is_reached_from_the_readme() -> None:
    linked = {link.text.partition("#")[0] for link in PAGES["README.md"].links}
    assert {name for name in PAGES if name.startswith("docs/")} <= linked


def test_broken_links_are_found() -> None:
    page = Page(
        "docs/x.md",
        "# Stores\n[a](nowhere.md)\n![b](no.png)\n[c](api.md#no-such)\n[d](#stores)\n"
        "[e](../README.md)\n[f](../../outside.md)\n`[g](in-code.md)`\n```text\n[h](in.md)\n```\n",
    )
    found = [line.split(": ")[1] for line in broken_links(page)]
    assert found == ["nowhere.md", "no.png", "api.md#no-such", "../../outside.md"]


@pytest.mark.parametrize(
    ("heading", "slug"),
    [
        ("2a. Push into a running Grafana", "2a-push-into-a-running-grafana"),
        ("`make up`, and what it does", "make-up-and-what-it-does"),
        ("What is protected, and from whom", "what-is-protected-and-from-whom"),
        ("How do I …", "how-do-i-"),
        ("Kafka → Faust", "kafka--faust"),
        ("[Links](x.md) count as text", "links-count-as-text"),
        ("snake_case and-hyphens stay", "snake_case-and-hyphens-stay"),
    ],
)
def test_anchors_are_made_as_github_makes_them(heading: str, slug: str) -> None:
    assert slug_of(heading) == slug


def test_a_heading_that_comes_again_is_numbered() -> None:
    assert Page("x.md", "# Why\n## Why\n").anchors == {"why", "why-1"}
