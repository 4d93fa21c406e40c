"""What is in a statement's syntax tree, as the engine's own parser made it.

The engine hands out its tree as JSON (``parseQueryToJSON``). It is walked once, and what a judge
asks about is kept: a statement that comes again costs neither.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from warehouse.gateway.vocabulary import PATTERN_FUNCTIONS

Node = Mapping[str, Any]

_TABLE_FUNCTIONS = frozenset({"table_function", "as_table_function"})
_FILES = frozenset({"out_file", "infile"})
_FLAGS = frozenset({"is_outfile_append", "is_outfile_truncate", "is_into_outfile_with_stdout"})
_TABLE_AND_DATABASE = frozenset({"ShowColumnsQuery", "ShowIndexesQuery"})


@dataclass(frozen=True, slots=True)
class Setting:
    """An assignment in a SETTINGS clause or a SET; ``value`` is None for DEFAULT."""

    name: str
    value: object


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a statement names, wherever in it that is.

    Attributes:
        nodes: types of its nodes.
        functions: every name that is called, or applied to columns.
        table_functions: those among them that stand in a table's place.
        engines: of tables or databases that it makes.
        arguments: functions with the unqualified name that is first given to them: where they
            take a function, it may be one's name.
        patterns: what is given second to functions of a text and a pattern, with their names.
        qualified: names of two or more parts, as ``(first, second)``.
        parameters: query parameters of type Identifier.
        settings: all assignments.
        touches_file: it writes or reads a file of the client's (INTO OUTFILE, FROM INFILE).
    """

    nodes: frozenset[str]
    functions: frozenset[str]
    table_functions: frozenset[str]
    engines: frozenset[str]
    arguments: frozenset[tuple[str, str]]
    patterns: tuple[tuple[str, Node], ...]
    qualified: frozenset[tuple[str, str]]
    parameters: frozenset[str]
    settings: tuple[Setting, ...]
    touches_file: bool


def contents(tree: Node) -> Contents:
    """Walk a tree; in time linear in its size, without recursion."""
    nodes: set[str] = set()
    functions: set[str] = set()
    table_functions: set[str] = set()
    engines: set[str] = set()
    arguments: set[tuple[str, str]] = set()
    patterns: list[tuple[str, Node]] = []
    qualified: set[tuple[str, str]] = set()
    parameters: set[str] = set()
    settings: list[Setting] = []
    touches_file = False
    for node in _walk(tree):
        kind = str(node.get("type", ""))
        nodes.add(kind)
        touches_file = touches_file or not _FILES.isdisjoint(node)
        touches_file = touches_file or any(node.get(flag) for flag in _FLAGS)
        table_functions |= {_name(node[key]) for key in _TABLE_FUNCTIONS & node.keys()}
        if kind == "Function" and str(node.get("kind")).endswith("_ENGINE"):
            engines.add(_name(node))
        elif kind == "Function":
            functions.add(_name(node))
            arguments |= set(_first_argument(node))
            patterns += _pattern(node)
        elif kind == "ColumnsApplyTransformer":
            functions.add(str(node.get("func_name", "")))
        elif kind == "QueryParameter" and node.get("param_type") == "Identifier":
            parameters.add(_name(node))
        elif kind == "SetQuery":
            settings += _assignments(node)
        elif kind in _TABLE_AND_DATABASE:
            qualified.add((str(node.get("database", "")), str(node.get("table", ""))))
        parts: list[str] = node.get("name_parts") or []
        if len(parts) > 1:
            qualified.add((str(parts[0]), str(parts[1])))
    return Contents(
        frozenset(nodes),
        frozenset(functions),
        frozenset(table_functions),
        frozenset(engines),
        frozenset(arguments),
        tuple(patterns),
        frozenset(qualified),
        frozenset(parameters),
        tuple(settings),
        touches_file,
    )


def _walk(tree: Node) -> Iterator[Node]:
    waiting: list[object] = [tree]
    while waiting:
        match waiting.pop():
            case dict() as node:
                if "type" in node:
                    yield node
                if node.get("type") == "Literal":
                    continue
                waiting += node.values()
            case list() as nodes:
                waiting += nodes


def _name(node: Node) -> str:
    return str(node.get("name", ""))


def _first_argument(function: Node) -> Iterator[tuple[str, str]]:
    for argument in (function.get("arguments") or {}).get("children", ())[:1]:
        if argument.get("type") == "Identifier" and not argument.get("name_parts"):
            yield _name(function), _name(argument)


def _pattern(function: Node) -> Iterator[tuple[str, Node]]:
    if _name(function).lower() in PATTERN_FUNCTIONS:
        # By name alone (arrayMap(match, …)) its pattern could be anything.
        given = (function.get("arguments") or {}).get("children", ())
        yield _name(function), given[1] if len(given) > 1 else function


def _assignments(node: Node) -> Iterator[Setting]:
    for change in node.get("changes", ()):
        value = change.get("value")
        yield Setting(str(change["name"]), value.get("value") if value else None)
    for name in node.get("default_settings", ()):
        yield Setting(str(name), None)
