"""The project's documents, taken apart: fences, headings, links, and what is set as code."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from infra.native.layout import REPOSITORY

_FENCE = re.compile(r"^( *)(`{3,})(\w*)\n(.*?)^\1\2 *$", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_LINK = re.compile(r"!?\[(?:[^\[\]]|\[[^\]]*\])*\]\(\s*([^()\s]+)(?:\s+\"[^\"]*\")?\s*\)")
_REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*(\S+)", re.MULTILINE)
_HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)? *$", re.MULTILINE)
_NO_SLUG = re.compile(r"[^\w\- ]")


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its language, what is in it, and the line on which its text begins."""

    language: str
    code: str
    line: int


@dataclass(frozen=True, slots=True)
class Mention:
    """Something that a page names, and the line where it does."""

    text: str
    line: int


@dataclass(frozen=True)
class Page:
    """One Markdown file; ``name`` is its path from the root of the project."""

    name: str
    text: str

    @property
    def folder(self) -> Path:
        """What relative links start from."""
        return (REPOSITORY / self.name).parent

    @cached_property
    def fences(self) -> tuple[Fence, ...]:
        """Every fenced block in order."""
        return tuple(
            Fence(found[3], _dedented(found[4], found[1]), self._line(found.start()) + 1)
            for found in _FENCE.finditer(self.text)
        )

    @cached_property
    def prose(self) -> str:
        """The text without blocks and comments, every line where it was."""
        return _COMMENT.sub(_blank, _FENCE.sub(_blank, self.text))

    @cached_property
    def spans(self) -> tuple[Mention, ...]:
        """What is set as code within the text."""
        return tuple(
            Mention(" ".join(found[2].split()), self._line(found.start()))
            for found in _SPAN.finditer(self.prose)
        )

    @cached_property
    def links(self) -> tuple[Mention, ...]:
        """The targets of links and images."""
        text = _SPAN.sub(lambda found: "`" + _blank(found)[1:], self.prose)
        found = [*_LINK.finditer(text), *_REFERENCE.finditer(text)]
        return tuple(Mention(one[1], self._line(one.start())) for one in found)

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What a link to this page may name after ``#``, as GitHub makes it from headings."""
        seen: Counter[str] = Counter()
        anchors = []
        for heading in _HEADING.findall(self.prose):
            slug = slug_of(heading)
            anchors.append(f"{slug}-{seen[slug]}" if seen[slug] else slug)
            seen[slug] += 1
        return frozenset(anchors)

    def _line(self, place: int) -> int:
        return self.text.count("\n", 0, place) + 1


def slug_of(heading: str) -> str:
    """GitHub's anchor of a heading: letters and digits in lower case, spaces as hyphens."""
    shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "")
    return _NO_SLUG.sub("", shown.strip().lower()).replace(" ", "-")


def page_at(name: str) -> Page:
    """The page at a path from the root of the project."""
    return Page(name, (REPOSITORY / name).read_text())


def pages() -> Iterator[Page]:
    """README first, CONTRIBUTING, then everything under docs in the order of its name."""
    for file in ("README.md", "CONTRIBUTING.md"):
        yield page_at(file)
    for path in sorted((REPOSITORY / "docs").rglob("*.md")):
        yield page_at(path.relative_to(REPOSITORY).as_posix())


def _blank(found: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", found[0])


def _dedented(code: str, indent: str) -> str:
    return "".join(line.removeprefix(indent) for line in code.splitlines(keepends=True))


def table_below(page: str, heading: str) -> list[dict[str, str]]:
    """The first table below a heading: a row a line, cells by the name of their column."""
    section = page_at(page).text.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    names, _, *rows = [line for line in section.splitlines() if line.startswith("|")]
    return [dict(zip(_cells(names), _cells(row), strict=True)) for row in rows]


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]
