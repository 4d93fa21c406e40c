"""A CSV file in, checked rows and rejections out. Pure but for reading the file."""

import csv
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TextIO

import orjson

from connectors.columns import microseconds
from connectors.errors import LoadError
from connectors.loading.layout import Layout, look_at, positions_of
from connectors.loading.tables import COLUMNS, Parse, Table
from connectors.loading.values import BadValue, Reason
from connectors.topics import MAX_MESSAGE_BYTES

BEFORE_ALL_TIME = -(2**63)
# An update carries the row twice, and JSON writes a control character as six.
_SURELY_SMALL = MAX_MESSAGE_BYTES // 16
_ENVELOPE_BYTES = 16 * 1024


class Row(NamedTuple):
    """A checked row. Rows sort by event time, then table, then line.

    ``at_us`` is microseconds since 1970 UTC, :data:`BEFORE_ALL_TIME` for promo codes;
    ``values`` are in the order of the table's columns.
    """

    at_us: int
    table: Table
    line: int
    values: tuple[object, ...]


class Rejection(NamedTuple):
    """A line that is not loaded, and why. ``detail`` names the column or the difference."""

    table: Table
    line: int
    reason: Reason
    detail: str
    record: Sequence[str]


class _Rejected(Exception):
    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.detail = detail


def read_file(
    table: Table, path: Path, on_bytes: Callable[[int], None] | None = None
) -> Iterator[Row | Rejection]:
    """Every data record of a file, once: as a row or as a rejection. Blank lines are none.

    Args:
        table: what the file holds.
        path: a CSV file with a header line (RFC 4180), written as :mod:`connectors.loading.layout`
            says.
        on_bytes: told now and then how many bytes have been read.

    Raises:
        LoadError: the file cannot be read or its header is not this table's.
    """
    layout = look_at(table, path)
    csv.field_size_limit(MAX_MESSAGE_BYTES)
    # Text that is not as its encoding says becomes lone surrogates: only its record is rejected.
    wrong = "surrogateescape" if layout.encoding == "utf-8-sig" else "surrogatepass"
    try:
        with path.open(encoding=layout.encoding, errors=wrong, newline="") as file:
            yield from _records(table, layout, file, on_bytes)
    except OSError as error:
        raise LoadError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise LoadError(f"{table.file} is cut off, or not {layout.encoding.upper()}") from error


def _records(
    table: Table, layout: Layout, file: TextIO, on_bytes: Callable[[int], None] | None
) -> Iterator[Row | Rejection]:
    reader = csv.reader(file, delimiter=layout.delimiter, strict=True)
    check = Checker(table, layout.header)
    before_data = 2 if layout.says_delimiter else 1
    while True:
        line = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            yield _unreadable(table, line, error)
            continue
        if not fields:
            continue
        if before_data:
            before_data -= 1
            continue
        yield check(line, fields)
        if on_bytes is not None and line % 1000 == 0:
            on_bytes(file.buffer.tell())


def _unreadable(table: Table, line: int, error: csv.Error) -> Rejection:
    # The module has one class for all errors, and one text for this one.
    is_long = str(error).startswith("field larger than field limit")
    return Rejection(table, line, Reason.LONG_FIELD if is_long else Reason.QUOTES, str(error), ())


class Checker:
    """Checks the records of one file against its table's columns.

    Args:
        table: what the file holds.
        header: the file's column names; a missing column is null for every row.

    Raises:
        LoadError: no column is one of the table's, or one is there twice.
    """

    def __init__(self, table: Table, header: Sequence[str]) -> None:
        columns = COLUMNS[table]
        positions = positions_of(table, header)
        self._table = table
        self._width = len(header)
        self._plan: list[tuple[str, int | None, Parse | None, bool]] = [
            (name, positions.get(name), parse, name in columns.required)
            for name, parse in columns.parsers.items()
        ]
        self._time = None if columns.time is None else list(columns.parsers).index(columns.time)

    def __call__(self, line: int, fields: Sequence[str]) -> Row | Rejection:
        """The record as a row, or why it is none."""
        try:
            self._check_text(fields)
            values = tuple(self._values(fields))
        except _Rejected as why:
            return Rejection(self._table, line, why.reason, why.detail, fields)
        return Row(self._at_us(values), self._table, line, values)

    def _at_us(self, values: Sequence[object]) -> int:
        at = None if self._time is None else values[self._time]
        return microseconds(at) if isinstance(at, datetime) else BEFORE_ALL_TIME

    def _check_text(self, fields: Sequence[str]) -> None:
        if len(fields) != self._width:
            raise _Rejected(Reason.FIELD_COUNT, f"{len(fields)} instead of {self._width}")
        text = "".join(fields)
        if "\0" in text:
            raise _Rejected(Reason.NUL, "")
        if not text.isascii():
            try:
                text.encode()
            except UnicodeEncodeError:
                raise _Rejected(Reason.UTF8, "") from None
        if len(text) > _SURELY_SMALL:
            self._check_size(fields)

    def _check_size(self, fields: Sequence[str]) -> None:
        message = 2 * len(orjson.dumps(list(fields))) + _ENVELOPE_BYTES
        if message > MAX_MESSAGE_BYTES:
            raise _Rejected(Reason.TOO_LARGE, f"an update's message would have {message} bytes")

    def _values(self, fields: Sequence[str]) -> Iterator[object]:
        for name, position, parse, required in self._plan:
            text = "" if position is None else fields[position]
            if not text:
                if required:
                    raise _Rejected(Reason.MISSING, name)
                yield None
            elif parse is None:
                yield text
            else:
                try:
                    yield parse(text)
                except BadValue as error:
                    raise _Rejected(error.reason, name) from None
