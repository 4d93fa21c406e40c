"""One batch of the warehouse worker, from messages to inserted rows."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from connectors import decisions, envelope
from connectors.errors import PoisonMessage
from connectors.events import Tombstone
from connectors.profile import Hasher
from connectors.topics import Topic
from stream_processors.dead_letters import Ceiling, DeadLetters
from stream_processors.delivery import Delivery
from stream_processors.dependencies import until_up
from stream_processors.intake import Message
from stream_processors.metrics import Metrics
from warehouse.rows import (
    Row,
    Table,
    alert_row,
    audit_row,
    dead_letter_row,
    label_row,
    link_decisions_row,
    score_row,
    source_row,
)
from warehouse.writer import Writer

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Block:
    """What a batch inserts, and whose scores it deletes first.

    Attributes:
        rows: in order of arrival.
        forgotten: accounts whose scores were ended by a tombstone.
        poison: messages that cannot be read, of the topics whose poison is ours to set aside.
    """

    rows: list[Row] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)
    poison: list[tuple[Message, PoisonMessage]] = field(default_factory=list)


def block(messages: Sequence[Message], hashed: Hasher) -> Block:
    """Turn a batch into rows. Pure but for the log."""
    made = Block()
    for message in messages:
        try:
            _add(made, message, hashed)
        except PoisonMessage as poison:
            made.poison.append((message, poison))
    return made


def _add(made: Block, message: Message, hashed: Hasher) -> None:
    match Topic(message.topic):
        case Topic.RISK_SCORES if message.value is None:
            _forget(made, (message.key or b"").decode())
        case Topic.RISK_SCORES:
            made.rows.append(_document_row(message, score_row))
        case Topic.ABUSE_ALERTS:
            made.rows.append(_document_row(message, alert_row))
        case Topic.AUDIT:
            made.rows.append(_document_row(message, audit_row))
        case Topic.LABELS | Topic.LINK_DECISIONS:
            _add_decision(made, message)
        case Topic.DEAD_LETTER:
            made.rows.append(_dead_letter_row(message))
        case _:
            _add_source(made, message, hashed)


def _add_source(made: Block, message: Message, hashed: Hasher) -> None:
    try:
        event = envelope.decode(message.topic, message.key, message.value, hashed)
    except PoisonMessage as poison:
        _leave_to_scoring(message, poison)
        return
    if not isinstance(event, Tombstone):
        made.rows.append(source_row(event))


def _add_decision(made: Block, message: Message) -> None:
    try:
        decision = decisions.decode(message.topic, message.key, message.value)
    except PoisonMessage as poison:
        _leave_to_scoring(message, poison)
        return
    if not isinstance(decision, Tombstone):
        build = label_row if message.topic == Topic.LABELS else link_decisions_row
        made.rows.append(_document_row(message, build))


def _leave_to_scoring(message: Message, poison: PoisonMessage) -> None:
    """The scoring worker reads the same topics and sets it aside: once is enough."""
    where = {"topic": message.topic, "partition": message.partition, "offset": message.offset}
    _log.warning("unreadable; scoring sets it aside", extra={**where, "why": poison.reason})


def _forget(made: Block, user_id: str) -> None:
    """An erased account: nothing that came before in this batch, nothing in the table."""
    made.rows = [
        row
        for row in made.rows
        if row.table is not Table.RISK_SCORES or row.values["user_id"] != user_id
    ]
    made.forgotten.append(user_id)


def _document_row(message: Message, build: Callable[[Mapping[str, Any]], Row]) -> Row:
    try:
        return build(orjson.loads(message.value or b""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PoisonMessage("decode", f"not a {message.topic} message: {error!r:.100}") from None


def _dead_letter_row(message: Message) -> Row:
    try:
        return dead_letter_row(dict(message.headers))
    except (ValueError, KeyError, OverflowError) as error:
        raise PoisonMessage("decode", f"a dead letter without position: {error!r:.100}") from None


class WarehouseProcessor:
    """Inserts batches; a batch is acknowledged once ClickHouse has it."""

    def __init__(
        self,
        writer: Writer,
        delivery: Delivery,
        hashed: Hasher,
        ceiling: Ceiling,
        metrics: Metrics,
    ) -> None:
        self._writer = writer
        self._hashed = hashed
        self._dead_letters = DeadLetters(delivery, ceiling, metrics)
        self._metrics = metrics

    async def process(self, messages: Sequence[Message]) -> None:
        """See :class:`stream_processors.worker.Processor`."""
        made = block(messages, self._hashed)
        for message, poison in made.poison:
            await self.set_aside(message, poison)
        await until_up(
            "clickhouse", lambda: self._writer.forget_scores(made.forgotten), self._metrics
        )
        written = await until_up(
            "clickhouse", lambda: self._writer.insert(made.rows), self._metrics
        )
        for table, count in written.items():
            self._metrics.rows.labels(table).inc(count)

    async def set_aside(self, message: Message, poison: PoisonMessage) -> None:
        """See :class:`stream_processors.worker.Processor`."""
        if message.topic == Topic.DEAD_LETTER:
            # Setting aside what was set aside would go round for ever; it lies there already.
            where = {"partition": message.partition, "offset": message.offset}
            _log.error("an unreadable dead letter", extra={**where, "why": poison.reason})
            return
        await self._dead_letters.set_aside(message, poison)
