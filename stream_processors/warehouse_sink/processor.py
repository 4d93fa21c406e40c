"""One batch of the warehouse worker, from messages to inserted rows."""

import logging
import time
from collections.abc import Callable, Collection, Sequence

from connectors.errors import PoisonMessage
from connectors.profile import Hasher
from connectors.topics import Topic
from stream_processors.dead_letters import Ceiling, DeadLetters
from stream_processors.delivery import Delivery
from stream_processors.dependencies import until_up
from stream_processors.intake import Message
from stream_processors.metrics import Metrics
from stream_processors.warehouse_sink.block import block
from stream_processors.warehouse_sink.waiting import waited_s
from warehouse.rows import Row, heartbeat_row
from warehouse.writer import Writer

_log = logging.getLogger(__name__)


class WarehouseProcessor:
    """Inserts batches; a batch is acknowledged once ClickHouse has it."""

    def __init__(
        self,
        writer: Writer,
        delivery: Delivery,
        hashed: Hasher,
        ceiling: Ceiling,
        metrics: Metrics,
        clock_us: Callable[[], int] = lambda: time.time_ns() // 1_000,
    ) -> None:
        self._writer = writer
        self._hashed = hashed
        self._dead_letters = DeadLetters(delivery, ceiling, metrics, clock_us)
        self._metrics = metrics
        self._clock_us = clock_us

    async def process(self, messages: Sequence[Message]) -> None:
        """See :class:`stream_processors.worker.Processor`."""
        made = block(messages, self._hashed)
        self._metrics.take_heartbeats(made.beats)
        for message, poison in made.poison:
            await self.set_aside(message, poison)
        made.withdraw(await self._withdrawn(made.removals.accounts))
        made.settle(await self._known(made.in_question()))
        await until_up("clickhouse", lambda: self._writer.remove(made.removals), self._metrics)
        written = await until_up(
            "clickhouse", lambda: self._writer.insert(made.rows), self._metrics
        )
        for table, count in written.items():
            self._metrics.rows.labels(table).inc(count)
        self._observe(made.rows)
        for row in made.rows:
            for entry in row.values.get("placeholders", ()):
                self._metrics.placeholders.labels(entry.partition("|")[0]).inc()
        if made.beats:
            # Last: behind it all that came before is there.
            beats = [heartbeat_row(*beat) for beat in made.beats.items()]
            await until_up("clickhouse", lambda: self._writer.insert(beats), self._metrics)

    def _observe(self, rows: Sequence[Row]) -> None:
        for table, waits in waited_s(rows, self._clock_us()).items():
            waiting = self._metrics.commit_to_stored.labels(table)
            for wait_s in waits:
                waiting.observe(wait_s)

    async def _known(self, users: Collection[str]) -> dict[str, bool]:
        if not users:
            return {}
        return await until_up("clickhouse", lambda: self._writer.known(users), self._metrics)

    async def _withdrawn(self, erased: Collection[str]) -> dict[int, int]:
        if not erased:
            return {}
        return await until_up("clickhouse", lambda: self._writer.withdrawn(erased), self._metrics)

    async def set_aside(self, message: Message, poison: PoisonMessage) -> None:
        """See :class:`stream_processors.worker.Processor`."""
        if message.topic == Topic.DEAD_LETTER:
            # Setting aside what was set aside would go round for ever; it lies there already.
            where = {"partition": message.partition, "offset": message.offset}
            _log.error("an unreadable dead letter", extra={**where, "why": poison.reason})
            return
        await self._dead_letters.set_aside(message, poison)
