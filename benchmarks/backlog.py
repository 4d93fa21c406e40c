"""A backlog in the source topics, and everything that a consumer of it left behind forgotten."""

import asyncio

from confluent_kafka import OFFSET_END, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from redis import Redis

from benchmarks.mix import Mix
from benchmarks.pace import write_all
from connectors.envelope import decode
from connectors.events import Tombstone
from connectors.kafka_client import client_config
from connectors.lag import Offsets
from connectors.profile import hasher_of
from connectors.settings import Settings, required
from connectors.topics import SCORING_SOURCES, Topic
from stream_processors.feature_store.redis_store import connect
from stream_processors.feature_store.wire import Sourced
from tests.reading import eventually, read_topic

SOURCES = tuple(topic for topic in SCORING_SOURCES if topic is not Topic.RESCORE)


def fill(settings: Settings, mix: Mix, copies: int) -> int:
    """Put promo codes and copies of the mix through PostgreSQL into the topics; returns rows."""
    expected = write_all(settings, mix.codes) + sum(
        write_all(settings, mix.copy()) for _ in range(copies)
    )
    offsets = Offsets(settings)
    seen = -1

    def all_there() -> bool:
        nonlocal seen
        before, seen = seen, sum(e.end for ends in offsets.all_ends(SOURCES).values() for e in ends)
        return seen >= expected and seen == before

    eventually(all_there, f"{expected} rows are in the source topics", timeout_s=120)
    return seen


def forget_everything(settings: Settings, group: str) -> None:
    """A store that knows promo codes only, no rescore requests, no offsets of the group."""
    with Redis(
        port=settings.redis_port, password=required(settings.redis_password, "redis_password")
    ) as redis:
        redis.flushall()
    asyncio.run(_define_codes(settings))
    admin = AdminClient({**client_config(settings), "log_level": 3})
    ends = [
        TopicPartition(Topic.RESCORE.value, partition, OFFSET_END)
        for partition in range(settings.kafka_partitions)
    ]
    for removed in admin.delete_records(ends).values():
        removed.result()

    def forgotten() -> bool:
        try:
            admin.delete_consumer_groups([group])[group].result()
        except KafkaException as error:
            # A static member that was stopped stays in its group until its session ends.
            return bool(error.args[0].code() == KafkaError.GROUP_ID_NOT_FOUND)
        return True

    eventually(forgotten, f"group {group} has no members left", timeout_s=30)


async def _define_codes(settings: Settings) -> None:
    """Tell the store the terms of all codes, as they are there before they are redeemed.

    A consumer that happens to read their topic last would score all who redeemed them again.
    """
    hashed = hasher_of(settings)
    ends = sum(end.end for end in Offsets(settings).ends(Topic.PROMO_CODES))
    messages = read_topic(settings, Topic.PROMO_CODES, lambda got: len(got) >= ends)
    events = [
        decode(Topic.PROMO_CODES, _bytes(m.key()), _bytes(m.value()), hashed) for m in messages
    ]
    store = connect(settings)
    changes = [Sourced(e, Topic.PROMO_CODES) for e in events if not isinstance(e, Tombstone)]
    await store.exchange(changes, ())
    await store.close()


def _bytes(data: bytes | str | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data
