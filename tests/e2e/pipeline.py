"""A running stack as a test sees it: what the shop does, and what every part then says."""

from collections.abc import Mapping, Sequence
from typing import Any, LiteralString, cast

import httpx
import orjson
import psycopg
from confluent_kafka import Message, Producer
from psycopg import sql
from redis import Redis

from connectors.drain import wait_drained
from connectors.kafka_client import client_config
from connectors.lag import Offsets
from connectors.profile import hasher_of
from connectors.settings import Settings, required
from connectors.topics import MAX_MESSAGE_BYTES, Topic
from tests.reading import eventually, read_topic
from warehouse.client import reader

SIGNED_UP = "2026-03-01T12:00:00Z"


class Pipeline:
    """One stack's ends; connections are opened when they are used, and parts may come and go."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.hashed = hasher_of(settings)

    def run(self, statement: LiteralString, *values: object) -> None:
        """Run one statement as the shop."""
        with self._shop() as shop:
            shop.execute(statement, values)

    def sign_up(self, user_id: str, **columns: object) -> None:
        """A registration; columns that are not named are null."""
        row = {"user_id": user_id, "created_at": SIGNED_UP, **columns}
        self._insert("users", row)

    def redeem(self, user_id: str, code: str, used_at: str = "2026-03-02T12:00:00Z") -> None:
        """A redemption."""
        self._insert(
            "promo_usages",
            {"user_id": user_id, "promo_code": code, "used_at": used_at, "used_promo": True},
        )

    def produce(self, topic: str, key: bytes | None, value: bytes | None) -> tuple[int, int]:
        """Put a message into a topic, past PostgreSQL; returns its partition and offset."""
        places: list[tuple[int, int]] = []

        def delivered(_: object, sent: Message) -> None:
            places.append((cast(int, sent.partition()), cast(int, sent.offset())))

        producer = Producer(
            {
                **client_config(self.settings),
                "partitioner": "murmur2_random",
                "message.max.bytes": MAX_MESSAGE_BYTES,
            }
        )
        producer.produce(topic, value, key, on_delivery=delivered)
        producer.flush(10)
        return places[0]

    def messages(self, topic: str, key: bytes | None = None) -> list[Message]:
        """Everything that lies in a topic now, of one key if it is given."""
        ends = sum(end.end - end.start for end in Offsets(self.settings).ends(Topic(topic)))
        found = read_topic(self.settings, topic, lambda got: len(got) >= ends)
        return [message for message in found if key is None or message.key() == key]

    def risk(self, user_id: str) -> dict[str, Any] | None:
        """The latest risk in Redis."""
        with self.redis() as redis:
            document = redis.hget(f"risk:{user_id}", "document")
        return None if document is None else dict(orjson.loads(document))

    def risk_when(self, user_id: str, **facts: object) -> dict[str, Any]:
        """The latest risk, once there is one whose features or fields have these values.

        ``linked`` is the set of accounts in its evidence.
        """
        found: list[dict[str, Any]] = []

        def come() -> bool:
            risk = self.risk(user_id)
            if risk is None:
                return False
            known = {**risk, **risk["features"], "linked": linked(risk)}
            found.append(risk)
            return all(known[name] == value for name, value in facts.items())

        try:
            eventually(come, f"a risk of {user_id} with {facts}", timeout_s=40)
        except TimeoutError as error:
            raise AssertionError(f"{error}; last seen: {found[-1:]}") from None
        return found[-1]

    def rows(self, statement: str, **parameters: object) -> list[tuple[Any, ...]]:
        """What ClickHouse answers."""
        client = reader(self.settings)
        try:
            return [tuple(row) for row in client.query(statement, parameters).result_rows]
        finally:
            client.close()

    def count_when(self, expected: int, statement: str, **parameters: object) -> None:
        """Wait until ClickHouse counts so many."""
        seen: list[object] = []

        def come() -> bool:
            seen.append(self.rows(statement, **parameters)[0][0])
            return seen[-1] == expected

        try:
            eventually(come, f"{expected} of {statement}", timeout_s=40)
        except TimeoutError as error:
            raise AssertionError(f"{error}; last seen: {seen[-1]}") from None

    def drained(self) -> None:
        """Wait until what lies in the topics, and all it causes, has been consumed."""
        wait_drained(self.settings, timeout_s=60)

    def drained_of_shop(self) -> None:
        """As :meth:`drained`, of what lies in PostgreSQL's log too."""
        with self._shop() as shop:
            position = shop.execute("SELECT pg_current_wal_lsn()::text").fetchone()
        assert position is not None
        wait_drained(self.settings, position[0], timeout_s=60)

    def metrics(self, port: int) -> str:
        """What a part shows to Prometheus."""
        return httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text

    def redis(self) -> "Redis":
        """A client of the store."""
        password = required(self.settings.redis_password, "redis_password")
        return Redis(port=self.settings.redis_port, password=password)

    def _insert(self, table: str, row: Mapping[str, object]) -> None:
        statement = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        )
        with self._shop() as shop:
            shop.execute(statement, list(row.values()))

    def _shop(self) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host=self.settings.postgres_host,
            port=self.settings.postgres_port,
            dbname=self.settings.postgres_database,
            user=self.settings.postgres_user,
            password=required(self.settings.postgres_password, "postgres_password"),
            autocommit=True,
        )


def linked(risk: Mapping[str, Any]) -> set[str]:
    """The accounts in a risk's evidence."""
    return {found["user_id"] for reason in risk["reasons"] for found in reason["evidence"]}


def headers_of(message: Message) -> dict[str, bytes]:
    """A message's headers."""
    return dict(cast(list[tuple[str, bytes]], message.headers() or []))


def at(messages: Sequence[Message], topic: str, place: tuple[int, int]) -> list[Message]:
    """The dead letters of one original position."""
    partition, offset = place
    wanted = {
        "topic": topic.encode(),
        "partition": str(partition).encode(),
        "offset": str(offset).encode(),
    }
    return [message for message in messages if wanted.items() <= headers_of(message).items()]
