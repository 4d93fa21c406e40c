"""The page: the sections' text with the findings put in. Pure but for reading the sections.

A section is a file in ``sections/``: Markdown with placeholders like ``{sizes.accounts:,}``, which
name an attribute of :class:`ml.commentary.findings.Findings` or a table, so that no number of the
data is ever typed.
"""

import re
import textwrap
from dataclasses import fields
from pathlib import Path

from ml.commentary.effort import lines_of, tests_share
from ml.commentary.findings import Findings
from ml.commentary.tables import tables
from ml.commentary.traps import HEAD_PERCENT
from ml.features.feature import COMMON_FROM
from ml.features.redemptions import SLOW_US
from ml.rules.speed import FAST_US
from ml.training import fit

SECTIONS = Path(__file__).parent / "sections"
WIDTH = 100
_ITEM = "- "
_CODE = re.compile(r"`[^`]+`")
_BLANK = "\0"
_MINUTE_US = 60_000_000


def page(found: Findings) -> str:
    """The whole page."""
    blocks = "\n\n".join(path.read_text().strip() for path in sorted(SECTIONS.glob("*.txt")))
    shown = tables(found)
    return (
        "\n\n".join(_wrapped(_filled(block, found, shown)) for block in blocks.split("\n\n")) + "\n"
    )


def _filled(block: str, found: Findings, shown: object) -> str:
    return block.format(tables=shown, **_named(found))


def _named(found: Findings) -> dict[str, object]:
    names = (*(field.name for field in fields(found)), "fast", "tried", "significant", "neither")
    return {
        **{name: getattr(found, name) for name in names},
        "one_in": found.sizes.accounts / found.sizes.abusers,
        "separating": len(found.signals.separating),
        "rule_minutes": FAST_US // _MINUTE_US,
        "model_minutes": SLOW_US // _MINUTE_US,
        "common_from": COMMON_FROM,
        "fit_lines": lines_of(Path(fit.__file__)),
        "tests_share": tests_share(found.effort),
        "head_percent": HEAD_PERCENT,
    }


def _wrapped(block: str) -> str:
    """A paragraph or a list at the page's width; headings, tables and pictures as they are."""
    if block.startswith(("#", "|", "![")):
        return block
    if not block.startswith(_ITEM):
        return _fill(block, "")
    return "\n".join(_fill(item, "  ") for item in block.splitlines())


def _fill(text: str, indent: str) -> str:
    unbroken = _CODE.sub(lambda code: code[0].replace(" ", _BLANK), " ".join(text.split()))
    filled = textwrap.fill(
        unbroken, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return filled.replace(_BLANK, " ")
