"""An upgrade of a warehouse that has data: from all migrations but the last to all of them."""

import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver import Client

from connectors.errors import MigrationError
from connectors.settings import Settings
from tests.integration.gateway_process import GatewayProcess
from tests.warehouse_filling import insert
from tests.warehouse_rows import EXAMPLES
from warehouse.client import writer
from warehouse.migrate import MIGRATIONS, migrate, read_migrations
from warehouse.rows import Row, Table

ACCOUNTS = 300
VERSIONS = 2
LAST = read_migrations(MIGRATIONS)[-1]

_COLUMNS = """
SELECT table, name, default_kind, default_expression FROM system.columns
WHERE database = currentDatabase() ORDER BY table, position
"""
_VIEWS = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'"


@dataclass(frozen=True)
class Schema:
    """Columns by table, each with the kind and expression of its default; views."""

    columns: Mapping[str, Mapping[str, tuple[str, str]]]
    views: frozenset[str]

    @classmethod
    def of(cls, client: Client) -> "Schema":
        columns: dict[str, dict[str, tuple[str, str]]] = {}
        for table, name, kind, expression in client.query(_COLUMNS).result_rows:
            columns.setdefault(table, {})[name] = (kind, expression)
        return cls(columns, frozenset(row[0] for row in client.query(_VIEWS).result_rows))


@dataclass(frozen=True)
class Upgraded:
    """A warehouse that was filled before its last migration.

    ``before`` and ``rows`` are the schema and all rows then, by table or view.
    """

    settings: Settings
    client: Client
    folder: Path
    before: Schema
    rows: Mapping[str, list[Any]]
    applied: list[str]


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upgraded]:
    """All migrations but the last, rows by the writer, then the last one."""
    folder = tmp_path_factory.mktemp("older") / "migrations"
    shutil.copytree(MIGRATIONS, folder)
    (folder / LAST.name).unlink()
    process = GatewayProcess(tmp_path_factory.mktemp("warehouse"))
    process.start()
    migrate(process.settings, folder)
    client = writer(process.settings)
    before = Schema.of(client)
    insert(process.settings, _as_written_then(before, "old"))
    rows = _rows(client, before)
    applied = migrate(process.settings)
    yield Upgraded(process.settings, client, folder, before, rows, applied)
    client.close()
    process.stop()


def test_only_the_last_migration_is_applied_and_the_older_rows_are_as_before(
    upgraded: Upgraded,
) -> None:
    assert upgraded.applied == [LAST.name]
    assert {len(upgraded.rows[table]) for table in _filled(upgraded.before)} == {ACCOUNTS}
    assert _rows(upgraded.client, upgraded.before) == upgraded.rows


def test_whatever_the_migration_adds_works_on_the_older_rows(upgraded: Upgraded) -> None:
    after = Schema.of(upgraded.client)
    assert upgraded.before.views <= after.views
    for view in after.views:
        upgraded.client.query(f"SELECT * FROM {view}")
    for table, columns in after.columns.items():
        added = columns.keys() - upgraded.before.columns.get(table, {}).keys()
        for name in added - _of_views(after):
            expression = columns[name][1] or f"defaultValueOfArgumentType({name})"
            differ = f"countIf(NOT ({name} IS NOT DISTINCT FROM ({expression})))"
            found = upgraded.client.query(f"SELECT {differ} FROM {table} FINAL").result_rows
            assert found == [(0,)], (table, name)


def test_a_migration_that_was_interrupted_can_be_run_again(upgraded: Upgraded) -> None:
    for statement in LAST.statements:
        upgraded.client.command(statement)
    assert migrate(upgraded.settings) == []
    assert _rows(upgraded.client, upgraded.before) == upgraded.rows


def test_the_present_writer_goes_on_writing(upgraded: Upgraded) -> None:
    before = {table: _count_final(upgraded.client, table) for table in Table}
    insert(upgraded.settings, EXAMPLES.values())
    assert {t: _count_final(upgraded.client, t) for t in Table} == {
        table: count + 1 for table, count in before.items()
    }


def test_after_a_rollback_the_older_writer_goes_on_writing_on_the_newer_schema(
    upgraded: Upgraded,
) -> None:
    with pytest.raises(MigrationError, match="the file is gone"):
        migrate(upgraded.settings, upgraded.folder)
    # As the manual says: the older code, with the newer folder of migrations.
    shutil.copy(MIGRATIONS / LAST.name, upgraded.folder)
    assert migrate(upgraded.settings, upgraded.folder) == []

    filled = _filled(upgraded.before)
    before = {table: _count_final(upgraded.client, table) for table in filled}
    insert(upgraded.settings, _as_written_then(upgraded.before, "rolled-back"))
    after = {table: _count_final(upgraded.client, table) for table in filled}
    assert after == {table: count + ACCOUNTS for table, count in before.items()}


def _as_written_then(schema: Schema, prefix: str) -> Iterator[Row]:
    """Rows of every table, in two versions, with the columns that there were."""
    for table in _filled(schema):
        for number in range(ACCOUNTS * VERSIONS):
            values = dict(EXAMPLES[Table(table)].values) | _identity(prefix, number % ACCOUNTS)
            values |= {"version": number} if "version" in values else {}
            there = {name: values[name] for name in values if name in schema.columns[table]}
            yield Row(Table(table), there)


def _identity(prefix: str, number: int) -> dict[str, Any]:
    """What tells the rows of one table apart."""
    made = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{prefix}-{number}"))
    return {
        "user_id": f"{prefix}-{number}",
        "promo_code": f"{prefix}-{number}",
        "usage_id": number + sum(prefix.encode()) * 1_000,
        "event_id": made,
        "alert_id": made,
        "audit_id": made,
        "hash": f"{prefix}-{number}",
        "partition": number + sum(prefix.encode()) * 1_000,
        "topic": prefix,
        "offset": number,
        "part": f"{prefix}-{number}",
    }


def _filled(schema: Schema) -> list[str]:
    return [table for table in Table if table in schema.columns]


def _of_views(schema: Schema) -> set[str]:
    return {name for view in schema.views for name in schema.columns.get(view, {})}


def _rows(client: Client, schema: Schema) -> dict[str, list[Any]]:
    """What everything says of the older rows."""
    found = {}
    for table in (*_filled(schema), *sorted(schema.views)):
        final = "" if table in schema.views else " FINAL"
        columns = ", ".join(schema.columns[table])
        asked = f"SELECT {columns} FROM {table}{final} ORDER BY ALL"
        found[table] = list(client.query(asked).result_rows)
    return found


def _count_final(client: Client, table: str) -> int:
    return int(client.query(f"SELECT count() FROM {table} FINAL").result_rows[0][0])
