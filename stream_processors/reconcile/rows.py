"""One source row as each place holds it, in a form that can be compared. Pure.

ClickHouse and Redis hold profiles, so PostgreSQL's rows pass through the stream's own decoder
first. What cannot be the same in two places by design is left out of a digest: versions and commit
times, digits of an amount behind the sixth, fractions of a moment that Redis' scores do not hold.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import NamedTuple, assert_never

import orjson

from connectors.envelope import read_row
from connectors.errors import PoisonMessage
from connectors.events import (
    CodeDefined,
    CodeWithdrawn,
    Erased,
    Origin,
    Redeemed,
    RedemptionWithdrawn,
    Registered,
    RowChange,
    Updated,
)
from connectors.profile import Hasher
from connectors.topics import Topic
from stream_processors.feature_store.wire import pack_profile
from warehouse.rows import source_row

TABLES = (Topic.USERS, Topic.PROMO_CODES, Topic.PROMO_USAGES)
_SIX_DIGITS = Decimal("0.000001")
_NO_ORIGIN = Origin(0, 0)


class Store(StrEnum):
    """What is compared with PostgreSQL."""

    CLICKHOUSE = "clickhouse"
    REDIS = "redis"


class Key(NamedTuple):
    """A row's primary key as text, and the account that it is about.

    ``owner`` is the account, and of a promo code its canonical form: rows are compared by ranges
    of it, because Redis keeps redemptions with their account, and a code's writings together.
    """

    id: str
    owner: str


@dataclass(frozen=True, slots=True)
class Held:
    """What a store holds of one row: who owns it, its content in 64 bits, its version."""

    owner: str
    digest: int
    version: int


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A row of PostgreSQL.

    Attributes:
        key: which.
        seen: differs after every change of the row.
        columns: as Debezium writes them.
        digests: the content that each store has to hold; of a store that holds nothing of this
            row (an attempt, in Redis) there is none.
        unreadable: for each store why it cannot hold this row; it lies among the dead letters.
    """

    key: Key
    seen: str
    columns: Mapping[str, object]
    digests: Mapping[Store, int]
    unreadable: Mapping[Store, str] = field(default_factory=dict)


def table_name(table: Topic) -> str:
    """The table behind a source topic."""
    return table.rpartition(".")[2]


def source_row_of(
    table: Topic, seen: str, columns: Mapping[str, object], hashed: Hasher
) -> SourceRow:
    """A row of PostgreSQL, read as the stream reads it."""
    key = _key(table, columns, hashed)
    try:
        change = read_row(table, columns, _NO_ORIGIN, hashed)
    except PoisonMessage as poison:
        return SourceRow(key, seen, columns, {}, dict.fromkeys(Store, poison.reason))
    digests = {Store.REDIS: redis_digest(change), Store.CLICKHOUSE: warehouse_digest(change)}
    unreadable = {}
    if isinstance(change, CodeDefined):
        try:
            source_row(change)
        except PoisonMessage as poison:
            unreadable[Store.CLICKHOUSE] = poison.reason
            digests[Store.CLICKHOUSE] = None
    found = {store: digest for store, digest in digests.items() if digest is not None}
    return SourceRow(key, seen, columns, found, unreadable)


def warehouse_digest(change: RowChange) -> int | None:
    """What ClickHouse holds of a row; None of a deletion."""
    if isinstance(change, Redeemed):
        moment, used = change.used_at_us, change.used_promo
        code, canonical = change.promo_code, change.canonical_code
        return _digest(change.usage_id, change.user_id, code, canonical, moment, used)
    return _of_account_or_code(change)


def redis_digest(change: RowChange) -> int | None:
    """What Redis holds of a row; None of a deletion, and of an attempt."""
    if isinstance(change, Redeemed):
        if not change.counted:
            return None
        return redemption_digest(
            change.usage_id, change.user_id, change.canonical_code, change.used_at_us
        )
    return _of_account_or_code(change)


def redemption_digest(usage_id: int, user_id: str, canonical_code: str, used_at_us: float) -> int:
    """A counted redemption as Redis holds it: its moment is a double."""
    return _digest(usage_id, user_id, canonical_code, int(float(used_at_us)))


def account_digest(packed_profile: str, label: bool | None) -> int:
    """An account, from its profile as :func:`pack_profile` writes it."""
    return _digest(packed_profile, label)


def code_digest(promo_code: str, terms: Sequence[object]) -> int:
    """A code and its terms: type, value, minimum purchase."""
    kind, *amounts = terms
    return _digest(promo_code, kind, *map(_six_digits, amounts))


def _of_account_or_code(change: RowChange) -> int | None:
    match change:
        case Registered() | Updated():
            return account_digest(pack_profile(change.profile), change.label)
        case CodeDefined():
            terms = (change.discount_type, change.discount_value, change.min_purchase_amount)
            return code_digest(change.promo_code, terms)
        case Redeemed():
            raise AssertionError("the stores hold different things of a redemption")
        case _:
            return None


def _six_digits(amount: object) -> str | None:
    if amount is None:
        return None
    number = Decimal(str(amount))
    if abs(number) < Decimal(10) ** 20:  # beyond that the context's digits do not suffice
        number = number.quantize(_SIX_DIGITS, ROUND_DOWN)
    return f"{number.normalize():f}"


def _digest(*values: object) -> int:
    text = orjson.dumps(values)
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest())


def owner_of(change: RowChange) -> str:
    """By what rows are compared in ranges: see :class:`Key`."""
    match change:
        case Registered() | Updated():
            return change.profile.user_id
        case CodeDefined() | CodeWithdrawn():
            return change.canonical_code
        case Redeemed() | RedemptionWithdrawn() | Erased():
            return change.user_id
        case _:
            assert_never(change)


def _key(table: Topic, columns: Mapping[str, object], hashed: Hasher) -> Key:
    match table:
        case Topic.USERS:
            user = str(columns["user_id"])
            return Key(user, user)
        case Topic.PROMO_CODES:
            code = str(columns["promo_code"])
            return Key(code, hashed.conventions.canonical_code(code))
        case Topic.PROMO_USAGES:
            return Key(str(columns["usage_id"]), str(columns["user_id"]))
        case _:
            raise AssertionError(f"{table} is no source table")
