"""Messages out: delivered and acknowledged by every in-sync replica, or an error."""

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from connectors.kafka_client import client_config
from connectors.refusals import kafka_down
from connectors.settings import Settings
from connectors.topics import MAX_DEAD_LETTER_BYTES
from stream_processors.librdkafka import CRITICAL_ONLY, ends_client

_DELIVERY_TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish; a ``value`` of None is a tombstone."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Mapping[str, bytes] = field(default_factory=dict)


class Delivery:
    """An idempotent producer whose calls end when all of their messages are delivered.

    Keys are partitioned as by Kafka's Java clients (murmur2), so that an account has the same
    partition number in every topic.
    """

    def __init__(
        self, settings: Settings, client_id: str, timeout_ms: int = _DELIVERY_TIMEOUT_MS
    ) -> None:
        """Make a producer; it connects when it has something to send.

        Args:
            settings: where the broker is, and as whom to speak to it.
            client_id: how the broker knows it.
            timeout_ms: how long a message may wait for its acknowledgement.
        """
        self._settings = {
            **client_config(settings),
            "client.id": client_id,
            "acks": "all",
            "enable.idempotence": True,
            "linger.ms": 0,
            "partitioner": "murmur2_random",
            "message.max.bytes": MAX_DEAD_LETTER_BYTES,
            "delivery.timeout.ms": timeout_ms,
            "compression.type": "lz4",
            "log_level": CRITICAL_ONLY,
        }
        self._producer = Producer(self._settings)
        self._closing = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="delivery", daemon=True)
        self._poller.start()

    async def deliver(self, messages: Sequence[Outgoing]) -> frozenset[str]:
        """Publish messages; returns when the broker has acknowledged all of them.

        Returns:
            The partitions in which they lie, each ``<topic>-<partition>``.

        Raises:
            DependencyDown: a message was not acknowledged in time. Some of them may have been
                delivered, so the caller's messages must be harmless when repeated.
        """
        if not messages:
            return frozenset()
        pending = _Pending(len(messages), asyncio.get_running_loop())
        for message in messages:
            await self._send(message, pending)
        return await pending.done

    async def _send(self, message: Outgoing, pending: "_Pending") -> None:
        while True:
            try:
                self._producer.produce(
                    message.topic,
                    key=message.key,
                    value=message.value,
                    headers=list(message.headers.items()),
                    on_delivery=pending.delivered,
                )
                return
            except BufferError:
                await asyncio.sleep(0.01)
            except KafkaException as error:
                if ends_client(error.args[0]):
                    # An idempotent producer that lost its place in a partition never sends again.
                    self._producer = Producer(self._settings)
                raise kafka_down(error) from error

    def _poll(self) -> None:
        while not self._closing.is_set():
            self._producer.poll(0.1)

    def close(self) -> None:
        """Deliver what is left and stop."""
        self._producer.flush(5.0)
        self._closing.set()
        self._poller.join()

    def __enter__(self) -> "Delivery":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Pending:
    """Counts one call's deliveries; wakes its caller once, from the polling thread."""

    def __init__(self, count: int, loop: asyncio.AbstractEventLoop) -> None:
        self._left = count
        self._loop = loop
        self._error: KafkaError | None = None
        self._sources: set[str] = set()
        self.done: asyncio.Future[frozenset[str]] = loop.create_future()

    def delivered(self, error: KafkaError | None, message: Message) -> None:
        self._error = error or self._error
        self._sources.add(f"{message.topic()}-{message.partition()}")
        self._left -= 1
        if self._left == 0:
            self._loop.call_soon_threadsafe(self._finish)

    def _finish(self) -> None:
        if self.done.done():
            return
        if self._error is None:
            self.done.set_result(frozenset(self._sources))
        else:
            self.done.set_exception(kafka_down(self._error))
