"""One consumer of the alerts' topic. All calls block: they are for a thread of their own."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never, cast

from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka import Message as Received

from api.alert_stream.position import Ends, Now, Resumed, Since, Start, resumed
from connectors.errors import DependencyDown
from connectors.kafka_client import client_config
from connectors.refusals import kafka_down
from connectors.settings import Settings
from connectors.topics import Topic
from stream_processors.librdkafka import CRITICAL_ONLY, ends_client

_log = logging.getLogger(__name__)
_TOPIC = Topic.ABUSE_ALERTS.value
_TIMEOUT_S = 1.5
_AT_ONCE = 100
_BUFFER_KB = 1_024


@dataclass(frozen=True, slots=True)
class Message:
    """A message where it lies."""

    partition: int
    offset: int
    value: bytes


class AlertReader:
    """Reads all partitions without a group: nothing is committed, nobody is rebalanced.

    While Kafka is away it waits, and goes on where it was.

    Attributes:
        is_lost: the consumer is past help; whoever reads must begin anew from its position.
    """

    def __init__(self, settings: Settings) -> None:
        # Closing waits for a read that is under way.
        self._turn = threading.Lock()
        self.is_lost = False
        self._consumer = Consumer(
            {
                **client_config(settings),
                "client.id": "promo-api-alerts",
                "group.id": "promo-api-alerts",  # the library wants one; nobody joins it
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                # For offsets that retention takes away while a client is slow.
                "auto.offset.reset": "earliest",
                # A partition that is ready after a fetch was sent waits that long for the next.
                "fetch.wait.max.ms": 250,
                "fetch.message.max.bytes": 262_144,
                "fetch.max.bytes": 1_048_576,
                "queued.max.messages.kbytes": _BUFFER_KB,
                "reconnect.backoff.max.ms": 1_000,
                "log_level": CRITICAL_ONLY,
            }
        )

    def start(self, start: Start) -> list[int]:
        """Begin to read; returns the next offset of every partition.

        Raises:
            UnusablePosition: an event's id does not fit the topic.
            DependencyDown: Kafka does not answer.
        """
        with self._turn:
            try:
                offsets = self._offsets(start)
                self._consumer.assign(
                    [TopicPartition(_TOPIC, place, offset) for place, offset in enumerate(offsets)]
                )
            except KafkaException as error:
                raise kafka_down(error) from error
        return offsets

    def read(self, within_s: float) -> list[Message]:
        """What has come, in each partition's order; nothing if nothing comes in time."""
        with self._turn:
            first = self._consumer.poll(within_s)
            if first is None:
                return []
            received = [first, *self._consumer.consume(_AT_ONCE - 1, 0)]
        return [_message(one) for one in received if self._is_message(one)]

    def close(self) -> None:
        """Give the connection back."""
        with self._turn:
            self._consumer.close()

    def _offsets(self, start: Start) -> list[int]:
        partitions = self._partitions()
        match start:
            case Now():
                return [ends.high for ends in partitions]
            case Since():
                return self._first_since(start.moment_ms, partitions)
            case Resumed():
                return resumed(start.event_id, partitions)
            case _:
                assert_never(start)

    def _partitions(self) -> list[Ends]:
        known = self._consumer.list_topics(_TOPIC, _TIMEOUT_S).topics[_TOPIC]
        if known.error is not None:
            raise kafka_down(known.error)
        return [self._ends(place) for place in range(len(known.partitions))]

    def _ends(self, place: int) -> Ends:
        found = self._consumer.get_watermark_offsets(TopicPartition(_TOPIC, place), _TIMEOUT_S)
        if found is None:
            raise DependencyDown("Kafka: no answer in time")
        return Ends(*found)

    def _first_since(self, moment_ms: int, partitions: Sequence[Ends]) -> list[int]:
        asked = [TopicPartition(_TOPIC, place, moment_ms) for place in range(len(partitions))]
        found = self._consumer.offsets_for_times(asked, _TIMEOUT_S)
        # Negative: nothing was published since then.
        return [
            one.offset if one.offset >= 0 else ends.high
            for one, ends in zip(found, partitions, strict=True)
        ]

    def _is_message(self, received: Received) -> bool:
        error = received.error()
        if error is not None:
            self.is_lost = self.is_lost or ends_client(error)
            _log.warning("an alert stream's consumer reports", extra={"why": str(error)})
        return error is None and received.value() is not None


def _message(received: Received) -> Message:
    place, offset = cast(int, received.partition()), cast(int, received.offset())
    return Message(place, offset, cast(bytes, received.value()))
