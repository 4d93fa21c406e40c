"""A plain confluent-kafka loop around production's processor, in production's batches.

Not a worker that one would run: no back-pressure, no supervision of single messages. It shows
what Faust costs.
"""

import asyncio
import signal
from types import FrameType

from confluent_kafka import Consumer
from confluent_kafka import Message as Received

from benchmarks.peers.processing import make_processor
from connectors.kafka_client import client_config
from connectors.settings import Settings, load_settings
from connectors.topics import MAX_MESSAGE_BYTES, SCORING_SOURCES
from stream_processors.delivery import Delivery
from stream_processors.intake import Message
from stream_processors.metrics import Metrics
from stream_processors.scoring.__main__ import BATCH

GROUP = "bench-plain-loop"
_POLL_S = 0.05


class Loop:
    """Consumes, processes, stores offsets; they are committed every second."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._metrics = Metrics()
        self._stopping = False

    def stop(self, number: int, frame: FrameType | None) -> None:
        """End after the batch at hand."""
        self._stopping = True

    async def run(self) -> None:
        """Process until stopped."""
        consumer = _consumer(self._settings)
        with Delivery(self._settings, GROUP) as delivery:
            processor = make_processor(self._settings, delivery, self._metrics)
            self._metrics.serve("127.0.0.1", self._settings.scoring_metrics_port(0))
            while not self._stopping:
                received = [m for m in consumer.consume(BATCH, _POLL_S) if m.error() is None]
                if received:
                    messages = [_message(one) for one in received]
                    await processor.process(messages)
                    self._acknowledge(consumer, received, messages)
        consumer.close()

    def _acknowledge(
        self, consumer: Consumer, received: list[Received], messages: list[Message]
    ) -> None:
        for one, message in zip(received, messages, strict=True):
            consumer.store_offsets(message=one)
            self._metrics.events.labels(message.topic).inc()


def _consumer(settings: Settings) -> Consumer:
    consumer = Consumer(
        {
            **client_config(settings),
            "group.id": GROUP,
            "auto.offset.reset": "earliest",
            "enable.auto.offset.store": False,
            "auto.commit.interval.ms": 1_000,
            "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
            "log_level": 3,
        }
    )
    consumer.subscribe([topic.value for topic in SCORING_SOURCES])
    return consumer


def _message(received: Received) -> Message:
    topic, partition, offset = received.topic(), received.partition(), received.offset()
    assert topic is not None
    assert partition is not None
    assert offset is not None
    return Message(topic, partition, offset, _bytes(received.key()), _bytes(received.value()))


def _bytes(data: bytes | str | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data


def main() -> None:
    """Run until terminated."""
    loop = Loop(load_settings())
    signal.signal(signal.SIGTERM, loop.stop)
    asyncio.run(loop.run())


if __name__ == "__main__":
    main()
