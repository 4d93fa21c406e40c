"""What Debezium puts into the source topics: keys, envelopes, tombstones; and what it may do."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson
import psycopg
import pytest
from confluent_kafka import Message

from connectors.debezium.register import connector_config, register
from connectors.settings import Settings, required
from connectors.topics import Topic
from infra.native.layout import layout_of
from infra.native.postgres import PostgresServer
from infra.native.tools import find_tools
from tests.reading import eventually, read_topic

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Settings:
    """PostgreSQL, Kafka and Connect with the connector."""
    return partial_stack("connector")


@pytest.fixture(scope="module")
def shop(settings: Settings) -> Iterator[Connection]:
    """The shop's own connection to its tables."""
    password = required(settings.postgres_password, "postgres_password")
    with _connect(settings, settings.postgres_user, password) as connection:
        yield connection


def _connect(settings: Settings, user: str, password: str) -> Connection:
    return psycopg.connect(
        host=settings.postgres_host,
        port=settings.postgres_port,
        dbname=settings.postgres_database,
        user=user,
        password=password,
        autocommit=True,
    )


def _superuser(settings: Settings, database: str) -> Connection:
    server = PostgresServer(find_tools().postgres, layout_of(settings), settings)
    return psycopg.connect(server.superuser_dsn(database), autocommit=True)


def _json(message: Message) -> dict[str, Any]:
    value = message.value()
    assert value is not None
    decoded: dict[str, Any] = orjson.loads(value)
    return decoded


def _of_key(messages: Sequence[Message], key: bytes) -> list[Message]:
    return [message for message in messages if message.key() == key]


@pytest.mark.parametrize("user_id", ["plain-1", "Ünïcödé-用户-🙂", "with {brace} and % sign"])
def test_a_users_life_is_keyed_by_the_plain_text_of_its_id(
    settings: Settings, shop: Connection, user_id: str
) -> None:
    key = user_id.encode()
    shop.execute("INSERT INTO users (user_id, created_at) VALUES (%s, now())", (user_id,))
    shop.execute("UPDATE users SET city = 'Brno' WHERE user_id = %s", (user_id,))
    shop.execute("DELETE FROM users WHERE user_id = %s", (user_id,))

    messages = read_topic(settings, Topic.USERS, lambda got: len(_of_key(got, key)) >= 4)

    created, updated, deleted, tombstone = _of_key(messages, key)
    assert [_json(m)["op"] for m in (created, updated, deleted)] == ["c", "u", "d"]
    assert _json(updated)["before"]["user_id"] == user_id
    assert _json(deleted)["after"] is None
    assert tombstone.value() is None
    assert len({m.partition() for m in (created, updated, deleted, tombstone)}) == 1


def test_codes_and_redemptions_are_keyed_by_plain_text_too(
    settings: Settings, shop: Connection
) -> None:
    shop.execute("INSERT INTO promo_codes VALUES ('WELCOME10', 'fixed', 10.50, 0)")
    row = shop.execute(
        "INSERT INTO promo_usages (user_id, promo_code, used_at, used_promo)"
        " VALUES ('u', 'WELCOME10', now(), true) RETURNING usage_id"
    ).fetchone()
    assert row is not None
    usage_key = str(row[0]).encode()

    codes = read_topic(settings, Topic.PROMO_CODES, lambda got: bool(_of_key(got, b"WELCOME10")))
    usages = read_topic(settings, Topic.PROMO_USAGES, lambda got: bool(_of_key(got, usage_key)))

    assert _json(codes[-1])["after"]["discount_value"] == "10.50"
    assert _json(usages[-1])["source"]["lsn"] > 0


