"""The privacy boundary: a raw registration goes in, a profile without raw identifiers comes out.

Everything beyond the decoder (Redis, scores, alerts, ClickHouse, REST, logs) sees profiles
only. Facts that need raw values, such as the shape of a phone number, are computed here, once.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.columns import filled, flag, instant, key_text, kind_of, microseconds
from connectors.errors import PoisonMessage
from connectors.identifiers.addresses import NO_ADDRESS, read_address
from connectors.identifiers.devices import read_device
from connectors.identifiers.mailboxes import read_mailbox
from connectors.identifiers.phones import phone_shape, read_phone
from connectors.identifiers.placeholders import stands_for_nothing
from connectors.identifiers.reading import BLANK
from connectors.promo_codes import canonical_code
from connectors.settings import Settings, required
from connectors.traits import (
    LONGEST_TIMEZONE,
    NameCase,
    birth_year,
    local_hour,
    name_case,
    user_agent_family,
)

__all__ = ["Conventions", "Hasher", "NameCase", "Profile", "hasher_of", "profile"]


@dataclass(frozen=True, slots=True)
class Conventions:
    """How a shop's identifiers are written, where they do not say so themselves.

    Attributes:
        country: of phone numbers without a country code (ISO 3166, two letters), if stated.
        trusted_proxies: how many proxies of the shop's own have added to a list of addresses.
        code_case_counts: promo codes that differ in case alone are two.
    """

    country: str | None = None
    trusted_proxies: int = 0
    code_case_counts: bool = False

    def canonical_code(self, promo_code: str) -> str:
        """What all writings of a promo code have in common."""
        return canonical_code(promo_code, self.code_case_counts)


UNSTATED = Conventions()
"""Of a shop that has stated none."""


class Hasher:
    """The boundary's key, and the shop's conventions that come before it.

    Equal texts of a kind give equal hashes, which only the holder of the key can repeat (BLAKE2b,
    RFC 7693, 128 bits).
    """

    def __init__(self, key: str, conventions: Conventions = UNSTATED) -> None:
        self.conventions = conventions
        self._seed = hashlib.blake2b(key.encode(), digest_size=32).digest()
        self._fresh: dict[str, hashlib.blake2b] = {}

    def __call__(self, kind: str, text: str) -> str:
        """32 hexadecimal digits."""
        # Copying a prepared state takes half the time of preparing one.
        digest = self._fresh.get(kind)
        if digest is None:
            person = kind.encode()[: hashlib.blake2b.PERSON_SIZE]
            digest = hashlib.blake2b(digest_size=16, key=self._seed, person=person)
            self._fresh[kind] = digest
        digest = digest.copy()
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


def hasher_of(settings: Settings) -> Hasher:
    """The hasher of a configured stack.

    Raises:
        SettingsError: the hash key is not set.
    """
    return Hasher(required(settings.hash_key, "hash_key"), conventions_of(settings))


def conventions_of(settings: Settings) -> Conventions:
    """What the settings say of a shop's identifiers."""
    return Conventions(
        settings.default_country or None, settings.trusted_proxies, settings.code_case_counts
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a registration beyond the privacy boundary.

    Attributes:
        user_id: the account's identity, as it came.
        created_at_us: sign-up, microseconds since 1970 UTC.
        email, canonical_email, phone, device, ip, network: keyed hashes of canonical forms
            (:mod:`connectors.identifiers`), None where the row has none, or one that identifies
            nobody. ``ip`` is an IPv4 address or an IPv6 /64, ``network`` an IPv4 /24 or an
            IPv6 /48.
        is_email_verified, is_phone_verified: as the shop says.
        email_domain: lower case, in ASCII, what is after the last ``@``, None if there is none.
        email_is_alias: another way to write a mailbox
            (:class:`connectors.identifiers.mailboxes.Mailbox`).
        phone_shape: leading digit and lengths of the runs of digits, letters and signs.
        first_name_case, last_name_case: a :class:`NameCase` value.
        birth_year: year of birth.
        ip_is_private: the address is not from the public internet.
        user_agent_family: the browser's name, ``Other`` if it is not a known one.
        timezone: the user's time zone, as it came, 64 characters of it at most.
        hour: hour of day at sign-up on the user's own clock (UTC without a known zone), 0-23.
        agent: keyed hash of the whole user agent: the browser's build, not its user.
        placeholders: of each identifier that identifies nobody ``kind|form|hash``, the kind
            being email, phone, device or address, the form a listed word or the name of a
            :class:`connectors.identifiers.placeholders.Form`.
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
    placeholders: tuple[str, ...] = ()


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
    place, agent = filled(row, "ip_address"), _meant(row, "user_agent")
    conventions = hashed.conventions
    mailbox = read_mailbox(email) if email else None
    number = read_phone(phone, conventions.country) if phone else BLANK
    machine = read_device(device) if device else BLANK
    address = read_address(place, conventions.trusted_proxies) if place else NO_ADDRESS
    leads_to = mailbox.canonical if mailbox else None
    nobody = (
        ("email", email, mailbox.placeholder if mailbox else None),
        ("phone", phone, number.placeholder),
        ("device", device, machine.placeholder),
        ("address", place, address.placeholder),
    )
    return Profile(
        user_id=key_text(row, "user_id"),
        created_at_us=microseconds(created_at),
        email=hashed("email", mailbox.address) if mailbox and leads_to else None,
        canonical_email=hashed("canonical_email", leads_to) if leads_to else None,
        phone=hashed("phone", number.canonical) if number.canonical else None,
        device=hashed("device", machine.canonical) if machine.canonical else None,
        ip=hashed("ip", address.host) if address.host else None,
        network=hashed("network", address.network) if address.network else None,
        is_email_verified=flag(row, "is_email_verified"),
        is_phone_verified=flag(row, "is_phone_verified"),
        email_domain=mailbox.domain if mailbox else None,
        email_is_alias=mailbox.is_alias if mailbox else None,
        phone_shape=phone_shape(phone) if phone and not stands_for_nothing(phone) else None,
        first_name_case=_name_case(row, "first_name"),
        last_name_case=_name_case(row, "last_name"),
        birth_year=_birth_year(row),
        ip_is_private=address.is_private,
        user_agent_family=user_agent_family(agent) if agent else None,
        timezone=timezone[:LONGEST_TIMEZONE] if timezone else None,
        hour=local_hour(created_at, timezone),
        agent=hashed("agent", agent) if agent else None,
        placeholders=tuple(
            f"{kind}|{form}|{hashed('placeholder', text.strip().casefold())}"
            for kind, text, form in nobody
            if text and form
        ),
    )


def _meant(row: Mapping[str, object], column: str) -> str | None:
    """A text column, None where it is blank or stands for nothing."""
    value = filled(row, column)
    return None if value is None or stands_for_nothing(value) else value


def _name_case(row: Mapping[str, object], column: str) -> NameCase | None:
    name = _meant(row, column)
    return name_case(name) if name else None


def _birth_year(row: Mapping[str, object]) -> int | None:
    days = row.get("dob")
    if days is not None and type(days) is not int:
        raise PoisonMessage("decode", f"dob is {kind_of(days)}, not days since 1970")
    return None if days is None else birth_year(days)
