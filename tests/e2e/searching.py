"""Reading everything that a stack has stored, to find who should not be in it."""

import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition
from redis import Redis

from connectors.kafka_client import client_config
from connectors.settings import Settings, required
from connectors.topics import MAX_DEAD_LETTER_BYTES, Topic
from tests.reading import eventually, headers_of
from warehouse.client import writer

_PHYSICALLY = {"apply_mutations_on_fly": 0}


def files(folder: Path, but: str = "") -> Iterator[tuple[str, bytes]]:
    """Every file below a folder but those named so; one that is removed meanwhile is not there."""
    for path in sorted(folder.rglob("*")):
        try:
            if path.is_file() and not (but and path.match(but)):
                yield str(path.relative_to(folder)), path.read_bytes()
        except FileNotFoundError:
            continue


def in_redis(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Every key of the store, with the key and all that it holds."""
    password = required(settings.redis_password, "redis_password")
    with Redis(port=settings.redis_port, password=password) as redis:
        for key in redis.scan_iter(count=1_000):
            yield key.decode("utf-8", "replace"), b"\n".join([key, *_content(redis, key)])


def rewrite_the_append_only_file(settings: Settings, timeout_s: float = 20.0) -> None:
    """Have Redis write what it holds, and forget how that came about."""
    password = required(settings.redis_password, "redis_password")
    with Redis(port=settings.redis_port, password=password) as redis:
        redis.bgrewriteaof()
        eventually(
            lambda: not any(redis.info("persistence")[f"aof_rewrite_{w}"] for w in _UNDER_WAY),
            "the append-only file is rewritten",
            timeout_s,
        )


def in_clickhouse(settings: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every row of every table as its files have it, with the table's name."""
    client = writer(settings)
    try:
        names = client.query(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine != 'View'"
        )
        for (table,) in names.result_rows:
            text = client.raw_query(
                f"SELECT * FROM {table}", fmt="JSONEachRow", settings=_PHYSICALLY
            )
            for line in text.splitlines():
                yield table, orjson.loads(line)
    finally:
        client.close()


def old_parts(settings: Settings, tables: Sequence[str]) -> int:
    """Parts of these tables that were rewritten and still lie on the disk."""
    client = writer(settings)
    try:
        found = client.query(
            "SELECT count() FROM system.parts WHERE active = 0 AND table IN {tables:Array(String)}",
            {"tables": list(tables)},
        )
        return int(found.result_rows[0][0])
    finally:
        client.close()


def forget_old_parts_at_once(settings: Settings, tables: Iterable[str]) -> None:
    """Lower the delays after which rewritten parts leave the disk."""
    client = writer(settings)
    for table in tables:
        client.command(
            f"ALTER TABLE {table} MODIFY SETTING old_parts_lifetime = 1, cleanup_delay_period = 1,"
            " cleanup_delay_period_random_add = 0, max_cleanup_delay_period = 2"
        )
    client.close()


def in_kafka(settings: Settings) -> Iterator[tuple[Topic, bytes]]:
    """Every message of every topic: key, value and headers."""
    consumer = Consumer(
        {
            **client_config(settings),
            "group.id": "tests-searching",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.message.max.bytes": MAX_DEAD_LETTER_BYTES,
        }
    )
    try:
        for topic in Topic:
            for message in _all(consumer, topic):
                parts = [message.key() or b"", message.value() or b""]
                parts += [value for _, value in headers_of(message)]
                yield topic, b"\n".join(parts)
    finally:
        consumer.close()


def _all(consumer: Consumer, topic: Topic) -> Iterator[Message]:
    """What lies in a topic, until every partition has said that there is no more."""
    found = consumer.list_topics(topic.value, timeout=10).topics[topic.value].partitions
    consumer.assign([TopicPartition(topic.value, n, OFFSET_BEGINNING) for n in found])
    left, deadline = set(found), time.monotonic() + 30
    while left:
        assert time.monotonic() < deadline, f"{topic} is not read to its end"
        message = consumer.poll(1.0)
        if message is None:
            continue
        error = message.error()
        if error is None:
            yield message
        elif error.code() == KafkaError._PARTITION_EOF:
            left.discard(cast(int, message.partition()))
        else:
            raise AssertionError(str(error))


_UNDER_WAY = ("in_progress", "scheduled")


def _content(redis: "Redis", key: bytes) -> list[bytes]:
    """What a key holds; the client answers bytes, whatever its types say."""
    asked: Any = redis
    match asked.type(key):
        case b"hash":
            return [part for pair in asked.hgetall(key).items() for part in pair]
        case b"zset":
            return list(asked.zrange(key, 0, -1))
        case b"set":
            return list(asked.smembers(key))
        case b"string":
            return [asked.get(key) or b""]
        case b"none":
            return []
        case kind:
            raise AssertionError(f"a key of kind {kind!r}")
