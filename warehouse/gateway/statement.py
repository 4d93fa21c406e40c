"""What a statement is, as ClickHouse's own parser reads it.

The engine prints the text again, without comments and in one spelling
(``formatQuerySingleLine``), and says what that is: its syntax tree as JSON
(``parseQueryToJSON``), or its tokens (``tokenizeQuery``) for the few kinds that have no JSON.
What is printed is what is judged and what is run; the text as it came is never searched, but for
the end of an INSERT's head, behind which rows begin.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from warehouse.gateway.errors import SYNTAX_ERROR, TOO_LARGE, GatewayError, refusal
from warehouse.gateway.syntax import Contents, Node, contents

MAX_TEXT_BYTES = 256 * 1024
"""Of a statement without an INSERT's rows, as ClickHouse's ``max_query_size``."""
MAX_HEAD_BYTES = 64 * 1024
"""Of an INSERT that brings its rows along, without them."""

# All of them possessive, and what is not closed ends with the text: linear in its length.
_LEADING = re.compile(rb"(?:\s++|--[^\n]*+|#!?[ !][^\n]*+|/\*.*?(?:\*/|\Z))*+", re.DOTALL)
_INSERT = re.compile(rb"insert\s", re.IGNORECASE)
_TOKEN = re.compile(
    rb"""'(?:[^'\\]|\\.|'')*+(?:'|\Z) | "(?:[^"\\]|\\.|"")*+(?:"|\Z)
       | `(?:[^`\\]|\\.|``)*+(?:`|\Z)
       | --[^\n]*+ | /\*.*?(?:\*/|\Z) | [A-Za-z_0-9.]++ | \s++ | .""",
    re.DOTALL | re.VERBOSE,
)
# Rows begin behind one line end, if there is one: a Native block may begin with any byte.
_DATA_FORMAT = re.compile(rb"\s*+([A-Za-z0-9_]++)([ \t\r\f]*+;?[ \t\r\f]*+\n?)")
_ENDS_HEAD = frozenset({b"SELECT", b"WITH", b"FROM", b"WATCH", b"EXPLAIN"})
# Kinds without JSON, by their first words as the engine prints them; each names a table.
_TOLD_BY_TOKENS: Mapping[tuple[str, ...], str] = {
    ("DESCRIBE", "TABLE"): "DescribeQuery",
    ("EXISTS", "TABLE"): "ExistsQuery",
    ("EXISTS", "VIEW"): "ExistsQuery",
    ("EXISTS", "DATABASE"): "ExistsQuery",
    ("SHOW", "CREATE", "TABLE"): "ShowCreateQuery",
    ("SHOW", "CREATE", "VIEW"): "ShowCreateQuery",
    ("SHOW", "CREATE", "DATABASE"): "ShowCreateQuery",
}
_PLAIN_QUOTED = re.compile(r"[`\"][^`\"\\]++[`\"]")


@dataclass(frozen=True, slots=True)
class Parsed:
    """The engine's view of a text: printed again, and as a tree, or as tokens without one."""

    text: str
    tree: Node | None
    tokens: tuple[tuple[str, str], ...] = ()


Parse = Callable[[str], Parsed]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that the engine's parser has accepted.

    Attributes:
        sql: its canonical text.
        kind: the type of its tree, for example ``SelectWithUnionQuery``; the first words where
            it has neither a tree nor a known shape.
        tree: the tree; empty where there is none.
        contents: what it names.
        fmt: the FORMAT that it names, or None.
    """

    sql: str
    kind: str
    tree: Node
    contents: Contents
    fmt: str | None


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT that brings its rows along: the format, and the rows."""

    statement: Statement
    fmt: str
    data: bytes


Read = Callable[[str], Statement]


def reading(parse: Parse, size: int = 512, longest: int = 16_384) -> Read:
    """A reader of statements with a memory for those that come again and again.

    Args:
        parse: the engine's parser.
        size: statements to remember.
        longest: characters of a statement that is worth it.
    """

    def read_statement(text: str) -> Statement:
        if len(text) > MAX_TEXT_BYTES:
            raise refusal(TOO_LARGE, f"A statement is at most {MAX_TEXT_BYTES} bytes long.")
        try:
            return _statement(parse(text))
        except GatewayError as error:
            raise _as_syntax_error(error) from None

    remembered = lru_cache(maxsize=size)(read_statement)
    return lambda text: remembered(text) if len(text) <= longest else read_statement(text)


