"""Sending dead letters again: the original key and bytes to the original partition, each once.

A source topic is compacted: an old row that is sent again behind a newer one of its key would
in time be all that is left of it. Such a row is not sent: whatever it said, the newer one,
which was processed, says now.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from connectors.errors import DependencyDown
from connectors.kafka_client import client_config
from connectors.refusals import kafka_down
from connectors.settings import Settings
from connectors.topics import MAX_MESSAGE_BYTES, TOPICS, Topic
from stream_processors.dead_letters_cli.entries import (
    TIMEOUT_S,
    Entry,
    Letter,
    Position,
    consumer_of,
    letters,
    messages,
)
from stream_processors.librdkafka import CRITICAL_ONLY

_POLICY = "cleanup.policy"


@dataclass(slots=True)
class Replayed:
    """What a replay did with the letters that had not been sent again before.

    Attributes:
        sent: to their topics.
        repeated: the same message was set aside twice and is sent once.
        superseded: a newer row of the same key came after it.
        foreign: its topic is not one of ours.
    """

    sent: int = 0
    repeated: int = 0
    superseded: int = 0
    foreign: int = 0


def replay(settings: Settings) -> Replayed:
    """Send every dead letter that was not sent again yet; what is poison still comes back.

    Stopped in the middle, the next call goes on; the one letter being sent may go out twice.

    Raises:
        DependencyDown: Kafka does not answer or does not take a message.
    """
    consumer = consumer_of(settings)
    try:
        return _replay(consumer, _producer(settings))
    finally:
        consumer.close()


def _replay(consumer: Consumer, producer: Producer) -> Replayed:
    entries = [letter.entry for letter in letters(consumer)]
    fresh = {entry.place: entry for entry in entries if not entry.replayed}
    handled = {entry.position for entry in entries if entry.replayed}
    superseded = _superseded(consumer, fresh.values())
    done = Replayed()
    for letter in letters(consumer):
        entry = letter.entry
        if entry.place not in fresh:
            continue
        if entry.topic not in TOPICS:
            done.foreign += 1
        elif entry.position in handled:
            done.repeated += 1
        elif entry.position in superseded:
            done.superseded += 1
        else:
            _send(producer, letter)
            done.sent += 1
        handled.add(entry.position)
        _remember(consumer, entry)
    return done


def _superseded(consumer: Consumer, entries: Iterable[Entry]) -> set[Position]:
    """The positions behind which a compacted topic holds a newer message of the same key."""
    found = set()
    for (topic, partition), some in _by_partition(entries).items():
        newest = {entry.key: entry.offset for entry in some}
        for message in messages(consumer, topic, {partition: min(newest.values())}):
            if message.key() in newest:
                newest[message.key()] = message.offset() or 0
        found |= {entry.position for entry in some if newest[entry.key] > entry.offset}
    return found


def _by_partition(entries: Iterable[Entry]) -> dict[tuple[str, int], list[Entry]]:
    found = defaultdict(list)
    for entry in entries:
        compacted = (
            entry.topic in TOPICS and "compact" in TOPICS[Topic(entry.topic)].config[_POLICY]
        )
        if compacted and entry.key is not None:
            found[entry.topic, entry.partition].append(entry)
    return found


def _producer(settings: Settings) -> Producer:
    return Producer(
        {
            **client_config(settings),
            "acks": "all",
            "enable.idempotence": True,
            "message.max.bytes": MAX_MESSAGE_BYTES,
            "delivery.timeout.ms": round(TIMEOUT_S * 1000),
            "compression.type": "lz4",
            "log_level": CRITICAL_ONLY,
        }
    )


def _send(producer: Producer, letter: Letter) -> None:
    entry = letter.entry
    failures: list[KafkaError] = []

    def delivered(error: KafkaError | None, _: object) -> None:
        if error is not None:
            failures.append(error)

    producer.produce(
        entry.topic, letter.value, entry.key, partition=entry.partition, on_delivery=delivered
    )
    if producer.flush(TIMEOUT_S + 1) or failures:
        raise DependencyDown(f"Kafka did not take a letter again: {failures}")


def _remember(consumer: Consumer, entry: Entry) -> None:
    partition, offset = entry.place
    done = TopicPartition(Topic.DEAD_LETTER.value, partition, offset + 1)
    try:
        consumer.commit(offsets=[done], asynchronous=False)
    except KafkaException as error:
        raise kafka_down(error) from error
