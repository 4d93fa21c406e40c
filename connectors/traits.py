"""What a raw value says about an account without saying whose it is. Pure.

These run inside the privacy boundary, on raw values; what they return may leave it.
"""

from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ua_parser

from connectors.columns import EPOCH

LONGEST_TIMEZONE = 64
_LONGEST_NAME = 64
_LONGEST_USER_AGENT = 512


class NameCase(StrEnum):
    """How a name is written; ``UNCASED`` for scripts without capital letters."""

    LOWER = "lower"
    UPPER = "upper"
    TITLE = "title"
    MIXED = "mixed"
    UNCASED = "uncased"


def name_case(name: str) -> NameCase:
    """How a name is written."""
    letters = name[:_LONGEST_NAME]
    if letters.istitle():
        return NameCase.TITLE
    if letters.lower() == letters.upper():
        return NameCase.UNCASED
    if letters.islower():
        return NameCase.LOWER
    return NameCase.UPPER if letters.isupper() else NameCase.MIXED


def birth_year(days: int) -> int | None:
    """The year of a day that is counted from 1970; None outside of years 1 to 9999."""
    try:
        return (EPOCH + timedelta(days=days)).year
    except OverflowError:
        return None


@lru_cache(maxsize=4096)
def user_agent_family(user_agent: str) -> str:
    """The browser's name by the ua-parser project's expressions, ``Other`` if it knows none."""
    found = ua_parser.parse_user_agent(user_agent[:_LONGEST_USER_AGENT])
    return found.family if found else "Other"


def local_hour(moment: datetime, timezone: str | None) -> int:
    """The hour on the clock of a time zone, of UTC without a known one, 0-23."""
    clock = _zone(timezone) if timezone else None
    try:
        return moment.astimezone(clock or UTC).hour
    except (OverflowError, ValueError):
        # Within hours of year 1 or 9999 the other clock shows a year that does not exist.
        return moment.hour


def is_timezone(name: str | None) -> bool:
    """Whether a clock is known by that name; without one :func:`local_hour` is UTC's."""
    return name is not None and _zone(name) is not None


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo | None:
    if len(name) > LONGEST_TIMEZONE:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
