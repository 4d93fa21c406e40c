"""Ten thousand accounts, and a hundred of them whose every word can be found again.

Each of the hundred has a token of its own in its id and in every raw value, with a word that says
which it is: ``gx017zq-id``, ``gx017zq-mail@…``.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any

import psycopg

from connectors.profile import Hasher, profile

OTHERS, ERASED = 9_900, 100
START = datetime(2026, 1, 1, tzinfo=UTC)
CODE, UNDEFINED = "ERASE-10", "ERASE-LATER"

IDS = re.compile(rb"gx\d{3}zq-id")
VALUES = re.compile(
    rb"gx\d{3}zq-(?!id)\w+|(?<![0-9a-f])1999\d{7}(?![0-9a-f])|45\.\d{1,3}\.77\.\d{1,3}"
)
DIGESTS = re.compile(rb"[0-9a-f]{32}")


class Role(Enum):
    """How an erased account was linked with those that stay."""

    ALONE = "alone"
    PAIR = "pair"
    RING = "ring"


_ROLES = (Role.ALONE, Role.ALONE, Role.PAIR, Role.RING)
_STRANGE = ("", '"q\\\\', "ünï", "'; --", "a/b c")
"""Endings of ids that JSON, SQL or an address would have to escape."""


@dataclass(frozen=True)
class Person:
    """One of the hundred.

    Attributes:
        row: of ``users``.
        role: how it is linked.
        linked: accounts that stay, on the same device.
    """

    row: Mapping[str, Any]
    role: Role
    linked: tuple[str, ...]

    @property
    def user_id(self) -> str:
        return str(self.row["user_id"])

    def digests(self, hashed: Hasher) -> set[bytes]:
        """The hashes of what it shares with nobody who stays."""
        made = profile({**self.row, "created_at": self.row["created_at"].isoformat()}, hashed)
        own = {made.email, made.canonical_email, made.phone, made.ip, made.network, made.agent}
        if self.role is Role.ALONE:
            own.add(made.device)
        return {digest.encode() for digest in own if digest is not None}


def people() -> list[Person]:
    """The hundred who will be erased."""
    return [_person(number) for number in range(ERASED)]


def load_crowd(shop: psycopg.Connection[Any], hundred: list[Person]) -> None:
    """Let everybody sign up, and many redeem."""
    rows = [*map(_other, range(OTHERS)), *(p.row for p in hundred), *_linked(hundred)]
    columns = list(hundred[0].row)
    with shop.transaction(), shop.cursor() as cursor:
        cursor.execute("INSERT INTO promo_codes VALUES (%s, 'fixed_amount', 10, 50)", (CODE,))
        with cursor.copy(f"COPY users ({', '.join(columns)}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row([row.get(column) for column in columns])
        with cursor.copy(
            "COPY promo_usages (user_id, promo_code, used_at, used_promo) FROM STDIN"
        ) as copy:
            for usage in _usages(hundred):
                copy.write_row(usage)


def _person(number: int) -> Person:
    token, role = f"gx{number:03}zq", _ROLES[number % len(_ROLES)]
    user_id = f"{token}-id{_STRANGE[number % len(_STRANGE)]}"
    row = {
        "user_id": user_id,
        "created_at": START + timedelta(hours=number),
        "email": f"{token}-mail@example.org",
        "is_email_verified": True,
        "phone": f"1999{number * 7919:07}",
        "is_phone_verified": True,
        "first_name": f"{token}-first",
        "last_name": f"{token}-last",
        "ip_address": f"45.{number}.77.{number}",
        "device_id": f"{token}-device" if role is Role.ALONE else f"shared-{number}",
        "user_agent": f"{token}-agent",
        "city": f"{token}-city",
    }
    count = {Role.ALONE: 0, Role.PAIR: 1, Role.RING: 3}[role]
    return Person(row, role, tuple(f"stays-{number}-{n}" for n in range(count)))


def _linked(hundred: list[Person]) -> Iterator[dict[str, Any]]:
    for person in hundred:
        for n, user_id in enumerate(person.linked, start=1):
            signed_up = person.row["created_at"] + timedelta(minutes=n)
            device = person.row["device_id"]
            yield {"user_id": user_id, "created_at": signed_up, "device_id": device}


def _other(number: int) -> dict[str, Any]:
    return {
        "user_id": f"other-{number}",
        "created_at": START + timedelta(minutes=number),
        "email": f"other-{number}@example.net",
        "phone": f"1415{number:07}",
        "ip_address": f"5.{number % 250}.{number // 250}.9",
        "device_id": f"device-{number // 2 if number < 600 else number}",
    }


def _usages(hundred: list[Person]) -> Iterator[tuple[str, str, datetime, bool]]:
    for person in hundred:
        for user_id in (person.user_id, *person.linked):
            used_at = person.row["created_at"] + timedelta(hours=2)
            yield user_id, CODE, used_at, True
            yield user_id, UNDEFINED, used_at + timedelta(minutes=1), True
    for number in range(0, OTHERS, 10):
        yield f"other-{number}", CODE, START + timedelta(days=20, minutes=number), True
