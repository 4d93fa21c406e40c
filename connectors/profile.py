"""The privacy boundary: a raw registration goes in, a profile without raw identifiers comes out.

Everything beyond the decoder (Redis, scores, alerts, ClickHouse, REST, logs) sees profiles
only. Facts that need raw values, such as the shape of a phone number, are computed here, once.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connectors.columns import filled, flag, instant, key_text, kind_of, microseconds
from connectors.errors import PoisonMessage
from connectors.mailboxes import mailbox
from connectors.traits import (
    LONGEST_TIMEZONE,
    NameCase,
    address_of,
    birth_year,
    dialled,
    email_domain,
    local_hour,
    name_case,
    phone_shape,
    user_agent_family,
)

__all__ = ["Hasher", "NameCase", "Profile", "keyed_hasher", "profile"]

Hasher = Callable[[str, str], str]
"""``(kind, text) -> 32 hexadecimal digits``: equal texts of a kind give equal hashes."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a registration beyond the privacy boundary.

    Attributes:
        user_id: the account's identity, as it came.
        created_at_us: sign-up, microseconds since 1970 UTC.
        email, canonical_email, phone, device, ip, network: keyed hashes, None where the row
            has none or a blank one. ``ip`` is an IPv4 address or an IPv6 /64, ``network`` an
            IPv4 /24 or an IPv6 /48.
        is_email_verified, is_phone_verified: as the shop says.
        email_domain: lower case, what is after the last ``@``, None if there is none.
        email_is_alias: another way to write a mailbox (:class:`connectors.mailboxes.Mailbox`).
        phone_shape: leading digit and lengths of the runs of digits, letters and signs.
        first_name_case, last_name_case: a :class:`NameCase` value.
        birth_year: year of birth.
        ip_is_private: the address is not from the public internet.
        user_agent_family: the browser's name, ``Other`` if it is not a known one.
        timezone: the user's time zone, as it came, 64 characters of it at most.
        hour: hour of day at sign-up on the user's own clock (UTC without a known zone), 0-23.
        agent: keyed hash of the whole user agent: the browser's build, not its user.
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
    agent: str | None = None


def keyed_hasher(key: str) -> Hasher:
    """A hasher that only the holder of the key can repeat (BLAKE2b, RFC 7693, 128 bits)."""
    seed = hashlib.blake2b(key.encode(), digest_size=32).digest()
    fresh: dict[str, hashlib.blake2b] = {}

    def hashed(kind: str, text: str) -> str:
        # Copying a prepared state takes half the time of preparing one.
        digest = fresh.get(kind)
        if digest is None:
            person = kind.encode()[: hashlib.blake2b.PERSON_SIZE]
            digest = fresh[kind] = hashlib.blake2b(digest_size=16, key=seed, person=person)
        digest = digest.copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()

    return hashed


def profile(row: Mapping[str, object], hashed: Hasher) -> Profile:
    """Draw the boundary for one row of ``users``. Pure.

    Args:
        row: the row as Debezium writes it (ISO text for ``created_at``, days for ``dob``).
        hashed: the keyed hasher.

    Raises:
        PoisonMessage: ``user_id`` or ``created_at`` is missing or a value has a wrong type.
    """
    created_at, timezone = instant(row, "created_at"), filled(row, "timezone")
    email, phone, device = filled(row, "email"), filled(row, "phone"), filled(row, "device_id")
    address = email.strip().lower() if email else None
    leads_to = mailbox(address) if address else None
    number = dialled(phone) if phone else None
    ip_address, agent = filled(row, "ip_address"), filled(row, "user_agent")
    place = address_of(ip_address) if ip_address else None
    return Profile(
        user_id=key_text(row, "user_id"),
        created_at_us=microseconds(created_at),
        email=hashed("email", address) if address else None,
        canonical_email=hashed("canonical_email", leads_to.canonical) if leads_to else None,
        phone=hashed("phone", number) if number else None,
        device=hashed("device", device) if device else None,
        ip=hashed("ip", place.host) if place else None,
        network=hashed("network", place.network) if place and place.network else None,
        is_email_verified=flag(row, "is_email_verified"),
        is_phone_verified=flag(row, "is_phone_verified"),
        email_domain=email_domain(address) if address else None,
        email_is_alias=leads_to.is_alias if leads_to else None,
        phone_shape=phone_shape(phone) if phone else None,
        first_name_case=_name_case(row, "first_name"),
        last_name_case=_name_case(row, "last_name"),
        birth_year=_birth_year(row),
        ip_is_private=place.is_private if place else None,
        user_agent_family=user_agent_family(agent) if agent else None,
        timezone=timezone[:LONGEST_TIMEZONE] if timezone else None,
        hour=local_hour(created_at, timezone),
        agent=hashed("agent", agent) if agent else None,
    )


def _name_case(row: Mapping[str, object], column: str) -> NameCase | None:
    name = filled(row, column)
    return name_case(name) if name else None


def _birth_year(row: Mapping[str, object]) -> int | None:
    days = row.get("dob")
    if days is not None and type(days) is not int:
        raise PoisonMessage("decode", f"dob is {kind_of(days)}, not days since 1970")
    return None if days is None else birth_year(days)
