"""What ClickHouse answered, as the page's charts and tables take it. Pure."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

FORMAT = "JSONCompactEachRowWithNamesAndTypes"
"""What :func:`read_answer` reads; times are ISO 8601 in UTC, 64-bit integers are not quoted."""

_EXACT = 2**53
"""From here on a browser's numbers skip some integers."""
_WRAPPED = ("Nullable(", "LowCardinality(")
_NUMBER = re.compile(r"(U?Int|B?Float)\d+|Decimal\(")


class ColumnKind(StrEnum):
    """How the values of a column are written."""

    TIME = "time"
    NUMBER = "number"
    TEXT = "text"
    BOOL = "bool"


@dataclass(frozen=True, slots=True)
class AnswerColumn:
    """One column; ``type`` tells how its values are written."""

    name: str
    type: ColumnKind


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Rows of JSON values: times in milliseconds since 1970, integers that a browser's numbers
    would not keep as text; ``cut`` if there were more rows than these."""

    columns: Sequence[AnswerColumn]
    rows: Sequence[Sequence[Any]]
    cut: bool


def read_answer(text: bytes, most: int) -> AnswerTable:
    """Read :data:`FORMAT`; of its rows the first ``most``."""
    names, types, *lines = (orjson.loads(line) for line in text.splitlines())
    columns = [AnswerColumn(n, _kind(t)) for n, t in zip(names, types, strict=True)]
    written = [_WRITTEN[column.type] for column in columns]
    rows = [[write(v) for write, v in zip(written, line, strict=True)] for line in lines[:most]]
    return AnswerTable(columns, rows, len(lines) > most)


def _kind(of_clickhouse: str) -> ColumnKind:
    inner = of_clickhouse
    while inner.startswith(_WRAPPED):
        inner = inner.partition("(")[2].removesuffix(")")
    if inner.startswith("Date"):
        return ColumnKind.TIME
    if _NUMBER.match(inner):
        return ColumnKind.NUMBER
    return ColumnKind.BOOL if inner == "Bool" else ColumnKind.TEXT


def _time(value: Any) -> Any:
    if value is None:
        return None
    moment = datetime.fromisoformat(value)
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def _number(value: Any) -> Any:
    return str(value) if isinstance(value, int) and abs(value) > _EXACT else value


def _text(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()


def _bool(value: Any) -> Any:
    return value


_WRITTEN: dict[ColumnKind, Callable[[Any], Any]] = {
    ColumnKind.TIME: _time,
    ColumnKind.NUMBER: _number,
    ColumnKind.TEXT: _text,
    ColumnKind.BOOL: _bool,
}
