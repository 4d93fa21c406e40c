"""The runbook as its reader uses it: the blocks under a heading, pasted into a shell."""

import re
import subprocess
from dataclasses import dataclass, field

from tests.clone import Clone
from tests.pages import Fence, Page, page_at

PAGE = "docs/runbook.md"
FUNCTIONS = "Questions to paste first"
"""What stands there is pasted before anything else."""

_HEADING = re.compile(r"^#{1,6} +(.+)$", re.MULTILINE)
_BLOCK_S = 200


def blocks_by_heading(page: Page) -> dict[str, list[Fence]]:
    """What is to be run under each heading, down to the next heading of any depth."""
    text = page.prose
    headings = [(text.count("\n", 0, m.start()) + 1, m[1]) for m in _HEADING.finditer(text)]
    found: dict[str, list[Fence]] = {}
    for fence in page.fences:
        if fence.language == "sh":
            heading = [name for line, name in headings if line < fence.line][-1]
            found.setdefault(heading, []).append(fence)
    return found


def text_under(page: Page, heading: str) -> str:
    """All that stands under a heading, down to the next of the same depth or above."""
    start = re.search(rf"^(#+) +{re.escape(heading)}$", page.text, re.MULTILINE)
    assert start is not None, f"{page.name} has no heading {heading}"
    rest = page.text[start.end() :]
    end = re.search(rf"^#{{1,{len(start[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


@dataclass
class Runbook:
    """The page and a clone whose stack is ill.

    Attributes:
        clone: where commands run.
        used: the blocks that have been run, by heading and number.
    """

    clone: Clone
    used: set[tuple[str, int]] = field(default_factory=set)
    page: Page = field(default_factory=lambda: page_at(PAGE))

    def follow(self, heading: str, part: slice = slice(None)) -> str:
        """Paste the blocks under a heading, or some of them; gives back what they print.

        Raises:
            AssertionError: a block failed.
        """
        blocks = blocks_by_heading(self.page)
        numbered = list(enumerate(blocks[heading]))[part]
        self.used |= {(FUNCTIONS, 0), *((heading, number) for number, _ in numbered)}
        code = "".join(one.code for one in (*blocks[FUNCTIONS], *(one for _, one in numbered)))
        done = subprocess.run(
            ["bash", "-c", "set -euo pipefail\n" + self.clone.here(code)],
            cwd=self.clone.root, env=dict(self.clone.environment), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=_BLOCK_S,
        )  # fmt: skip
        assert done.returncode == 0, f"{PAGE}, {heading}:\n{done.stdout[-3000:]}"
        return done.stdout

    def tells(self, heading: str, printed: str, *signs: str) -> None:
        """The page names these signs of an illness, and they were printed.

        Raises:
            AssertionError: one of them is missing on either side.
        """
        text = " ".join(text_under(self.page, heading).split())
        for sign in signs:
            assert f"`{sign}" in text or f"{sign}`" in text, f"{heading}: `{sign}` is not named"
            assert sign in printed, f"{heading}: {sign} was not printed:\n{printed[-3000:]}"
