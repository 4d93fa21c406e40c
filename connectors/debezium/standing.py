"""What the source topics say of the tables: the rows that stand, and the newest version of all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from connectors.envelope import is_key_alone
from connectors.errors import DependencyDown
from connectors.kafka_client import client_config
from connectors.lag import Ends
from connectors.refusals import kafka_down
from connectors.settings import Settings
from connectors.topics import MAX_MESSAGE_BYTES, Topic

KEY_COLUMNS: Mapping[Topic, str] = {
    Topic.USERS: "user_id",
    Topic.PROMO_CODES: "promo_code",
    Topic.PROMO_USAGES: "usage_id",
}
"""The primary key of the table behind each source topic."""

_TIMEOUT_S = 10.0
_CRITICAL_ONLY = 2


@dataclass(frozen=True, slots=True)
class Standing:
    """One partition of a source topic, read to its end.

    Attributes:
        rows: the newest envelope of every row that was not deleted, by the message's key.
        version: the highest ``source.lsn`` seen; 0 where there is none.
    """

    rows: Mapping[bytes, bytes]
    version: int


def standing(settings: Settings, topic: Topic, partition: int, ends: Ends) -> Standing:
    """Read a partition up to an end; about a kilobyte of memory for each row.

    What no consumer can read either is passed over.

    Raises:
        DependencyDown: Kafka does not answer.
    """
    rows: dict[bytes, bytes] = {}
    unread = set[bytes]()
    version = 0
    for message in _messages(settings, topic, partition, ends):
        key, value = message.key(), message.value()
        if value is None:
            if key not in unread:
                rows.pop(key or b"", None)
            continue
        envelope = _envelope(value)
        if envelope is None or key is None:
            continue
        version = max(version, int(envelope["source"]["lsn"]))
        if KEY_COLUMNS[topic] in (envelope.get("after") or {}):
            rows[key] = value
            unread.discard(key)
        elif is_key_alone(envelope):
            unread.add(key)  # nobody could follow this deletion: it has to be told again
        else:
            rows.pop(key, None)
    return Standing(rows, version)


def _envelope(value: bytes) -> dict[str, Any] | None:
    try:
        envelope = orjson.loads(value)
        int(envelope["source"]["lsn"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        return None
    return dict(envelope)


def _messages(settings: Settings, topic: Topic, partition: int, ends: Ends) -> Iterator[Message]:
    consumer = Consumer(
        {
            **client_config(settings),
            "group.id": "promo-standing",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.message.max.bytes": MAX_MESSAGE_BYTES,
            "log_level": _CRITICAL_ONLY,
        }
    )
    try:
        consumer.assign([TopicPartition(topic, partition, ends.start)])
        at = ends.start
        while at < ends.end:
            message = consumer.poll(_TIMEOUT_S)
            if message is None:
                raise DependencyDown(f"Kafka sends nothing of {topic}")
            error = message.error()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                return  # compaction has removed the newest
            if error is not None:
                raise kafka_down(error)
            at = (message.offset() or 0) + 1
            yield message
    finally:
        consumer.close()
