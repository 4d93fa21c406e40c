"""Files, folders, tests and Python modules that the documents name are there."""

import ast
import importlib.util
import re
from collections.abc import Iterator
from functools import cache

import pytest

from infra.native.layout import REPOSITORY
from tests.pages import Mention, Page, pages

PAGES = {page.name: page for page in pages()}
FOLDERS = sorted(
    path.name
    for path in REPOSITORY.iterdir()
    if path.is_dir() and not path.name.startswith(".") and path.name != "build"
)
CODE = [name for name in FOLDERS if (REPOSITORY / name / "__init__.py").exists()]

# Not an image with its version, as in grafana/grafana:1.2.
_PATH = re.compile(
    rf"(?<![\w./<{{-])(?:\./)?((?:{'|'.join(FOLDERS)})/[\w./<>{{}},*…-]*+)(?!:\d+\.)"
)
_TEST = re.compile(r"(?<![\w./-])(tests/[\w/]+\.py)::(\w+)")
_RUN = re.compile(r"(?:python3?|PYTHON\)) -m ([\w.]+)")
_DOTTED = re.compile(rf"^((?:{'|'.join(CODE)})(?:\.\w+)+)(?:\(.*\))?$")
_OPEN = re.compile(r"<[^>]*>|NNNN|…|\*+")


def named(page: Page, pattern: re.Pattern[str]) -> Iterator[tuple[Mention, re.Match[str]]]:
    """Where a page names something, in what is set as code and in its commands."""
    commands = [
        Mention(line, fence.line + number)
        for fence in page.fences
        if fence.language in ("sh", "console", "python")
        for number, line in enumerate(fence.code.splitlines())
    ]
    for mention in (*page.spans, *commands):
        for found in pattern.finditer(mention.text):
            yield mention, found


def missing_files(page: Page) -> Iterator[str]:
    """Paths in a project's folder that lead to nothing; ``<name>`` stands for anything."""
    for mention, found in named(page, _PATH):
        for path in _alternatives(found[1].rstrip(".,")):
            pattern = re.sub(r"\*+", "*", _OPEN.sub("*", path)).rstrip("/")
            if not any(REPOSITORY.glob(pattern)):
                yield f"{page.name}:{mention.line}: {path}: no such file"


def _alternatives(path: str) -> Iterator[str]:
    """``results/attack.{md,json}`` as the shell reads it."""
    found = re.search(r"\{([^}]*)\}", path)
    if found is None:
        yield path
        return
    for one in found[1].split(","):
        yield from _alternatives(path[: found.start()] + one + path[found.end() :])


def missing_tests(page: Page) -> Iterator[str]:
    """Tests that are named as ``tests/path.py::name``, anywhere on a page, and are not there."""
    for path, name in _TEST.findall(page.text):
        if name not in _definitions(path):
            yield f"{page.name}: {path}::{name}: no such test"


@cache
def _definitions(path: str) -> frozenset[str]:
    """What a Python file defines, at its top or within."""
    if not (REPOSITORY / path).is_file():
        return frozenset()
    names = set()
    for node in ast.walk(ast.parse((REPOSITORY / path).read_text())):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
    return frozenset(names)


def missing_modules(page: Page) -> Iterator[str]:
    """Modules that ``python -m`` is to run, and dotted names of ours, that are not there."""
    for mention, found in named(page, _RUN):
        if not _runs(found[1]):
            yield f"{page.name}:{mention.line}: python -m {found[1]}: no such module"
    for span in page.spans:
        dotted = _DOTTED.match(span.text)
        if dotted and not _is_defined(dotted[1]):
            yield f"{page.name}:{span.line}: {span.text}: no such name"


def _runs(module: str) -> bool:
    if module.partition(".")[0] in CODE:
        path = REPOSITORY.joinpath(*module.split("."))
        return (path / "__main__.py").exists() or path.with_suffix(".py").exists()
    return importlib.util.find_spec(module) is not None


def _is_defined(dotted: str) -> bool:
    *above, last = dotted.split(".")
    folder = REPOSITORY.joinpath(*above)
    if (folder / last).is_dir() or (folder / f"{last}.py").exists():
        return True
    files = (folder.with_suffix(".py"), folder / "__init__.py")
    return any(last in _definitions(str(file.relative_to(REPOSITORY))) for file in files)


@pytest.mark.parametrize("name", PAGES)
def test_what_a_page_names_is_there(name: str) -> None:
    page = PAGES[name]
    missing = [*missing_files(page), *missing_tests(page), *missing_modules(page)]
    assert missing == []


def test_documents_name_files_tests_and_modules() -> None:
    everywhere = PAGES.values()
    assert sum(1 for page in everywhere for _ in named(page, _PATH)) > 50
    assert sum(len(_TEST.findall(page.text)) for page in everywhere) > 20
    assert sum(1 for page in everywhere for _ in named(page, _RUN)) > 3


@pytest.mark.parametrize(
    "line",
    [
        "`connectors/no_such.py`",
        "`docs/no-such-page.md`",
        "`warehouse/no_such/`",
        "`grafana/queries/no_such_<name>.sql`",
        "`benchmarks/results/attack.{md,xml}`",
        "`tests/unit/documents/test_links.py::test_no_such`",
        "tests/unit/no_such.py::test_at_all",
        "`python -m connectors.no_such`",
        "`warehouse.queries.no_such(name)`",
        "```console\n$ python -m api.no_such\n```",
        "```sh\ncat infra/no/such/file\n```",
    ],
)
def test_what_is_not_there_is_found(line: str) -> None:
    page = Page("x.md", line + "\n")
    assert [*missing_files(page), *missing_tests(page), *missing_modules(page)] != []


@pytest.mark.parametrize(
    "line",
    [
        "`connectors/topics.py`, `warehouse/migrations/NNNN_<name>.sql`, `ml/`",
        "`grafana/queries/alert_<name>.sql`",
        "`benchmarks/results/attack.{md,json}`",
        "`warehouse.queries.query(name)`, `simulator.honest.carriers`",
        "`/etc/grafana/provisioning`, `$HOME/docs/x.md`, `http://127.0.0.1:8000/api/x`",
        "```sh\npython -m connectors.load data\npython -m pytest\n```",
    ],
)
def test_what_is_there_or_not_ours_is_no_complaint(line: str) -> None:
    page = Page("x.md", line + "\n")
    assert [*missing_files(page), *missing_tests(page), *missing_modules(page)] == []
