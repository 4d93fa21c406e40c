"""The migrations runner against a real gateway, on folders of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from clickhouse_connect.driver import Client

from connectors.errors import DependencyDown, MigrationError
from connectors.settings import Settings
from tests.conftest import free_ports
from tests.integration.gateway_process import GatewayProcess
from warehouse.client import writer
from warehouse.migrate import migrate, statements_of

FIRST = """-- What this is; with a semicolon.
CREATE TABLE IF NOT EXISTS moved
(
    a UInt8, -- a comment; inside
    b String DEFAULT ';'
)
ENGINE = MergeTree ORDER BY a;

INSERT INTO moved (a, b) VALUES (1, 'x;y');
"""
SECOND = "ALTER TABLE moved ADD COLUMN IF NOT EXISTS c UInt8 DEFAULT 7;\n-- the end\n"


@pytest.fixture
def client(gateway: GatewayProcess) -> Iterator[Client]:
    made = writer(gateway.settings)
    for table in ("schema_migrations", "moved"):
        made.command(f"DROP TABLE IF EXISTS {table}")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_create_moved.sql").write_text(FIRST)
    return tmp_path


def test_pending_files_are_applied_in_order_and_once(
    gateway: GatewayProcess, client: Client, folder: Path
) -> None:
    assert migrate(gateway.settings, folder) == ["0001_create_moved.sql"]
    (folder / "0002_add_c.sql").write_text(SECOND)
    assert migrate(gateway.settings, folder) == ["0002_add_c.sql"]
    assert migrate(gateway.settings, folder) == []
    assert client.query("SELECT a, b, c FROM moved").result_rows == [(1, "x;y", 7)]


def test_an_edited_file_is_refused(gateway: GatewayProcess, client: Client, folder: Path) -> None:
    migrate(gateway.settings, folder)
    (folder / "0001_create_moved.sql").write_text(FIRST + "\n")
    with pytest.raises(MigrationError, match=r"0001_create_moved\.sql was edited"):
        migrate(gateway.settings, folder)


def test_a_removed_file_is_refused(gateway: GatewayProcess, client: Client, folder: Path) -> None:
    migrate(gateway.settings, folder)
    (folder / "0001_create_moved.sql").unlink()
    with pytest.raises(MigrationError, match="the file is gone"):
        migrate(gateway.settings, folder)


@pytest.mark.parametrize("name", ["0003_gap.sql", "0001_double.sql", "two.sql", "0002-dash.sql"])
def test_a_gap_a_double_number_or_another_name_is_refused(
    gateway: GatewayProcess, folder: Path, name: str
) -> None:
    (folder / name).write_text(SECOND)
    with pytest.raises(MigrationError, match="expected a name like"):
        migrate(gateway.settings, folder)


def test_a_failed_migration_is_named_and_runs_again(
    gateway: GatewayProcess, client: Client, folder: Path
) -> None:
    migrate(gateway.settings, folder)
    broken = folder / "0002_add_c.sql"
    broken.write_text(SECOND + "ALTER TABLE nowhere ADD COLUMN d UInt8;\n")
    with pytest.raises(MigrationError, match=r"0002_add_c\.sql, statement 2: .*UNKNOWN_TABLE"):
        migrate(gateway.settings, folder)
    broken.write_text(SECOND)
    assert migrate(gateway.settings, folder) == ["0002_add_c.sql"]


def test_an_absent_warehouse_is_a_dependency_that_is_down(
    gateway: GatewayProcess, folder: Path
) -> None:
    values = {**gateway.settings.model_dump(), "clickhouse_port": free_ports(1)[0]}
    with pytest.raises(DependencyDown):
        migrate(Settings(_env_file=None, **values), folder)


def test_statements_end_with_a_semicolon_at_the_end_of_a_line() -> None:
    assert statements_of("-- only a comment;\n") == ()
    assert len(statements_of(FIRST)) == 2
    assert statements_of("SELECT 1;  \nSELECT 2") == ("SELECT 1", "SELECT 2")
