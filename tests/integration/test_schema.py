"""The warehouse as it stands is the warehouse as it is declared, and takes what is written."""

from collections.abc import Callable, Iterator

import pytest
from clickhouse_connect.driver import Client

from connectors.settings import Settings
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
    Table.AUDIT_LOG: ("ReplacingMergeTree", "at, audit_id"),
    Table.DEAD_LETTERS: ("ReplacingMergeTree(failed_at)", "topic, partition, offset"),
    Table.PIPELINE_METRICS: ("ReplacingMergeTree", "part, metric, labels, sampled_at"),
}
DEFAULTED = {
    # A row that is there is not deleted; a deleted row has no sign-up, hence no hour.
    Table.USERS: {"is_deleted", "hour"},
    Table.PROMO_CODES: {"is_deleted"},
    Table.PROMO_USAGES: {"is_deleted"},
}
"""Columns with a default on purpose; a row may leave them out."""


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
    found = client.query("SELECT name FROM system.tables WHERE database = currentDatabase()")
    assert {row[0] for row in found.result_rows} == {*Table, "schema_migrations"}


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
