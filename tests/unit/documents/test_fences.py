"""What stands in fenced blocks can be read by what it is written for.

``sh`` and ``python`` blocks are run by ``tests/e2e/test_documents.py``, ``sql`` is parsed by
``tests/integration/test_documented_sql.py``, diagrams by ``test_documented_diagrams.py`` there.
"""

import configparser
import json
import re
import subprocess
import tomllib
from collections.abc import Callable, Iterator, Mapping

import pytest
import yaml

from tests.pages import Fence, Page, pages

PAGES = {page.name: page for page in pages()}
PROMPT = "$ "


def commands(fence: Fence) -> str:
    """What a person would type: of a ``console`` block, what follows its prompts.

    A command that ends in a backslash goes on in the next line; other lines are output.
    """
    if fence.language != "console":
        return fence.code
    kept, goes_on = [], False
    for line in fence.code.splitlines():
        if goes_on or line.startswith(PROMPT):
            kept.append(line if goes_on else line.removeprefix(PROMPT))
            goes_on = line.endswith("\\")
    return "\n".join(kept) + "\n"


def _shell(fence: Fence) -> None:
    if fence.language == "console" and not fence.code.startswith(PROMPT):
        raise ValueError("a console block begins with the prompt `$ `")
    done = subprocess.run(
        ["bash", "-n"], input=commands(fence), capture_output=True, text=True, timeout=10
    )
    if done.returncode:
        raise ValueError(done.stderr.strip())


def _python(fence: Fence) -> None:
    compile(fence.code, "block", "exec")


def _yaml(fence: Fence) -> None:
    list(yaml.safe_load_all(fence.code))


def _ini(fence: Fence) -> None:
    configparser.RawConfigParser(strict=False, allow_no_value=True).read_string(fence.code)


def _anything(fence: Fence) -> None:
    if not fence.code.strip():
        raise ValueError("nothing is in it")


READERS: Mapping[str, Callable[[Fence], object]] = {
    "sh": _shell,
    "console": _shell,
    "python": _python,
    "json": lambda fence: json.loads(fence.code),
    "yaml": _yaml,
    "ini": _ini,
    "toml": lambda fence: tomllib.loads(fence.code),
    "sql": _anything,
    "mermaid": _anything,
    "text": _anything,
}


def unreadable(page: Page) -> Iterator[str]:
    """Blocks of a page that nothing can read, with their lines."""
    for fence in page.fences:
        where = f"{page.name}:{fence.line}: {fence.language or 'no language'}"
        if fence.language not in READERS:
            yield f"{where}: use one of {', '.join(READERS)}"
            continue
        try:
            READERS[fence.language](fence)
        except (ValueError, SyntaxError, yaml.YAMLError, configparser.Error) as error:
            yield f"{where}: {error}"


@pytest.mark.parametrize("name", PAGES)
def test_every_block_can_be_read(name: str) -> None:
    assert list(unreadable(PAGES[name])) == []


@pytest.mark.parametrize("name", PAGES)
def test_every_fence_is_closed(name: str) -> None:
    marks = re.findall(r"^ *`{3,}", PAGES[name].text, re.MULTILINE)
    assert len(marks) == 2 * len(PAGES[name].fences)


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("", "no language\n"),
        ("perl", "print 1;\n"),
        ("sh", "if true; then\n"),
        ("console", "make up\n"),
        ("console", "$ echo 'open\n"),
        ("python", "def f(:\n"),
        ("json", "{'single': 1}\n"),
        ("yaml", "a: [1\n"),
        ("ini", "no section = 1\n"),
        ("toml", "a = \n"),
        ("text", "\n"),
    ],
)
def test_a_block_that_nothing_can_read_is_found(language: str, code: str) -> None:
    assert len(list(unreadable(Page("x.md", f"```{language}\n{code}```\n")))) == 1


def test_of_a_console_block_what_follows_the_prompts_is_typed() -> None:
    page = Page("x.md", "```console\n$ docker run \\\n    image\noutput (\n$ make up\n```\n")
    assert commands(page.fences[0]) == "docker run \\\n    image\nmake up\n"
