"""Messages into the source topics, beside Debezium's."""

from collections.abc import Iterable

from confluent_kafka import KafkaError, Message, Producer

from connectors.errors import DependencyDown
from connectors.kafka_client import client_config
from connectors.settings import Settings
from connectors.topics import MAX_MESSAGE_BYTES
from stream_processors.librdkafka import CRITICAL_ONLY
from stream_processors.reconcile.mend import SourceMessage

_TIMEOUT_S = 30.0


class SourceTopics:
    """Sends as Debezium does: by the key's partition, acknowledged by all replicas."""

    def __init__(self, settings: Settings) -> None:
        """Connects with the first message."""
        self._failed: list[KafkaError] = []
        self._producer = Producer(
            {
                **client_config(settings),
                "acks": "all",
                "enable.idempotence": True,
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "message.max.bytes": MAX_MESSAGE_BYTES,
                "delivery.timeout.ms": round(_TIMEOUT_S * 1_000),
                "log_level": CRITICAL_ONLY,
            }
        )

    def send(self, messages: Iterable[SourceMessage]) -> int:
        """Send messages in order; returns how many, when Kafka has them.

        Raises:
            DependencyDown: Kafka did not take all of them; sending them again does no harm.
        """
        count = 0
        for message in messages:
            self._produce(message)
            count += 1
        if self._producer.flush(_TIMEOUT_S + 1) or self._failed:
            raise DependencyDown(f"Kafka did not take all messages: {self._failed[:1]}")
        return count

    def _produce(self, message: SourceMessage) -> None:
        while True:
            try:
                self._producer.produce(
                    message.topic, message.value, message.key, on_delivery=self._delivered
                )
            except BufferError:
                self._producer.poll(0.1)
            else:
                self._producer.poll(0)
                return

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failed.append(error)
