"""The privacy boundary: a raw registration goes in, a profile without raw identifiers comes out.

Everything beyond the decoder (Redis, scores, alerts, ClickHouse, REST, logs) sees profiles
only. Facts that need raw values, such as the shape of a phone number, are computed here, once.
"""

import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import ua_parser

from connectors.errors import PoisonMessage

Hasher = Callable[[str, str], str]
"""``(kind, text) -> 32 hexadecimal digits``: equal texts of a kind give equal hashes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_GMAIL_DOMAINS = frozenset({"gmail.com", "googlemail.com"})
_LONGEST_PHONE = 32
_LONGEST_USER_AGENT = 512
_LONGEST_DOMAIN = 253
_RUNS = re.compile(r"(.)\1*", re.DOTALL)


class NameCase(StrEnum):
    """How a name is written; ``UNCASED`` for scripts without capital letters."""

    LOWER = "lower"
    UPPER = "upper"
    TITLE = "title"
    MIXED = "mixed"
    UNCASED = "uncased"


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a registration beyond the privacy boundary.

    Attributes:
        user_id: the account's identity, as it came.
        created_at_us: sign-up, microseconds since 1970 UTC.
        email, canonical_email, phone, device, ip, network: keyed hashes, None where the row
            has none. ``ip`` is an IPv4 address or an IPv6 /64, ``network`` an IPv4 /24 or an
            IPv6 /48.
        is_email_verified, is_phone_verified: as the shop says.
        email_domain: lower case, without what is before the ``@``.
        email_is_alias: the canonical form differs from the address (plus-addressing, dots).
        phone_shape: leading digit and lengths of the runs of digits, letters and signs.
        first_name_case, last_name_case: a :class:`NameCase` value.
        birth_year: year of birth.
        ip_is_private: the address is not from the public internet.
        user_agent_family: the browser's name, ``Other`` if it is not a known one.
        timezone: the user's time zone, as it came.
        hour: hour of day at sign-up on the user's own clock (UTC without a known zone), 0-23.
    """

    user_id: str
    created_at_us: int
    email: str | None = None
    canonical_email: str | None = None
    phone: str | None = None
    device: str | None = None
    ip: str | None = None
    network: str | None = None
    is_email_verified: bool | None = None
    is_phone_verified: bool | None = None
    email_domain: str | None = None
    email_is_alias: bool | None = None
    phone_shape: str | None = None
    first_name_case: str | None = None
    last_name_case: str | None = None
    birth_year: int | None = None
    ip_is_private: bool | None = None
    user_agent_family: str | None = None
    timezone: str | None = None
    hour: int = 0