def test_a_null_stays_null_in_a_column_with_a_default(settings: Settings, shop: Connection) -> None:
    with _superuser(settings, settings.postgres_database) as own:
        own.execute("ALTER TABLE users ALTER is_abuser SET DEFAULT false")
        own.execute("ALTER TABLE users ALTER device_id SET DEFAULT 'none'")
        own.execute("ALTER TABLE promo_usages ALTER used_promo SET DEFAULT false")
        own.execute("ALTER TABLE promo_codes ALTER discount_value SET DEFAULT 0")
        try:
            shop.execute(
                "INSERT INTO users (user_id, created_at, is_abuser, device_id)"
                " VALUES ('unknown', now(), null, null)"
            )
            shop.execute("UPDATE users SET city = 'Brno' WHERE user_id = 'unknown'")
            shop.execute("INSERT INTO promo_codes VALUES ('UNKNOWN', null, null, null)")
            row = shop.execute(
                "INSERT INTO promo_usages (user_id, promo_code, used_at, used_promo)"
                " VALUES ('unknown', 'C', now(), null) RETURNING usage_id"
            ).fetchone()
            assert row is not None
            key = str(row[0]).encode()
            users = _of_key(
                read_topic(settings, Topic.USERS, lambda got: len(_of_key(got, b"unknown")) >= 2),
                b"unknown",
            )
            codes = read_topic(
                settings, Topic.PROMO_CODES, lambda got: bool(_of_key(got, b"UNKNOWN"))
            )
            usages = read_topic(settings, Topic.PROMO_USAGES, lambda got: bool(_of_key(got, key)))
        finally:
            own.execute("ALTER TABLE users ALTER is_abuser DROP DEFAULT")
            own.execute("ALTER TABLE users ALTER device_id DROP DEFAULT")
            own.execute("ALTER TABLE promo_usages ALTER used_promo DROP DEFAULT")
            own.execute("ALTER TABLE promo_codes ALTER discount_value DROP DEFAULT")

    for row_of in (_json(users[0])["after"], _json(users[1])["before"], _json(users[1])["after"]):
        assert (row_of["is_abuser"], row_of["device_id"]) == (None, None)
    assert _json(_of_key(codes, b"UNKNOWN")[0])["after"]["discount_value"] is None
    assert _json(_of_key(usages, key)[0])["after"]["used_promo"] is None


def test_a_five_megabyte_field_passes(settings: Settings, shop: Connection) -> None:
    shop.execute(
        "INSERT INTO users (user_id, created_at, user_agent) VALUES ('large', now(), %s)",
        ("x" * 5_000_000,),
    )

    messages = read_topic(settings, Topic.USERS, lambda got: bool(_of_key(got, b"large")))

    after = _json(_of_key(messages, b"large")[0])["after"]
    assert len(after["user_agent"]) == 5_000_000


def test_the_slot_advances_while_only_other_tables_and_databases_are_written(
    settings: Settings,
) -> None:
    with _superuser(settings, settings.postgres_database) as own:
        own.execute("CREATE TABLE IF NOT EXISTS elsewhere AS SELECT 1 AS n")
    with _superuser(settings, "postgres") as other:
        other.execute("CREATE TABLE IF NOT EXISTS elsewhere AS SELECT generate_series(1, 1000)")
        row = other.execute("SELECT pg_current_wal_lsn()").fetchone()
        assert row is not None

        def passed() -> bool:
            answer = other.execute(
                "SELECT confirmed_flush_lsn >= %s FROM pg_replication_slots", (row[0],)
            ).fetchone()
            return answer == (True,)

        eventually(passed, "the slot confirms what was written elsewhere", timeout_s=30)


def test_heartbeats_stay_out_of_the_source_topics(settings: Settings) -> None:
    config = connector_config(settings)
    assert "heartbeat" in config["heartbeat.action.query"]
    beats = read_topic(settings, "__debezium-heartbeat.promo", lambda got: len(got) >= 1)
    assert beats[0].topic() == "__debezium-heartbeat.promo"


def test_debeziums_role_reads_the_three_tables_and_writes_nothing(settings: Settings) -> None:
    password = required(settings.postgres_cdc_password, "postgres_cdc_password")
    with _connect(settings, settings.postgres_cdc_user, password) as connection:
        connection.execute("SELECT count(*) FROM users")
        for statement in (
            "INSERT INTO users (user_id, created_at) VALUES ('x', now())",
            "UPDATE users SET city = ''",
            "DELETE FROM promo_usages",
            "CREATE TABLE mine (n int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


def test_the_shops_role_owns_nothing(settings: Settings, shop: Connection) -> None:
    for statement in ("TRUNCATE users", "DROP TABLE users", "DROP PUBLICATION promo"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            shop.execute(statement)


def test_a_password_is_needed_over_tcp(settings: Settings) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        _connect(settings, settings.postgres_user, "wrong")


def test_registering_again_changes_nothing(settings: Settings) -> None:
    assert register(settings, timeout_s=10).healthy
