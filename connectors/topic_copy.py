"""A topic's messages in a file, and back: keys, values, headers and times, in each key's order."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import ormsgpack
from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    Message,
    Producer,
    TopicPartition,
)

from connectors.errors import DependencyDown
from connectors.kafka_client import client_config
from connectors.lag import Offsets
from connectors.refusals import kafka_down
from connectors.settings import Settings
from connectors.topics import MAX_DEAD_LETTER_BYTES, Topic

_WAIT_S = 60.0
_LENGTH_BYTES = 4
_CRITICAL_ONLY = 2

Record = tuple[bytes | None, bytes | None, list[tuple[str, str | bytes | None]], int]
"""Key, value, headers, time in milliseconds since 1970."""


def copy(settings: Settings, topic: Topic, file: Path) -> int:
    """Copy a topic into a file, unless that is there already; returns its messages.

    Raises:
        DependencyDown: Kafka does not answer; no file is there then.
    """
    if not file.exists():
        unfinished = file.with_suffix(".part")
        with unfinished.open("wb") as out:
            for record in _records(settings, topic):
                packed = ormsgpack.packb(record)
                out.write(len(packed).to_bytes(_LENGTH_BYTES, "big") + packed)
        unfinished.rename(file)
    return sum(1 for _ in _read(file))


def _read(file: Path) -> Iterator[Record]:
    with file.open("rb") as spooled:
        while length := spooled.read(_LENGTH_BYTES):
            packed = spooled.read(int.from_bytes(length, "big"))
            key, value, headers, at_ms = ormsgpack.unpackb(packed)
            yield key, value, [(name, content) for name, content in headers], at_ms


def _records(settings: Settings, topic: Topic) -> Iterator[Record]:
    """Every message of a topic, those of a partition in their order."""
    consumer = Consumer(
        {
            **client_config(settings),
            "group.id": "promo-repartition",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 20,
            "fetch.message.max.bytes": MAX_DEAD_LETTER_BYTES,
            "log_level": _CRITICAL_ONLY,
        }
    )
    try:
        partitions = range(len(Offsets(settings).ends(topic)))
        consumer.assign([TopicPartition(topic.value, n, OFFSET_BEGINNING) for n in partitions])
        yield from _until_ends(consumer, len(partitions))
    finally:
        consumer.close()


def _until_ends(consumer: Consumer, partitions: int) -> Iterator[Record]:
    ended: set[int] = set()
    while len(ended) < partitions:
        message = consumer.poll(_WAIT_S)
        if message is None:
            raise DependencyDown("Kafka stopped answering in the middle of a topic")
        error = message.error()
        if error is None:
            yield _record(message)
        elif error.code() == KafkaError._PARTITION_EOF:
            ended.add(message.partition() or 0)
        else:
            raise kafka_down(error)


def _record(message: Message) -> Record:
    given = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    headers: list[tuple[str, str | bytes | None]] = list(given)
    return _bytes(message.key()), _bytes(message.value()), headers, message.timestamp()[1]


def _bytes(data: bytes | str | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data


def fill(settings: Settings, topic: Topic, file: Path) -> None:
    """Send a file's messages to a topic, partitioned by their keys.

    Raises:
        DependencyDown: Kafka did not take all of them.
    """
    failed: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(error)

    producer = Producer(
        {
            **client_config(settings),
            "acks": "all",
            "enable.idempotence": True,
            "partitioner": "murmur2_random",
            "message.max.bytes": MAX_DEAD_LETTER_BYTES,
            "compression.type": "lz4",
            "linger.ms": 50,
            "log_level": _CRITICAL_ONLY,
        }
    )
    for record in _read(file):
        _send(producer, topic, record, delivered)
    if producer.flush(_WAIT_S) or failed:
        raise DependencyDown(f"Kafka did not take all of {topic}; call this again")


def _send(
    producer: Producer,
    topic: Topic,
    record: Record,
    delivered: Callable[[KafkaError | None, Message], None],
) -> None:
    key, value, headers, at_ms = record
    while True:
        try:
            producer.produce(
                topic.value, value, key, timestamp=at_ms, headers=headers, on_delivery=delivered
            )
        except BufferError:
            producer.poll(0.1)
        else:
            producer.poll(0)
            return
