"""One CSV field in, one typed value out, or a :class:`BadValue`. Pure.

Typed fields may have blanks around them; text is stored as it came, and of all text identifiers
alone come here.
"""

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from connectors.columns import LONGEST_IDENTIFIER


class Reason(StrEnum):
    """Why a line is not loaded: the closed list that the loader counts by."""

    FIELD_COUNT = "wrong number of fields"
    QUOTES = "malformed quotes"
    LONG_FIELD = "field over 16 MiB"
    UTF8 = "invalid UTF-8"
    NUL = "NUL character"
    TOO_LARGE = "row too large"
    MISSING = "missing value"
    TIMESTAMP = "bad timestamp"
    DATE = "bad date"
    BOOLEAN = "bad boolean"
    NUMBER = "bad number"
    TOO_LONG = "identifier too long"
    CONFLICT = "conflicting with an earlier row"
    REFUSED = "refused by PostgreSQL"


class BadValue(ValueError):
    """A field that its column cannot hold."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_TIMESTAMP = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?"
    r"\s*(Z|UTC|[+-]\d{2}(?::?\d{2})?)?",
    re.ASCII | re.IGNORECASE,
)
_BOOLEANS = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}
_LARGEST_EXPONENT, _SMALLEST_EXPONENT = 131_071, -16_383
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?|nan|[+-]?inf(inity)?", re.I | re.ASCII)


def timestamp(text: str) -> datetime:
    """``2019-08-28 6:17:03.5+02:00``, in UTC; without an offset it is UTC.

    One-digit hours, months and days, a ``T``, a missing time or missing seconds are accepted;
    digits beyond the microsecond are cut off.

    Raises:
        BadValue: anything else, a date that does not exist, or outside of years 1 to 9999.
    """
    found = _TIMESTAMP.fullmatch(text.strip())
    if found is None:
        raise BadValue(Reason.TIMESTAMP)
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    micro = int((fraction or "0").ljust(6, "0")[:6])
    clock = (int(hour or 0), int(minute or 0), int(second or 0), micro)
    try:
        moment = datetime(int(year), int(month), int(day), *clock, tzinfo=_zone(offset))
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadValue(Reason.TIMESTAMP) from None


def _zone(offset: str | None) -> timezone:
    if offset is None or offset.upper() in ("Z", "UTC"):
        return UTC
    digits = offset[1:].replace(":", "").ljust(4, "0")
    if int(digits[2:]) > 59:
        raise ValueError(offset)
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-ahead if offset[0] == "-" else ahead)


def day(text: str) -> date:
    """``1945-06-22``.

    Raises:
        BadValue: anything else, or a day that does not exist.
    """
    found = _DATE.fullmatch(text.strip())
    try:
        if found:
            return date(*map(int, found.groups()))
    except ValueError:
        pass
    raise BadValue(Reason.DATE)


def boolean(text: str) -> bool:
    """``TRUE``, ``True``, ``f``, ``0``, ``no`` …: the words that PostgreSQL reads as booleans.

    Raises:
        BadValue: any other word.
    """
    try:
        return _BOOLEANS[text.strip().lower()]
    except KeyError:
        raise BadValue(Reason.BOOLEAN) from None


def identifier(text: str) -> str:
    """A user id or promo code, as it came.

    Raises:
        BadValue: it is longer than any store keeps.
    """
    if len(text) > LONGEST_IDENTIFIER:
        raise BadValue(Reason.TOO_LONG)
    return text


def number(text: str) -> Decimal:
    """A decimal number as PostgreSQL's numeric takes it, NaN and infinities among them.

    What no other store can hold is unknown beyond PostgreSQL; see :mod:`connectors.amounts`.

    Raises:
        BadValue: not a number, or one with more digits than numeric has.
    """
    if _NUMBER.fullmatch(text.strip()) is None:
        raise BadValue(Reason.NUMBER)
    try:
        value = Decimal(text.strip())
    except InvalidOperation:  # an exponent beyond Decimal's own
        raise BadValue(Reason.NUMBER) from None
    # The exponent of a finite number is an int; checked before anything expands the digits.
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and (
        exponent < _SMALLEST_EXPONENT or value.adjusted() > _LARGEST_EXPONENT
    ):
        raise BadValue(Reason.NUMBER)
    return value
