"""Writes heartbeats into PostgreSQL and looks for them behind every stage."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

import psycopg
from clickhouse_connect.driver import Client
from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from confluent_kafka import Consumer, KafkaException, TopicPartition
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from connectors.errors import DependencyDown, PoisonMessage
from connectors.heartbeat import beat_keys, beat_of
from connectors.kafka_client import client_config
from connectors.kafka_roles import BEATS_GROUP
from connectors.proven import redis_hook
from connectors.settings import Settings, required
from connectors.source.session import Connection, SourceRole, open_session
from connectors.topics import Topic
from stream_processors.feature_store.redis_store import BEATS
from stream_processors.monitor.ages import Ages, Stage
from warehouse.client import clickhouse_answers, reader
from warehouse.queries import query

_WRITE = (
    "INSERT INTO heartbeats (beat_key, beat_us) SELECT unnest($1::text[]), $2"
    " ON CONFLICT (beat_key) DO UPDATE SET beat_us = excluded.beat_us"
)
PATIENCE_S = 1.5
_TIMEOUT_S = 2.0
_AT_ONCE = 1_000
T = TypeVar("T")
_log = logging.getLogger(__name__)

Beats = Mapping[int, int]
"""The newest heartbeat by partition."""


class HeartbeatWriter:
    """A heartbeat for each partition, in one transaction."""

    def __init__(self, settings: Settings, partitions: int) -> None:
        self._settings = settings
        self._keys = list(beat_keys(partitions))
        self._connection: Connection | None = None

    def write(self, beat_us: int) -> None:
        """Write it.

        Raises:
            DependencyDown: PostgreSQL does not take it.
        """
        try:
            if self._connection is None:
                self._connection = open_session(
                    self._settings, "promo-monitor-heartbeat", SourceRole.MONITOR
                )
                self._connection.execute("SET statement_timeout = '3s'")
            self._connection.execute(_WRITE, (self._keys, beat_us))
        except psycopg.Error as error:
            self._connection = None
            raise DependencyDown(f"PostgreSQL takes no heartbeat: {error}") from error


class KafkaBeats:
    """The heartbeats that come into Kafka, read from the end on."""

    def __init__(self, settings: Settings, partitions: int) -> None:
        self._settings, self._partitions = settings, partitions
        self._consumer: Consumer | None = None
        self._newest: dict[int, int] = {}

    def look(self) -> Beats:
        """The newest of each partition so far.

        Raises:
            DependencyDown: Kafka does not answer.
        """
        try:
            for message in self._open().consume(_AT_ONCE, timeout=0.2):
                if message.error() is None:
                    self._note(message.partition() or 0, message.value())
        except KafkaException as error:
            raise DependencyDown(f"Kafka: {error}") from error
        return self._newest

    def _note(self, partition: int, value: bytes | None) -> None:
        with suppress(PoisonMessage):  # scoring sets it aside
            self._newest |= beat_of(partition, value)

    def _open(self) -> Consumer:
        if self._consumer is None:
            made = Consumer(
                {
                    **client_config(self._settings),
                    "group.id": BEATS_GROUP,
                    "enable.auto.commit": False,
                    "auto.offset.reset": "latest",
                    "log_level": 2,
                }
            )
            # From a few before the end: the newest may be there already.
            last = [
                TopicPartition(Topic.HEARTBEATS.value, n, _tail(made, n))
                for n in range(self._partitions)
            ]
            made.assign(last)
            self._consumer = made
        return self._consumer


def _tail(consumer: Consumer, partition: int) -> int:
    place = TopicPartition(Topic.HEARTBEATS.value, partition)
    low, high = consumer.get_watermark_offsets(place, timeout=_TIMEOUT_S)
    return max(low, high - 1)


class RedisBeats:
    """The heartbeats that scoring has left in Redis."""

    def __init__(self, settings: Settings) -> None:
        self._client = Redis(
            host=settings.redis_host,
            port=settings.redis_port,
            password=required(settings.redis_password, "redis_password"),
            redis_connect_func=redis_hook(settings.owners),
            socket_timeout=_TIMEOUT_S,
            socket_connect_timeout=_TIMEOUT_S,
            retry=Retry(NoBackoff(), 1),
        )

    def look(self) -> Beats:
        """The newest of each partition.

        Raises:
            DependencyDown: Redis does not answer.
        """
        try:
            found = self._client.hgetall(BEATS)
        except (RedisError, OSError) as error:
            raise DependencyDown(f"Redis: {error}") from error
        return {int(n): int(beat) for n, beat in found.items()}


class ClickHouseBeats:
    """The heartbeats that the warehouse worker has stored."""

    def __init__(self, settings: Settings) -> None:
        required(settings.clickhouse_api_password, "clickhouse_api_password")
        self._settings = settings
        self._client: Client | None = None

    def look(self) -> Beats:
        """The newest of each partition.

        Raises:
            DependencyDown: ClickHouse does not answer.
        """
        try:
            with clickhouse_answers():
                if self._client is None:
                    self._client = reader(self._settings)
                rows = self._client.query(query("newest_heartbeats")).result_rows
        except ClickHouseError as error:
            self._client = None
            raise DependencyDown(f"ClickHouse: {error}") from error
        return {int(partition): int(beat) for partition, beat in rows}


class Heartbeats:
    """Every stage in a thread of its own: one that hangs delays none of the others."""

    def __init__(
        self, settings: Settings, ages: Ages, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        partitions = settings.kafka_partitions
        self._writer = HeartbeatWriter(settings, partitions)
        self._ages, self._clock_s = ages, clock_s
        self._looks: Mapping[Stage, Callable[[], Beats]] = {
            Stage.CONNECTOR: KafkaBeats(settings, partitions).look,
            Stage.REDIS: RedisBeats(settings).look,
            Stage.CLICKHOUSE: ClickHouseBeats(settings).look,
        }
        self._pool = ThreadPoolExecutor(len(self._looks) + 1, thread_name_prefix="heartbeat")
        self._asked: dict[Stage, asyncio.Future[Beats]] = {}
        self._written: asyncio.Future[tuple[int, float]] | None = None

    def write(self) -> None:
        """Have a heartbeat written, unless one is still under way; never blocks."""
        if self._written is not None:
            if not self._written.done():
                return
            self._take_written(self._written)
        self._written = asyncio.get_running_loop().run_in_executor(self._pool, self._write)

    async def look(self) -> None:
        """Tell the ages what is seen behind each stage; takes :data:`PATIENCE_S` at most."""
        loop = asyncio.get_running_loop()
        for stage, look in self._looks.items():
            if stage not in self._asked:
                self._asked[stage] = loop.run_in_executor(self._pool, look)
        await asyncio.wait(self._asked.values(), timeout=PATIENCE_S)
        if self._written is not None and self._written.done():
            self._take_written(self._written)
            self._written = None
        for stage, asked in [(s, a) for s, a in self._asked.items() if a.done()]:
            del self._asked[stage]
            if _answer(asked, stage) is not None:
                self._ages.note_seen(stage, asked.result(), self._clock_s())

    def _write(self) -> tuple[int, float]:
        beat_us, written_s = time.time_ns() // 1_000, self._clock_s()
        self._writer.write(beat_us)
        return beat_us, written_s

    def _take_written(self, written: "asyncio.Future[tuple[int, float]]") -> None:
        if _answer(written, Stage.POSTGRES) is not None:
            self._ages.note_written(*written.result())

    def close(self) -> None:
        """Ask nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _answer(asked: "asyncio.Future[T]", stage: Stage) -> T | None:
    """What was answered; None while a dependency is down, which its own probe tells."""
    error = asked.exception()
    if error is None:
        return asked.result()
    if not isinstance(error, DependencyDown):
        _log.error("heartbeats behind %s", stage, exc_info=error)
    return None
