"""Large batches straight from Kafka, past Faust's streams.

Faust costs the same for every message, however many are handled together: at 300 events a second
it was two thirds of what the warehouse worker did. Where a batch lingers anyway, librdkafka
collects it in a thread, in a few large fetches.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka import Message as Received

from connectors.kafka_client import client_config
from connectors.refusals import kafka_down
from connectors.settings import Settings
from connectors.topics import MAX_DEAD_LETTER_BYTES, Topic
from stream_processors.dependencies import until_up
from stream_processors.intake import Message
from stream_processors.librdkafka import CRITICAL_ONLY, ends_client
from stream_processors.metrics import Metrics

_log = logging.getLogger(__name__)
_DAY_MS = 86_400_000
_BUFFER_KB = 65_536
_REJOIN_PAUSE_S = 1.0


class KafkaIntake:
    """A :class:`stream_processors.intake.Intake` on a consumer of its own.

    Args:
        settings: where the broker is.
        topics: what to consume, from the beginning at first.
        group: consumer group.
        slot: this process's number in it (static membership: a restart is no rebalance).
        size: most messages in a batch.
        linger_s: how long a batch is collected.
        metrics: told whether Kafka answers.
        on_assigned: called at every assignment of partitions.
    """

    def __init__(
        self,
        settings: Settings,
        topics: Sequence[Topic],
        group: str,
        slot: int,
        *,
        size: int,
        linger_s: float,
        metrics: Metrics,
        on_assigned: Callable[[], None],
    ) -> None:
        self._size, self._linger_s, self._metrics = size, linger_s, metrics
        self._topics, self._on_assigned = [topic.value for topic in topics], on_assigned
        self._ended = self._is_lost = False
        self._settings = {
            **client_config(settings),
            "group.id": group,
            "group.instance.id": f"{group}-{slot}",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            "session.timeout.ms": 6_000,
            "heartbeat.interval.ms": 1_000,
            # A batch may wait for a dependency for as long as that is down.
            "max.poll.interval.ms": _DAY_MS,
            "fetch.min.bytes": 262_144,
            "fetch.wait.max.ms": 100,
            "fetch.message.max.bytes": MAX_DEAD_LETTER_BYTES,
            "fetch.max.bytes": 2 * MAX_DEAD_LETTER_BYTES,
            "queued.max.messages.kbytes": _BUFFER_KB,
            "log_level": CRITICAL_ONLY,
        }
        self._consumer = self._joined()

    def _joined(self) -> Consumer:
        consumer = Consumer(self._settings)
        consumer.subscribe(self._topics, on_assign=lambda *_: self._on_assigned())
        return consumer

    async def batches(self) -> AsyncIterator[Sequence[Message]]:
        """Batches until :meth:`end`. See :class:`stream_processors.intake.Intake`."""
        while not self._ended:
            received = await asyncio.to_thread(self._consumer.consume, self._size, self._linger_s)
            messages = [_message(one) for one in received if one.error() is None]
            for error in [error for one in received if (error := one.error()) is not None]:
                self._note(error, "the consumer reports")
            if messages:
                yield messages
            if self._is_lost:
                await self._rejoin()

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """Commit the offsets; returns when the broker has them.

        Partitions that were taken away meanwhile are somebody else's to acknowledge.
        """
        newest: dict[tuple[str, int], int] = {}
        for message in messages:
            newest[message.topic, message.partition] = message.offset + 1
        offsets = [TopicPartition(*place, offset) for place, offset in newest.items()]
        if offsets:
            await until_up("kafka", lambda: self._commit(offsets), self._metrics)

    def _note(self, error: KafkaError, what: str) -> None:
        self._is_lost = self._is_lost or ends_client(error)
        _log.warning(what, extra={"why": str(error)})

    async def _rejoin(self) -> None:
        """Replace a consumer that is past help; what it had not acknowledged comes again.

        A broker that comes back from a crash may refuse a commit that was under way as one of a
        fenced member: for librdkafka that is the end, for the group a new member of the same name
        is welcome. The pause slows down two processes that were given one slot by mistake.
        """
        await asyncio.to_thread(self._consumer.close)
        await asyncio.sleep(_REJOIN_PAUSE_S)
        self._consumer, self._is_lost = self._joined(), False
        _log.warning("joined the group again as a new member")

    async def _commit(self, offsets: list[TopicPartition]) -> None:
        try:
            await asyncio.to_thread(self._consumer.commit, offsets=offsets, asynchronous=False)
        except KafkaException as error:
            reason = error.args[0]
            if reason.retriable():
                raise kafka_down(error) from error
            self._note(reason, "not acknowledged, it comes again")

    def end(self) -> None:
        """End :meth:`batches` after the batch that is under way."""
        self._ended = True

    def close(self) -> None:
        """Give the connection back."""
        self._consumer.close()


def _message(received: Received) -> Message:
    return Message(
        cast(str, received.topic()),
        cast(int, received.partition()),
        cast(int, received.offset()),
        received.key(),
        received.value(),
        tuple(cast("list[tuple[str, bytes]]", received.headers() or [])),
    )