def keyed_hasher(key: str) -> Hasher:
    """A hasher that only the holder of the key can repeat (BLAKE2b, RFC 7693, 128 bits)."""
    seed = hashlib.blake2b(key.encode(), digest_size=32).digest()

    def hashed(kind: str, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(data, digest_size=16, key=seed, person=kind.encode()[:16]).hexdigest()

    return hashed


def profile(row: Mapping[str, object], hashed: Hasher) -> Profile:
    """Draw the boundary for one row of ``users``. Pure.

    Args:
        row: the row as Debezium writes it (ISO text for ``created_at``, days for ``dob``).
        hashed: the keyed hasher.

    Raises:
        PoisonMessage: ``user_id`` or ``created_at`` is missing or a value has a wrong type.
    """
    created_at = instant(row, "created_at")
    email, device = _text(row, "email"), _text(row, "device_id")
    phone = _text(row, "phone")
    address, network, is_private = _address(_text(row, "ip_address"))
    canonical = canonical_email(email) if email else None
    return Profile(
        user_id=key_text(row, "user_id"),
        created_at_us=microseconds(created_at),
        email=hashed("email", email.strip().lower()) if email else None,
        canonical_email=hashed("canonical_email", canonical) if canonical else None,
        phone=hashed("phone", _dialled(phone)) if phone else None,
        device=hashed("device", device) if device else None,
        ip=hashed("ip", address) if address else None,
        network=hashed("network", network) if network else None,
        is_email_verified=flag(row, "is_email_verified"),
        is_phone_verified=flag(row, "is_phone_verified"),
        email_domain=_domain(email) if email else None,
        email_is_alias=canonical != email.strip().lower() if email else None,
        phone_shape=phone_shape(phone) if phone else None,
        first_name_case=_name_case(_text(row, "first_name")),
        last_name_case=_name_case(_text(row, "last_name")),
        birth_year=_birth_year(row.get("dob")),
        ip_is_private=is_private,
        user_agent_family=_family(_text(row, "user_agent")),
        timezone=_text(row, "timezone"),
        hour=_local_hour(created_at, _text(row, "timezone")),
    )


def canonical_email(address: str) -> str:
    """The mailbox an address leads to: lower case, no ``+tag``; for Gmail no dots either.

    Plus-addressing is RFC 5233; that Gmail ignores dots and that googlemail.com is the same
    domain is Google's own documentation.
    """
    local, at, domain = address.strip().lower().rpartition("@")
    if not at:
        return domain
    local = local.partition("+")[0] or local
    if domain in _GMAIL_DOMAINS:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


def phone_shape(phone: str) -> str:
    """How a phone number is written, not which: ``+1 555`` is ``+1 1 3`` like ``s1 91 s1 93``.

    The leading digit stays, as it tells the country or area; each run of digits (9), letters
    (a) or an equal sign (itself) follows with its length.
    """
    text = phone[:_LONGEST_PHONE]
    classes = "".join("9" if c.isdigit() else "a" if c.isalpha() else c for c in text)
    runs = "".join(f"{run[1]}{len(run[0])}" for run in _RUNS.finditer(classes))
    first = text[0] if text[0].isdigit() else ""
    return f"{first}:{runs}" + ("…" if len(phone) > _LONGEST_PHONE else "")


def microseconds(moment: datetime) -> int:
    """Exact microseconds since 1970 UTC (``timestamp()`` would round through a float)."""
    return (moment - _EPOCH) // _MICROSECOND


def instant(row: Mapping[str, object], column: str) -> datetime:
    """A timestamptz column as Debezium writes it: ISO 8601 with an offset.

    Raises:
        PoisonMessage: missing, not ISO text, infinite, or without an offset.
    """
    value = row.get(column)
    if not isinstance(value, str):
        raise PoisonMessage("decode", f"{column} is {_kind(value)}, not ISO text")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise PoisonMessage("decode", f"{column} is not an ISO timestamp in years 1-9999") from None
    if moment.tzinfo is None:
        raise PoisonMessage("decode", f"{column} has no offset")
    return moment


def key_text(row: Mapping[str, object], column: str) -> str:
    """A text column that must be there.

    Raises:
        PoisonMessage: it is missing, or not text.
    """
    value = row.get(column)
    if not isinstance(value, str):
        raise PoisonMessage("decode", f"{column} is {_kind(value)}, not text")
    return value


def flag(row: Mapping[str, object], column: str) -> bool | None:
    """A boolean column that may be null.

    Raises:
        PoisonMessage: it is something else.
    """
    value = row.get(column)
    if value is not None and not isinstance(value, bool):
        raise PoisonMessage("decode", f"{column} is {_kind(value)}, not a boolean")
    return value



def _kind(value: object) -> str:
    return "null or missing" if value is None else f"a {type(value).__name__}"


def _text(row: Mapping[str, object], column: str) -> str | None:
    value = row.get(column)
    if value is not None and not isinstance(value, str):
        raise PoisonMessage("decode", f"{column} is {_kind(value)}, not text")
    return value or None


def _dialled(phone: str) -> str:
    return "".join(c for c in phone if c.isalnum()).lower() or phone


def _domain(email: str) -> str:
    return email.strip().lower().rpartition("@")[2][:_LONGEST_DOMAIN]


def _address(text: str | None) -> tuple[str | None, str | None, bool | None]:
    if text is None:
        return None, None, None
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return text, None, None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    host, net = (32, 24) if address.version == 4 else (64, 48)
    return _prefix(address, host), _prefix(address, net), not address.is_global


def _prefix(address: ipaddress.IPv4Address | ipaddress.IPv6Address, bits: int) -> str:
    return f"{int(address) >> (address.max_prefixlen - bits):x}/{address.version}/{bits}"


def _name_case(name: str | None) -> str | None:
    if name is None:
        return None
    letters = name[:64]
    if letters.lower() == letters.upper():
        return NameCase.UNCASED
    if letters.islower():
        return NameCase.LOWER
    if letters.isupper():
        return NameCase.UPPER
    return NameCase.TITLE if letters.istitle() else NameCase.MIXED


def _birth_year(days: object) -> int | None:
    if days is None:
        return None
    if not isinstance(days, int) or isinstance(days, bool):
        raise PoisonMessage("decode", f"dob is {_kind(days)}, not days since 1970")
    try:
        return (_EPOCH + timedelta(days=days)).year
    except OverflowError:
        return None


def _family(user_agent: str | None) -> str | None:
    if user_agent is None:
        return None
    found = ua_parser.parse_user_agent(user_agent[:_LONGEST_USER_AGENT])
    return found.family if found else "Other"


@lru_cache(maxsize=1024)
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _local_hour(moment: datetime, timezone: str | None) -> int:
    if timezone is None or len(timezone) > 64:
        return moment.astimezone(UTC).hour
    try:
        return moment.astimezone(_zone(timezone)).hour
    except OverflowError:
        return moment.hour
