"""The warehouse as it stands is the warehouse as it is declared, and takes what is written."""

from collections.abc import Callable, Iterator

import pytest
from clickhouse_connect.driver import Client
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from connectors.settings import Settings
from connectors.topics import Topic
from stream_processors.intake import Message
from stream_processors.warehouse_sink.block import block
from tests.foreign_messages import foreign_messages
from tests.unit.connectors.envelopes import HASHED
from tests.warehouse_filling import insert
from tests.warehouse_rows import EXAMPLES
from warehouse.client import writer
from warehouse.rows import Row, Table
from warehouse.writer import Writer

SOURCE = "ReplacingMergeTree(version, is_deleted)"
ENGINES = {
    Table.USERS: (SOURCE, "user_id"),
    Table.PROMO_CODES: (SOURCE, "promo_code"),
    Table.PROMO_USAGES: (SOURCE, "usage_id"),
    Table.RISK_SCORES: ("ReplacingMergeTree(revision)", "user_id, event_id"),
    Table.ABUSE_ALERTS: ("ReplacingMergeTree", "user_id, alert_id, revision"),
    Table.LABELS: ("ReplacingMergeTree(version)", "user_id"),
    Table.LINK_DECISIONS: ("ReplacingMergeTree(version)", "user_id"),
    Table.IDENTIFIER_DECISIONS: ("ReplacingMergeTree(version)", "kind, hash, authority"),
    Table.AUDIT_LOG: ("ReplacingMergeTree", "at, audit_id"),
    Table.DEAD_LETTERS: ("ReplacingMergeTree(failed_at)", "topic, partition, offset"),
    Table.HEARTBEATS: ("ReplacingMergeTree", "partition"),
    Table.PIPELINE_METRICS: ("ReplacingMergeTree", "part, metric, labels, sampled_at"),
}
DEFAULTED = {
    # A row that is there is not deleted; a deleted row has no sign-up, hence no hour; a row from
    # before codes had a canonical form has a rough one.
    Table.USERS: {"is_deleted", "hour", "user_hash"},
    Table.PROMO_CODES: {"is_deleted", "canonical_code"},
    Table.PROMO_USAGES: {"is_deleted", "canonical_code", "user_hash"},
}
"""Columns with a default on purpose; a row may leave them out."""
VIEWS = {"code_worth", "standing_accounts", "uncounted_identifiers"}


@pytest.fixture(scope="module")
def settings(partial_stack: Callable[..., Settings]) -> Settings:
    """The migrated warehouse."""
    return partial_stack("clickhouse")


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[Client]:
    made = writer(settings)
    yield made
    made.close()


def columns(client: Client, table: Table) -> dict[str, str]:
    """Live columns and the kind of their defaults."""
    found = client.query(
        "SELECT name, default_kind FROM system.columns"
        " WHERE database = currentDatabase() AND table = {table:String}",
        {"table": table.value},
    )
    return {str(name): str(kind) for name, kind in found.result_rows}


def test_there_are_no_tables_but_the_declared_ones(client: Client) -> None:
    found = client.query(
        "SELECT name, engine = 'View' FROM system.tables WHERE database = currentDatabase()"
    ).result_rows
    assert {name for name, is_view in found if not is_view} == {*Table, "schema_migrations"}
    assert {name for name, is_view in found if is_view} == VIEWS


@pytest.mark.parametrize("table", list(Table))
def test_every_column_is_written_or_has_a_default_on_purpose(client: Client, table: Table) -> None:
    live = columns(client, table)
    written = EXAMPLES[table].values.keys()
    assert written <= live.keys()
    assert live.keys() - written <= DEFAULTED.get(table, set())
    assert {name for name, kind in live.items() if kind} == DEFAULTED.get(table, set())


@pytest.mark.parametrize("table", list(Table))
def test_engine_and_sorting_key_are_as_declared(client: Client, table: Table) -> None:
    engine, key, partition = client.query(
        "SELECT engine_full, sorting_key, partition_key FROM system.tables"
        " WHERE database = currentDatabase() AND name = {table:String}",
        {"table": table.value},
    ).result_rows[0]
    assert (engine.split(" ORDER BY ")[0], key) == ENGINES[table]
    assert partition == ""
    ends = "TTL toDateTime(sampled_at) + toIntervalDay(30)"
    assert (ends in engine) == (table is Table.PIPELINE_METRICS)


