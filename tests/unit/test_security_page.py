"""The threat model's tests are there, by the names that the page gives them."""

import ast
import re

import pytest

from infra.native.layout import REPOSITORY

_LINE = re.compile(r"^\| (?P<threat>[^|]+) \| [^|]+ \| (?P<path>tests/\S+)::(?P<name>\w+) \|$")
LINES = [
    found.group("threat", "path", "name")
    for line in (REPOSITORY / "docs/security.md").read_text().splitlines()
    if (found := _LINE.match(line))
]


def test_the_table_is_read() -> None:
    table = [
        line for line in (REPOSITORY / "docs/security.md").read_text().splitlines()
        if line.startswith("| ")
    ]  # fmt: skip
    assert len(LINES) == len(table) - 2 > 20


@pytest.mark.parametrize(("threat", "path", "name"), LINES)
def test_each_threat_has_its_test(threat: str, path: str, name: str) -> None:
    tree = ast.parse((REPOSITORY / path).read_text())
    tests = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert name in tests, threat
