"""What a statement is, as ClickHouse's own parser reads it.

The text is never searched as it came: the engine parses it and prints it again
(``formatQuerySingleLine``), without comments, in one spelling, and one statement at most.
What is printed is what is judged and what is run.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from warehouse.gateway.errors import SYNTAX_ERROR, GatewayError, refusal

_LEADING = re.compile(rb"(?:\s+|--[^\n]*|#!?[ !][^\n]*|/\*.*?\*/)+", re.DOTALL)
_INSERT = re.compile(rb"insert\s", re.IGNORECASE)
_TOKEN = re.compile(
    rb"""'(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*`
       | --[^\n]* | /\*.*?\*/ | [A-Za-z_0-9.]+ | \s+ | .""",
    re.DOTALL | re.VERBOSE,
)
# Rows begin behind one line end, if there is one: a Native block may begin with any byte.
_DATA_FORMAT = re.compile(rb"\s*([A-Za-z0-9_]+)([ \t\r\f]*;?[ \t\r\f]*\n?)")
_ENDS_HEAD = frozenset({b"SELECT", b"WITH", b"FROM", b"WATCH", b"EXPLAIN"})
_STRING = re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_FORMAT = re.compile(r" FORMAT (\w+)(?: SETTINGS [^()]*)?$")
_INSERT_HEAD = re.compile(r"(INSERT INTO .*) FORMAT (\w+)$", re.DOTALL)
_QUOTED_CALL = re.compile(r"[`\"](\w+)[`\"]")

Parse = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that the engine's parser has accepted.

    Attributes:
        sql: its canonical text.
        bare: the same with the contents of strings removed and quotes of plain identifiers
            taken off, for looking things up in it.
        kind: its first word, in capitals.
        fmt: the FORMAT that it names, or None.
    """

    sql: str
    bare: str
    kind: str
    fmt: str | None


@dataclass(frozen=True, slots=True)
class Insert:
    """An INSERT that brings its rows along: head without FORMAT, the format, the rows."""

    statement: Statement
    head: str
    fmt: str
    data: bytes


def read(text: bytes, parse: Parse) -> Statement | Insert:
    """Take a request's text apart.

    Args:
        text: the statement; after the head of an INSERT come its rows, of any encoding.
        parse: the engine's parser: a statement in, its canonical text out.

    Raises:
        GatewayError: not one statement of ClickHouse's.
    """
    start = _LEADING.match(text)
    body = text[start.end() :] if start else text
    if not _INSERT.match(body):
        return _statement(_decoded(body), parse)
    head, data = _split_insert(body)
    statement = _statement(_decoded(head), parse)
    found = _INSERT_HEAD.match(statement.sql)
    if found is None:
        return statement
    return Insert(statement, found[1], found[2], data)


def _split_insert(body: bytes) -> tuple[bytes, bytes]:
    """Head and rows of an INSERT; all of it is head where it has no rows of its own."""
    depth = 0
    for token in _TOKEN.finditer(body):
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


def _statement(text: str, parse: Parse) -> Statement:
    sql = parse(text)
    bare = _QUOTED_CALL.sub(r"\1", _STRING.sub("''", sql))
    found = _FORMAT.search(bare)
    return Statement(sql, bare, sql.split(maxsplit=1)[0].upper(), found[1] if found else None)


def _decoded(text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise refusal(SYNTAX_ERROR, "Syntax error: the statement is not UTF-8.") from None


def remembering(parse: Parse, size: int = 512, longest: int = 16_384) -> Parse:
    """``parse`` with a memory for the statements that come again and again."""
    remembered = lru_cache(maxsize=size)(parse)
    return lambda text: remembered(text) if len(text) <= longest else parse(text)


def as_syntax_error(error: GatewayError) -> GatewayError:
    """The parser's complaint without the call that it was made from."""
    text = error.text.split(": In scope SELECT formatQuery")[0].split(": while executing")[0]
    return GatewayError(error.code, text, error.name)