@pytest.mark.parametrize("table", list(Table))
async def test_a_row_written_twice_is_one_row_with_its_values(
    settings: Settings, client: Client, table: Table
) -> None:
    row, sink = EXAMPLES[table], Writer(settings)
    for _ in range(2):
        assert await sink.insert([row]) == {table: 1}
    await sink.close()

    found = client.query(f"SELECT * FROM {table} FINAL")

    assert len(found.result_rows) == 1
    stored = dict(zip(found.column_names, found.result_rows[0], strict=True))
    assert {name for name, value in stored.items() if value is None} == nulls(row)
    for name in ("user_id", "promo_code", "usage_id", "revision", "score", "reason_codes", "value"):
        if name in row.values:
            assert stored[name] == row.values[name]


def nulls(row: Row) -> set[str]:
    """The columns for which the row has no value."""
    return {name for name, value in row.values.items() if value is None}


@pytest.mark.parametrize(
    ("table", "key", "column", "old", "new"),
    [
        (Table.PROMO_USAGES, "usage_id = 987654", "user_id", "'one'", "'other'"),
        (Table.PROMO_USAGES, "usage_id = 987655", "used_at", "'2001-01-01'", "'2002-01-01'"),
        (Table.USERS, "user_id = 'mover'", "device", "'old phone'", "'new phone'"),
    ],
)
def test_an_index_never_brings_back_what_a_newer_version_replaced(
    client: Client, table: Table, key: str, column: str, old: str, new: str
) -> None:
    name, value = key.split(" = ")
    for version, content in enumerate((old, new), start=1):
        client.command(
            f"INSERT INTO {table} ({name}, version, {column})"
            f" VALUES ({value}, {version}, {content})"
        )
    indexed = client.query(f"EXPLAIN indexes = 1 SELECT {name} FROM {table} WHERE {column} = {old}")
    assert "Skip" in str(indexed.result_rows)

    def found(content: str) -> int:
        asked = f"SELECT count() FROM {table} FINAL WHERE {column} = {content}"
        return int(client.query(asked).result_rows[0][0])

    assert (found(old), found(new)) == (0, 1)


def test_views_say_what_codes_give_and_whose_alert_stands(client: Client) -> None:
    for table in (Table.PROMO_CODES, Table.ABUSE_ALERTS):
        client.command(f"TRUNCATE TABLE {table}")
    client.command(
        "INSERT INTO promo_codes (promo_code, version, discount_type, discount_value,"
        " min_purchase_amount) VALUES ('F', 1, 'fixed_amount', 5, 40),"
        " ('P', 1, 'percentage', 5, 40), ('Q', 1, 'percentage', 5, NULL),"
        " ('X', 1, 'points', 5, 40), (' p', 1, 'fixed_amount', 9, 40),"
        " ('f', 1, 'fixed_amount', 9, 40)"
    )
    client.command(
        "INSERT INTO abuse_alerts (user_id, revision, status) VALUES ('anna', 1, 'open'),"
        " ('ben', 1, 'open'), ('ben', 2, 'cleared'), ('cleo', 1, 'cleared'), ('cleo', 2, 'open')"
    )

    worth = client.query(
        "SELECT promo_code, discount_type, toFloat64(value), is_lower_bound FROM code_worth"
        " ORDER BY promo_code"
    ).result_rows
    standing = client.query("SELECT user_id FROM standing_accounts ORDER BY user_id").result_rows

    assert worth == [
        (" p", "fixed_amount", 9.0, False),
        ("F", "fixed_amount", 5.0, False),
        ("Q", "percentage", None, False),
        ("X", "points", None, False),
    ]
    assert standing == [("anna",), ("cleo",)]


@settings_of_hypothesis(max_examples=8, deadline=None)
@given(st.lists(foreign_messages(), min_size=100, max_size=400))
def test_whatever_others_write_into_a_topic_makes_a_row_that_is_stored_or_none(
    settings: Settings, messages: list[Message]
) -> None:
    read = [message for message in messages if message.topic != Topic.RESCORE]
    rows = block(read, HASHED).rows
    insert(settings, rows)  # one row that it does not take fails all
