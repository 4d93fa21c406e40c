"""Traffic of the Noaat mix: registrations, and one redemption by nearly each of them.

Read once, played as often as one likes: every copy has accounts of its own, whose identifiers
have the original's shape and are shared within the copy as in the original, never between two.
"""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import chain, count
from pathlib import Path

from connectors.loading.rows import Row, read_file
from connectors.loading.tables import COLUMNS, Table
from tests.traffic import write_traffic

_USER = {name: place for place, name in enumerate(COLUMNS[Table.USERS].parsers)}
_OWNER = list(COLUMNS[Table.PROMO_USAGES].parsers).index("user_id")
_STAND_IN_ACCOUNTS = 9_000


class Mix:
    """Accounts to play: each a registration and the redemptions that follow it.

    Args:
        noaat: the folder of the Noaat data; where there is none, seeded data of the same kind
            stand in for it.
        scratch: a folder for those.
    """

    def __init__(self, noaat: Path, scratch: Path) -> None:
        self.is_noaat = (noaat / Table.USERS.file).is_file()
        folder = noaat
        if not self.is_noaat:
            folder = write_traffic(scratch, accounts=_STAND_IN_ACCOUNTS, seed=1)
        self.codes: Sequence[Row] = _read(Table.PROMO_CODES, folder)
        users = _read(Table.USERS, folder)
        if not self.is_noaat:
            users = [_unlinked(user) for user in users]
        self._users: Sequence[Row] = users
        self._redemptions = _by_user(users, _read(Table.PROMO_USAGES, folder))
        self._copies = count()

    def rows_a_copy(self) -> int:
        """Registrations and redemptions in one copy."""
        return len(self._users) + sum(map(len, self._redemptions))

    def copy(self, delay: int = 500) -> Iterator[Row]:
        """A copy of its own; an account redeems when ``delay`` further ones have registered."""
        disguise = _Disguise(f"{next(self._copies):x}")
        redemptions = chain([()] * delay, self._redemptions)
        for user, follow in zip(self._users, redemptions, strict=False):
            yield disguise.registration(user)
            yield from map(disguise.redemption, follow)
        for follow in redemptions:
            yield from map(disguise.redemption, follow)

    def endless(self) -> Iterator[Row]:
        """One copy after another."""
        while True:
            yield from self.copy()


def with_values(row: Row, **values: object) -> Row:
    """A registration with some columns changed."""
    changed = list(row.values)
    for name, value in values.items():
        changed[_USER[name]] = value
    return row._replace(values=tuple(changed))


def user_of(row: Row) -> str:
    """Whose registration or redemption a row is."""
    return str(row.values[_USER["user_id"] if row.table is Table.USERS else _OWNER])


class _Disguise:
    """Gives a copy identifiers of its own."""

    def __init__(self, tag: str) -> None:
        self._tag = tag

    def registration(self, row: Row) -> Row:
        values = row.values
        email, phone = values[_USER["email"]], values[_USER["phone"]]
        device, address = values[_USER["device_id"]], values[_USER["ip_address"]]
        return with_values(
            row,
            user_id=f"{user_of(row)}-{self._tag}",
            email=self._email(email) if isinstance(email, str) else email,
            phone=self._phone(phone) if isinstance(phone, str) else phone,
            device_id=f"{device}-{self._tag}" if device else device,
            ip_address=_address(f"{self._tag} {address}") if address else address,
        )

    def redemption(self, row: Row) -> Row:
        values = list(row.values)
        values[_OWNER] = f"{user_of(row)}-{self._tag}"
        return row._replace(values=tuple(values))

    def _email(self, email: str) -> str:
        local, at, domain = email.rpartition("@")
        return f"{local}.{self._tag}{at}{domain}"

    def _phone(self, phone: str) -> str:
        digits = iter(str(int.from_bytes(_digest(f"{self._tag} {phone}"), "big")))
        new = "".join(next(digits) if c.isdigit() else c for c in phone[1:32])
        return phone[:1] + new + phone[32:]


def _read(table: Table, folder: Path) -> list[Row]:
    rows = read_file(table, folder / table.file)
    return sorted(row for row in rows if isinstance(row, Row))


def _by_user(users: Sequence[Row], redemptions: Sequence[Row]) -> list[list[Row]]:
    """Redemptions by their account's place; those without an account are spread evenly."""
    places = {user_of(user): place for place, user in enumerate(users)}
    found: list[list[Row]] = [[] for _ in users]
    strays: list[Row] = []
    for row in redemptions:
        place = places.get(user_of(row))
        (strays if place is None else found[place]).append(row)
    for number, row in enumerate(strays):
        found[number * len(users) // len(strays)].append(row)
    return found


def _unlinked(user: Row) -> Row:
    own = user_of(user)
    return with_values(user, device_id=f"device-{own}", ip_address=_address(own))


def _address(text: str) -> str:
    first, *rest = _digest(text)[:4]
    # From 11 to 99 there is no block that is not public.
    return ".".join(map(str, (11 + first % 89, *rest)))


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
