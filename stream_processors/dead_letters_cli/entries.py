"""Reading the dead-letter topic."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from connectors.errors import DependencyDown
from connectors.kafka_client import client_config
from connectors.refusals import kafka_down
from connectors.settings import Settings
from connectors.topics import MAX_MESSAGE_BYTES, Topic
from stream_processors.librdkafka import CRITICAL_ONLY

REPLAY_GROUP = "promo-dead-letter-replay"
"""Its committed offset says up to where dead letters were sent again."""

TIMEOUT_S = 10.0
_POLL_S = 1.0

Position = tuple[str, int, int]
"""``(topic, partition, offset)`` at which a message originally lay."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One dead letter, without its bytes.

    Attributes:
        place: partition and offset in the dead-letter topic.
        topic, partition, offset: where the message originally lay.
        key: its key; as it may be personal, it is not for showing.
        stage, reason: where and why it was set aside.
        failed_at_us: when, microseconds since 1970 UTC.
        size: of the original value, bytes.
        replayed: it was sent again.
    """

    place: tuple[int, int]
    topic: str
    partition: int
    offset: int
    key: bytes | None
    stage: str
    reason: str
    failed_at_us: int
    size: int
    replayed: bool

    @property
    def position(self) -> Position:
        """Where the message originally lay."""
        return self.topic, self.partition, self.offset


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter with its original bytes."""

    entry: Entry
    value: bytes | None


def consumer_of(settings: Settings) -> Consumer:
    """A consumer of the replay group that commits only when told to."""
    return Consumer(
        {
            **client_config(settings),
            "group.id": REPLAY_GROUP,
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
            "log_level": CRITICAL_ONLY,
        }
    )


def letters(consumer: Consumer) -> Iterator[Letter]:
    """Everything that lies in the dead-letter topic now, oldest first, one at a time.

    Messages without the headers of a dead letter are left out: nothing can be done with them.

    Raises:
        DependencyDown: Kafka does not answer.
    """
    done = replayed_up_to(consumer)
    for message in messages(consumer, Topic.DEAD_LETTER, dict.fromkeys(done, 0)):
        letter = _letter(message, done)
        if letter is not None:
            yield letter


def replayed_up_to(consumer: Consumer) -> dict[int, int]:
    """By partition of the dead-letter topic, the first offset that was not sent again.

    Raises:
        DependencyDown: Kafka does not answer.
    """
    try:
        known = consumer.list_topics(Topic.DEAD_LETTER.value, timeout=TIMEOUT_S).topics
        partitions = known[Topic.DEAD_LETTER.value].partitions
        asked = [TopicPartition(Topic.DEAD_LETTER.value, n) for n in partitions]
        return {p.partition: max(0, p.offset) for p in consumer.committed(asked, TIMEOUT_S)}
    except KafkaException as error:
        raise kafka_down(error) from error


def messages(consumer: Consumer, topic: str, starts: Mapping[int, int]) -> Iterator[Message]:
    """The messages of some partitions of a topic, from offsets on to the present ends.

    Raises:
        DependencyDown: Kafka does not answer.
    """
    ends = {n: _end(consumer, topic, n) for n in starts}
    left = {n for n, start in starts.items() if ends[n] > start}
    consumer.assign([TopicPartition(topic, n, starts[n]) for n in left])
    while left:
        message = consumer.poll(TIMEOUT_S)
        if message is None:
            raise DependencyDown(f"Kafka sends nothing of {topic}")
        partition, offset, error = message.partition(), message.offset(), message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            raise kafka_down(error)
        if error is None and partition in left and (offset or 0) < ends[partition]:
            yield message
        if partition in left and (error is not None or (offset or 0) >= ends[partition] - 1):
            left.discard(partition)
    consumer.unassign()


def newest(entries: Iterable[Entry]) -> list[Entry]:
    """One entry for each original position, its newest; in order of failure."""
    found = {entry.position: entry for entry in sorted(entries, key=lambda e: e.failed_at_us)}
    return sorted(found.values(), key=lambda entry: entry.failed_at_us)


def _end(consumer: Consumer, topic: str, partition: int) -> int:
    try:
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), TIMEOUT_S)
    except KafkaException as error:
        raise kafka_down(error) from error
    return end


def _letter(message: Message, done: Mapping[int, int]) -> Letter | None:
    pairs = cast(list[tuple[str, bytes | None]], message.headers() or [])
    headers = {name: value or b"" for name, value in pairs}
    place = (message.partition() or 0, message.offset() or 0)
    value = message.value()
    try:
        entry = Entry(
            place=place,
            topic=headers["topic"].decode(),
            partition=int(headers["partition"]),
            offset=int(headers["offset"]),
            key=message.key(),
            stage=headers["stage"].decode("utf-8", "replace"),
            reason=headers["error"].decode("utf-8", "replace"),
            failed_at_us=int(headers["failed_at"]),
            size=len(value or b""),
            replayed=place[1] < done[place[0]],
        )
    except (KeyError, ValueError):
        return None
    return Letter(entry, value)
