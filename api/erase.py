"""Erasing accounts: the rows go in PostgreSQL, the stream does the rest, and progress is asked.

An erasure is published on ``promo.audit`` before it is committed, so none goes unrecorded there;
the receipt is committed with it.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from api.decide import Author
from api.warehouse_reader import WarehouseReader
from connectors import audit
from connectors.audit import Action, AuditEntry
from connectors.columns import microseconds
from connectors.errors import DependencyDown
from connectors.retention import gone_after_days
from connectors.settings import Settings
from connectors.source.erasing import Eraser, Receipt
from connectors.topics import Topic, is_compacted
from stream_processors.delivery import Delivery, Outgoing
from stream_processors.feature_store.redis_store import RedisStore
from warehouse.naming import IGNORED, NEIGHBOUR, named

_NAMELESS = (Topic.PROMO_CODES, Topic.IDENTIFIER_DECISIONS, Topic.HEARTBEATS)
HOLDING = tuple(topic for topic in Topic if topic not in (*_NAMELESS, Topic.AUDIT))
"""The topics that have messages of accounts. ``promo.audit`` keeps who erased what on purpose."""


class State(StrEnum):
    """How far an erasure is in one place; unknown where the place does not answer."""

    DONE = "done"
    PENDING = "pending"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Leftover:
    """By when one topic has nothing left of an account: no data, and no bare key either."""

    topic: Topic
    compacted: bool
    data_gone_by: datetime
    key_gone_by: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """A receipt, how far the stores are, and by when Kafka is."""

    receipt: Receipt
    stores: Mapping[str, State]
    kafka: tuple[Leftover, ...]

    def kafka_state(self, now: datetime) -> State:
        """Done once every topic's last day has passed."""
        return State.DONE if all(now >= left.key_gone_by for left in self.kafka) else State.PENDING


class Erasures:
    """Erases accounts and tells how far that is.

    All methods raise :class:`DependencyDown` while PostgreSQL is away.
    """

    def __init__(
        self,
        settings: Settings,
        store: RedisStore,
        warehouse: WarehouseReader,
        delivery: Delivery,
    ) -> None:
        """Nothing is connected before it is used.

        Raises:
            SettingsError: the eraser's password is not set.
        """
        self._store, self._warehouse, self._delivery = store, warehouse, delivery
        self._eraser = Eraser(settings)

    async def erase(self, user_id: str, author: Author) -> Receipt | None:
        """Erase an account; None where nothing is known of it. Repeating it is harmless.

        Raises:
            DependencyDown: PostgreSQL or Kafka does not answer; nothing was erased.
        """

        if "\0" in user_id:  # no text of PostgreSQL's
            return None

        async def record(receipt: Receipt) -> None:
            entry = audit.encode(told(receipt, author))
            await self._delivery.deliver([Outgoing(Topic.AUDIT, user_id.encode(), entry)])

        return await self._eraser.erase(user_id, author.caller.name, record)

    async def progress(self, receipt_id: UUID) -> Progress | None:
        """A receipt and how far its erasure is, None where there is no such receipt."""
        receipt = await self._eraser.receipt(receipt_id)
        if receipt is None:
            return None
        redis, clickhouse = await asyncio.gather(
            _answered(in_redis(receipt, self._store)),
            _answered(in_clickhouse(receipt, self._warehouse)),
        )
        stores = {"postgresql": State.DONE, "redis": redis, "clickhouse": clickhouse}
        return Progress(receipt, stores, in_kafka(receipt))


def told(receipt: Receipt, author: Author) -> AuditEntry:
    """What is told of an erasure; the same entry for the same receipt. Pure."""
    at_us = microseconds(receipt.requested_at)
    caller, receipt_id = author.caller, str(receipt.receipt_id)
    return AuditEntry(
        Action.ERASURE,
        receipt.user_id,
        at_us,
        caller.name,
        caller.key_id,
        {"receipt_id": receipt_id},
        author.request_id,
    )


def in_kafka(receipt: Receipt) -> tuple[Leftover, ...]:
    """By when each topic has nothing left of the account. Pure."""
    begun = receipt.requested_at.astimezone(UTC)
    found = []
    for topic in HOLDING:
        gone = gone_after_days(topic)
        dates = [begun + timedelta(days=days) for days in (gone.data_days, gone.key_days)]
        found.append(Leftover(topic, is_compacted(topic), *dates))
    return tuple(found)


async def in_redis(receipt: Receipt, store: RedisStore) -> State:
    """Whether the feature store has heard of the erasure and has nothing of the account.

    An account that has signed up again since then is there again, and the old one is gone.
    """
    traces = await store.erasure_of(receipt.user_id)
    arrived = traces.erased_by >= receipt.version or not receipt.registered
    return State.DONE if arrived and (traces.registered or not traces.left) else State.PENDING


async def in_clickhouse(receipt: Receipt, warehouse: WarehouseReader) -> State:
    """Whether ClickHouse has rewritten what it had of the account."""
    (left,) = await warehouse.rows("left_of_account", **_asked(receipt))
    has_arrived = left["arrived"] or not receipt.registered
    is_gone = not left["own_rows"] and not left["naming_rows"]
    return State.DONE if has_arrived and is_gone else State.PENDING


def _asked(receipt: Receipt) -> dict[str, object]:
    return {
        "user": receipt.user_id,
        "version": receipt.version,
        "moment_us": microseconds(receipt.requested_at),
        "named": named(NEIGHBOUR, receipt.user_id),
        "ignored": named(IGNORED, receipt.user_id),
    }


async def _answered(state: Awaitable[State]) -> State:
    try:
        return await state
    except DependencyDown:
        return State.UNKNOWN
