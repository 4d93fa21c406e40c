"""Close the segments of quiet partitions, so that they too are compacted.

Kafka closes a segment when a message comes, never by the clock alone: in a topic that nobody
writes to, an erased account's rows would lie for ever before their tombstone.
"""

import time
from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from connectors.errors import DependencyDown
from connectors.kafka_client import client_config
from connectors.settings import Settings
from connectors.topics import SEGMENT_MS, TOPICS, is_compacted

KEY = b"\xff"
"""Key of the tombstones that are sent: no text in UTF-8, so no account's and no code's."""

_TIMEOUT_S = 10.0


def close_quiet_segments(settings: Settings, quiet_ms: int = SEGMENT_MS) -> int:
    """Send a tombstone of nobody to every compacted partition that has been quiet for so long.

    Consumers read nothing from it, and compaction removes it again.

    Returns:
        How many were sent.

    Raises:
        DependencyDown: Kafka does not answer.
    """
    try:
        return _send(settings, _quiet(AdminClient(client_config(settings)), quiet_ms))
    except KafkaException as error:
        raise DependencyDown(
            f"Kafka at {settings.kafka_bootstrap} does not answer: {error}"
        ) from error


def _quiet(admin: AdminClient, quiet_ms: int) -> list[TopicPartition]:
    known = admin.list_topics(timeout=_TIMEOUT_S).topics
    partitions = [
        TopicPartition(topic.value, number)
        for topic in TOPICS
        if is_compacted(topic) and topic.value in known
        for number in known[topic.value].partitions
    ]
    newest = OffsetSpec.max_timestamp()  # type: ignore[no-untyped-call]
    asked = admin.list_offsets(dict.fromkeys(partitions, newest), request_timeout=_TIMEOUT_S)
    before_ms = time.time() * 1_000 - quiet_ms
    # A partition that never had a message has no newest one: its time is negative.
    return [place for place, found in asked.items() if 0 <= found.result().timestamp <= before_ms]


def _send(settings: Settings, partitions: Sequence[TopicPartition]) -> int:
    if not partitions:
        return 0
    failed: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(error)

    producer = Producer({**client_config(settings), "acks": "all"})
    for place in partitions:
        producer.produce(
            place.topic, key=KEY, value=None, partition=place.partition, on_delivery=delivered
        )
    left = producer.flush(_TIMEOUT_S)
    if failed or left:
        raise DependencyDown(
            f"Kafka took {len(partitions) - left - len(failed)} of"
            f" {len(partitions)} messages that close segments"
        )
    return len(partitions)
