"""What arrives on the output topics, and when: a consumer as a shop would run one."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orjson
from confluent_kafka import OFFSET_END, Consumer, TopicPartition

from connectors.kafka_client import client_config
from connectors.settings import Settings
from connectors.topics import MAX_MESSAGE_BYTES, Topic

TOPICS = (Topic.RISK_SCORES, Topic.ABUSE_ALERTS)
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Arrival:
    """A score or alert in a consumer's hands; ``at`` is in seconds since 1970."""

    topic: str
    user_id: str
    trigger: str
    at: float


class Arrivals:
    """Collects what arrives from now on, in a thread."""

    def __init__(self, settings: Settings) -> None:
        self.seen: list[Arrival] = []
        self._stopping = threading.Event()
        self._consumer = Consumer(
            {
                **client_config(settings),
                "group.id": "bench-arrivals",
                "enable.auto.commit": False,
                "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
                "log_level": 3,
            }
        )
        ends = [
            TopicPartition(topic.value, partition, self._end(topic, partition))
            for topic in TOPICS
            for partition in range(settings.kafka_partitions)
        ]
        self._consumer.assign(ends)
        self._thread = threading.Thread(target=self._run, name="arrivals", daemon=True)
        self._thread.start()

    def _end(self, topic: Topic, partition: int) -> int:
        # A number, so that nothing is missed however late the first fetch is.
        found = self._consumer.get_watermark_offsets(TopicPartition(topic.value, partition), 10.0)
        return OFFSET_END if found is None else found[1]

    def _run(self) -> None:
        while not self._stopping.is_set():
            message = self._consumer.poll(_POLL_S)
            if message is None or message.error() is not None:
                continue
            at, topic, value = time.time(), message.topic(), message.value()
            if topic is not None and value is not None:
                document = orjson.loads(value)
                self.seen.append(Arrival(topic, document["user_id"], document["trigger"], at))

    def close(self) -> None:
        """Stop collecting."""
        self._stopping.set()
        self._thread.join()
        self._consumer.close()


@contextmanager
def arrivals(settings: Settings) -> Iterator[list[Arrival]]:
    """A list that grows by what arrives within the block."""
    collecting = Arrivals(settings)
    try:
        yield collecting.seen
    finally:
        collecting.close()
