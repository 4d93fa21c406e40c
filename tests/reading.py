"""Reading topics in tests: from the beginning, until what is expected has come."""

import time
from collections.abc import Callable, Sequence
from typing import cast

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from connectors.kafka_client import client_config
from connectors.settings import Settings
from connectors.topics import MAX_MESSAGE_BYTES

POLL_S = 0.1


def read_topic(
    settings: Settings,
    topic: str,
    enough: Callable[[Sequence[Message]], bool],
    timeout_s: float = 20.0,
) -> list[Message]:
    """All messages of a topic from its beginning until they are enough.

    Raises:
        TimeoutError: they were not; the message says how many came.
    """
    consumer = Consumer(
        {
            **client_config(settings),
            "group.id": "tests-reading",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
        }
    )
    messages: list[Message] = []
    deadline = time.monotonic() + timeout_s
    try:
        consumer.assign(_all_partitions(consumer, topic))
        while not enough(messages):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(messages)} messages in {topic}, more were expected")
            message = consumer.poll(POLL_S)
            if message is not None and message.error() is None:
                messages.append(message)
    finally:
        consumer.close()
    return messages


def _all_partitions(consumer: Consumer, topic: str) -> list[TopicPartition]:
    partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
    return [TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in partitions]


def headers_of(message: Message) -> list[tuple[str, bytes]]:
    """A message's headers, in order."""
    return cast("list[tuple[str, bytes]]", message.headers() or [])


def eventually(holds: Callable[[], bool], what: str, timeout_s: float = 20.0) -> None:
    """Wait until a condition holds.

    Raises:
        TimeoutError: it did not; the message is ``what``.
    """
    deadline = time.monotonic() + timeout_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout_s:.0f} s: {what}")
        time.sleep(POLL_S)
