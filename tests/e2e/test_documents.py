"""Every page is run as it stands: all its commands and programs, in a fresh clone.

All share one clone: README begins in it from nothing, as a new user does, and the other pages
share a stack that begins without data. What a page shows right after a block must be what the
block prints.
"""

import re
import subprocess
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.clone import Clone, cloned
from tests.e2e.pipeline import Pipeline
from tests.pages import Fence, Page, pages

RUN = ("sh", "python")
RUN_ON_ITS_ILLNESSES = "docs/runbook.md"
"""``test_runbook.py`` runs each of its blocks on a stack that has what the block is for."""

PAGES = {
    page.name: page
    for page in pages()
    if page.name != RUN_ON_ITS_ILLNESSES and any(fence.language in RUN for fence in page.fences)
}
LEFT_OUT = re.compile(r"^make test\b.*$", re.MULTILINE)
"""What a test cannot run, for it is what runs the test."""

THEIR_DATA = "path/to/csv"
"""What stands for a reader's own folder of CSV files; the Noaat files are taken."""

_MARK = "@@@ block {}"
_PAGE_S = 600
_NEAR = 0.25
"""Figures of an example that depend on the hour may differ by so much of themselves."""


@dataclass(frozen=True, slots=True)
class Example:
    """Something to run, and what the page shows of its output."""

    fence: Fence
    shown: Fence | None


def examples(page: Page) -> Iterator[Example]:
    """The page's programs in order, each with the output that stands right after it."""
    for fence, after in zip_longest(page.fences, page.fences[1:]):
        if fence.language in RUN:
            is_output = after is not None and after.language in ("json", "text")
            yield Example(fence, after if is_output else None)


def script(found: list[Example], clone: Clone) -> str:
    """One shell session that runs all of them, as a reader does."""
    lines = ["set -euo pipefail"]
    for number, example in enumerate(found):
        code = _with_data(LEFT_OUT.sub("", clone.here(example.fence.code)), clone)
        is_shell = example.fence.language == "sh"
        lines.append(f"echo; echo '{_MARK.format(number)}'")
        lines.append(code if is_shell else f".venv/bin/python - <<'PROGRAM'\n{code}PROGRAM")
    return "\n".join(lines)


def _with_data(code: str, clone: Clone) -> str:
    data = clone.settings.noaat_dir
    if data.is_dir() or THEIR_DATA not in code:
        return code.replace(THEIR_DATA, str(data))
    warnings.warn(f"{data} is not there (PROMO_NOAAT_DIR): not run with {THEIR_DATA}", stacklevel=2)
    return "\n".join(line for line in code.splitlines() if THEIR_DATA not in line)


def fits(shown: Any, got: Any) -> bool:
    """Whether all that is shown is there, with the same kinds of values; null is any."""
    if shown is None:
        return True
    if isinstance(shown, dict):
        return isinstance(got, dict) and all(
            name in got and fits(value, got[name]) for name, value in shown.items()
        )
    if isinstance(shown, list):
        return isinstance(got, list) and all(map(fits, shown, got)) and len(shown) <= len(got)
    number = (int, float)
    return isinstance(got, number if isinstance(shown, number) else type(shown))


def reads_like(shown: str, got: str) -> bool:
    """Whether a text was printed; with ``…`` in it, in part and with figures nearly as shown."""
    if "…" not in shown:
        return got.strip() == shown.strip()
    number = r"(?<![\w.-])\d[\d,]*(?:\.\d+)?(?![\w-])"
    pieces = re.split(rf"(…|\s+|{number})", shown.strip())
    pattern = "".join(
        ".*?" if piece == "…"
        else r"\s+" if piece.isspace()
        else rf"({number})" if re.fullmatch(number, piece)
        else re.escape(piece)
        for piece in pieces
    )  # fmt: skip
    figures = [_value(piece) for piece in pieces if re.fullmatch(number, piece)]
    found = re.search(pattern, got, re.DOTALL)
    return found is not None and all(
        abs(_value(printed) - figure) <= _NEAR * figure
        for printed, figure in zip(found.groups(), figures, strict=True)
    )


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def as_shown(shown: Fence, output: str) -> bool:
    """Whether a block's output is what stands after it."""
    if shown.language == "text":
        return reads_like(shown.code, output)
    return fits(orjson.loads(shown.code), orjson.loads(output.strip().splitlines()[0]))


def _two_users_of_one_device(clone: Clone) -> None:
    shop = Pipeline(clone.with_secrets())
    for user in ("u-31007", "u-31008"):
        shop.sign_up(user, device_id="d-4411")
    # The page makes them itself, a second before it needs them; here nothing may hang on that.
    shop.run("INSERT INTO promo_codes (promo_code) VALUES ('WELCOME10'), ('SPRING')")
    shop.risk_when("u-31008", linked={"u-31007"})


PREPARED: Mapping[str, Callable[[Clone], None]] = {"docs/api.md": _two_users_of_one_device}
"""What a page says that its reader has."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """A clone in which nothing has been started yet."""
    with cloned(tmp_path_factory.mktemp("clone")) as made:
        yield made


@pytest.fixture(scope="module")
def empty_stack(clone: Clone) -> None:
    """The clone's stack, up and without what README has left."""
    if clone.settings.state_dir.exists():
        clone.make("down")
        clone.make("clean", "FORCE=1")
    clone.make("up")


@pytest.mark.timeout(_PAGE_S + 60)
@pytest.mark.parametrize("name", PAGES)
def test_every_block_of_a_page_works(
    clone: Clone, name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Pasted one after the other into a shell, at the root of the clone."""
    page = PAGES[name]
    if name != "README.md":
        request.getfixturevalue("empty_stack")
        clone.make("up")  # what a page before has stopped
    if name in PREPARED:
        PREPARED[name](clone)
    found = list(examples(page))

    code, printed = run(script(found, clone), clone, tmp_path / "printed")

    outputs = re.split(r"^@@@ block \d+$", printed, flags=re.MULTILINE)[1:]
    last = found[len(outputs) - 1].fence.line
    assert code == 0, f"{name}:{last}: the block failed\n{printed[-3000:]}"
    for example, output in zip(found, outputs, strict=True):
        if example.shown is not None:
            where = f"{name}:{example.shown.line}"
            assert as_shown(example.shown, output), f"{where}: it printed\n{output[-3000:]}"


def run(code: str, clone: Clone, printed: Path) -> tuple[int, str]:
    """Run a script at the root of the clone; its exit code and all that it printed."""
    # Into a file: what a block leaves running would hold a pipe open.
    with printed.open("wb") as out:
        done = subprocess.run(
            ["bash", "-c", code], cwd=clone.root, env=dict(clone.environment),
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, timeout=_PAGE_S,
        )  # fmt: skip
    return done.returncode, printed.read_text()


@pytest.mark.parametrize(
    ("shown", "got", "is_like"),
    [
        ("allow", " allow\n", True),
        ("allow", "allow 1", False),
        ("all 1,000\n  …\nend", "start\nall   1,100 x\nend", True),
        ("all 1,000\n  …\nend", "all 1,300 x\nend", False),
        ("none 0 …", "none 0 x", True),
        ("none 0 …", "none 1 x", False),
        ("level …", "other", False),
    ],
)
def test_shown_text_is_compared(shown: str, got: str, is_like: bool) -> None:
    assert reads_like(shown, got) is is_like


def test_the_tutorial_shows_what_it_prints() -> None:
    shown = [example.shown for example in examples(PAGES["docs/api.md"])]
    assert sum(one is not None for one in shown) > 10
