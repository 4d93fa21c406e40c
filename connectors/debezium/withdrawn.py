"""Deletions that Debezium did not see: of rows that the source topics tell and no table has."""

import time
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path

import orjson
from confluent_kafka import KafkaError, Message, Producer

from connectors import source
from connectors.debezium.standing import KEY_COLUMNS, Standing
from connectors.errors import DependencyDown
from connectors.kafka_client import client_config
from connectors.settings import Settings
from connectors.source.session import Connection
from connectors.topics import MAX_MESSAGE_BYTES, Topic

_AT_ONCE = 10_000
_TIMEOUT_S = 30.0
_FOLDER = Path(source.__file__).parent
_QUESTIONS: Mapping[Topic, str] = {
    Topic.USERS: "gone_from_users.sql",
    Topic.PROMO_CODES: "gone_from_promo_codes.sql",
    Topic.PROMO_USAGES: "gone_from_promo_usages.sql",
}


def gone(connection: Connection, topic: Topic, found: Standing) -> Iterator[bytes]:
    """The keys of a topic's rows that its table does not have."""
    question, keys = (_FOLDER / _QUESTIONS[topic]).read_bytes(), iter(found.rows)
    while some := list(islice(keys, _AT_ONCE)):
        by_column = {_key_column(topic, found.rows[key]): key for key in some}
        for (column,) in connection.execute(question, (list(by_column),)):
            yield by_column[column]


def deletion(envelope: bytes, version: int, now_us: int) -> bytes:
    """The envelope that Debezium writes of a row's deletion, from the row's newest one. Pure."""
    told = orjson.loads(envelope)
    at = {"lsn": version, "ts_us": now_us, "ts_ms": now_us // 1_000, "snapshot": "false"}
    source_of = {**told["source"], **at}
    return orjson.dumps(
        {**told, "op": "d", "before": told["after"], "after": None, "source": source_of}
    )


class Withdrawer:
    """Tells source topics of deletions, each followed by its tombstone, as Debezium does."""

    def __init__(self, settings: Settings) -> None:
        """Connects with the first message."""
        self._failed: list[KafkaError] = []
        self._producer = Producer(
            {
                **client_config(settings),
                "acks": "all",
                "enable.idempotence": True,
                "compression.type": "lz4",
                "message.max.bytes": MAX_MESSAGE_BYTES,
                "delivery.timeout.ms": round(_TIMEOUT_S * 1_000),
            }
        )

    def withdraw(
        self, topic: Topic, partition: int, found: Standing, keys: list[bytes], version: int
    ) -> None:
        """Tell that rows are gone, as of a version; returns when Kafka has it.

        Raises:
            DependencyDown: Kafka did not take all of it; telling it again does no harm.
        """
        now_us = time.time_ns() // 1_000
        for key in keys:
            for value in (deletion(found.rows[key], version, now_us), None):
                self._producer.produce(
                    topic, value, key, partition=partition, on_delivery=self._delivered
                )
                self._producer.poll(0)
        if self._producer.flush(_TIMEOUT_S + 1) or self._failed:
            raise DependencyDown(f"Kafka did not take the deletions of {topic}: {self._failed[:1]}")

    def _delivered(self, error: KafkaError | None, _: Message) -> None:
        if error is not None:
            self._failed.append(error)


def _key_column(topic: Topic, envelope: bytes) -> str:
    return str(orjson.loads(envelope)["after"][KEY_COLUMNS[topic]])
