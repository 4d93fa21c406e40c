"""What a raw value says about an account without saying whose it is. Pure.

These run inside the privacy boundary, on raw values; what they return may leave it.
"""

import re
import socket
from bisect import bisect_right
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ua_parser

from connectors.columns import EPOCH

LONGEST_TIMEZONE = 64
_LONGEST_DOMAIN = 253
_LONGEST_PHONE = 32
_LONGEST_NAME = 64
_LONGEST_USER_AGENT = 512
_RUNS = re.compile(r"(.)\1*", re.DOTALL)

# IANA IPv4 Special-Purpose Address Registry (RFC 6890), blocks that are not globally reachable,
# and multicast, from which nobody can come.
_NOT_PUBLIC = [
    IPv4Network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
    )
]  # fmt: skip
_STARTS = [int(block.network_address) for block in _NOT_PUBLIC]
_ENDS = [int(block.broadcast_address) for block in _NOT_PUBLIC]


class NameCase(StrEnum):
    """How a name is written; ``UNCASED`` for scripts without capital letters."""

    LOWER = "lower"
    UPPER = "upper"
    TITLE = "title"
    MIXED = "mixed"
    UNCASED = "uncased"


class Address(NamedTuple):
    """What an IP address is known by.

    Attributes:
        host: an IPv4 address or an IPv6 /64; text that is no address stays as it is.
        network: an IPv4 /24 or an IPv6 /48, None for what is no address.
        is_private: it is not from the public internet, None for what is no address.
    """

    host: str
    network: str | None
    is_private: bool | None


def email_domain(address: str) -> str | None:
    """What is after the last ``@``, in lower case; None if that is nothing."""
    _, at, domain = address.strip().lower().rpartition("@")
    # Without an @ the whole text is what the boundary keeps inside.
    return domain[:_LONGEST_DOMAIN] if at and domain else None


def dialled(phone: str) -> str:
    """The letters and digits of a phone number, however it is written; may be empty."""
    if phone.isalnum():
        return phone.lower()
    return "".join(filter(str.isalnum, phone)).lower()


def phone_shape(phone: str) -> str:
    """How a phone number is written, not which: ``+1 555`` is ``:+191 193``.

    The leading digit stays, as it tells the country or area; each run of digits (9), letters
    (a) or an equal sign (itself) follows with its length.
    """
    if phone.isdigit() and len(phone) <= _LONGEST_PHONE:
        return f"{phone[0]}:9{len(phone)}"
    text = phone[:_LONGEST_PHONE]
    classes = "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in text)
    runs = "".join(f"{run[1]}{len(run[0])}" for run in _RUNS.finditer(classes))
    first = text[0] if text[:1].isdigit() else ""
    return f"{first}:{runs}" + ("…" if len(phone) > _LONGEST_PHONE else "")


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


def address_of(text: str) -> Address:
    """What an IP address is known by; an IPv4 address mapped into IPv6 is an IPv4 address."""
    written = text.strip()
    try:
        # The C library's parser takes a tenth of the time of the ipaddress module.
        return _ipv4(int.from_bytes(socket.inet_pton(socket.AF_INET, written), "big"))
    except (OSError, ValueError):
        pass
    try:
        address = IPv6Address(written)
    except ValueError:
        return Address(text, None, None)
    if address.ipv4_mapped:
        return _ipv4(int(address.ipv4_mapped))
    number = int(address)
    return Address(f"{number >> 64:x}/6/64", f"{number >> 80:x}/6/48", not address.is_global)


def _ipv4(number: int) -> Address:
    block = bisect_right(_STARTS, number) - 1
    return Address(f"{number:x}/4/32", f"{number >> 8:x}/4/24", number <= _ENDS[block])


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
