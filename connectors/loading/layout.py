"""How a CSV file is written: its encoding, its delimiter, and where each column stands.

All of it is decided by a byte order mark and the header line, never by guessing at data. The rule:

- A UTF-8 or UTF-16 byte order mark says the encoding; without one it is UTF-8.
- A first line ``sep=X`` says the delimiter. Else it is the one of ``,`` ``;`` tab and ``|`` by
  which most names of the header are columns of the table; of equals, the first of these.
- Names are compared without case; blanks and hyphens in them are underscores.

Whatever is not as the loader's own files are written is named in ``remarks``.
"""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connectors.errors import LoadError
from connectors.loading.tables import COLUMNS, Table

DELIMITERS: Mapping[str, str] = {",": "','", ";": "';'", "\t": "a tab", "|": "'|'"}
"""Each with its name for people."""

_HEAD_BYTES = 64 * 1024
_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"),
    (b"\x00\x00\xfe\xff", "UTF-32"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_LINE_END = re.compile(r"\r\n|\r|\n")
_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)
_SHOWN_NAMES, _SHOWN_CHARACTERS = 6, 24
_AS_UTF8 = "save it as UTF-8 (iconv -f WINDOWS-1252 -t UTF-8, or the like)"


@dataclass(frozen=True, slots=True)
class Layout:
    """How one file is written.

    Attributes:
        encoding: Python's name of it.
        delimiter: between two fields.
        says_delimiter: whether a line before the header does.
        header: the names of the header, as the file has them.
        unknown: the ones that the table does not have.
        remarks: what is otherwise than in the loader's own files.
    """

    encoding: str
    delimiter: str
    says_delimiter: bool
    header: tuple[str, ...]
    unknown: tuple[str, ...]
    remarks: tuple[str, ...]


def look_at(table: Table, path: Path) -> Layout:
    """Read a file's head.

    Raises:
        LoadError: it cannot be read, is in no encoding that can be told, or names no column of
            the table; the message says what was found and what to do.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise LoadError(f"cannot read {path}: {error.strerror}") from error
    encoding, remarks = _encoding(table, head)
    lines = [one for one in _LINE_END.split(_decoded(table, head, encoding)) if one]
    said = _SEPARATOR.fullmatch(lines[0].strip()) if lines else None
    lines = lines[1:] if said else lines
    if not lines:
        raise LoadError(f"{table.file} is empty: it needs a header line with column names")
    delimiter = said[1] if said else _delimiter(table, lines[0])
    header = _fields(table, lines[0], delimiter)
    positions = positions_of(table, header)
    if delimiter != "," or said:
        remarks.append(f"read with {DELIMITERS.get(delimiter, repr(delimiter))} as delimiter")
    others = [
        f"{header[at].strip()!r} as {n}" for n, at in positions.items() if header[at].strip() != n
    ]
    if others:
        remarks.append(f"read {', '.join(others)}")
    known = set(positions.values())
    unknown = tuple(name.strip() for at, name in enumerate(header) if at not in known)
    return Layout(encoding, delimiter, said is not None, tuple(header), unknown, tuple(remarks))


def positions_of(table: Table, header: Sequence[str]) -> dict[str, int]:
    """Where each column of the table stands that the header names.

    Raises:
        LoadError: it names none, or one twice.
    """
    columns = COLUMNS[table].parsers
    found: dict[str, int] = {}
    for at, name in enumerate(map(_plain, header)):
        if name in found:
            raise LoadError(f"{table.file}: its header names {name} twice; each column comes once")
        if name in columns:
            found[name] = at
    if not found:
        raise LoadError(
            f"{table.file}: its first line names no column of {table.name.lower()}; found"
            f" {_shown(table, header)}. It must name some of {', '.join(columns)}, each once, with"
            f" {', '.join(DELIMITERS.values())} between them"
        )
    return found


def _encoding(table: Table, head: bytes) -> tuple[str, list[str]]:
    mark = next((name for bytes_, name in _MARKS if head.startswith(bytes_)), None)
    if mark == "UTF-32" or (mark is None and b"\0" in head.partition(b"\n")[0]):
        found = mark or "UTF-16 or UTF-32 without a byte order mark"
        raise LoadError(f"{table.file} is {found}: save it as UTF-8, or as UTF-16 with its mark")
    if mark is None:
        return "utf-8-sig", []
    return mark, [f"read as {mark.upper()}"]


def _decoded(table: Table, head: bytes, encoding: str) -> str:
    text = head.decode(encoding, "surrogateescape" if encoding == "utf-8-sig" else "ignore")
    text = text.removeprefix("\ufeff")
    first = next((one for one in _LINE_END.split(text) if one), "")
    if any("\ud800" <= character <= "\udfff" for character in first):
        raise LoadError(f"{table.file}: its header is not UTF-8: {_AS_UTF8}")
    return text


def _delimiter(table: Table, line: str) -> str:
    columns = COLUMNS[table].parsers

    def named(delimiter: str) -> int:
        try:
            return sum(_plain(name) in columns for name in _split(line, delimiter))
        except csv.Error:
            return 0

    return max(DELIMITERS, key=named)


def _fields(table: Table, line: str, delimiter: str) -> list[str]:
    try:
        return _split(line, delimiter)
    except csv.Error as error:
        raise LoadError(f"{table.file}: its header is not CSV: {error}") from error


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter, strict=True))


def _plain(name: str) -> str:
    return re.sub(r"[\s\-_]+", "_", name.replace("\ufeff", "").strip()).lower()


def _shown(table: Table, header: Sequence[str]) -> str:
    """The names as seen, but for what may be data: only words that column names are made of."""
    words = {word for name in COLUMNS[table].parsers for word in name.split("_")}
    shown = [
        repr(name.strip()[:_SHOWN_CHARACTERS]) if set(_plain(name).split("_")) & words else "…"
        for name in header[:_SHOWN_NAMES]
    ]
    more = "" if len(header) <= _SHOWN_NAMES else ", …"
    return f"{len(header)} field{'s' if len(header) > 1 else ''} ({', '.join(shown)}{more})"
