"""Where rows name other accounts, and how they cease to. Pure.

Scores, alerts and lists of false links carry JSON that names accounts: each is the whole value of
one key. In it an erased account's id becomes :data:`ERASED`. A quotation mark within a JSON string
is escaped, so the text of key and value cannot occur anywhere else.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from warehouse.rows import Row, Table

ERASED = "erased"

NEIGHBOUR, IGNORED = "user_id", "other_user_id"
"""The keys: of scores' and alerts' evidence, and of false links."""

_NAMING: Mapping[Table, tuple[tuple[str, ...], str]] = {
    Table.RISK_SCORES: (("reasons",), NEIGHBOUR),
    Table.ABUSE_ALERTS: (("reasons", "evidence"), NEIGHBOUR),
    Table.LINK_DECISIONS: (("ignored",), IGNORED),
}
"""Which columns name accounts, and as which key's value."""


def named_in(row: Row) -> set[str]:
    """The accounts that a row names beside its own."""
    columns, key = _NAMING.get(row.table, ((), ""))
    mark = f'"{key}":'
    texts = [row.values[column] for column in columns]
    return {name for text in texts if mark in text for name in _names(orjson.loads(text), key)}


def without(row: Row, erased: Collection[str]) -> Row:
    """A row that does not name these accounts any more."""
    columns, key = _NAMING[row.table]
    found = re.compile(pattern(key, erased))
    hidden = {c: found.sub(lambda _: named(key, ERASED), row.values[c]) for c in columns}
    return replace(row, values={**row.values, **hidden})


def hiding(table: Table, erased: Collection[str]) -> dict[str, object]:
    """The parameters of the mutation that hides accounts in a table's rows."""
    _, key = _NAMING[table]
    return {
        "names": [named(key, name) for name in erased],
        "pattern": pattern(key, erased),
        "hidden": named(key, ERASED),
    }


def pattern(key: str, names: Collection[str]) -> str:
    """A regular expression, RE2's or Python's, for any of the names as the key's value."""
    return "|".join(re.escape(named(key, name)) for name in names)


def named(key: str, name: str) -> str:
    """How an account is named in JSON without blanks: ``"user_id":"anna"``."""
    return f'"{key}":{orjson.dumps(name).decode()}'


def _names(node: Any, key: str) -> Iterator[str]:
    if isinstance(node, list):
        for one in node:
            yield from _names(one, key)
    elif isinstance(node, dict):
        if isinstance(node.get(key), str):
            yield node[key]
        yield from _names(node.get("evidence"), key)