def take_apart(text: bytes, read: Read) -> Statement | Insert:
    """Read a request's text.

    Args:
        text: the statement; after the head of an INSERT come its rows, of any encoding.
        read: of :func:`reading`.

    Raises:
        GatewayError: not one statement of ClickHouse's, or too long a one.
    """
    start = _LEADING.match(text)
    body = text[start.end() :] if start else text
    if not _INSERT.match(body):
        return read(_decoded(body))
    head, data = _split_insert(body)
    statement = read(_decoded(head))
    fmt = statement.tree.get("format")
    return Insert(statement, fmt, data) if fmt else statement


def _split_insert(body: bytes) -> tuple[bytes, bytes]:
    """Head and rows of an INSERT; all of it is head where it has no rows of its own."""
    depth = 0
    for token in _TOKEN.finditer(body):
        if token.end() > MAX_HEAD_BYTES:
            return body, b""  # for the parser, which has a limit of its own
        word = token[0].upper()
        depth += (word == b"(") - (word == b")")
        if depth or word in (b"(", b")"):
            continue
        if word == b"VALUES":
            return body[: token.end()], body[token.end() :].strip().removesuffix(b";")
        if word == b"FORMAT":
            name = _DATA_FORMAT.match(body, token.end())
            return (body[: name.end(1)], body[name.end() :]) if name else (body, b"")
        if word in _ENDS_HEAD:
            return body, b""
    return body + b" VALUES", b""


def _statement(parsed: Parsed) -> Statement:
    tree = _told_by_tokens(parsed.tokens) if parsed.tree is None else parsed.tree
    kind = str(tree.get("type") or parsed.text.split("(")[0][:40].strip())
    return Statement(parsed.text, kind, tree, contents(tree), _format(tree))


def _format(tree: Node) -> str | None:
    named = tree.get("format_ast")
    return str(named["name"]) if named else None


def _told_by_tokens(tokens: tuple[tuple[str, str], ...]) -> Node:
    """A tree for a kind that the engine gives none for, or an empty one.

    ``DESCRIBE TABLE a.b FORMAT c`` and its like: known words, one name of plain parts, a format.
    """
    words = tuple(text for text, _ in tokens)
    for first, kind in _TOLD_BY_TOKENS.items():
        if words[: len(first)] != first:
            continue
        rest = list(tokens[len(first) :])
        named = {"type": "Identifier", "name": rest[-1][0]} if _ends_with_format(rest) else None
        parts = _name_parts(rest[:-2] if named else rest)
        if parts is None:
            return {}
        table = {"type": "TableIdentifier", "name": ".".join(parts), "name_parts": parts}
        return {"type": kind, "table": table, "format_ast": named}
    return {"type": "ShowFunctionsQuery"} if words == ("SHOW", "FUNCTIONS") else {}


def _ends_with_format(tokens: list[tuple[str, str]]) -> bool:
    return len(tokens) > 2 and tokens[-2][0] == "FORMAT" and tokens[-1][1] == "BareWord"


def _name_parts(tokens: list[tuple[str, str]]) -> list[str] | None:
    """``a`` or ``a.b``, if it is that and nothing else."""
    if len(tokens) not in (1, 3) or any(kind != "Dot" for _, kind in tokens[1::2]):
        return None
    parts = []
    for text, kind in tokens[::2]:
        if kind == "BareWord":
            parts.append(text)
        elif kind == "QuotedIdentifier" and _PLAIN_QUOTED.fullmatch(text):
            parts.append(text[1:-1])
        else:
            return None
    return parts


def _decoded(text: bytes) -> str:
    if len(text) > MAX_TEXT_BYTES:
        raise refusal(TOO_LARGE, f"A statement is at most {MAX_TEXT_BYTES} bytes long.")
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise refusal(SYNTAX_ERROR, "Syntax error: the statement is not UTF-8.") from None


def _as_syntax_error(error: GatewayError) -> GatewayError:
    """The parser's complaint without the call that it was made from."""
    text = error.text.split(": In scope SELECT ")[0].split(": while executing")[0]
    return GatewayError(error.code, text, error.name)


def with_query_id_in(column: Node, tree: Any) -> Any:
    """A copy of ``tree`` that names ``column`` wherever it named ``query_id``."""
    match tree:
        case {"type": "Identifier", "name": "query_id"}:
            return column
        case dict():
            return {key: with_query_id_in(column, value) for key, value in tree.items()}
        case list():
            return [with_query_id_in(column, value) for value in tree]
    return tree
