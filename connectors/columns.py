"""Typed columns of a row as Debezium writes it. Pure.

Every function takes the row and a column's name, and raises :class:`PoisonMessage` where the
value is not what the source table holds; the message never repeats the value.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from math import isfinite
from uuid import UUID

import orjson

from connectors.errors import PoisonMessage
from connectors.moments import FIRST_US, LAST_US, held_us

Row = Mapping[str, object]

LONGEST_IDENTIFIER = 1_000
"""Characters of a user id or a promo code: no shop's are longer, and each of them is a key of many
stores, is kept in memory, and travels in addresses and in every message that names it."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_BIGINTS = range(-(2**63), 2**63)


def microseconds(moment: datetime) -> int:
    """Exact microseconds since 1970 UTC (``timestamp()`` would round through a float)."""
    return (moment - EPOCH) // _MICROSECOND


def json_object(value: bytes, what: str) -> Row:
    """A message that is one JSON object; ``what`` names it in errors.

    Raises:
        PoisonMessage: it is something else.
    """
    try:
        row = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        # The parser's message has a position; it never repeats the text.
        raise PoisonMessage("decode", f"not JSON: {error.msg} at {error.pos}") from None
    if not isinstance(row, dict):
        raise PoisonMessage("decode", f"not {what}: not a JSON object")
    return row


def instant(row: Row, column: str) -> datetime:
    """A timestamptz column as Debezium writes it, ISO 8601 with an offset, as stores hold it
    (:func:`connectors.moments.held_us`).

    Raises:
        PoisonMessage: missing, not ISO text, infinite, or without an offset.
    """
    value = row.get(column)
    if not isinstance(value, str):
        raise PoisonMessage("decode", f"{column} is {kind_of(value)}, not ISO text")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise PoisonMessage("decode", f"{column} is not an ISO timestamp in years 1-9999") from None
    if moment.tzinfo is None:
        raise PoisonMessage("decode", f"{column} has no offset")
    exact_us = microseconds(moment)
    kept_us = held_us(exact_us)
    if kept_us == exact_us:
        return moment
    try:
        return moment + (kept_us - exact_us) * _MICROSECOND
    except OverflowError:  # in UTC, or rounded up, it would be in another year than 1 to 9999
        return moment


def moment_us(row: Row, column: str) -> int:
    """A timestamptz column in microseconds since 1970 UTC.

    Raises:
        PoisonMessage: as :func:`instant`, or it is in none of UTC's years 1 to 9999: nothing
            could say when it was.
    """
    moment = microseconds(instant(row, column))
    if not FIRST_US <= moment <= LAST_US:
        raise PoisonMessage("decode", f"{column} is not in years 1-9999 of UTC")
    return moment


def key_text(row: Row, column: str) -> str:
    """A text column that must be there.

    Raises:
        PoisonMessage: it is missing, or not text.
    """
    value = row.get(column)
    if not isinstance(value, str):
        raise PoisonMessage("decode", f"{column} is {kind_of(value)}, not text")
    return value


def identifier(row: Row, column: str) -> str:
    """A user id or promo code of a row that is to be stored.

    A deletion's is read by :func:`key_text`: what got in under a longer one can be removed.

    Raises:
        PoisonMessage: it is missing, not text, or longer than :data:`LONGEST_IDENTIFIER`.
    """
    value = key_text(row, column)
    if len(value) > LONGEST_IDENTIFIER:
        raise PoisonMessage("decode", f"{column} is longer than {LONGEST_IDENTIFIER:,} characters")
    return value


def text(row: Row, column: str) -> str | None:
    """A text column that may be null, as it came.

    Raises:
        PoisonMessage: it is something else.
    """
    value = row.get(column)
    if value is not None and not isinstance(value, str):
        raise PoisonMessage("decode", f"{column} is {kind_of(value)}, not text")
    return value


def filled(row: Row, column: str) -> str | None:
    """A text column, None if it is null or blank: nobody shares an identifier with nobody.

    Raises:
        PoisonMessage: it is something else.
    """
    value = text(row, column)
    return None if not value or value.isspace() else value


def flag(row: Row, column: str) -> bool | None:
    """A boolean column that may be null.

    Raises:
        PoisonMessage: it is something else.
    """
    value = row.get(column)
    if value is not None and not isinstance(value, bool):
        raise PoisonMessage("decode", f"{column} is {kind_of(value)}, not a boolean")
    return value


def bigint(row: Row, column: str) -> int:
    """An integer of 64 bits that must be there.

    Raises:
        PoisonMessage: it is missing or something else.
    """
    value = row.get(column)
    if type(value) is not int or value not in _BIGINTS:
        raise PoisonMessage("decode", f"{column} is {kind_of(value)}, not an integer of 64 bits")
    return value


def count(row: Row, column: str, most: int = 2**63 - 1) -> int:
    """An integer from 0 to ``most`` that must be there.

    Raises:
        PoisonMessage: it is missing or something else.
    """
    value = bigint(row, column)
    if not 0 <= value <= most:
        raise PoisonMessage("decode", f"{column} is not from 0 to {most}")
    return value


def number(row: Row, column: str) -> float:
    """A finite number that must be there.

    Raises:
        PoisonMessage: it is missing or something else.
    """
    value = row.get(column)
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise PoisonMessage("decode", f"{column} is {kind_of(value)}, not a finite number")
    return float(value)


def uuid_text(row: Row, column: str) -> str:
    """A UUID that must be there, in its usual form.

    Raises:
        PoisonMessage: it is missing or something else.
    """
    value = key_text(row, column)
    if _UUID.fullmatch(value):
        return value
    try:
        return str(UUID(value))
    except ValueError:
        raise PoisonMessage("decode", f"{column} is not a UUID") from None


def listed(row: Row, column: str) -> list[object]:
    """A list that must be there.

    Raises:
        PoisonMessage: it is missing or something else.
    """
    value = row.get(column)
    if not isinstance(value, list):
        raise PoisonMessage("decode", f"{column} is {kind_of(value)}, not a list")
    return value


def nested(row: Row, column: str) -> Row:
    """An object that must be there.

    Raises:
        PoisonMessage: it is missing or something else.
    """
    value = row.get(column)
    if not isinstance(value, dict):
        raise PoisonMessage("decode", f"{column} is {kind_of(value)}, not an object")
    return value


_KINDS = {
    type(None): "null or missing",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


def kind_of(value: object) -> str:
    """What a value is, for messages that may not repeat it."""
    return _KINDS.get(type(value), "of an unknown kind")
